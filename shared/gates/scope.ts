/**
 * Gate 2, scope: the action and the write-set lie inside the node's frozen spec and zone; the agent
 * is known, not banned, assigned and skilled. May block, never seal.
 */
import { type Gate, type GateQuestion, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

export const scope: Gate<"allow" | "block"> = (question) =>
  outcomeOf(
    [...agentReasons(question), ...actionReasons(question), ...writeReasons(question)],
    "block",
  );

type Asking = Pick<GateQuestion, "agent" | "spec" | "proposal">;

/** Why the agent may not act at the node: the part of the gate that is also asked of evidence and results. */
export function agentReasons({ agent, spec, proposal }: Asking): readonly Reason[] {
  if (agent === "system") return [];
  if (agent === null || agent === "unavailable") return [strangerReason(agent, proposal)];
  const reasons: Reason[] = [];
  if (agent.banned)
    reasons.push(
      reasonOf(
        "scope",
        "AGENT_BANNED",
        `agent ${agent.id} is banned`,
        "an operator lifts the ban, or another agent proposes",
      ),
    );
  if (spec.agents.length > 0 && !spec.agents.includes(agent.id)) {
    reasons.push(
      reasonOf(
        "scope",
        "AGENT_NOT_ASSIGNED",
        `agent ${agent.id} is not assigned to node ${spec.id}`,
        `one of ${spec.agents.join(", ")} proposes`,
      ),
    );
  }
  if (spec.skill !== undefined && !agent.skills.includes(spec.skill)) {
    reasons.push(
      reasonOf(
        "scope",
        "SKILL_MISSING",
        `agent ${agent.id} does not hold the skill ${spec.skill}`,
        `an agent with the skill ${spec.skill} proposes`,
      ),
    );
  }
  if (spec.zone !== undefined && agent.zone !== spec.zone) {
    reasons.push(
      reasonOf(
        "scope",
        "ZONE_CROSSED",
        `agent ${agent.id} works in ${agent.zone ?? "no zone"}, the node lies in ${spec.zone}`,
        `an agent of zone ${spec.zone} proposes`,
      ),
    );
  }
  return reasons;
}

/** Nobody the directory vouches for: it could not be asked, does not know the agent, or nobody came. */
function strangerReason(agent: null | "unavailable", proposal: Asking["proposal"]): Reason {
  if (agent === "unavailable") {
    return reasonOf(
      "scope",
      "GATE_FAILURE",
      "the agent directory could not be asked",
      "try again when the directory answers",
    );
  }
  return proposal
    ? reasonOf(
        "scope",
        "AGENT_UNKNOWN",
        "the directory knows no such agent",
        "an admin registers the agent",
      )
    : reasonOf(
        "scope",
        "AGENT_UNKNOWN",
        "no agent has proposed",
        "an agent that may act here proposes",
      );
}

function actionReasons({ proposal, expectedAction }: GateQuestion): readonly Reason[] {
  const action = proposal?.action;
  if (!action || !expectedAction || action.type === expectedAction.type) return [];
  return [
    reasonOf(
      "scope",
      "ACTION_OUT_OF_SCOPE",
      `the node's frozen spec names ${expectedAction.type}, not ${action.type}`,
      `propose ${expectedAction.type}`,
    ),
  ];
}

/** What a proposal says it will write; the lease is taken over the whole write-set of the spec either way. */
function writeReasons({ proposal, spec }: GateQuestion): readonly Reason[] {
  return (proposal?.writeSet ?? [])
    .filter((slice) => !spec.writeSet.includes(slice))
    .map((slice) =>
      reasonOf(
        "scope",
        "WRITE_OUT_OF_SCOPE",
        `slice ${slice} is not in the write-set of node ${spec.id}`,
        spec.writeSet.length === 0
          ? `write nothing at node ${spec.id}`
          : `write ${spec.writeSet.join(", ")} only`,
      ),
    );
}
