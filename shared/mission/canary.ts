/**
 * What becomes of a mission that was planted to be refused. Until somebody approves it, a canary is decided
 * about as any mission is; then it names them, and ends where another would go on. Source: docs/attention.md.
 */
import { emitMission, emitNode, SYSTEM, type Turn } from "./turn.ts";

/** Whoever approves a canary is named, each of them. */
export function raiseApproved(turn: Turn, nodeId: string, person: string): void {
  emitNode(turn, "incident.raised", nodeId, {
    kind: "canary_approved",
    severity: "high",
    reasonCodes: [],
    summary: `${person} approved node ${nodeId}, which was a canary and should have been refused.`,
  });
}

/** In place of letting a node in. */
export function stopCanary(turn: Turn): void {
  const reason = "The canary was approved; nothing of it runs.";
  emitMission(turn, "mission.stopped", { reason }, { actor: SYSTEM, stateAfter: "stopped" });
}
