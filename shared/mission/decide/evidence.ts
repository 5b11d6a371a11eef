/** Evidence for a node: for what it requires while it waits, for what it produces while it runs. */
import { err, ok, type Result } from "../../result.ts";
import { reconsider } from "../advance.ts";
import type { SubmitEvidence } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import { agentRefusal } from "./agent.ts";
import { emitNode, recordOf, specOf, type Turn } from "../turn.ts";

export function decideEvidence(turn: Turn, command: SubmitEvidence): Result<null, Rejection> {
  const { nodeId, bundle, actor } = command;
  const spec = specOf(turn.state, nodeId);
  const record = recordOf(turn, nodeId);
  if (record.verdict === "seal") return err({ reason: "node_sealed", nodeId });
  if (record.status === "NEW" || record.status === "DONE")
    return err({ reason: "node_not_open", nodeId, state: record.status });
  const refusal = agentRefusal(spec, command.agent);
  if (refusal) return err(refusal);
  // What a running node was let in on must not change under it; what it produces may still come.
  const expected =
    record.status === "RUNNING"
      ? spec.evidenceOut
      : [...new Set([...spec.evidenceIn, ...spec.evidenceOut])];
  if (!expected.includes(bundle.kind))
    return err({ reason: "evidence_kind_unexpected", nodeId, kind: bundle.kind, expected });
  // An older bundle may come back: what a person approved on must not be out of reach for good.
  const newest = record.evidence.findLast((held) => held.kind === bundle.kind);
  if (newest?.hash === bundle.hash) return ok(null);
  emitNode(turn, "evidence.submitted", nodeId, { bundle }, { actor, evidenceHash: bundle.hash });
  reconsider(turn, nodeId, "evidence");
  return ok(null);
}
