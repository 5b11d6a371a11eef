/**
 * Verifier receipts: what somebody who looked at the sources signs about one claim, and the checking
 * of a bundle's receipts against registered keys. A receipt that does not hold is refused together
 * with its bundle; nothing is quietly dropped. Specification: docs/evidence.md, "Verifier receipts".
 */
import * as z from "zod";
import { type PublicJwk, sha256Hex } from "../crypto.ts";
import { type JwsReject, verifyJws } from "../jws.ts";
import { LIMITS } from "../limits.ts";
import { nameSchema } from "../plan/index.ts";
import { err, ok, type Result } from "../result.ts";
import { isoToUnixMs, type UnixMs } from "../time.ts";
import { type EvidenceBundle, evidenceHash } from "./bundle.ts";
import type { ClaimStatus, EvidenceVerification } from "./completeness.ts";

export const RECEIPT_JWS_TYPE = "sekisho-receipt+jwt";

export const verifierReceiptSchema = z.strictObject({
  claimId: nameSchema,
  /** The bundle's hash with `receipts: []`: a receipt stays true when others are added. */
  bundleHash: z.string().regex(/^[0-9a-f]{64}$/),
  existence: z.enum(["found", "absent", "unavailable"]),
  groundedness: z.enum(["supported", "unsupported", "unclear"]),
  misattributed: z.boolean().exactOptional(),
  verifierFamily: nameSchema,
  checkedAt: z.iso.datetime({ precision: 3 }),
});

export type VerifierReceipt = z.output<typeof verifierReceiptSchema>;

/** A registered verifier; a key's `kid` is its RFC 7638 thumbprint. */
export interface VerifierFacts {
  readonly id: string;
  /** Verifiers of one family fail together: the same model, the same vendor, the same people. */
  readonly family: string;
  readonly keys: readonly { readonly kid: string; readonly jwk: PublicJwk }[];
}

/** What the directory says at the moment of submission. */
export interface VerificationFacts {
  /** null: the directory knows no family of the producer, which counts as every family. */
  readonly producerFamily: string | null;
  readonly verifiers: readonly VerifierFacts[];
}

/** As the trace keeps it: the facts it rests on (only the keys that were used), and the outcome. */
export interface RecordedVerification {
  readonly facts: VerificationFacts;
  readonly outcome: EvidenceVerification;
}

export type ReceiptFlaw =
  | "malformed"
  | "key_unknown"
  | "signature_invalid"
  | "family_mismatch"
  | "family_unknown"
  | "family_same"
  | "bundle_mismatch"
  | "claim_unknown"
  | "expired"
  | "not_yet_valid"
  | "left_out";

export interface ReceiptReject {
  readonly reason: "receipt_refused";
  /** Position in the bundle's `receipts`; -1 when one is not there. */
  readonly receipt: number;
  readonly flaw: ReceiptFlaw;
  readonly detail: string;
}

const FLAW_OF_JWS_REJECT = {
  malformed: "malformed",
  header_unsupported: "malformed",
  algorithm_refused: "malformed",
  type_refused: "malformed",
  key_unknown: "key_unknown",
  signature_invalid: "signature_invalid",
} as const satisfies Record<JwsReject["reason"], ReceiptFlaw>;

/** What a bundle's receipts are about: its hash as if it carried none. */
export function evidenceContentHash(bundle: EvidenceBundle): string {
  return evidenceHash({ ...bundle, receipts: [] });
}

/**
 * Checks every receipt of a bundle and says what they come to; null for a bundle without receipts.
 *
 * Errors: `receipt_refused` for the first receipt that does not hold. The same arguments give the
 * same answer, so a recorded verification can be checked again by anybody.
 */
export function checkReceipts(
  bundle: EvidenceBundle,
  facts: VerificationFacts,
  at: UnixMs,
): Result<RecordedVerification | null, ReceiptReject> {
  if (bundle.receipts.length === 0) return ok(null);
  const contentHash = evidenceContentHash(bundle);
  const claimIds = new Set(bundle.claims.map((claim) => claim.id));
  const held: VerifierReceipt[] = [];
  const used = new Map<string, Set<string>>();
  for (const [receipt, text] of bundle.receipts.entries()) {
    const read = readReceipt(text, facts);
    const flaw = read.ok
      ? misfitOf(read.value.receipt, { facts, contentHash, claimIds, at })
      : read.error;
    if (!read.ok || flaw) return err({ reason: "receipt_refused", receipt, ...(flaw ?? LOST) });
    const { verifier, kid } = read.value;
    used.set(verifier.id, (used.get(verifier.id) ?? new Set()).add(kid));
    held.push(read.value.receipt);
  }
  const outcome: EvidenceVerification = {
    contentHash,
    receiptHashes: [...new Set(bundle.receipts.map((text) => sha256Hex(text)))].sort(),
    claims: bundle.claims
      .map((claim) => ({ id: claim.id, ...weigh(held.filter((r) => r.claimId === claim.id)) }))
      .filter((claim): claim is EvidenceVerification["claims"][number] => claim.status !== null),
  };
  return ok({ facts: usedFacts(facts, used), outcome });
}

