/**
 * The SQL of a team's webhook endpoints and the bounded log of what was delivered to them.
 * Refuses to decide anything.
 */
import type { DeliveryRecord, WebhookEndpoint } from "../../shared/wire/rpc.ts";

interface WebhookRow extends Record<string, SqlStorageValue> {
  id: string;
  url: string;
  events: string;
  created_at: string;
  disabled_at: string | null;
}

interface DeliveryRow extends Record<string, SqlStorageValue> {
  endpoint_id: string;
  delivery_id: string;
  type: string;
  attempt: number;
  status: number | null;
  outcome: string;
  detail: string;
  at: string;
}

export function readWebhooks(sql: SqlStorage): readonly WebhookEndpoint[] {
  return sql.exec<WebhookRow>("SELECT * FROM webhook ORDER BY id").toArray().map(toWebhook);
}

export function hasWebhook(sql: SqlStorage, id: string): boolean {
  return sql.exec("SELECT 1 FROM webhook WHERE id = ?", id).toArray().length > 0;
}

export function insertWebhook(sql: SqlStorage, endpoint: WebhookEndpoint): void {
  sql.exec(
    "INSERT INTO webhook (id, url, events, created_at, disabled_at) VALUES (?, ?, ?, ?, ?)",
    endpoint.id,
    endpoint.url,
    JSON.stringify(endpoint.events),
    endpoint.createdAt,
    endpoint.disabledAt,
  );
}

/** Appends one attempt and drops what falls out of the newest `keepMax` of its endpoint. */
export function appendDelivery(sql: SqlStorage, delivery: DeliveryRecord, keepMax: number): void {
  const { ordinal } = sql
    .exec<{ ordinal: number }>(
      `INSERT INTO delivery (endpoint_id, ordinal, delivery_id, type, attempt, status, outcome, detail, at)
       VALUES (?1, (SELECT coalesce(max(ordinal), 0) + 1 FROM delivery WHERE endpoint_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)
       RETURNING ordinal`,
      delivery.endpointId,
      delivery.id,
      delivery.type,
      delivery.attempt,
      delivery.status,
      delivery.outcome,
      delivery.detail,
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
      `SELECT endpoint_id, delivery_id, type, attempt, status, outcome, detail, at
       FROM delivery WHERE endpoint_id = ? ORDER BY ordinal DESC LIMIT ?`,
      endpointId,
      limit,
    )
    .toArray()
    .map(toDelivery);
}

function toWebhook(row: WebhookRow): WebhookEndpoint {
  return {
    id: row.id,
    url: row.url,
    events: JSON.parse(row.events) as string[],
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
  };
}

function toDelivery(row: DeliveryRow): DeliveryRecord {
  return {
    id: row.delivery_id,
    endpointId: row.endpoint_id,
    type: row.type,
    attempt: row.attempt,
    status: row.status,
    outcome: row.outcome as DeliveryRecord["outcome"],
    detail: row.detail,
    at: row.at,
  };
}
