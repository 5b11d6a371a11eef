/**
 * Verifiers for tests: registered keys by name and family, and receipts signed with them. A receipt
 * fits its bundle unless a test says otherwise.
 */
import { canonicalJson } from "../../shared/canonical.ts";
import {
  createEvidenceBundle,
  type EvidenceBundle,
  evidenceContentHash,
  RECEIPT_JWS_TYPE,
  type VerificationFacts,
  type VerifierFacts,
} from "../../shared/evidence/index.ts";
import type { VerifierReceipt } from "../../shared/evidence/receipt.ts";
import { signJws } from "../../shared/jws.ts";
import { iso, type KeyPair, keyPair } from "./builders.ts";

export interface Verifier {
  readonly facts: VerifierFacts;
  readonly key: KeyPair;
}

export function verifier(id: string, family = id): Verifier {
  const key = keyPair(`verifier ${id}`);
  return { facts: { id, family, keys: [{ kid: key.kid, jwk: key.publicJwk }] }, key };
}

/** What the directory says: these verifiers, and the producer's family. */
export function facts(
  verifiers: readonly Verifier[],
  producerFamily: string | null = "producers",
): VerificationFacts {
  return { producerFamily, verifiers: verifiers.map((one) => one.facts) };
}

/** A receipt by `by` over the bundle's only claim: found and supported, at the start of time. */
export function receiptBy(
  by: Verifier,
  bundle: EvidenceBundle,
  overrides: Partial<VerifierReceipt> & Readonly<Record<string, unknown>> = {},
  signed: { readonly key?: KeyPair; readonly typ?: string } = {},
): string {
  const { key = by.key, typ = RECEIPT_JWS_TYPE } = signed;
  const content = {
    claimId: bundle.claims[0]?.id ?? "",
    bundleHash: evidenceContentHash(bundle),
    existence: "found",
    groundedness: "supported",
    verifierFamily: by.facts.family,
    checkedAt: iso(0),
    ...overrides,
  };
  return signJws({ typ, kid: key.kid }, canonicalJson(content), key.privateJwk);
}

/** The bundle with these receipts added: another hash over the same content. */
export function withReceipts(
  bundle: EvidenceBundle,
  ...receipts: readonly string[]
): EvidenceBundle {
  const { kind, claims, expiresAt } = bundle;
  const input = { kind, claims: [...claims], receipts: [...bundle.receipts, ...receipts] };
  return createEvidenceBundle(
    expiresAt === null ? input : { ...input, expiresAt },
    bundle.producedBy,
  );
}
