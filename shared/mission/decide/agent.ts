/**
 * Whether an agent may hand something in at a node: what the scope gate asks of who proposes is asked of
 * who submits evidence or a result, too. Refuses without recording; a refused bundle touches nothing.
 */
import { agentReasons } from "../../gates/index.ts";
import type { NodeSpec } from "../../plan/index.ts";
import { withBan } from "../interventions.ts";
import type { SubmitEvidence } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import type { Turn } from "../turn.ts";

/** Why the directory's facts do not let this agent act at the node, every reason at once; null when they do. */
export function agentRefusal(
  { state }: Turn,
  spec: NodeSpec,
  agent: SubmitEvidence["agent"],
): Rejection | null {
  // Something has been handed in, so an agent of null is an unknown one and not an absent one.
  const handedIn = { rationale: "", action: null };
  const reasons = agentReasons({ agent: withBan(state, agent), spec, proposal: handedIn });
  if (reasons.length === 0) return null;
  const detail = reasons.map((reason) => reason.detail).join("; ");
  return { reason: "agent_not_permitted", nodeId: spec.id, detail };
}