type Flawed = Pick<ReceiptReject, "flaw" | "detail">;
const LOST: Flawed = { flaw: "malformed", detail: "not a receipt" };

function readReceipt(
  text: string,
  { verifiers }: VerificationFacts,
): Result<{ receipt: VerifierReceipt; verifier: VerifierFacts; kid: string }, Flawed> {
  const ownerOf = (kid: string) =>
    verifiers.find((verifier) => verifier.keys.some((key) => key.kid === kid));
  const verified = verifyJws(text, {
    typ: RECEIPT_JWS_TYPE,
    algs: ["EdDSA", "ES256"],
    keyByKid: (kid) => ownerOf(kid)?.keys.find((key) => key.kid === kid)?.jwk,
  });
  if (!verified.ok) {
    const { reason, detail } = verified.error;
    return err({ flaw: FLAW_OF_JWS_REJECT[reason], detail });
  }
  const { kid } = verified.value.header;
  const verifier = ownerOf(kid);
  const receipt = verifierReceiptSchema.safeParse(verified.value.payload);
  if (!verifier || !receipt.success) {
    const place = receipt.error?.issues[0]?.path.join("/") ?? "";
    return err({ flaw: "malformed", detail: `the signed text is no receipt at /${place}` });
  }
  if (receipt.data.verifierFamily !== verifier.family) {
    const detail = `signed by ${verifier.id} of family ${verifier.family}, it names ${receipt.data.verifierFamily}`;
    return err({ flaw: "family_mismatch", detail });
  }
  return ok({ receipt: receipt.data, verifier, kid });
}

function misfitOf(
  receipt: VerifierReceipt,
  about: {
    readonly facts: VerificationFacts;
    readonly contentHash: string;
    readonly claimIds: ReadonlySet<string>;
    readonly at: UnixMs;
  },
): Flawed | null {
  const { producerFamily } = about.facts;
  if (producerFamily === null)
    return { flaw: "family_unknown", detail: "the directory knows no family of the producer" };
  if (producerFamily === receipt.verifierFamily)
    return { flaw: "family_same", detail: `producer and verifier are of family ${producerFamily}` };
  if (receipt.bundleHash !== about.contentHash) {
    const detail = `about ${receipt.bundleHash}, the bundle without receipts is ${about.contentHash}`;
    return { flaw: "bundle_mismatch", detail };
  }
  if (!about.claimIds.has(receipt.claimId))
    return { flaw: "claim_unknown", detail: `the bundle has no claim ${receipt.claimId}` };
  const checked = isoToUnixMs(receipt.checkedAt) ?? Number.POSITIVE_INFINITY;
  if (checked > about.at + LIMITS.ticketLeewayMs)
    return { flaw: "not_yet_valid", detail: `checked at ${receipt.checkedAt}, which is to come` };
  if (checked < about.at - LIMITS.receiptAgeMaxMs)
    return { flaw: "expired", detail: `checked at ${receipt.checkedAt}, too long ago` };
  return null;
}

/** One opinion a family, its newest; families that could not look have none while another has. */
function weigh(receipts: readonly VerifierReceipt[]): {
  status: ClaimStatus | null;
  families: number;
} {
  const newest = new Map<string, string>();
  for (const { verifierFamily, checkedAt } of receipts) {
    const known = newest.get(verifierFamily);
    if (known === undefined || known < checkedAt) newest.set(verifierFamily, checkedAt);
  }
  // Two newest receipts of one family that differ are two opinions: that is a disagreement too.
  const counted = receipts.filter((r) => newest.get(r.verifierFamily) === r.checkedAt);
  const opinions = new Set(counted.map(opinionOf));
  if (opinions.size > 1) opinions.delete("unavailable");
  const [only = null] = opinions;
  const families = new Set(
    counted.filter((r) => opinionOf(r) === "verified").map((r) => r.verifierFamily),
  ).size;
  return { status: opinions.size > 1 ? "disagreement" : only, families };
}

function opinionOf({ existence, groundedness, misattributed }: VerifierReceipt): ClaimStatus {
  if (existence === "absent") return "absent";
  if (misattributed === true) return "misattributed";
  if (existence === "unavailable") return "unavailable";
  // A source that exists and does not say it is no forgery: a person looks at it, nothing is sealed.
  return groundedness === "supported" ? "verified" : "unclear";
}

/** The verifiers whose keys were used, each once, with those keys. */
function usedFacts(
  { producerFamily, verifiers }: VerificationFacts,
  used: ReadonlyMap<string, ReadonlySet<string>>,
): VerificationFacts {
  const byId = new Map<string, VerifierFacts>();
  for (const { id, family, keys } of verifiers) {
    if (!used.has(id)) continue;
    const known = byId.get(id)?.keys ?? [];
    const more = keys.filter(
      ({ kid }) => used.get(id)?.has(kid) && !known.some((key) => key.kid === kid),
    );
    byId.set(id, { id, family, keys: [...known, ...more] });
  }
  return { producerFamily, verifiers: [...byId.values()] };
}
