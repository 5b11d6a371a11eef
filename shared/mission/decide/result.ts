/** The result of a decision node: outputs and test outcomes, from the agent whose proposal runs. */
import { err, ok, type Result } from "../../result.ts";
import { leave, reconsider } from "../advance.ts";
import type { SubmitResult } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import { agentRefusal } from "./agent.ts";
import { emitNode, recordOf, specOf, type Turn } from "../turn.ts";

export function decideResult(turn: Turn, command: SubmitResult): Result<null, Rejection> {
  const { nodeId, actor, outputs } = command;
  const spec = specOf(turn.state, nodeId);
  const record = recordOf(turn, nodeId);
  if (spec.kind !== "decision" || spec.ownerX === "system") {
    return err({
      reason: "result_not_expected",
      nodeId,
      detail: "only a decision node of an agent takes results",
    });
  }
  if (record.verdict === "seal") return err({ reason: "node_sealed", nodeId });
  // A node whose exit gate refused its last result is BLOCKED and waits for a better one.
  const blockedAtExit = record.status === "BLOCKED" && record.result !== null;
  if (record.status !== "RUNNING" && !blockedAtExit)
    return err({ reason: "node_not_running", nodeId, state: record.status });
  const refusal = agentRefusal(turn, spec, command.agent);
  if (refusal) return err(refusal);
  if (record.proposal?.agent.id !== actor.id) {
    return err({
      reason: "agent_not_permitted",
      nodeId,
      detail: `the node runs for ${record.proposal?.agent.id ?? "nobody"}`,
    });
  }
  const tests = command.tests.map(({ id, passed }) => ({ id, passed }));
  emitNode(
    turn,
    "result.submitted",
    nodeId,
    { result: { outputs, tests, by: actor.id } },
    { actor },
  );
  if (blockedAtExit) reconsider(turn, nodeId, "proposal");
  else leave(turn, nodeId);
  return ok(null);
}
