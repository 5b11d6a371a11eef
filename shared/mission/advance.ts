/**
 * How a node moves: through its entry gate, into its work, out through its exit gate, and what its
 * completion sets free. Every command ends here; nothing else changes a node's state.
 */
import { seatsOf } from "../approval/index.ts";
import { hashJson } from "../canonical.ts";
import {
  evaluateExit,
  failedTests,
  type GateQuestion,
  type GateResult,
  requestOf,
} from "../gates/index.ts";
import { invariant } from "../invariant.ts";
import type { LeaseFact } from "../lease/index.ts";
import { LIMITS } from "../limits.ts";
import { isoToUnixMs, unixMsToIso } from "../time.ts";
import { stopCanary } from "./canary.ts";
import { clearRequest, requestApproval } from "./approvals.ts";
import type { EventData } from "./event.ts";
import { evaluateLeased } from "./leases.ts";
import { isSelfAdvancing } from "./evolve.ts";
import { outcomeOf } from "./outcome.ts";
import { evidenceFor, exitQuestionOf, heldAsking, questionOf } from "./question.ts";
import { passageOf } from "./share.ts";
import { shadowOf } from "./shadow.ts";
import type { HeldLease } from "./state.ts";
import { proposerOf } from "./trust-outcomes.ts";
import {
  emitMission,
  emitNode,
  nextTicketId,
  recordOf,
  specOf,
  SYSTEM,
  type Turn,
} from "./turn.ts";

/** Whether a node's gate can be asked now: somebody proposed, or nobody needs to. */
function isAskable(turn: Turn, nodeId: string): boolean {
  return recordOf(turn, nodeId).proposal !== null || isSelfAdvancing(turn.state, nodeId);
}

/**
 * BLOCKED and not sealed: its cause changed, so its gate is asked again, the exit gate where the action of
 * this attempt has been performed. Does nothing for other nodes. `freed`: the slices of a LeaseFreed.
 */
export function reconsider(
  turn: Turn,
  nodeId: string,
  cause: EventData["node.unblocked"]["cause"],
  freed?: readonly string[],
): void {
  const record = recordOf(turn, nodeId);
  if (record.status !== "BLOCKED" || record.verdict === "seal" || turn.state.status !== "active")
    return;
  const outcome = outcomeOf(record);
  if (outcome === "unknown" || !isAskable(turn, nodeId)) return;
  // What has been performed cannot be let in again or asked about anew: only the exit is still open.
  const performed = outcome === "succeeded";
  const stateAfter = performed ? "RUNNING" : "READY";
  emitNode(turn, "node.unblocked", nodeId, { cause, ...(freed && { freed }) }, { stateAfter });
  if (performed) leave(turn, nodeId);
  else enter(turn, nodeId);
}

/** Asks a READY node's entry gate and goes where the verdict leads. */
export function enter(turn: Turn, nodeId: string): void {
  const question = questionOf(turn.state, nodeId, heldAsking(turn.state, nodeId), turn.at);
  clearRequest(turn, nodeId, question.gateDigest);
  // A voided request takes its approvals with it, so the question is asked afresh.
  const {
    question: current,
    result,
    fact,
  } = evaluateLeased(turn, questionOf(turn.state, nodeId, heldAsking(turn.state, nodeId), turn.at));
  const isAllowed = result.verdict === "allow";
  // However it came to be allowed, by time or by a signature.
  if (isAllowed && turn.state.canary && current.spec.kind === "execution") {
    stopCanary(turn);
    return;
  }
  recordGate(turn, nodeId, "entry", current.gateDigest, result, {
    ...(current.share && { share: current.share }),
    ...(isAllowed && { quorum: peopleAsked(current, result) }),
    ...(fact && fact.state !== "granted" && { leaseFact: fact }),
    ...shadowOf(turn.state, current, result),
    lease: isAllowed ? leaseFor(turn, nodeId, fact) : null,
  });
  if (result.verdict === "allow") start(turn, nodeId, current);
  else if (result.verdict === "pause")
    requestApproval(turn, nodeId, current, requestOf(current, result.gates), result.reasons);
  else if (result.verdict === "seal") seal(turn, nodeId, result);
}

/**
 * What the exit gate counts against: one, where that one stood for all. Pauses that people overrode are
 * named and allow now, but who was asked for them was asked; before the third generation nothing is named.
 */
