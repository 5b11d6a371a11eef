/**
 * Snapshots: the state as plain JSON for a fast wake. The plan is not in it (the first event has
 * it), and a snapshot is only believed when its head is found in the journal (see the object).
 */
import type { CompiledPlan } from "../plan/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { MissionState } from "./state.ts";
import { createTable, type Table } from "./table.ts";

/** Rises when the shape of a snapshot changes; another version's snapshot is ignored, and the fold runs. */
const SNAPSHOT_VERSION = 2;

const TABLES = ["nodes", "ready", "advance", "slices", "tickets", "denials", "timed"] as const;

/** The text of a snapshot. O(state). */
export function stateToSnapshot(state: MissionState): string {
  const { plan: _plan, policy: _policy, ...rest } = state;
  const tables = Object.fromEntries(TABLES.map((name) => [name, entriesOf<unknown>(state[name])]));
  return JSON.stringify({ version: SNAPSHOT_VERSION, ...rest, ...tables });
}

/** The state of a snapshot, or null when it is of another version. */
export function snapshotToState(
  text: string,
  plan: CompiledPlan,
  policy: PinnedPolicy,
): MissionState | null {
  const { version, ...rest } = JSON.parse(text) as { version: number } & Record<string, unknown>;
  if (version !== SNAPSHOT_VERSION) return null;
  const tables = Object.fromEntries(
    TABLES.map((name) => [name, createTable(rest[name] as [string, unknown][])]),
  );
  return { ...rest, ...tables, plan, policy } as unknown as MissionState;
}

function entriesOf<V>(table: Table<V>): readonly (readonly [string, V | undefined])[] {
  return [...table.keys()].map((key) => [key, table.get(key)] as const);
}
