/**
 * Evolve: state x event -> state. The only place where state changes; loading, living, replay and
 * the console run this same code. Changes the given state's tables in place (see table.ts).
 */
import { summarizeEvidence } from "../evidence/index.ts";
import { invariant } from "../invariant.ts";
import { LIMITS } from "../limits.ts";
import { type CompiledPlan, compilePlan, type Plan } from "../plan/index.ts";
import { isoToUnixMs, unixMsToIso } from "../time.ts";
import { EMPTY_HEAD, type EventDraft } from "../trace/index.ts";
import { countUnfinished, evolveAmendment } from "./amendments.ts";
import { evolveIntervention } from "./interventions.ts";
import { dueMsOf } from "./due.ts";
import { dataOf, type EventType } from "./event.ts";
import { approvalChange } from "./evolve-approval.ts";
import { failureChange, resetChange } from "./evolve-failure.ts";
import { idleHolders, noteWaiting, releaseLease, takeLease } from "./evolve-lease.ts";
import {
  countDenial,
  endedTicket,
  noteLate,
  receiptChange,
  reconciledChange,
  ticketChange,
} from "./evolve-ticket.ts";
import { loopChange } from "./loop.ts";
import { countPassage } from "./share.ts";
import type { MissionState, MissionStatus, NodeRecord, NodeStatus } from "./state.ts";
import { createTable } from "./table.ts";

/** An event as `decide` emits it, or as the journal stores it (then with its seq). */
export type Evolving = EventDraft & { readonly seq?: number; readonly hash?: string };

/** The record of a node; a breach when the plan has none. */
export function nodeRecord(state: MissionState, nodeId: string): NodeRecord {
  const record = state.nodes.get(nodeId);
  invariant(record, `node ${nodeId} is in the plan`);
  return record;
}

/**
 * Folds one event into the state. Source: docs/event-log.md.
 *
 * Shape: returns the same state object, changed; `null` only before the first event. `compiled`
 * spares a second compilation of the plan where the caller has it already.
 */
export function evolve(
  state: MissionState | null,
  event: Evolving,
  compiled?: CompiledPlan,
): MissionState {
  if (event.type === "mission.opened") {
    invariant(state === null, "a mission opens once");
    return place(opened(event, compiled), event);
  }
  invariant(state, "a mission opens before anything else happens");
  raiseFloor(state, event.at);
  if (event.nodeId === null) evolveMission(state, event);
  else evolveNode(state, event.nodeId, event);
  return place(state, event);
}

function place(state: MissionState, event: Evolving): MissionState {
  state.lastAt = event.at;
  if (event.seq !== undefined && event.hash !== undefined)
    state.head = { seq: event.seq, hash: event.hash };
  return state;
}

function opened(event: Evolving, compiled?: CompiledPlan): MissionState {
  const data = dataOf(event, "mission.opened");
  const plan = compiled ?? compiledAgain(data.plan);
  invariant(plan.hash === data.planHash, "a recorded plan gives its recorded hash");
  const state: MissionState = {
    missionId: data.missionId,
    team: data.team,
    status: "active",
    sealed: false,
    openedAt: event.at,
    openedBy: event.actor.id,
    ...(data.rules !== undefined && data.rules >= 3 ? { rules: data.rules } : {}),
    plan,
    policy: data.policy,
    ...(data.shadow ? { shadow: data.shadow } : {}),
    ...(data.canary ? { canary: data.canary } : {}),
    inputs: data.inputs.map((bundle) =>
      summarizeEvidence(bundle, data.verifications?.[bundle.hash]?.outcome, data.rules ?? 0),
    ),
    nodes: createTable(),
    ready: createTable(),
    advance: createTable(),
    slices: createTable(),
    tickets: createTable(),
    denials: createTable(),
    timed: createTable(),
    dueFloorMs: null,
    history: createTable(),
    actionCount: 0,
    passages: createTable(),
    doneCount: 0,
    deniedVerifiedCount: 0,
    deniedUnverifiedCount: 0,
    head: EMPTY_HEAD,
    lastAt: event.at,
  };
  for (const nodeId of plan.order) {
    state.nodes.set(nodeId, {
      ...NEW_NODE,
      waitingFor: plan.predecessors.get(nodeId)?.length ?? 0,
    });
  }
  return state;
}

function compiledAgain(plan: Plan): CompiledPlan {
  const compiled = compilePlan(plan, [], "recorded");
  invariant(compiled.ok, "a recorded plan compiles");
  return compiled.value;
}

const NEW_NODE: NodeRecord = {
  status: "NEW",
  attempt: 1,
  waitingFor: 0,
  verdict: null,
  reasons: [],
  proposal: null,
  proposers: [],
  result: null,
  receipt: null,
  evidence: [],
  approvals: [],
  refusedDigests: [],
  request: null,
  ticket: null,
  lease: null,
  ranDigest: null,
};

