/**
 * What the evidence gate asks beyond the usual: of verifiers always, when receipts are there; of
 * sources and confidence by risk, where the node has an `evidencePolicy`. Values and why they are
 * opt-in: docs/evidence.md, "Evidence policy".
 */
import {
  type ClaimStatus,
  type ClaimSummary,
  countIndependent,
  countSources,
  type EvidenceSummary,
} from "../evidence/index.ts";
import { type GateQuestion, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

/** By risk 0 to 4; under `evidencePolicy` only. */
const CONFIDENCE_MIN_BY_RISK = [0, 0, 0.6, 0.7, 0.8] as const;
const SOURCES_MIN_BY_RISK = [1, 1, 1, 2, 2] as const;
const INDEPENDENT_FROM_RISK = 3;

/** The least confidence a claim needs at this node. */
export function confidenceMinOf({ spec }: GateQuestion): number {
  const table = spec.evidencePolicy ? (CONFIDENCE_MIN_BY_RISK[spec.risk] ?? 1) : 0;
  return Math.max(spec.confidenceMin, table);
}

/** Claims with too few sources or receipts for the node's evidence policy; none where it has no such policy. */
export function policyReasons({ spec, evidence }: GateQuestion): readonly Reason[] {
  const policy = spec.evidencePolicy;
  if (!policy) return [];
  const sourcesMin = policy.sourcesMin ?? SOURCES_MIN_BY_RISK[spec.risk] ?? 2;
  const independent = policy.independent ?? spec.risk >= INDEPENDENT_FROM_RISK;
  const count = independent ? countIndependent : countSources;
  const word = independent ? "independent sources" : "sources";
  const originsOf = originsByFact(evidence);
  const reasons: Reason[] = [];
  for (const bundle of evidence) {
    for (const claim of bundle.claims) {
      const name = `${bundle.kind}/${claim.id}`;
      const have = count(originsOf.get(factOf(claim)) ?? []);
      if (have < sourcesMin) {
        const detail = `what claim ${name} says rests on ${have} of ${sourcesMin} ${word}`;
        const fix = `${sourcesMin - have} more for claim ${name}, or for another claim that says the same`;
        reasons.push(reasonOf("evidence", "SOURCES_TOO_FEW", detail, fix));
      }
      const seen = verdictOn(bundle, claim);
      const receiptsMin = policy.receiptsMin ?? 0;
      if ((seen === null || seen.status === "verified") && (seen?.families ?? 0) < receiptsMin) {
        const detail = `${seen?.families ?? 0} of ${receiptsMin} verifier families found and supported claim ${name}`;
        const fix = `a receipt by a registered verifier of another family for claim ${name}`;
        reasons.push(reasonOf("evidence", "RECEIPT_MISSING", detail, fix));
      }
    }
  }
  return reasons;
}

const UNTENABLE = {
  absent: "CLAIM_REFUTED",
  misattributed: "CLAIM_REFUTED",
  unavailable: "VERIFIER_UNAVAILABLE",
} as const satisfies Partial<Record<ClaimStatus, Reason["code"]>>;

const UNSETTLED = {
  unclear: "VERIFICATION_UNCLEAR",
  disagreement: "VERIFIER_DISAGREEMENT",
} as const satisfies Partial<Record<ClaimStatus, Reason["code"]>>;

/** Claims that verifiers say do not stand, or could not look at: nobody may wave these through. */
export function refutedReasons({ evidence }: GateQuestion): readonly Reason[] {
  return verdictReasons(evidence, UNTENABLE, (name) => `a corrected or verified claim ${name}`);
}

/** Claims that verifiers left open; a person who signs for the digest settles them (override.ts). */
export function unsettledReasons({ evidence }: GateQuestion): readonly Reason[] {
  return verdictReasons(
    evidence,
    UNSETTLED,
    (name) => `one approval over the digest, or a corrected claim ${name}`,
  );
}

function verdictReasons(
  bundles: readonly EvidenceSummary[],
  codes: Partial<Record<ClaimStatus, Reason["code"]>>,
  fix: (name: string) => string,
): readonly Reason[] {
  return bundles.flatMap((bundle) =>
    (bundle.verification?.claims ?? []).flatMap(({ id, status }) => {
      const code = codes[status];
      const name = `${bundle.kind}/${id}`;
      return code
        ? [reasonOf("evidence", code, `verifiers say of claim ${name}: ${status}`, fix(name))]
        : [];
    }),
  );
}

function verdictOn({ verification }: EvidenceSummary, claim: ClaimSummary) {
  return verification?.claims.find(({ id }) => id === claim.id) ?? null;
}

/** Claims of one fact say the same of one thing, so the sources of each bear out all of them. */
function originsByFact(bundles: readonly EvidenceSummary[]) {
  const byFact = new Map<string, NonNullable<ClaimSummary["origins"]>>();
  for (const claim of bundles.flatMap((bundle) => bundle.claims)) {
    const known = byFact.get(factOf(claim)) ?? [];
    byFact.set(factOf(claim), [...known, ...(claim.origins ?? [])]);
  }
  return byFact;
}

function factOf(claim: ClaimSummary): string {
  return `${claim.aboutKey ?? claim.aboutHash} ${claim.valueHash}`;
}
