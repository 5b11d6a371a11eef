/**
 * A person reconciles an unknown outcome (I15): done, and the exit gate is asked, or not done, and there is
 * another attempt while any is left. Refuses where the outcome is known, and against the gateway's own word.
 * Specification: docs/interventions.md, "An unknown outcome".
 */
import { err, ok, type Result } from "../../result.ts";
import { fail, leave } from "../advance.ts";
import type { ReconcileOutcome } from "../command.ts";
import { outcomeOf } from "../outcome.ts";
import type { Rejection } from "../rejection.ts";
import { seqOfEvidence } from "../stored-evidence.ts";
import { emitNode, recordOf, specOf, type Turn } from "../turn.ts";

export function decideReconciliation(
  turn: Turn,
  command: ReconcileOutcome,
): Result<null, Rejection> {
  const { nodeId, outcome, reason, evidence = [], actor } = command;
  const record = recordOf(turn, nodeId);
  const { receipt, attempt } = record;
  if (receipt === null || record.status !== "BLOCKED" || outcomeOf(record) !== "unknown")
    return err({ reason: "outcome_not_unknown", nodeId, state: record.status });
  const detail = whyNot(turn, command, receipt.jti);
  if (detail !== null) return err({ reason: "reconciliation_not_permitted", nodeId, detail });
  const missing = evidence.find((hash) => seqOfEvidence(turn.state, hash) === null);
  if (missing !== undefined) return err({ reason: "evidence_unknown", hash: missing });
  emitNode(
    turn,
    "outcome.reconciled",
    nodeId,
    { jti: receipt.jti, attempt, outcome, reason, ...(evidence.length > 0 && { evidence }) },
    { actor, stateAfter: "RUNNING" },
  );
  if (outcome === "done") leave(turn, nodeId);
  else fail(turn, nodeId, "not_done", { reasons: [foundNotDone(actor.id, reason)] });
  return ok(null);
}

/** Why this person may not say so; null when they may. */
function whyNot(
  turn: Turn,
  { nodeId, outcome, actor }: ReconcileOutcome,
  jti: string,
): string | null {
  if (actor.kind !== "human") return "only a person reconciles an outcome";
  const { risk } = specOf(turn.state, nodeId);
  if (risk >= 3 && recordOf(turn, nodeId).proposers.includes(actor.id))
    return `${actor.id} proposed the action; at risk ${risk} somebody else looks`;
  const late = turn.state.tickets.get(jti)?.late;
  const heard = outcome === "done" ? "failed" : "succeeded";
  return late === heard ? `the gateway has reported since that the action ${late}` : null;
}

function foundNotDone(by: string, reason: string) {
  return {
    code: "ACTION_FAILED",
    gate: "consistency",
    detail: `${by} found that the action had not happened: ${reason}`,
    counterfactual: "the next attempt, while the node has one",
  } as const;
}
