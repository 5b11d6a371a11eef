/**
 * Snapshots: the state as plain JSON for a fast wake. The plan is in it only when amended (else the
 * first event has it), and a snapshot is only believed when its head is found in the journal (see the object).
 */
import { type CompiledPlan, compilePlan, type Plan } from "../plan/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import { ok } from "../result.ts";
import type { MissionState } from "./state.ts";
import { createTable, type Table } from "./table.ts";

/** Rises when the shape of a snapshot changes; another version's snapshot is ignored, and the fold runs. */
const SNAPSHOT_VERSION = 3;

const TABLES = [
  "nodes",
  "ready",
  "advance",
  "slices",
  "tickets",
  "denials",
  "timed",
  "history",
  "passages",
] as const;

/** The text of a snapshot. O(state). */
export function stateToSnapshot(state: MissionState): string {
  const { plan, policy, ...rest } = state;
  // The first event has the policy as well, unless the mission has moved to another one.
  const repinned = state.repins ? { policy } : {};
  // The first event has the plan as it was opened; only an amended one has to be kept here.
  const amended = state.amendments?.applied.length ? { amendedPlan: plan.plan } : {};
  const tables = Object.fromEntries(TABLES.map((name) => [name, entriesOf<unknown>(state[name])]));
  return JSON.stringify({ version: SNAPSHOT_VERSION, ...rest, ...repinned, ...amended, ...tables });
}

/** The state of a snapshot, or null when it is of another version. */
export function snapshotToState(
  text: string,
  plan: CompiledPlan,
  policy: PinnedPolicy,
): MissionState | null {
  const { version, amendedPlan, ...rest } = JSON.parse(text) as { version: number } & Record<
    string,
    unknown
  >;
  if (version !== SNAPSHOT_VERSION) return null;
  const current =
    amendedPlan === undefined ? ok(plan) : compilePlan(amendedPlan as Plan, [], "recorded");
  if (!current.ok) return null;
  const tables = Object.fromEntries(
    TABLES.map((name) => [name, createTable(rest[name] as [string, unknown][])]),
  );
  return { policy, ...rest, ...tables, plan: current.value } as unknown as MissionState;
}

/** A state of its own that shares only what never changes. O(state), far below a snapshot's text. */
export function copyState(state: MissionState): MissionState {
  const tables = Object.fromEntries(
    TABLES.map((name) => [name, createTable(definedEntriesOf<unknown>(state[name]))]),
  );
  return { ...state, ...tables };
}

function* definedEntriesOf<V>(table: Table<V>): Iterable<readonly [string, V]> {
  for (const key of table.keys()) {
    const value = table.get(key);
    if (value !== undefined) yield [key, value];
  }
}

function entriesOf<V>(table: Table<V>): readonly (readonly [string, V | undefined])[] {
  return [...table.keys()].map((key) => [key, table.get(key)] as const);
}
