/**
 * The bulk writes of the read model: one statement and one JSON parameter for many rows, which
 * sidesteps the limit of 100 parameters and is twice as fast as a batch of single inserts.
 *
 * Writing twice, or after something newer, changes nothing: events are kept by (mission, seq), a
 * mission's row and an approval's row only move forward by seq, an incident's status by its order.
 */
import { getTableColumns, getTableName } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import {
  approvalAsked,
  approvalDecision,
  approvalRequest,
  incident,
  mission,
  traceEvent,
  withdrawnApproval,
} from "./schema.ts";

/** Far below the 2 MB that D1 takes as one parameter, and short enough to build in memory. */
const PARAMETER_CHARS_MAX = 500_000;

export const UPSERT_MISSIONS = `${insertFrom(mission)}
  ON CONFLICT (team, id) DO UPDATE SET ${assignments(mission, ["team", "id"])}
  WHERE excluded.head_seq > mission.head_seq`;

export const INSERT_EVENTS = `${insertFrom(traceEvent)}
  ON CONFLICT (team, mission_id, seq) DO NOTHING`;

export const UPSERT_APPROVALS = `${insertFrom(approvalRequest)}
  ON CONFLICT (team, mission_id, node_id) DO UPDATE
  SET ${assignments(approvalRequest, ["team", "mission_id", "node_id"])}
  WHERE excluded.seq > approval_request.seq`;

export const PATCH_APPROVALS = `UPDATE approval_request
  SET state = patch.value ->> 'state',
      have = coalesce(patch.value ->> 'have', approval_request.have),
      requirement = coalesce(patch.value ->> 'requirement', approval_request.requirement),
      seq = patch.value ->> 'seq'
  FROM json_each(?1) AS patch
  WHERE approval_request.team = patch.value ->> 'team'
    AND approval_request.mission_id = patch.value ->> 'missionId'
    AND approval_request.node_id = patch.value ->> 'nodeId'
    AND approval_request.gate_digest = patch.value ->> 'gateDigest'
    AND approval_request.seq < patch.value ->> 'seq'`;

export const INSERT_WITHDRAWN = `${insertFrom(withdrawnApproval)}
  ON CONFLICT (team, approver, mission_id, seq) DO NOTHING`;

export const INSERT_ASKED = `${insertFrom(approvalAsked)}
  ON CONFLICT (team, mission_id, gate_digest, seq) DO NOTHING`;

export const INSERT_DECISIONS = `${insertFrom(approvalDecision)}
  ON CONFLICT (team, mission_id, seq) DO NOTHING`;

export const UPSERT_INCIDENTS = `${insertFrom(incident)}
  ON CONFLICT (team, number) DO UPDATE
  SET status = excluded.status, status_by = excluded.status_by, status_at = excluded.status_at
  WHERE ${statusRank("excluded")} > ${statusRank("incident")}`;

/** The statement once per chunk of rows; none when there are no rows. Rows are objects keyed as in schema.ts. */
export function bulk(
  db: D1Database,
  statement: string,
  rows: readonly object[],
): D1PreparedStatement[] {
  return jsonChunks(rows).map((json) => db.prepare(statement).bind(json));
}

/** JSON arrays of at most PARAMETER_CHARS_MAX characters each; a larger single row stands alone. */
export function jsonChunks(
  rows: readonly object[],
  charsMax: number = PARAMETER_CHARS_MAX,
): readonly string[] {
  const chunks: string[] = [];
  let texts: string[] = [];
  let chars = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (texts.length > 0 && chars + text.length > charsMax) {
      chunks.push(`[${texts.join(",")}]`);
      texts = [];
      chars = 0;
    }
    texts.push(text);
    chars += text.length + 1;
  }
  if (texts.length > 0) chunks.push(`[${texts.join(",")}]`);
  return chunks;
}

/** `WHERE true` keeps the parser from reading ON CONFLICT as a join condition. */
function insertFrom(table: SQLiteTable): string {
  const columns = Object.entries(getTableColumns(table));
  const names = columns.map(([, column]) => column.name).join(", ");
  const values = columns.map(([key]) => `value ->> '${key}'`).join(", ");
  return `INSERT INTO ${getTableName(table)} (${names}) SELECT ${values} FROM json_each(?1) WHERE true`;
}

function assignments(table: SQLiteTable, keyColumns: readonly string[]): string {
  return Object.values(getTableColumns(table))
    .map((column) => column.name)
    .filter((name) => !keyColumns.includes(name))
    .map((name) => `${name} = excluded.${name}`)
    .join(", ");
}

function statusRank(source: string): string {
  return `CASE ${source}.status WHEN 'open' THEN 0 WHEN 'acknowledged' THEN 1 ELSE 2 END`;
}
