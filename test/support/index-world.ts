/**
 * The index consumer's world for tests in workerd: D1 and the team's object are real, missions are given
 * traces, cursors are captured.
 */
import { err, ok } from "../../shared/result.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { IndexDeps } from "../../worker/consumers/indexing.ts";
import { catchUpDeps } from "../../worker/read-model/deps.ts";
import { readMissionRows } from "../../worker/read-model/queries.ts";
import { bindings } from "./team-world.ts";

/** Everything the index holds of a team. */
export async function dump(team: string): Promise<Record<string, unknown[]>> {
  const tables = ["mission", "trace_event", "approval_request", "incident"] as const;
  const dumped: Record<string, unknown[]> = {};
  for (const table of tables) {
    const order = {
      mission: "id",
      trace_event: "mission_id, seq",
      approval_request: "mission_id, node_id",
      incident: "mission_id, seq, kind, summary",
    }[table];
    const read = await bindings.DB.prepare(
      `SELECT * FROM ${table} WHERE team = ? ORDER BY ${order}`,
    )
      .bind(team)
      .all();
    dumped[table] = read.results;
  }
  return dumped;
}

/** A world whose missions are the given traces; team object and D1 are real. */
export function world(
  team: string,
  traces: readonly (readonly TraceEvent[])[],
  overrides: Partial<IndexDeps> = {},
) {
  const acknowledged = new Map<string, number>();
  const reads: string[] = [];
  const deps: IndexDeps = {
    ...catchUpDeps(bindings),
    readRows: (keys) => readMissionRows(bindings.DB, keys),
    readTrace: async (key, after, limit) => {
      reads.push(key.missionId);
      const events = traces.find((trace) => trace[0]?.missionId === key.missionId);
      if (events === undefined || key.team !== team) return err({ reason: "mission_unknown" });
      return ok({ events: events.slice(after + 1, after + 1 + Math.min(limit, 4)) });
    },
    acknowledge: async ({ missionId }, seq) => {
      acknowledged.set(missionId, Math.max(seq, acknowledged.get(missionId) ?? -1));
    },
    random: () => 0.5,
    ...overrides,
  };
  return { deps, acknowledged, reads };
}

/** A mission id by number, so that ids sort as the numbers do. */
export function idOf(n: number): string {
  return `msn_017f22e2-79b0-7cc3-98c4-${n.toString(16).padStart(12, "0")}`;
}
