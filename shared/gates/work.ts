/**
 * The bound on a gate's work. Gates are synchronous and read no clock, so "takes too long" cannot be
 * measured in time without losing replay; it is measured in steps: how much a question gives them to
 * look at. A question beyond the bound is a GATE_FAILURE of every gate. The bound is LIMITS.gateStepsMax; see docs/reasons.md.
 */
import type { GateQuestion } from "./question.ts";

/** How much a question holds. O(bundles + policy rules), far less than the work it bounds. */
export function stepsOf(question: GateQuestion): number {
  const { spec, proposal, evidence, policy } = question;
  const rules: unknown = policy.document?.rules;
  const claims = evidence.reduce(
    (sum, bundle) => sum + bundle.claims.reduce((total, claim) => total + 1 + claim.sources, 0),
    0,
  );
  const observed = proposal?.universes ?? [];
  return (
    claims +
    question.waitingFor.length +
    question.approvers.length +
    question.heldSlices.length +
    (proposal?.rationale.length ?? 0) +
    (spec.criteria ?? []).reduce((sum, { text }) => sum + text.length, 0) +
    observed.reduce(
      (sum, { constraints, utilityDeltas = [] }) =>
        sum + 1 + constraints.length + utilityDeltas.length,
      0,
    ) +
    (Array.isArray(rules) ? rules.length : 0)
  );
}
