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
    since_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (slice, mission_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS last_place (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    place INTEGER NOT NULL
  ) STRICT;
`;

type SliceRecord = {
  slice: string;
  highest: number;
  mission_id: string | null;
  node_id: string | null;
  fence: number | null;
  usable_until_ms: number | null;
};

type WaiterRecord = {
  slice: string;
  mission_id: string;
  node_id: string;
  place: number;
  since_ms: number;
};

export interface SliceStore {
  read(slice: string): SliceRow | null;
  write(row: SliceRow): void;
  /** The slice with everybody who waits for it, in the order in which they are served. */
  book(slice: string): SliceBook;
  /** Queues the mission under a place that nobody has had; one that waits already keeps the earlier time. */
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
  addSince(sql);
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
        .exec<WaiterRecord>(
          "SELECT * FROM waiter WHERE slice = ? ORDER BY since_ms, mission_id",
          slice,
        )
        .toArray();
      return { row: read(slice), waiters: waiters.map(recordToWaiter) };
    },
    wait({ slice, missionId, nodeId, sinceMs }) {
      // Never a place that was there before: a late word about an old one must not remove the new.
      const { place } = sql
        .exec<{ place: number }>(
          `INSERT INTO last_place SELECT 0, coalesce(max(place), 0) + 1 FROM waiter WHERE true
           ON CONFLICT DO UPDATE SET place = place + 1 RETURNING place`,
        )
        .one();
      sql.exec(
        `INSERT INTO waiter (slice, mission_id, node_id, place, since_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET place = excluded.place, since_ms = min(since_ms, excluded.since_ms)`,
        slice,
        missionId,
        nodeId,
        place,
        sinceMs,
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

/** Queues older than the time in them: whoever is in them came before everybody who has one. */
function addSince(sql: SqlStorage): void {
  const isThere = sql
    .exec("SELECT 1 FROM sqlite_master WHERE name = 'waiter' AND sql LIKE '%since_ms%'")
    .toArray();
  if (isThere.length === 0)
    sql.exec("ALTER TABLE waiter ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0");
}

function recordToRow(record: SliceRecord): SliceRow {
  const { slice, highest, mission_id: missionId, node_id: nodeId, fence } = record;
  const usableUntilMs = record.usable_until_ms;
  const isGranted =
    missionId !== null && nodeId !== null && fence !== null && usableUntilMs !== null;
  return { slice, highest, grant: isGranted ? { missionId, nodeId, fence, usableUntilMs } : null };
}

function recordToWaiter(record: WaiterRecord): Waiter {
  const { slice, mission_id: missionId, node_id: nodeId, place, since_ms: sinceMs } = record;
  return { slice, missionId, nodeId, place, sinceMs };
}
