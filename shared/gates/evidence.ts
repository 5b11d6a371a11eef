/**
 * Gate 5, evidence: everything required is there, in date, sourced, free of contradiction and
 * confident enough; from risk 3 on every claim has a primary source. What verifiers left open pauses.
 * May block, never seal.
 */
import { type EvidenceSummary, findContradictions } from "../evidence/index.ts";
import {
  confidenceMinOf,
  policyReasons,
  refutedReasons,
  unsettledReasons,
} from "./evidence-policy.ts";
import {
  type Gate,
  type GateQuestion,
  outcomeOf,
  reasonOf,
  type RefusableVerdict,
} from "./question.ts";
import type { Reason } from "./reasons.ts";

const PRIMARY_SOURCE_FROM_RISK = 3;

export const evidence: Gate<RefusableVerdict> = (question) => {
  const reasons = missingKinds(question.spec.evidenceIn, question.evidence, question.spec.id);
  for (const bundle of question.evidence) reasons.push(...bundleReasons(bundle, question));
  for (const { first, second } of findContradictions(question.allEvidence)) {
    reasons.push(
      reasonOf(
        "evidence",
        "EVIDENCE_CONTRADICTION",
        `claims ${first} and ${second} contradict each other`,
        "withdraw or correct one of the two claims",
      ),
    );
  }
  reasons.push(...policyReasons(question), ...refutedReasons(question));
  const unsettled = unsettledReasons(question);
  if (reasons.length === 0) return outcomeOf(unsettled, "pause");
  return outcomeOf([...reasons, ...unsettled], "block");
};

/** A reason for each kind in `required` that no bundle has. */
export function missingKinds(
  required: readonly string[],
  bundles: readonly EvidenceSummary[],
  nodeId: string,
): Reason[] {
  return required
    .filter((kind) => !bundles.some((bundle) => bundle.kind === kind))
    .map((kind) =>
      reasonOf(
        "evidence",
        "EVIDENCE_MISSING",
        `no evidence of kind ${kind}`,
        `submit a bundle of kind ${kind} to node ${nodeId}`,
      ),
    );
}

function bundleReasons(bundle: EvidenceSummary, question: GateQuestion): readonly Reason[] {
  const { at, spec } = question;
  const confidenceMin = confidenceMinOf(question);
  const reasons: Reason[] = [];
  if (bundle.expiresAt !== null && bundle.expiresAt <= at) {
    reasons.push(
      reasonOf(
        "evidence",
        "EVIDENCE_EXPIRED",
        `bundle ${bundle.id} expired at ${bundle.expiresAt}`,
        `submit a fresh bundle of kind ${bundle.kind}`,
      ),
    );
  }
  for (const claim of bundle.claims) {
    const name = `${bundle.kind}/${claim.id}`;
    if (claim.sources === 0) {
      reasons.push(
        reasonOf(
          "evidence",
          "SOURCE_MISSING",
          `claim ${name} names no source`,
          `one source for claim ${name}`,
        ),
      );
    } else if (spec.risk >= PRIMARY_SOURCE_FROM_RISK && claim.primarySources === 0) {
      reasons.push(
        reasonOf(
          "evidence",
          "PRIMARY_SOURCE_REQUIRED",
          `claim ${name} rests on secondary sources only and the node's risk is ${spec.risk}`,
          `one primary source for claim ${name}`,
        ),
      );
    }
    if (claim.confidence < confidenceMin) {
      reasons.push(
        reasonOf(
          "evidence",
          "CONFIDENCE_TOO_LOW",
          `confidence of claim ${name} is ${claim.confidence}`,
          `confidence of claim ${name} must rise to ${confidenceMin}`,
        ),
      );
    }
  }
  return reasons;
}
