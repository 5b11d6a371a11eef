/**
 * The part of the fold that is about slices: who holds one, who waits for one, and what ends a lease. Missions
 * of the third generation remember who waits, and keep a lease whose outcome is in doubt; older ones fold as
 * they always did. Source: docs/leases.md, docs/event-log.md.
 */
import { isShared } from "./leases.ts";
import type { MissionState, NodeRecord, SliceRecord } from "./state.ts";

/** Takes the slices of a lease for a node. */
export function takeLease(state: MissionState, nodeId: string, lease: NodeRecord["lease"]): void {
  for (const [slice, fence] of Object.entries(lease?.fence ?? {}))
    state.slices.set(slice, { ...state.slices.get(slice), fence, holder: nodeId });
}

/** A lease dies when its node crosses a gate, whichever way, or fails. */
export function releaseLease(state: MissionState, before: NodeRecord): void {
  for (const slice of Object.keys(before.lease?.fence ?? {})) {
    const record = state.slices.get(slice);
    if (record) state.slices.set(slice, { ...record, holder: null });
  }
}

/** A lease in doubt: the action may have happened, so nobody else writes until somebody knows. */
export function doubtfulLease(state: MissionState, before: NodeRecord): NodeRecord["lease"] {
  if (isShared(state)) return before.lease;
  releaseLease(state, before);
  return null;
}

/** Nodes with a lease that a mission which has ended need not keep: no ticket of theirs can still act. O(slices). */
export function idleHolders(state: MissionState): readonly string[] {
  if (!isShared(state)) return [];
  const holders = [...state.slices.keys()].flatMap(
    (slice) => state.slices.get(slice)?.holder ?? [],
  );
  return [...new Set(holders)].filter((nodeId) => !state.nodes.get(nodeId)?.ticket);
}

/** Whether a node is paused because somebody else holds what it writes. */
export function isLeaseWaiting({ status, verdict, reasons }: NodeRecord): boolean {
  return (
    status === "BLOCKED" && verdict === "pause" && reasons.some(({ code }) => code === "LEASE_HELD")
  );
}

/** Keeps the list of who waits for each slice, as a node begins or ends to wait. O(write-set). */
export function noteWaiting(
  state: MissionState,
  nodeId: string,
  before: NodeRecord,
  after: NodeRecord,
): void {
  if (!isShared(state)) return;
  const waits = isLeaseWaiting(after);
  if (waits === isLeaseWaiting(before)) return;
  for (const slice of state.plan.specById.get(nodeId)?.writeSet ?? []) {
    const { waiting = [], ...record }: SliceRecord = state.slices.get(slice) ?? NEVER_HELD;
    const others = waiting.filter((id) => id !== nodeId);
    const now = waits ? [...others, nodeId] : others;
    state.slices.set(slice, now.length > 0 ? { ...record, waiting: now } : record);
  }
}

const NEVER_HELD: SliceRecord = { fence: 0, holder: null };
