/**
 * The invariants of a mission, asked of its trace alone and then of the state it claims. Keeps a
 * model of its own, much simpler than the core's, and shares with the core only hashing, signature
 * verification and the policy document's evaluation. Specification: docs/event-log.md, "Invariants".
 */
import type { PublicJwk } from "../../shared/crypto.ts";
import {
  evolve,
  foldTrace,
  type MissionState,
  stateHash,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import { EMPTY_HEAD, type Head, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import { noteAmendment } from "./amendment-invariants.ts";
import { releaseIdle } from "./lease-invariants.ts";
import { type Model, type ModelNode, openModel, type Say, unfinished } from "./mission-model.ts";
import { checkNodeEvent } from "./node-invariants.ts";
import { noteAction, noteRepin } from "./policy-model.ts";
import { noteBan } from "./reset-invariants.ts";

export interface CheckerOptions {
  /** The public half of the key that signs tickets; without it ticket signatures are not looked at. */
  readonly ticketKey?: PublicJwk;
}

/** Follows one mission: give it each command's events and the state after them. */
export function createChecker(options: CheckerOptions = {}) {
  let model: Model | null = null;
  let head: Head = EMPTY_HEAD;
  let at = "";
  let folded: MissionState | null = null;
  return {
    /** What is violated, one line each, starting with the invariant's id; empty when all hold. */
    check(events: readonly TraceEvent[], state: MissionState): readonly string[] {
      const flaws: string[] = [];
      const say = (id: string, detail: string) => void flaws.push(`${id}: ${detail}`);
      const chain = verifyTrace(events, { from: head, missionId: state.missionId });
      if (!chain.ok)
        return [`I3: the chain breaks at seq ${chain.error.seq}: ${chain.error.reason}`];
      for (const event of events) {
        if (event.at < at) say("I3", `time decreases at seq ${event.seq}`);
        at = event.at;
        model = checkEvent(model, event, say, options);
        folded = evolveSafely(folded, event, say);
      }
      head = chain.value.head;
      if (model && folded) checkState(model, folded, state, head, say);
      return flaws;
    },
  };
}

/** All invariants over a whole trace and the state it should lead to. Empty when all hold. */
export function checkInvariants(
  events: readonly TraceEvent[],
  state: MissionState,
  options: CheckerOptions = {},
): readonly string[] {
  const flaws = createChecker(options).check(events, state);
  if (flaws.length > 0) return flaws;
  // Through JSON, as a stored trace comes back.
  const again = foldTrace(JSON.parse(JSON.stringify(events)) as TraceEvent[]);
  return again && stateHash(again) === stateHash(state)
    ? []
    : ["I9: replay gives another state hash"];
}

function evolveSafely(
  state: MissionState | null,
  event: TraceEvent,
  say: Say,
): MissionState | null {
  try {
    return evolve(state, event);
  } catch (cause) {
    say("I9", `the trace does not fold at seq ${event.seq}: ${String(cause)}`);
    return state;
  }
}

function checkState(
  model: Model,
  folded: MissionState,
  state: MissionState,
  head: Head,
  say: Say,
): void {
  if (stateToSnapshot(folded) !== stateToSnapshot(state))
    say("I9", "the fold of the trace is not the live state");
  checkSlices(model, state, say);
  let done = 0;
  for (const [nodeId, node] of model.nodes) {
    if (node.status === "DONE") done += 1;
    checkNodeState(model, node, nodeId, state, say);
  }
  checkMissionState(model, state, { head, done }, say);
}

/** What the state says of the mission itself, against what its trace says; `done` nodes of it are DONE. */
export function checkMissionState(
  model: Model,
  state: MissionState,
  { head, done }: { readonly head: Head; readonly done: number },
  say: Say,
): void {
  if (state.plan.hash !== model.opened.planHash) say("I5", "the plan hash changed");
  if (state.policy.hash !== model.opened.policy.hash) say("I13", "the pinned policy changed");
  if (state.status !== model.status)
    say("I3", `the mission is ${state.status}, its trace says ${model.status}`);
  if (state.sealed !== model.sealed)
    say("I6", "the state and the trace differ on whether the mission is sealed");
  if (state.head.hash !== head.hash) say("I3", "the state's head is not the trace's");
  if (state.doneCount !== done)
    say("I9", `${done} nodes are DONE, the state counts ${state.doneCount}`);
  if (state.status === "completed" && done !== state.plan.order.length)
    say("I8", "the mission completed before its nodes");
}

/** What the state says of one node, against what its trace says. */
export function checkNodeState(
  model: Model,
  node: ModelNode,
  nodeId: string,
  state: MissionState,
  say: Say,
): void {
  const record = state.nodes.get(nodeId);
  if (!record) {
    say("I5", `node ${nodeId} vanished`);
    return;
  }
  if (record.status !== node.status)
    say("I3", `${nodeId} is ${record.status}, its trace says ${node.status}`);
  if (record.attempt !== node.attempt)
    say("I3", `${nodeId} is at attempt ${record.attempt}, its trace says ${node.attempt}`);
  if (state.ready.has(nodeId) !== (record.status === "READY"))
    say("I4", `${nodeId} is ${record.status} and the ready set disagrees`);
  if (record.status !== "NEW" && unfinished(model, node).length > 0)
    say("I4", `${nodeId} is ${record.status} before its predecessors are DONE`);
  const stale = record.approvals.filter(
    (approval) => approval.gateDigest !== (record.request?.gateDigest ?? record.ranDigest),
  );
  if (record.request && stale.length > 0)
    say("I14", `${nodeId} holds approvals of another digest than it asks for`);
  if (record.ticket && record.status !== "RUNNING")
    say("I7", `${nodeId} is ${record.status} with an outstanding ticket`);
}

/** What the state says of slices, against what its trace says. */
export function checkSlices(model: Model, state: MissionState, say: Say): void {
  for (const [slice, fence] of model.fences) {
    const record = state.slices.get(slice);
    if (record?.fence !== fence) say("I10", `${slice} is at fence ${record?.fence}, not ${fence}`);
    const holder = model.holders.get(slice) ?? null;
    if (record?.holder !== holder)
      say("I10", `${slice} is held by ${record?.holder}, its trace says ${holder}`);
  }
}

/** Checks the next event of a trace against what came before it, and folds it into the model. */
export function checkEvent(
  model: Model | null,
  event: TraceEvent,
  say: Say,
  options: CheckerOptions,
): Model | null {
  if (event.type === "mission.opened") {
    if (model) say("I5", "a mission opens twice");
    return openModel(event, say);
  }
  if (!model) {
    say("I3", "something happens before the mission opens");
    return null;
  }
  const { opened } = model;
  if (event.policyVersion !== opened.policy.version)
    say("I13", `seq ${event.seq} names policy ${event.policyVersion}`);
  if (event.missionId !== opened.missionId) say("I3", `seq ${event.seq} is of another mission`);
  checkTransition(model, event, say);
  if (event.gateResult) checkVerdict(event, say);
  noteAction(model, event);
  if (event.nodeId !== null) {
    const node = model.nodes.get(event.nodeId);
    if (node) checkNodeEvent(model, node, event, say, options.ticketKey ?? null);
    else say("I5", `seq ${event.seq} is about an unknown node`);
  } else if (event.stateAfter !== null) model.status = event.stateAfter;
  if (model.status === "stopped") releaseIdle(model);
  if (event.type === "mission.sealed") model.sealed = true;
  noteRepin(model, event, say);
  noteBan(model, event);
  noteAmendment(model, event, say);
  return model;
}

/** Every change of state there is, and the one event type that may make it. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  "NEW>READY": ["node.ready"],
  "READY>RUNNING": ["gate.evaluated"],
  "READY>BLOCKED": ["gate.evaluated"],
  "RUNNING>DONE": ["gate.evaluated"],
  "RUNNING>BLOCKED": ["gate.evaluated", "node.failed"],
  "RUNNING>READY": ["node.failed", "node.reset"],
  "BLOCKED>READY": ["node.unblocked", "node.reset"],
  "BLOCKED>RUNNING": ["node.unblocked", "outcome.reconciled"],
  "active>paused": ["mission.paused"],
  "paused>active": ["mission.resumed"],
  "active>stopped": ["mission.stopped", "mission.sealed"],
  "paused>stopped": ["mission.stopped"],
  "active>completed": ["mission.completed"],
  "paused>completed": ["mission.completed"],
};

function checkTransition(model: Model, event: TraceEvent, say: Say): void {
  const { nodeId, type, stateBefore, stateAfter, seq } = event;
  const node = nodeId === null ? null : model.nodes.get(nodeId);
  const now = nodeId === null ? model.status : node?.status;
  if (stateBefore !== now) say("I3", `seq ${seq} says ${stateBefore}, it was ${now}`);
  if (stateBefore === stateAfter) return;
  const change = `${stateBefore}>${stateAfter}`;
  if (stateBefore === "DONE") say("I4", `seq ${seq} takes a node out of DONE`);
  if (!CHANGES[change]?.includes(type)) say("I3", `seq ${seq}: ${type} may not lead ${change}`);
  if (model.sealed) say("I6", `seq ${seq} moves something in a sealed mission`);
  if (model.status === "stopped") say("I8", `seq ${seq} moves something in a stopped mission`);
  // Taking note of what happened starts nothing.
  const isNoting = type === "outcome.reconciled";
  if (model.status === "paused" && stateAfter === "RUNNING" && !isNoting)
    say("I8", `seq ${seq} starts a node while paused`);
  if (node?.inDoubt && !isNoting) say("I15", `seq ${seq} moves a node whose outcome is unknown`);
}

const RANK: Readonly<Record<string, number>> = { allow: 0, pause: 1, block: 2, seal: 3 };

/** Reasons that say why a gate allows. */
const REFUSING_NOTHING = new Set(["PAUSE_OVERRIDDEN", "AUTO_AUTH_BY_TRUST_AND_GRANT"]);

function checkVerdict(event: TraceEvent, say: Say): void {
  const { gateResult: result, type, seq } = event;
  if (!result) return;
  const worst = Math.max(...result.gates.map(({ verdict }) => RANK[verdict] ?? 9), 0);
  if (RANK[result.verdict] !== worst || result.score !== worst)
    say("I8", `seq ${seq}: the verdict is not the worst of its gates`);
  for (const { gate, verdict } of result.gates) {
    if (verdict === "seal" && gate !== "ethics" && gate !== "accountability")
      say("I6", `seq ${seq}: ${gate} seals`);
    if (gate === "relativity" && worst > 1 && verdict !== "allow" && verdict !== "pause")
      say("I6", `seq ${seq}: relativity says ${verdict}`);
  }
  // What people overrode is said, and stands in nobody's way.
  const standing = result.reasons.filter(({ code }) => !REFUSING_NOTHING.has(code));
  if ((result.verdict === "allow") !== (standing.length === 0))
    say("I8", `seq ${seq}: ${result.verdict} with ${standing.length} reasons`);
  if (type !== "gate.evaluated") return;
  const advances = event.stateAfter === "RUNNING" || event.stateAfter === "DONE";
  if (advances !== (result.verdict === "allow"))
    say("I8", `seq ${seq}: ${result.verdict} leads to ${event.stateAfter}`);
}
