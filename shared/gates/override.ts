/**
 * The one rule by which people override gates: a pause, and only a pause, is cleared by the signed
 * approvals of this very digest, and only where the digest names it. Never a block, never a seal, and
 * never the pauses that no person can clear. Specification: docs/reasons.md, "Overriding a pause".
 */
import type { ApprovalRequirement } from "../plan/index.ts";
import type { Verdict } from "../trace/index.ts";
import { isSatisfied, requirementOf } from "./approval.ts";
import { type GateOutcome, type GateQuestion, type NamedPause, reasonOf } from "./question.ts";
import type { GateName } from "./reasons.ts";

interface Answered {
  readonly gate: GateName;
  readonly outcome: GateOutcome<Verdict>;
}

/** `approval` is the asking itself; a slice that another node holds does not come free by a signature. */
const NOT_OVERRIDABLE = new Set<GateName>(["approval", "lease"]);

/** The pauses that a person's approval would clear, in the order of the answers. */
export function pausesIn(answers: readonly Answered[]): readonly NamedPause[] {
  return answers
    .filter(({ gate, outcome }) => outcome.verdict === "pause" && !NOT_OVERRIDABLE.has(gate))
    .map(({ gate, outcome }) => ({
      gate,
      codes: [...new Set(outcome.reasons.map(({ code }) => code))].sort(),
    }));
}

/**
 * Whether enough people approved: a quorum over this digest, no refusal, nothing worse than a pause, and
 * no pause that the digest does not name.
 */
export function isOverridden(question: GateQuestion, answers: readonly Answered[]): boolean {
  const pauses = pausesIn(answers);
  if (pauses.length === 0 || question.refused !== null) return false;
  if (!pauses.every((pause) => isNamed(question, pause))) return false;
  const isPauseAtMost = answers.every(
    ({ outcome }) => outcome.verdict === "allow" || outcome.verdict === "pause",
  );
  const requirement = isPauseAtMost ? requirementOf(question) : null;
  return requirement !== null && isSatisfied(question, requirement);
}

/** A person reads the reasons of every pause before signing; what came later they have not read. */
function isNamed({ namedPauses }: GateQuestion, { gate, codes }: NamedPause): boolean {
  if (namedPauses === undefined) return true;
  const named = namedPauses.find((pause) => pause.gate === gate);
  return named !== undefined && codes.every((code) => named.codes.includes(code));
}

/** The answer of one gate once people have overridden the pauses; other answers stay as they are. */
export function overridden(answer: Answered, approvers: readonly string[]): Answered {
  const { gate, outcome } = answer;
  if (outcome.verdict !== "pause" || NOT_OVERRIDABLE.has(gate)) return answer;
  const codes = [...new Set(outcome.reasons.map(({ code }) => code))].join(", ");
  const reason = reasonOf(
    gate,
    "PAUSE_OVERRIDDEN",
    `${codes} overridden by ${approvers.join(", ")}`,
    "nothing is left to do; the gate allows under this digest",
  );
  return { gate, outcome: { verdict: "allow", reasons: [reason] } };
}

/**
 * Whom to ask when a pipeline paused: what the node needs anyway, or one approval where a gate
 * paused for people; null when no person can help.
 */
export function requestOf(
  question: GateQuestion,
  gates: readonly { readonly gate: GateName; readonly verdict: Verdict }[],
): ApprovalRequirement | null {
  const paused = gates
    .filter(({ gate, verdict }) => verdict === "pause" && !NOT_OVERRIDABLE.has(gate))
    .map(({ gate }) => gate);
  return requirementOf(paused.length === 0 ? question : { ...question, pausedGates: paused });
}