/** Events about the mission itself, but for the first. */
const MISSION_EVENTS = new Set<string>([
  "mission.paused",
  "mission.resumed",
  "mission.stopped",
  "mission.reset",
  "agent.banned",
  "mission.sealed",
  "mission.completed",
  "mission.policy_repinned",
  "ticket.denied",
  "incident.raised",
] satisfies EventType[]);

/** Events about an amendment, which no node has; their approvals are those of a node otherwise. */
const AMENDMENT_EVENTS = new Set<string>([
  "amendment.proposed",
  "amendment.refused",
  "mission.amended",
  "approval.requested",
  "approval.granted",
  "approval.denied",
  "approval.expired",
  "approval.voided",
  "approval.revoked",
] satisfies EventType[]);

function evolveMission(state: MissionState, event: Evolving): void {
  const isAboutAmendment = AMENDMENT_EVENTS.has(event.type);
  invariant(
    isAboutAmendment || MISSION_EVENTS.has(event.type),
    `event type ${event.type} is known of a mission`,
  );
  invariant(
    event.stateBefore === state.status,
    `the mission is ${state.status}, the event says ${event.stateBefore}`,
  );
  if (event.stateAfter !== null) state.status = event.stateAfter as MissionStatus;
  if (event.type === "mission.sealed") state.sealed = true;
  if (event.stateAfter === "stopped") dropIdleLeases(state);
  if (event.type === "mission.policy_repinned") repin(state, event);
  evolveIntervention(state, event);
  if (event.type === "mission.resumed") restartLeases(state, event.at);
  if (event.type === "ticket.denied") countDenial(state, event);
  if (isAboutAmendment) evolveAmendment(state, event);
  if (event.type === "mission.amended") addNodes(state, dataOf(event, "mission.amended").nodes);
}

function repin(state: MissionState, event: Evolving): void {
  state.policy = dataOf(event, "mission.policy_repinned").policy;
  state.repins = (state.repins ?? 0) + 1;
}

/** New nodes join as NEW, waiting for those predecessors that are not DONE. O(their edges). */
function addNodes(state: MissionState, nodeIds: readonly string[]): void {
  for (const nodeId of nodeIds)
    state.nodes.set(nodeId, { ...NEW_NODE, waitingFor: countUnfinished(state, nodeId) });
}

/** A paused mission takes no results, so the time it was paused does not count against a lease. */
function restartLeases(state: MissionState, at: string): void {
  const expiresAt = unixMsToIso((isoToUnixMs(at) ?? 0) + LIMITS.leaseMs);
  for (const nodeId of state.timed.keys()) {
    const record = nodeRecord(state, nodeId);
    if (record.lease?.expiresAt)
      setNode(state, nodeId, { ...record, lease: { ...record.lease, expiresAt } });
  }
}

/** A mission that has ended keeps no slice but those that an open ticket may still write. */
function dropIdleLeases(state: MissionState): void {
  for (const nodeId of idleHolders(state)) {
    const record = nodeRecord(state, nodeId);
    releaseLease(state, record);
    setNode(state, nodeId, { ...record, lease: null });
  }
}

function evolveNode(state: MissionState, nodeId: string, event: Evolving): void {
  const before = nodeRecord(state, nodeId);
  invariant(
    event.stateBefore === before.status,
    `${nodeId} is ${before.status}, the event says ${event.stateBefore}`,
  );
  const changed = nodeChange(state, nodeId, before, event);
  const guarded = (state.rules ?? 0) >= 3 ? loopChange(before, event) : {};
  const status = event.stateAfter as NodeStatus;
  setNode(state, nodeId, { ...before, ...changed, ...guarded, status });
  // A ticket that has ended in a mission that has ended: nothing keeps its slices any more.
  if (state.status === "stopped" && before.ticket) dropIdleLeases(state);
  if (before.status === status) return;
  if (status === "READY") markReady(state, nodeId);
  else state.ready.delete(nodeId);
  if (status === "DONE") markDone(state, nodeId);
}

function markReady(state: MissionState, nodeId: string): void {
  state.ready.set(nodeId, true);
  if (isSelfAdvancing(state, nodeId)) state.advance.set(nodeId, true);
}

/** Nodes whose gate is asked without anybody proposing: the system's own, and approvals of no action. */
export function isSelfAdvancing(state: MissionState, nodeId: string): boolean {
  const spec = state.plan.specById.get(nodeId);
  return (
    spec !== undefined &&
    (spec.ownerX === "system" || (spec.kind === "approval" && spec.approves === undefined))
  );
}