function peopleAsked(question: GateQuestion, { gates }: GateResult): number {
  const { brokenBy, namedPauses = [] } = question;
  const asking = gates.map(({ gate, verdict }) =>
    namedPauses.some((named) => named.gate === gate)
      ? { gate, verdict: "pause" as const }
      : { gate, verdict },
  );
  const requirement = requestOf(question, asking);
  if (requirement === null) return 0;
  return brokenBy === undefined ? seatsOf(requirement).length : 1;
}

function recordGate(
  turn: Turn,
  nodeId: string,
  phase: "entry" | "exit",
  gateDigest: string,
  result: GateResult,
  extras: Pick<
    EventData["gate.evaluated"],
    "share" | "passage" | "quorum" | "shadow" | "leaseFact"
  > &
    Partial<Pick<EventData["gate.evaluated"], "lease">>,
): void {
  const allowed = result.verdict === "allow";
  const passed = phase === "entry" ? "RUNNING" : "DONE";
  emitNode(
    turn,
    "gate.evaluated",
    nodeId,
    {
      phase,
      attempt: recordOf(turn, nodeId).attempt,
      gateDigest,
      // What runs finishes under the policy it ran under, whatever was pinned since.
      policyHash:
        (phase === "exit" ? recordOf(turn, nodeId).ranPolicyHash : null) ?? turn.state.policy.hash,
      lease: null,
      ...(phase === "exit" || result.verdict === "seal" ? proposerOf(turn.state, nodeId) : {}),
      ...extras,
    },
    { stateAfter: allowed ? passed : "BLOCKED", gateResult: result },
  );
}

/** With the arbiters' numbers; in missions older than arbiters, with the next ones of the mission's own. */
function leaseFor(turn: Turn, nodeId: string, fact: LeaseFact | null): HeldLease | null {
  const spec = specOf(turn.state, nodeId);
  if (spec.writeSet.length === 0) return null;
  const granted = fact?.state === "granted" ? fact.fence : null;
  const fence: Record<string, number> = {};
  for (const slice of spec.writeSet)
    fence[slice] = granted?.[slice] ?? (turn.state.slices.get(slice)?.fence ?? 0) + 1;
  // An execution keeps its slices until its ticket is settled: the fence, not the clock, protects it.
  const expiresAt =
    spec.kind === "execution" ? null : unixMsToIso((isoToUnixMs(turn.at) ?? 0) + LIMITS.leaseMs);
  return { fence, expiresAt, ...(granted && { scope: "team" as const }) };
}

/** A node has just become RUNNING. */
function start(turn: Turn, nodeId: string, question: GateQuestion): void {
  const spec = specOf(turn.state, nodeId);
  const record = recordOf(turn, nodeId);
  if (spec.kind === "execution") {
    invariant(record.receipt === null, "an action is performed once an attempt");
    invariant(!turn.state.canary, "nothing of a canary runs");
    issueTicket(turn, nodeId, question);
  } else if (isSelfAdvancing(turn.state, nodeId) || spec.kind === "approval" || record.result) {
    leave(turn, nodeId);
  }
}

function issueTicket(turn: Turn, nodeId: string, question: GateQuestion): void {
  const { state, command } = turn;
  const { proposal, attempt, lease } = recordOf(turn, nodeId);
  if (!proposal?.action) return;
  const issuedSeconds = Math.floor((isoToUnixMs(turn.at) ?? 0) / 1000);
  emitNode(turn, "ticket.issued", nodeId, {
    claims: {
      iss: command.terms.issuer,
      aud: command.terms.audience,
      iat: issuedSeconds,
      exp: issuedSeconds + Math.floor(command.terms.ttlMs / 1000),
      jti: nextTicketId(turn),
      sub: proposal.agent.id,
      team: state.team,
      txn: state.missionId,
      node_id: nodeId,
      attempt,
      action_type: proposal.action.type,
      args_hash: proposal.action.argsHash,
      risk_level: question.spec.risk,
      policy_version: state.policy.version,
      graph_hash: state.plan.hash,
      gate_digest: question.gateDigest,
      evidence_root: hashJson(question.evidence.map((bundle) => bundle.hash)),
      fence: { ...lease?.fence },
      ...(lease?.scope && { fence_scope: lease.scope }),
    },
  });
}

