/**
 * The invariants of one mission's object, checked from its own database: run after every integration
 * step. What the object says is compared with what its rows say.
 */
import { expect } from "vitest";
import { foldTrace, stateHash, viewMission } from "../../shared/mission/index.ts";
import { type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";

import type { MissionRpc } from "../../shared/wire/rpc.ts";
import { inside } from "./mission-world.ts";

export interface CheckedMission {
  readonly events: readonly TraceEvent[];
  readonly rows: number;
}

/** Seq without gaps, chain verifies, state equals fold, cursors never ahead of the journal. */
export async function checkMission(stub: MissionRpc, team: string): Promise<CheckedMission> {
  const stored = await inside(stub, ({ sql }) => ({
    rows: sql
      .exec<{ seq: number; last_seq: number; events: string }>(
        "SELECT seq, last_seq, events FROM journal ORDER BY seq",
      )
      .toArray(),
    cursor: sql
      .exec<{ indexed: number; announced: number }>("SELECT indexed, announced FROM cursor")
      .one(),
  }));
  const events = stored.rows.flatMap((row) => JSON.parse(row.events) as TraceEvent[]);
  expect(events.map((event) => event.seq)).toEqual(events.map((_event, index) => index));
  for (const row of stored.rows) {
    const own = events.filter((event) => event.seq >= row.seq && event.seq <= row.last_seq);
    expect(own).toEqual(JSON.parse(row.events));
  }
  const verified = verifyTrace(events);
  expect(verified.ok ? null : verified.error).toBeNull();
  const folded = foldTrace(events);
  expect(folded).not.toBeNull();
  const viewed = await stub.view(team);
  if (!viewed.ok || !folded) throw new Error("a mission with a journal has a view");
  expect(viewed.value.broken).toBeNull();
  expect(viewed.value.head).toEqual(folded.head);
  expect(viewed.value.view).toEqual(viewMission(folded));
  expect(stateHash(folded)).toMatch(/^[0-9a-f]{64}$/);
  expect(Math.max(stored.cursor.indexed, stored.cursor.announced)).toBeLessThanOrEqual(
    folded.head.seq,
  );
  return { events, rows: stored.rows.length };
}
