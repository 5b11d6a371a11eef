/**
 * The ledger's tables and all of its SQL. A row is what shared/ticket decides on, column by column.
 * Rows are never deleted: a nonce forgotten is a nonce that works again (docs/tickets.md, "What stays").
 */
import type {
  ClaimRequest,
  LedgerRow,
  Receipt,
  SeenFences,
  TicketState,
} from "../../shared/ticket/index.ts";
import type { ReasonCode } from "../../shared/gates/index.ts";

// WITHOUT ROWID: a text key costs one written row instead of two.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ticket (
    jti TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'dispatched', 'settled', 'unknown', 'refused')),
    message_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    dispatched_epoch INTEGER NOT NULL,
    exp_ms INTEGER NOT NULL,
    claimed_at_ms INTEGER NOT NULL,
    dispatched_at_ms INTEGER,
    deadline_ms INTEGER NOT NULL,
    request_digest TEXT,
    receipt TEXT,
    refusal TEXT,
    reported INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS fence (
    mission_id TEXT NOT NULL,
    slice TEXT NOT NULL,
    highest INTEGER NOT NULL,
    PRIMARY KEY (mission_id, slice)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS team_fence (
    slice TEXT PRIMARY KEY,
    highest INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

type TicketRecord = {
  jti: string;
  state: string;
  message_id: string;
  epoch: number;
  dispatched_epoch: number;
  exp_ms: number;
  claimed_at_ms: number;
  dispatched_at_ms: number | null;
  deadline_ms: number;
  request_digest: string | null;
  receipt: string | null;
  refusal: string | null;
  reported: number;
};

type Fenced = Pick<ClaimRequest, "missionId" | "fence" | "fenceScope">;

/** The rows of one ledger. Calls are synchronous; the caller holds the transaction. */
export interface LedgerStore {
  read(jti: string): LedgerRow | null;
  write(row: LedgerRow): void;
  /** The highest fencing numbers seen of the request's slices; absent when none was. */
  readFences(request: Fenced): SeenFences;
  /** Keeps the higher of the stored and the given number, in the count the request belongs to. */
  raiseFences(request: Fenced): void;
}

/** Opens the store, making its tables on first use. */
export function createLedgerStore(sql: SqlStorage): LedgerStore {
  sql.exec(SCHEMA);
  return {
    read(jti) {
      const [record] = sql.exec<TicketRecord>("SELECT * FROM ticket WHERE jti = ?", jti).toArray();
      return record === undefined ? null : recordToRow(record);
    },
    write(row) {
      sql.exec(
        "INSERT OR REPLACE INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.jti,
        row.state,
        row.messageId,
        row.epoch,
        row.dispatchedEpoch,
        row.expMs,
        row.claimedAtMs,
        row.dispatchedAtMs,
        row.deadlineMs,
        row.requestDigest,
        row.receipt === null ? null : JSON.stringify(row.receipt),
        row.refusal,
        row.reported ? 1 : 0,
      );
    },
    readFences: (request) => readFences(sql, request),
    raiseFences({ missionId, fence, fenceScope }) {
      for (const [slice, number] of Object.entries(fence)) {
        if (fenceScope === "team")
          sql.exec(`INSERT INTO team_fence VALUES (?, ?) ${RAISE}`, slice, number);
        else sql.exec(`INSERT INTO fence VALUES (?, ?, ?) ${RAISE}`, missionId, slice, number);
      }
    },
  };
}

const RAISE =
  "ON CONFLICT DO UPDATE SET highest = excluded.highest WHERE excluded.highest > highest";

function readFences(sql: SqlStorage, { missionId, fence, fenceScope }: Fenced): SeenFences {
  const slices = Object.keys(fence);
  if (slices.length === 0) return { team: new Map(), mission: new Map() };
  const asked = JSON.stringify(slices);
  const team = sql.exec<FenceRecord>(
    "SELECT slice, highest FROM team_fence WHERE slice IN (SELECT value FROM json_each(?))",
    asked,
  );
  const seen = { team: fencesOf(team), mission: new Map<string, number>() };
  if (fenceScope === "team") return seen;
  const mission = sql.exec<FenceRecord>(
    "SELECT slice, highest FROM fence WHERE mission_id = ? AND slice IN (SELECT value FROM json_each(?))",
    missionId,
    asked,
  );
  return { ...seen, mission: fencesOf(mission) };
}

type FenceRecord = { slice: string; highest: number };

function fencesOf(records: Iterable<FenceRecord>): Map<string, number> {
  return new Map([...records].map(({ slice, highest }) => [slice, highest]));
}

function recordToRow(record: TicketRecord): LedgerRow {
  return {
    jti: record.jti,
    state: record.state as TicketState,
    messageId: record.message_id,
    epoch: record.epoch,
    dispatchedEpoch: record.dispatched_epoch,
    expMs: record.exp_ms,
    claimedAtMs: record.claimed_at_ms,
    dispatchedAtMs: record.dispatched_at_ms,
    deadlineMs: record.deadline_ms,
    requestDigest: record.request_digest,
    receipt: record.receipt === null ? null : (JSON.parse(record.receipt) as Receipt),
    refusal: record.refusal as ReasonCode | null,
    reported: record.reported === 1,
  };
}
