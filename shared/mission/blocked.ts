/**
 * What stands still and what goes on: for each BLOCKED node, how many nodes wait behind it and which come
 * next. Nothing but its descendants waits for a BLOCKED node; this only shows it.
 * Refuses to hold a count that has to be kept: worked out on demand, within a bound.
 * Specification: docs/amendments.md, "Deferral".
 */
import { nodeRecord } from "./evolve.ts";
import type { MissionState } from "./state.ts";

/** BLOCKED nodes described one by one; the totals count all of them. */
export const BLOCKED_LIST_MAX = 200;
/** Waiting nodes named for each of them, nearest first. */
const CHAIN_MAX = 16;
/** Visits to edges for all descriptions together: four times the edges of the largest plan, a few milliseconds. */
const VISITS_MAX = 200_000;

export interface BlockedNode {
  readonly nodeId: string;
  readonly verdict: "pause" | "block" | "seal" | null;
  readonly codes: readonly string[];
  /** When silence will end the wait; null where no people are asked. */
  readonly deadlineAt: string | null;
  /** Descendants that cannot become READY before this node is DONE. */
  readonly waiting: number;
  /** The bound was met: `waiting` counts those seen by then. */
  readonly atLeast: boolean;
  /** The nearest of them, at most 16. */
  readonly chain: readonly string[];
}

export interface BlockedView {
  /** In plan order, at most 200. */
  readonly items: readonly BlockedNode[];
  readonly blocked: number;
  /** Distinct nodes behind any BLOCKED node. */
  readonly waiting: number;
  /** Nodes not DONE that nothing BLOCKED holds up: READY, RUNNING, or waiting for such. */
  readonly goingOn: number;
}

/** O(V + E) for the totals; the descriptions share a bound on visits. */
export function viewBlocked(state: MissionState): BlockedView {
  const { order } = state.plan;
  const ids = order.filter((nodeId) => nodeRecord(state, nodeId).status === "BLOCKED");
  const behind = descendants(state, ids, Number.POSITIVE_INFINITY);
  // What is behind a BLOCKED node is NEW, whatever was amended: none of it is BLOCKED or DONE itself.
  const waiting = behind.found.length;
  let visitsLeft = VISITS_MAX;
  const items = ids.slice(0, BLOCKED_LIST_MAX).map((nodeId) => {
    const own = descendants(state, [nodeId], visitsLeft);
    visitsLeft -= own.visits;
    const record = nodeRecord(state, nodeId);
    return {
      nodeId,
      verdict: record.verdict,
      codes: [...new Set(record.reasons.map((reason) => reason.code))],
      deadlineAt: record.request?.deadlineAt ?? null,
      waiting: own.found.length,
      atLeast: own.isCut,
      chain: own.found.slice(0, CHAIN_MAX),
    };
  });
  const goingOn = order.length - state.doneCount - ids.length - waiting;
  return { items, blocked: ids.length, waiting, goingOn };
}

/** What can be reached from some nodes, nearest first, themselves left out. */
function descendants(
  state: MissionState,
  from: readonly string[],
  visitsMax: number,
): { readonly found: readonly string[]; readonly visits: number; readonly isCut: boolean } {
  const seen = new Set(from);
  const queue = [...from];
  let visits = 0;
  for (const nodeId of queue) {
    for (const next of state.plan.successors.get(nodeId) ?? []) {
      if (visits >= visitsMax) return { found: queue.slice(from.length), visits, isCut: true };
      visits += 1;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return { found: queue.slice(from.length), visits, isCut: false };
}
