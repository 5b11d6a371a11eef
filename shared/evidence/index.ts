/** The face of evidence: bundles, their summaries and the questions asked of them. */
export { createEvidenceBundle, evidenceHash, evidenceInputSchema } from "./bundle.ts";
export type { EvidenceBundle, EvidenceClaim, EvidenceInput } from "./bundle.ts";
export { findContradictions, gatherEvidence, summarizeEvidence } from "./completeness.ts";
export type { ClaimSummary, EvidenceSummary, GatheredEvidence } from "./completeness.ts";
