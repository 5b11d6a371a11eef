/**
 * Resets and bans: a person has nodes start over, or an agent leave the mission. What has been performed,
 * may have been performed, or is under way at the gateway is never reset: starting it over could do it twice.
 * Specification: docs/interventions.md.
 */
import { LIMITS } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import type { Actor } from "../../trace/index.ts";
import { isBanned } from "../interventions.ts";
import type { Intervene } from "../command.ts";
import type { EventData } from "../event.ts";
import { nodeRecord } from "../evolve.ts";
import { outcomeOf } from "../outcome.ts";
import { heldAsking, questionOf } from "../question.ts";
import type { Rejection } from "../rejection.ts";
import type { MissionState } from "../state.ts";
import { emitMission, emitNode, recordOf, SYSTEM, type Turn } from "../turn.ts";

type Cause = EventData["node.reset"]["cause"];

/** Resets one node, or every node that can be; the third time of either pauses the mission for a person. */
export function decideReset(
  turn: Turn,
  { nodeId, reason, actor }: Intervene,
): Result<null, Rejection> {
  if (nodeId === undefined) return resetMission(turn, reason, actor);
  if (!turn.state.plan.specById.has(nodeId)) return err({ reason: "node_unknown", nodeId });
  const detail = whyNotReset(turn.state, nodeId);
  if (detail !== null) return impossible("reset", recordOf(turn, nodeId).status, detail);
  const resets = (recordOf(turn, nodeId).resets ?? 0) + 1;
  emitMission(turn, "mission.reset", { reason, nodeId, resets }, { actor });
  resetNode(turn, nodeId, "reset");
  escalate(turn, `Node ${nodeId}`, resets, nodeId);
  return ok(null);
}

function resetMission(turn: Turn, reason: string, actor: Actor): Result<null, Rejection> {
  const resets = (turn.state.resets ?? 0) + 1;
  const nodes = turn.state.plan.order.filter((id) => whyNotReset(turn.state, id) === null);
  if (nodes.length === 0)
    return impossible("reset", turn.state.status, "no node of the mission can be reset now");
  emitMission(turn, "mission.reset", { reason, resets }, { actor });
  for (const id of nodes) resetNode(turn, id, "reset");
  escalate(turn, "The mission", resets, null);
  return ok(null);
}

/** Bans an agent from this mission: its proposals are withdrawn, and no gate and no ticket of its stands any more. */
export function decideBan(
  turn: Turn,
  { agent, reason, actor }: Intervene,
): Result<null, Rejection> {
  const { status } = turn.state;
  if (agent === undefined) return impossible("ban", status, "a ban names an agent");
  if (isBanned(turn.state, agent))
    return impossible("ban", status, `agent ${agent} is banned from this mission already`);
  if ((turn.state.bannedAgents ?? []).length >= LIMITS.bansPerMissionMax)
    return impossible("ban", status, `a mission bans ${LIMITS.bansPerMissionMax} agents at most`);
  emitMission(turn, "agent.banned", { agent, reason }, { actor });
  for (const id of turn.state.plan.order) {
    const isIts = recordOf(turn, id).proposal?.agent.id === agent;
    if (isIts && whyNotReset(turn.state, id) === null) resetNode(turn, id, "ban");
  }
  return ok(null);
}

/** Why a node cannot start over now; null when it can. */
function whyNotReset(state: MissionState, nodeId: string): string | null {
  const record = nodeRecord(state, nodeId);
  const { status, verdict, ticket } = record;
  const outcome = outcomeOf(record);
  if (status === "NEW") return "the node has not begun";
  if (status === "DONE") return "what is DONE stays DONE";
  if (verdict === "seal") return "the node is sealed";
  if (ticket !== null) return "its ticket is at the gateway; the outcome comes first";
  if (outcome === "unknown") return "whether its action happened is not known";
  if (outcome === "succeeded") return "its action has been performed";
  return null;
}

function resetNode(turn: Turn, nodeId: string, cause: Cause): void {
  const { attempt, resets = 0, request, approvals } = recordOf(turn, nodeId);
  const voided = request?.gateDigest ?? approvals[0]?.gateDigest;
  emitNode(
    turn,
    "node.reset",
    nodeId,
    // A ban is not the node's doing, so it does not bring the node nearer to its escalation.
    { cause, attempt: attempt + 1, resets: cause === "ban" ? resets : resets + 1 },
    { stateAfter: "READY" },
  );
  if (voided === undefined) return;
  const { gateDigest } = questionOf(turn.state, nodeId, heldAsking(turn.state, nodeId), turn.at);
  const approvers = [...new Set(approvals.map(({ approver }) => approver))];
  emitNode(turn, "approval.voided", nodeId, {
    gateDigest: voided,
    newGateDigest: gateDigest,
    approvers,
  });
}

/** Whoever resets the same thing again and again is not solving it: from the third time on, a person resumes. */
function escalate(turn: Turn, what: string, resets: number, nodeId: string | null): void {
  if (resets < LIMITS.resetsBeforeEscalation) return;
  const incident = {
    kind: "resets_repeated",
    severity: "high",
    reasonCodes: [],
    summary: `${what} has been reset ${resets} times; the mission is paused until a person resumes it.`,
  } as const;
  if (nodeId === null) emitMission(turn, "incident.raised", incident);
  else emitNode(turn, "incident.raised", nodeId, incident);
  if (turn.state.status !== "active") return;
  const reason = `${what} has been reset ${resets} times.`;
  emitMission(turn, "mission.paused", { reason }, { actor: SYSTEM, stateAfter: "paused" });
}

function impossible(kind: Intervene["kind"], state: string, detail: string) {
  return err({ reason: "intervention_not_possible", kind, state, detail } satisfies Rejection);
}
