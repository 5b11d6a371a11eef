/**
 * The invariants of verifier receipts: every recorded receipt is verified again, with a key recorded beside
 * it, and what they come to is worked out anew.
 */
import { hashJson } from "../../shared/canonical.ts";
import type { EvidenceBundle, RecordedVerification } from "../../shared/evidence/index.ts";
import { parseJws, verifyJws } from "../../shared/jws.ts";
import type { Say } from "./mission-model.ts";

type Said = Readonly<Record<string, unknown>>;

/** Checks the receipts of a bundle that was let in: each signed, by another family, about this bundle. */
export function checkReceipts(
  bundle: EvidenceBundle,
  verification: RecordedVerification | undefined,
  seq: number,
  say: Say,
): void {
  if (bundle.receipts.length === 0) return;
  const { producerFamily = null, verifiers = [] } = verification?.facts ?? {};
  const keys = verifiers.flatMap(({ family, keys: own }) => own.map((key) => ({ ...key, family })));
  const content = contentHash(bundle);
  for (const text of bundle.receipts) {
    const verified = verifyJws(text, {
      typ: "sekisho-receipt+jwt",
      algs: ["EdDSA", "ES256"],
      keyByKid: (kid) => keys.find((key) => key.kid === kid)?.jwk,
    });
    if (!verified.ok) {
      say("I2", `seq ${seq}: a receipt does not verify`);
      continue;
    }
    const said: Said = verified.value.payload;
    const { family } = keys.find(({ kid }) => kid === verified.value.header.kid) ?? {};
    if (said["verifierFamily"] !== family || family === producerFamily || producerFamily === null)
      say("I2", `seq ${seq}: a receipt of family ${family}`);
    if (said["bundleHash"] !== content) say("I2", `seq ${seq}: a receipt about something else`);
  }
  for (const { id, status, families } of verification?.outcome.claims ?? []) {
    const own = judged(bundle, id);
    if (own.status !== status || own.families !== families)
      say("I2", `seq ${seq}: receipts make ${id} ${own.status}, recorded is ${status}`);
  }
}

/** What a bundle's receipts come to for one claim: null where there are none. They were checked on their way in. */
export function judged({ receipts }: EvidenceBundle, claimId: string) {
  const all = receipts
    .map((text): Said => {
      const parsed = parseJws(text);
      return parsed.ok ? parsed.value.payload : {};
    })
    .filter((said) => said["claimId"] === claimId)
    .map((said) => ({
      family: said["verifierFamily"],
      checkedAt: JSON.stringify(said["checkedAt"]),
      opinion: opinionOf(said),
    }));
  // Of each family only the newest counts.
  const newest = all.filter(
    (one) => !all.some((o) => o.family === one.family && o.checkedAt > one.checkedAt),
  );
  const opinions = new Set(newest.map(({ opinion }) => opinion));
  if (opinions.size > 1) opinions.delete("unavailable");
  const vouching = newest.filter(({ opinion }) => opinion === "verified");
  return {
    status: opinions.size > 1 ? ("disagreement" as const) : ([...opinions][0] ?? null),
    families: new Set(vouching.map(({ family }) => family)).size,
  };
}

function opinionOf(said: Said) {
  if (said["existence"] === "absent") return "absent";
  if (said["misattributed"] === true) return "misattributed";
  if (said["existence"] === "unavailable") return "unavailable";
  return said["groundedness"] === "supported" ? "verified" : "unclear";
}

function contentHash({ kind, claims, producedBy, expiresAt }: EvidenceBundle): string {
  return hashJson({ kind, claims, receipts: [], producedBy, expiresAt });
}
