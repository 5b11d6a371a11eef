/** The face of evidence: bundles, their summaries and the questions asked of them. */
export { createEvidenceBundle, evidenceHash, evidenceInputSchema } from "./bundle.ts";
export type { EvidenceBundle, EvidenceClaim, EvidenceInput } from "./bundle.ts";
export {
  findContradictions,
  gatherEvidence,
  shownEvidence,
  summarizeEvidence,
} from "./completeness.ts";
export type {
  ClaimStatus,
  ClaimSummary,
  EvidenceSummary,
  EvidenceVerification,
  GatheredEvidence,
  VerifiedClaim,
} from "./completeness.ts";
export { countIndependent, countSources } from "./origin.ts";
export { checkReceipts, evidenceContentHash, RECEIPT_JWS_TYPE } from "./receipt.ts";
export type {
  ReceiptReject,
  RecordedVerification,
  VerificationFacts,
  VerifierFacts,
} from "./receipt.ts";
