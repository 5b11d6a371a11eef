/**
 * The SQL of a team's webhook endpoints. Refuses to decide anything; their keys are in
 * endpoint-key-store.ts, what was sent to them in delivery-store.ts.
 */
import type { WebhookEndpoint } from "../../shared/wire/rpc.ts";
import { deleteEndpointKeys, readEndpointKeys, writeEndpointKeys } from "./endpoint-key-store.ts";

interface WebhookRow extends Record<string, SqlStorageValue> {
  id: string;
  url: string;
  events: string;
  created_at: string;
  disabled_at: string | null;
  signature: string;
  format: string;
  disabled_reason: string | null;
  failing_since: string | null;
}

export function readWebhooks(sql: SqlStorage): readonly WebhookEndpoint[] {
  return sql
    .exec<WebhookRow>("SELECT * FROM webhook ORDER BY id")
    .toArray()
    .map((row) => toWebhook(sql, row));
}

export function readWebhook(sql: SqlStorage, id: string): WebhookEndpoint | null {
  const row = sql.exec<WebhookRow>("SELECT * FROM webhook WHERE id = ?", id).toArray()[0];
  return row ? toWebhook(sql, row) : null;
}

export function insertWebhook(sql: SqlStorage, endpoint: WebhookEndpoint): void {
  sql.exec(
    "INSERT INTO webhook (id, url, events, signature, format, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    endpoint.id,
    endpoint.url,
    JSON.stringify(endpoint.events),
    endpoint.signature,
    endpoint.format,
    endpoint.createdAt,
  );
  writeEndpointKeys(sql, endpoint.id, endpoint.keys);
}

export function writeWebhookHealth(
  sql: SqlStorage,
  { id, disabledAt, disabledReason, failingSince }: WebhookEndpoint,
): void {
  sql.exec(
    "UPDATE webhook SET disabled_at = ?, disabled_reason = ?, failing_since = ? WHERE id = ?",
    disabledAt,
    disabledReason,
    failingSince,
    id,
  );
}

export function deleteWebhook(sql: SqlStorage, id: string): void {
  deleteEndpointKeys(sql, id);
  sql.exec("DELETE FROM webhook WHERE id = ?", id);
}

function toWebhook(sql: SqlStorage, row: WebhookRow): WebhookEndpoint {
  return {
    id: row.id,
    url: row.url,
    events: JSON.parse(row.events) as string[],
    signature: row.signature as WebhookEndpoint["signature"],
    format: row.format as WebhookEndpoint["format"],
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason as WebhookEndpoint["disabledReason"],
    failingSince: row.failing_since,
    keys: readEndpointKeys(sql, row.id),
  };
}
