/**
 * A turn: one command worked out on a fork of the state. `emit` appends an event and folds it into
 * the fork at once, so that the rest of the turn decides on what has already happened.
 */
import { sha256Hex } from "../crypto.ts";
import { ticketId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { WantedLease } from "../lease/index.ts";
import type { NodeSpec } from "../plan/index.ts";
import { unixMsToIso } from "../time.ts";
import type { Actor, EventDraft } from "../trace/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { Command } from "./command.ts";
import type { EventData, EventType } from "./event.ts";
import { evolve, nodeRecord } from "./evolve.ts";
import type { MissionState, NodeRecord } from "./state.ts";

export interface Turn {
  readonly state: MissionState;
  readonly command: Command;
  /** RFC 3339; never before the mission's last event, whatever the caller's clock says. */
  readonly at: string;
  readonly events: EventDraft[];
  /** Nodes that every gate but the lease let in, and whose arbiters have not been asked. */
  readonly wanted: WantedLease[];
  ticketsIssued: number;
}

/** A state that can be run forward without touching the one it was made from. */
function forkState(state: MissionState): MissionState {
  return {
    ...state,
    nodes: state.nodes.fork(),
    ready: state.ready.fork(),
    advance: state.advance.fork(),
    slices: state.slices.fork(),
    tickets: state.tickets.fork(),
    denials: state.denials.fork(),
    timed: state.timed.fork(),
    passages: state.passages.fork(),
    history: state.history.fork(),
  };
}

export function createTurn(state: MissionState, command: Command): Turn {
  return {
    state: forkState(state),
    command,
    at: laterOf(unixMsToIso(command.at), state.lastAt),
    events: [],
    wanted: [],
    ticketsIssued: 0,
  };
}

/** The later of two times; the fixed format orders as text. */
function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

/** The actor of what the mission does by itself. */
export const SYSTEM: Actor = { kind: "system", id: "sekisho" };

interface Extras {
  readonly actor?: Actor;
  readonly stateAfter?: string;
  readonly evidenceHash?: string;
  readonly approvalSignature?: string;
  readonly gateResult?: EventDraft["gateResult"];
}

/** Emits an event about a node; without `stateAfter` the node stays where it is. */
export function emitNode<T extends EventType>(
  turn: Turn,
  type: T,
  nodeId: string,
  data: EventData[T],
  extras: Extras = {},
): void {
  const stateBefore = nodeRecord(turn.state, nodeId).status;
  emit(turn, type, nodeId, stateBefore, data, extras);
}

/** Emits an event about the mission itself. */
export function emitMission<T extends EventType>(
  turn: Turn,
  type: T,
  data: EventData[T],
  extras: Extras = {},
): void {
  emit(turn, type, null, turn.state.status, data, extras);
}

function emit<T extends EventType>(
  turn: Turn,
  type: T,
  nodeId: string | null,
  stateBefore: string,
  data: EventData[T],
  extras: Extras,
): void {
  const event: EventDraft = {
    type,
    nodeId,
    actor: extras.actor ?? SYSTEM,
    at: turn.at,
    stateBefore,
    stateAfter: extras.stateAfter ?? stateBefore,
    evidenceHash: extras.evidenceHash ?? null,
    approvalSignature: extras.approvalSignature ?? null,
    gateResult: extras.gateResult ?? null,
    policyVersion: turn.state.policy.version,
    data: data as unknown as JsonObject,
  };
  turn.events.push(event);
  evolve(turn.state, event);
}

/** The spec of a node that is known to be in the plan. */
export function specOf(state: MissionState, nodeId: string): NodeSpec {
  const spec = state.plan.specById.get(nodeId);
  invariant(spec, `node ${nodeId} is in the plan`);
  return spec;
}

export function recordOf(turn: Turn, nodeId: string): NodeRecord {
  return nodeRecord(turn.state, nodeId);
}

/** A fresh ticket id: derived from the command's random bits, another for each ticket of the turn. */
export function nextTicketId(turn: Turn): string {
  turn.ticketsIssued += 1;
  return ticketId(sha256Hex(`${turn.command.entropy} ${turn.ticketsIssued}`).slice(0, 32));
}
