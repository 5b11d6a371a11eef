/**
 * The SQL of what was sent to webhook endpoints: the bounded log of attempts, and the bodies kept so that
 * one can be sent again. Refuses to decide anything.
 */
import type { AttemptName, DeliveryRecord } from "../../shared/wire/rpc.ts";

interface DeliveryRow extends Record<string, SqlStorageValue> {
  endpoint_id: string;
  delivery_id: string;
  type: string;
  cause: string;
  run: number;
  attempt: number;
  status: number | null;
  outcome: string;
  detail: string;
  excerpt: string;
  duration_ms: number | null;
  at: string;
}

interface BodyRow extends Record<string, SqlStorageValue> {
  type: string;
  body: string;
  runs: number;
}

const COLUMNS =
  "endpoint_id, delivery_id, type, cause, run, attempt, status, outcome, detail, excerpt, duration_ms, at";

/** Appends one attempt and drops what falls out of the newest `keepMax` of its endpoint. */
export function appendDelivery(sql: SqlStorage, delivery: DeliveryRecord, keepMax: number): void {
  const { ordinal } = sql
    .exec<{ ordinal: number }>(
      `INSERT INTO delivery (ordinal, ${COLUMNS})
       VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM delivery WHERE endpoint_id = ?1),
         ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
       RETURNING ordinal`,
      delivery.endpointId,
      delivery.id,
      delivery.type,
      delivery.cause,
      delivery.run,
      delivery.attempt,
      delivery.status,
      delivery.outcome,
      delivery.detail,
      delivery.excerpt,
      delivery.durationMs,
      delivery.at,
    )
    .one();
  sql.exec(
    "DELETE FROM delivery WHERE endpoint_id = ? AND ordinal <= ?",
    delivery.endpointId,
    ordinal - keepMax,
  );
}

/** Newest first. */
export function readDeliveries(
  sql: SqlStorage,
  endpointId: string,
  limit: number,
): readonly DeliveryRecord[] {
  return sql
    .exec<DeliveryRow>(
      `SELECT ${COLUMNS} FROM delivery WHERE endpoint_id = ? ORDER BY ordinal DESC LIMIT ?`,
      endpointId,
      limit,
    )
    .toArray()
    .map(toDelivery);
}

export function readAttempt(
  sql: SqlStorage,
  { endpointId, id, run, attempt }: AttemptName,
): DeliveryRecord | null {
  const row = sql
    .exec<DeliveryRow>(
      `SELECT ${COLUMNS} FROM delivery
       WHERE endpoint_id = ? AND delivery_id = ? AND run = ? AND attempt = ?`,
      endpointId,
      id,
      run,
      attempt,
    )
    .toArray()[0];
  return row ? toDelivery(row) : null;
}

/** Whether any attempt of the same run was answered with 2xx. */
export function isRunDelivered(sql: SqlStorage, { endpointId, id, run }: AttemptName): boolean {
  const rows = sql.exec(
    `SELECT 1 FROM delivery
     WHERE endpoint_id = ? AND delivery_id = ? AND run = ? AND outcome = 'delivered' LIMIT 1`,
    endpointId,
    id,
    run,
  );
  return rows.toArray().length > 0;
}

/** Keeps a body under its delivery's id, once, and drops all but the newest `keepMax` of its endpoint. */
export function keepBody(
  sql: SqlStorage,
  { endpointId, id, type }: DeliveryRecord,
  body: string,
  keepMax: number,
): void {
  const written = sql.exec(
    `INSERT INTO delivery_body (endpoint_id, delivery_id, type, body, runs) VALUES (?, ?, ?, ?, 0)
     ON CONFLICT DO NOTHING RETURNING number`,
    endpointId,
    id,
    type,
    body,
  );
  if (written.toArray().length === 0) return;
  sql.exec(
    `DELETE FROM delivery_body WHERE endpoint_id = ?1 AND number <=
       (SELECT number FROM delivery_body WHERE endpoint_id = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)`,
    endpointId,
    keepMax,
  );
}

export function readBody(
  sql: SqlStorage,
  endpointId: string,
  deliveryId: string,
): { readonly type: string; readonly body: string } | null {
  const row = sql
    .exec<BodyRow>(
      "SELECT type, body, runs FROM delivery_body WHERE endpoint_id = ? AND delivery_id = ?",
      endpointId,
      deliveryId,
    )
    .toArray()[0];
  return row ? { type: row.type, body: row.body } : null;
}

/** Counts one more redelivery and answers its number, or null where the body is no longer kept. */
export function countRun(sql: SqlStorage, endpointId: string, deliveryId: string): number | null {
  const row = sql
    .exec<{ runs: number }>(
      `UPDATE delivery_body SET runs = runs + 1 WHERE endpoint_id = ? AND delivery_id = ?
       RETURNING runs`,
      endpointId,
      deliveryId,
    )
    .toArray()[0];
  return row?.runs ?? null;
}

export function deleteDeliveries(sql: SqlStorage, endpointId: string): void {
  sql.exec("DELETE FROM delivery WHERE endpoint_id = ?", endpointId);
  sql.exec("DELETE FROM delivery_body WHERE endpoint_id = ?", endpointId);
}

function toDelivery(row: DeliveryRow): DeliveryRecord {
  return {
    id: row.delivery_id,
    endpointId: row.endpoint_id,
    type: row.type,
    cause: row.cause as DeliveryRecord["cause"],
    run: row.run,
    attempt: row.attempt,
    status: row.status,
    outcome: row.outcome as DeliveryRecord["outcome"],
    detail: row.detail,
    excerpt: row.excerpt,
    durationMs: row.duration_ms,
    at: row.at,
  };
}
