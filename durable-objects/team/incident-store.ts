/**
 * The SQL of a team's incidents, whose numbers have no gaps and are never given twice.
 */
import type { IncidentRecord } from "../../shared/wire/rpc.ts";

interface IncidentRow extends Record<string, SqlStorageValue> {
  number: number;
  mission_id: string | null;
  node_id: string | null;
  seq: number | null;
  kind: string;
  severity: string;
  reason_codes: string;
  summary: string;
  opened_at: string;
  status: string;
  status_by: string | null;
  status_at: string | null;
}

const INCIDENT_COLUMNS =
  "number, mission_id, node_id, seq, kind, severity, reason_codes, summary, opened_at, status, status_by, status_at";

export function readIncidentByOrigin(sql: SqlStorage, originKey: string): IncidentRecord | null {
  const row = sql
    .exec<IncidentRow>(`SELECT ${INCIDENT_COLUMNS} FROM incident WHERE origin_key = ?`, originKey)
    .toArray()[0];
  return row ? toIncident(row) : null;
}

export function readIncident(sql: SqlStorage, number: number): IncidentRecord | null {
  const row = sql
    .exec<IncidentRow>(`SELECT ${INCIDENT_COLUMNS} FROM incident WHERE number = ?`, number)
    .toArray()[0];
  return row ? toIncident(row) : null;
}

export function readIncidents(
  sql: SqlStorage,
  after: number,
  limit: number,
): readonly IncidentRecord[] {
  return sql
    .exec<IncidentRow>(
      `SELECT ${INCIDENT_COLUMNS} FROM incident WHERE number > ? ORDER BY number LIMIT ?`,
      after,
      limit,
    )
    .toArray()
    .map(toIncident);
}

/** Rows are never deleted (a trigger sees to it), so the highest number plus one was never used. */
export function insertIncident(
  sql: SqlStorage,
  originKey: string,
  incident: Omit<IncidentRecord, "number" | "status" | "statusBy" | "statusAt">,
): IncidentRecord {
  const row = sql
    .exec<IncidentRow>(
      `INSERT INTO incident (number, origin_key, mission_id, node_id, seq, kind, severity, reason_codes, summary, opened_at, status)
       VALUES ((SELECT coalesce(max(number), 0) + 1 FROM incident), ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')
       RETURNING ${INCIDENT_COLUMNS}`,
      originKey,
      incident.missionId,
      incident.nodeId,
      incident.seq,
      incident.kind,
      incident.severity,
      JSON.stringify(incident.reasonCodes),
      incident.summary,
      incident.openedAt,
    )
    .one();
  return toIncident(row);
}

/** A resolved incident gives its summary key free, so that the same trouble opens a new one. */
export function writeIncidentStatus(
  sql: SqlStorage,
  number: number,
  status: "acknowledged" | "resolved",
  by: string,
  at: string,
): void {
  sql.exec(
    `UPDATE incident SET status = ?1, status_by = ?2, status_at = ?3,
       origin_key = CASE WHEN ?1 = 'resolved' AND origin_key LIKE 'summary:%' THEN NULL ELSE origin_key END
     WHERE number = ?4`,
    status,
    by,
    at,
    number,
  );
}

function toIncident(row: IncidentRow): IncidentRecord {
  return {
    number: row.number,
    missionId: row.mission_id,
    nodeId: row.node_id,
    seq: row.seq,
    kind: row.kind,
    severity: row.severity as IncidentRecord["severity"],
    reasonCodes: JSON.parse(row.reason_codes) as string[],
    summary: row.summary,
    openedAt: row.opened_at,
    status: row.status as IncidentRecord["status"],
    statusBy: row.status_by,
    statusAt: row.status_at,
  };
}
