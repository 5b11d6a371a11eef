/**
 * The tables of an artifact's arbiter and all of its SQL: one row a slice that was ever asked for, one a mission
 * that waits for it. Calls are synchronous; the caller holds the transaction.
 */
import type { SliceBook, SliceRow, Waiter } from "../../shared/lease/index.ts";

// WITHOUT ROWID: a text key costs one written row instead of two.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS slice (
    slice TEXT PRIMARY KEY,
    highest INTEGER NOT NULL,
    mission_id TEXT,
    node_id TEXT,
    fence INTEGER,
    usable_until_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS waiter (
    slice TEXT NOT NULL,
    mission_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (slice, mission_id)
  ) STRICT, WITHOUT ROWID;
`;

type SliceRecord = {
  slice: string;
  highest: number;
  mission_id: string | null;
  node_id: string | null;
  fence: number | null;
  usable_until_ms: number | null;
};

type WaiterRecord = { slice: string; mission_id: string; node_id: string; place: number };

export interface SliceStore {
  read(slice: string): SliceRow | null;
  write(row: SliceRow): void;
  /** The slice with everybody who waits for it, first come first. */
  book(slice: string): SliceBook;
  /** Puts the mission at the end of the queue; one that waits already keeps its place. */
  wait(waiter: Omit<Waiter, "place">): void;
  /** Takes the mission out of the queue; with `place` only while it has that one. */
  leave(waiter: Pick<Waiter, "slice" | "missionId"> & { readonly place?: number }): void;
  /** Slices that somebody waits for and that come after `after` by name, at most `limit`. */
  waitedFor(after: string, limit: number): readonly string[];
  hasWaiters(): boolean;
}

/** Opens the store, making its tables on first use. */
export function createSliceStore(sql: SqlStorage): SliceStore {
  sql.exec(SCHEMA);
  const read = (slice: string): SliceRow | null => {
    const [record] = sql.exec<SliceRecord>("SELECT * FROM slice WHERE slice = ?", slice).toArray();
    return record ? recordToRow(record) : null;
  };
  return {
    read,
    write({ slice, highest, grant }) {
      sql.exec(
        "INSERT OR REPLACE INTO slice VALUES (?, ?, ?, ?, ?, ?)",
        slice,
        highest,
        grant?.missionId ?? null,
        grant?.nodeId ?? null,
        grant?.fence ?? null,
        grant?.usableUntilMs ?? null,
      );
    },
    book(slice) {
      const waiters = sql
        .exec<WaiterRecord>("SELECT * FROM waiter WHERE slice = ? ORDER BY place", slice)
        .toArray();
      return { row: read(slice), waiters: waiters.map(recordToWaiter) };
    },
    wait({ slice, missionId, nodeId }) {
      sql.exec(
        `INSERT INTO waiter SELECT ?1, ?2, ?3, coalesce(max(place), 0) + 1 FROM waiter WHERE slice = ?1
         ON CONFLICT DO NOTHING`,
        slice,
        missionId,
        nodeId,
      );
    },
    leave({ slice, missionId, place }) {
      sql.exec(
        "DELETE FROM waiter WHERE slice = ? AND mission_id = ? AND place = coalesce(?, place)",
        slice,
        missionId,
        place ?? null,
      );
    },
    waitedFor: (after, limit) =>
      sql
        .exec<{ slice: string }>(
          "SELECT DISTINCT slice FROM waiter WHERE slice > ? ORDER BY slice LIMIT ?",
          after,
          limit,
        )
        .toArray()
        .map(({ slice }) => slice),
    hasWaiters: () => sql.exec("SELECT 1 FROM waiter LIMIT 1").toArray().length > 0,
  };
}

function recordToRow(record: SliceRecord): SliceRow {
  const { slice, highest, mission_id: missionId, node_id: nodeId, fence } = record;
  const usableUntilMs = record.usable_until_ms;
  const isGranted =
    missionId !== null && nodeId !== null && fence !== null && usableUntilMs !== null;
  return { slice, highest, grant: isGranted ? { missionId, nodeId, fence, usableUntilMs } : null };
}

function recordToWaiter(record: WaiterRecord): Waiter {
  const { slice, mission_id: missionId, node_id: nodeId, place } = record;
  return { slice, missionId, nodeId, place };
}