/** Asks a RUNNING node's exit gate: DONE, another attempt after failed tests, BLOCKED, or the end. */
export function leave(turn: Turn, nodeId: string): void {
  const record = recordOf(turn, nodeId);
  const result = evaluateExit(exitQuestionOf(turn.state, nodeId, turn.at));
  const failed = failedTests(specOf(turn.state, nodeId), record.result?.tests ?? []);
  // After a seal there is no other attempt.
  if (failed.length > 0 && result.verdict !== "seal") {
    fail(turn, nodeId, "tests_failed", result);
    return;
  }
  const passage =
    result.verdict === "allow"
      ? passageOf(turn.state, specOf(turn.state, nodeId), evidenceFor(turn.state, nodeId))
      : undefined;
  recordGate(turn, nodeId, "exit", record.ranDigest ?? "", result, { ...(passage && { passage }) });
  if (result.verdict === "allow") complete(turn, nodeId);
  else if (result.verdict === "seal") seal(turn, nodeId, result);
}

/** The attempt failed: READY again while attempts are left (this node only), else BLOCKED and an incident. */
export function fail(
  turn: Turn,
  nodeId: string,
  cause: Exclude<EventData["node.failed"]["cause"], "in_doubt">,
  result: Pick<GateResult, "reasons">,
): void {
  const { attempt, attemptsForgiven = 0 } = recordOf(turn, nodeId);
  const left = attempt - attemptsForgiven < specOf(turn.state, nodeId).attemptsMax;
  emitNode(
    turn,
    "node.failed",
    nodeId,
    { attempt, reasons: result.reasons, cause, ...proposerOf(turn.state, nodeId) },
    { stateAfter: left ? "READY" : "BLOCKED" },
  );
  if (left) return;
  emitNode(turn, "incident.raised", nodeId, {
    kind: "attempts_exhausted",
    severity: "medium",
    reasonCodes: ["ATTEMPTS_EXHAUSTED", ...new Set(result.reasons.map((reason) => reason.code))],
    summary: `Node ${nodeId} failed in its last attempt (${attempt}).`,
  });
}

/** A node has just become DONE: its successors may be READY, and the mission may be complete. */
function complete(turn: Turn, nodeId: string): void {
  for (const successor of turn.state.plan.successors.get(nodeId) ?? []) {
    if (recordOf(turn, successor).waitingFor === 0)
      emitNode(turn, "node.ready", successor, {}, { stateAfter: "READY" });
  }
  completeMission(turn);
}

/** Completes the mission when all its nodes are DONE and nobody is being asked for more of them. */
export function completeMission(turn: Turn): void {
  const { doneCount, plan, status, amendments } = turn.state;
  if (doneCount < plan.order.length || status === "stopped" || amendments?.open) return;
  emitMission(
    turn,
    "mission.completed",
    { nodes: turn.state.doneCount },
    { stateAfter: "completed" },
  );
}

/**
 * Advances what advances by itself, in plan order, up to the limit of one command; the alarm takes
 * the rest. A loop over a work table, so a chain of 10,000 system nodes needs no recursion.
 */
export function advanceSystem(turn: Turn): void {
  let left: number = LIMITS.autoAdvancePerCommandMax;
  for (let batch = waiting(turn, left); batch.length > 0; batch = waiting(turn, left)) {
    for (const nodeId of batch) {
      if (left === 0 || turn.state.status !== "active") return;
      left -= 1;
      enter(turn, nodeId);
    }
  }
}

/** The first of those that wait to be advanced, in plan order. Sorted as numbers: all of a large fan may wait. */
function waiting(turn: Turn, nodesMax: number): readonly string[] {
  const { indexById, order } = turn.state.plan;
  const places = Uint32Array.from(turn.state.advance.keys(), (id) => indexById.get(id) ?? 0).sort();
  return [...places.subarray(0, nodesMax)].map((at) => order[at] ?? "");
}

function seal(turn: Turn, nodeId: string, result: GateResult): void {
  emitMission(
    turn,
    "mission.sealed",
    { reasons: result.reasons },
    { stateAfter: "stopped", actor: SYSTEM },
  );
  emitNode(turn, "incident.raised", nodeId, {
    kind: "mission_sealed",
    severity: "critical",
    reasonCodes: result.reasons.map((reason) => reason.code),
    summary: `Node ${nodeId} sealed the mission: ${result.reasons.map((reason) => reason.detail).join("; ")}.`,
  });
}
