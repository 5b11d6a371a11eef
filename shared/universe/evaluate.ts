/**
 * The whole question of the pure service: the worst case, the conflict, and what to do about them.
 * Recommends; a recommendation changes no decision. Specification: docs/universes.md.
 */
import { type Conflict, measureConflict } from "./conflict.ts";
import type { DecisionQuestion } from "./schema.ts";
import { evaluateUniverses, type WorstCase } from "./score.ts";

/** In the order in which they are recommended. */
export const RECOMMENDATIONS = [
  "SPLIT_SCOPE",
  "RUN_SANDBOX",
  "REQUEST_HUMAN_APPROVAL",
  "GATHER_MORE_EVIDENCE",
] as const;

export type Recommendation = (typeof RECOMMENDATIONS)[number];

export interface DecisionEvaluation extends WorstCase {
  readonly at: string;
  readonly conflict: Conflict;
  readonly recommendations: readonly Recommendation[];
}

/** Evaluates one action; `now` (RFC 3339 with milliseconds) counts where the question names no time. */
export function evaluateDecision(question: DecisionQuestion, now: string): DecisionEvaluation {
  const at = question.at ?? now;
  const worst = evaluateUniverses(question.universes, {
    at,
    reversibility: question.reversibility,
  });
  const conflict = measureConflict(question.universes, question.pairWeights);
  return { at, ...worst, conflict, recommendations: recommend(worst, conflict) };
}

/** The rule of the four recommendations. Source: docs/universes.md, "What is recommended". */
export function recommend(worst: WorstCase, conflict: Conflict): readonly Recommendation[] {
  const codes = new Set(worst.reasons.map(({ code }) => code));
  const isContradictory = conflict.contradictions.length > 0 || conflict.pairs.length > 0;
  const holds: Readonly<Record<Recommendation, boolean>> = {
    SPLIT_SCOPE:
      isContradictory ||
      (worst.decision === "block" && worst.universes.some(({ decision }) => decision === "allow")),
    RUN_SANDBOX: codes.has("UNCERTAINTY_HIGH"),
    // A block is nobody's to wave through, so nobody is asked to.
    REQUEST_HUMAN_APPROVAL:
      worst.decision === "pause" || (worst.decision === "allow" && isContradictory),
    GATHER_MORE_EVIDENCE:
      codes.has("EVIDENCE_INCOMPLETE") ||
      codes.has("UNIVERSE_UNKNOWN") ||
      codes.has("UNIVERSE_STALE") ||
      conflict.undetermined.length > 0,
  };
  return RECOMMENDATIONS.filter((recommendation) => holds[recommendation]);
}
