/**
 * Slices that came free: whoever is paused for them is asked again, in plan order. Stays quiet about a node
 * that would only be told the same again, so that waiting costs no events. Specification: docs/leases.md.
 */
import { LIMITS } from "../../limits.ts";
import { ok, type Result } from "../../result.ts";
import { reconsider } from "../advance.ts";
import type { LeaseFreed } from "../command.ts";
import { dataOf } from "../event.ts";
import { isLeaseWaiting } from "../evolve-lease.ts";
import { evaluateLeased, isShared, waitedSlices } from "../leases.ts";
import { heldAsking, questionOf } from "../question.ts";
import type { Rejection } from "../rejection.ts";
import type { MissionState } from "../state.ts";
import { recordOf, specOf, type Turn } from "../turn.ts";

/** Another mission gave slices free, as their arbiters say. */
export function decideLeaseFreed(turn: Turn, { slices }: LeaseFreed): Result<null, Rejection> {
  const nodes = waitingFor(turn.state, new Set(slices)).slice(0, LIMITS.leaseAskAgainMax);
  for (const nodeId of nodes) askAgain(turn, nodeId, slices);
  return ok(null);
}

/**
 * What nodes of this mission gave free in this turn is offered to its other nodes at once; `before` is the
 * state the turn began with. More than `leaseAskAgainMax` of them would have to end in one turn to be passed
 * over; those the alarm asks.
 */
export function serveFreed(turn: Turn, before: MissionState): void {
  if (!isShared(turn.state)) return;
  let left: number = LIMITS.leaseAskAgainMax;
  for (let looked = 0; looked < turn.events.length && left > 0;) {
    const freed = freedBy(turn, before, looked);
    looked = turn.events.length;
    for (const nodeId of waitingFor(turn.state, freed).slice(0, left)) {
      left -= 1;
      askAgain(turn, nodeId);
    }
  }
}

/** Everybody who waits for a slice is asked again: what came free while the mission stood still told nobody. */
export function askWaiting(turn: Turn): void {
  if (!isShared(turn.state)) return;
  const nodes = waitingFor(turn.state, new Set(waitedSlices(turn.state)));
  for (const nodeId of nodes.slice(0, LIMITS.leaseAskAgainMax)) askAgain(turn, nodeId);
}

/** Slices without a holder that a node held before the turn or took in it, by its events from `from` on. */
function freedBy(turn: Turn, before: MissionState, from: number): ReadonlySet<string> {
  const touched = turn.events.slice(from).flatMap((event) => {
    const held = before.nodes.get(event.nodeId ?? "")?.lease?.fence ?? {};
    const taken =
      event.type === "gate.evaluated" ? dataOf(event, "gate.evaluated").lease?.fence : null;
    return Object.keys({ ...held, ...taken });
  });
  return new Set(touched.filter((slice) => turn.state.slices.get(slice)?.holder === null));
}

/** Nodes paused for any of the slices, in plan order. */
function waitingFor(state: MissionState, slices: ReadonlySet<string>): readonly string[] {
  const candidates = isShared(state)
    ? new Set([...slices].flatMap((slice) => state.slices.get(slice)?.waiting ?? []))
    : state.plan.order;
  const { indexById } = state.plan;
  return [...candidates]
    .filter((nodeId) => {
      const record = state.nodes.get(nodeId);
      const writes = specOf(state, nodeId).writeSet;
      return (
        record !== undefined && isLeaseWaiting(record) && writes.some((slice) => slices.has(slice))
      );
    })
    .sort((a, b) => (indexById.get(a) ?? 0) - (indexById.get(b) ?? 0));
}

function askAgain(turn: Turn, nodeId: string, freed?: readonly string[]): void {
  const { state } = turn;
  if (state.status !== "active" || !isLeaseWaiting(recordOf(turn, nodeId))) return;
  const { result } = evaluateLeased(
    turn,
    questionOf(state, nodeId, heldAsking(state, nodeId), turn.at),
  );
  // Only the lease gate still minds: nothing has changed for the node.
  const others = result.gates.filter(({ gate }) => gate !== "lease");
  const isStillWaiting =
    result.verdict !== "allow" && others.every(({ verdict }) => verdict === "allow");
  if (!isStillWaiting) reconsider(turn, nodeId, "lease", freed);
}