/** O(out-degree): each successor waits for one node fewer. */
function markDone(state: MissionState, nodeId: string): void {
  state.doneCount += 1;
  for (const successor of state.plan.successors.get(nodeId) ?? []) {
    const record = nodeRecord(state, successor);
    state.nodes.set(successor, { ...record, waitingFor: record.waitingFor - 1 });
  }
}

function setNode(state: MissionState, nodeId: string, record: NodeRecord): void {
  noteWaiting(state, nodeId, nodeRecord(state, nodeId), record);
  state.nodes.set(nodeId, record);
  if (record.request || record.ticket || record.lease?.expiresAt) state.timed.set(nodeId, true);
  else state.timed.delete(nodeId);
  const dueMs = dueMsOf(record, true);
  if (dueMs !== null && state.dueFloorMs !== undefined)
    state.dueFloorMs = Math.min(state.dueFloorMs ?? dueMs, dueMs);
}

/** At the first event of a later time, a floor that time has passed is worked out again. O(nodes that wait). */
function raiseFloor(state: MissionState, at: string): void {
  const { dueFloorMs: floor, lastAt } = state;
  if (at <= lastAt || floor == null || floor > (isoToUnixMs(at) ?? 0)) return;
  let next: number | null = null;
  for (const nodeId of state.timed.keys()) {
    const dueMs = dueMsOf(nodeRecord(state, nodeId), true);
    if (dueMs !== null) next = Math.min(next ?? dueMs, dueMs);
  }
  state.dueFloorMs = next;
}

type Change = Partial<NodeRecord>;

function nodeChange(
  state: MissionState,
  nodeId: string,
  before: NodeRecord,
  event: Evolving,
): Change {
  switch (event.type) {
    case "evidence.submitted":
      return { evidence: [...before.evidence, summaryIn(state, event)] };
    case "proposal.submitted": {
      const { proposal } = dataOf(event, "proposal.submitted");
      const proposers = [...new Set([...before.proposers, proposal.agent.id])];
      // What another proposal produced is not this one's result.
      return { proposal, proposers, result: null };
    }
    case "result.submitted":
      return { result: dataOf(event, "result.submitted").result };
    case "node.unblocked":
      return unblockedChange(before, event);
    case "gate.evaluated":
      return gateChange(state, nodeId, before, event);
    case "node.failed":
      return failureChange(state, before, event);
    case "node.reset":
      return resetChange(state, before, event);
    case "ticket.issued":
      return ticketChange(state, nodeId, before, event);
    case "ticket.denied":
      countDenial(state, event);
      return endedTicket(before, event);
    case "ticket.duplicate":
      countDenial(state, event);
      return {};
    case "ticket.overdue":
      return before.ticket ? { ticket: { ...before.ticket, overdue: true } } : {};
    case "receipt.recorded":
      return receiptChange(state, event);
    case "outcome.reconciled":
      return reconciledChange(state, before, event);
    case "receipt.late":
      noteLate(state, event);
      return {};
    case "loop.detected":
      return {};
    default:
      return approvalChange(state.rules ?? 0, before, event);
  }
}

function summaryIn({ rules = 0 }: MissionState, event: Evolving) {
  const { bundle, verification } = dataOf(event, "evidence.submitted");
  const summary = summarizeEvidence(bundle, verification?.outcome, rules);
  return event.seq === undefined ? summary : { ...summary, seq: event.seq };
}

/** Resuming forgets that nobody answered, so that people can be asked anew; a denial it does not forget. */
function unblockedChange(before: NodeRecord, event: Evolving): Change {
  const unblocked: Change = { verdict: null, reasons: [] };
  if (dataOf(event, "node.unblocked").cause !== "resume") return unblocked;
  const refusedDigests = before.refusedDigests.filter(({ cause }) => cause === "denied");
  return { ...unblocked, request: null, refusedDigests };
}

function gateChange(
  state: MissionState,
  nodeId: string,
  before: NodeRecord,
  event: Evolving,
): Change {
  const data = dataOf(event, "gate.evaluated");
  const result = event.gateResult;
  invariant(result, "a gate evaluation carries its result");
  state.advance.delete(nodeId);
  releaseLease(state, before);
  if (result.verdict !== "allow") {
    return {
      verdict: result.verdict,
      reasons: result.reasons as NodeRecord["reasons"],
      lease: null,
    };
  }
  if (data.passage) countPassage(state, data.passage);
  if (data.phase === "exit") return { verdict: null, reasons: [], lease: null };
  takeLease(state, nodeId, data.lease);
  return {
    verdict: null,
    reasons: [],
    request: null,
    lease: data.lease,
    ranDigest: data.gateDigest,
    ranPolicyHash: data.policyHash,
    ...(data.quorum === undefined ? {} : { ranQuorum: data.quorum }),
  };
}
