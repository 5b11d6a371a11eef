/**
 * Gate 3, consistency: the proposal is there, is not empty, and does not contradict its own node
 * spec. May block, never seal.
 */
import { canonicalJson } from "../canonical.ts";
import { type Gate, type GateQuestion, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

export const consistency: Gate<"allow" | "block"> = (question) => {
  const { agent, proposal, expectedAction } = question;
  if (agent === "system") return { verdict: "allow", reasons: [] };
  if (!proposal)
    return outcomeOf(
      [reasonOf("consistency", "PROPOSAL_EMPTY", "nothing has been proposed", "an agent proposes")],
      "block",
    );
  const reasons: Reason[] = [];
  if (proposal.rationale.trim() === "") {
    reasons.push(
      reasonOf(
        "consistency",
        "PROPOSAL_EMPTY",
        "the proposal gives no rationale",
        "say why in rationale",
      ),
    );
  }
  if (expectedAction && !proposal.action) {
    reasons.push(
      reasonOf(
        "consistency",
        "ACTION_MISSING",
        `the node is about ${expectedAction.type} and the proposal names no action`,
        `propose an action of type ${expectedAction.type}`,
      ),
    );
  }
  if (!expectedAction && proposal.action) {
    reasons.push(
      reasonOf(
        "consistency",
        "ACTION_NOT_EXPECTED",
        "the node performs no action",
        "propose without an action",
      ),
    );
  }
  if (expectedAction && proposal.action) {
    for (const [key, fixed] of Object.entries(expectedAction.args)) {
      const given = Object.hasOwn(proposal.action.args, key)
        ? proposal.action.args[key]
        : undefined;
      if (given !== undefined && canonicalJson(given) === canonicalJson(fixed)) continue;
      reasons.push(
        reasonOf(
          "consistency",
          "PROPOSAL_CONTRADICTS_SPEC",
          `argument ${key} is fixed by the plan`,
          `set ${key} to ${canonicalJson(fixed)}`,
        ),
      );
    }
  }
  reasons.push(...declarationReasons(question));
  return outcomeOf(reasons, "block");
};

/** What the proposal declares of itself beside its action: universes and purpose. */
function declarationReasons({ proposal, spec }: GateQuestion): readonly Reason[] {
  const reasons: Reason[] = [];
  for (const { id } of proposal?.universes ?? []) {
    if (spec.universes?.some((declared) => declared.id === id)) continue;
    reasons.push(
      reasonOf(
        "consistency",
        "PROPOSAL_CONTRADICTS_SPEC",
        `node ${spec.id} declares no universe ${id}`,
        `leave out the observation of ${id}`,
      ),
    );
  }
  const purpose = proposal?.purpose;
  if (spec.purpose !== undefined && purpose !== undefined && purpose !== spec.purpose) {
    reasons.push(
      reasonOf(
        "consistency",
        "PROPOSAL_CONTRADICTS_SPEC",
        `the plan says node ${spec.id} is for ${spec.purpose}, the proposal for ${purpose}`,
        `propose for ${spec.purpose}, or without a purpose`,
      ),
    );
  }
  return reasons;
}
