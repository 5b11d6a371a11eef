/**
 * A team's webhook endpoints and the log of what was delivered to them, inside the caller's transaction.
 */
import { err, ok, type Result } from "../../shared/result.ts";
import { TEAM_LIMITS } from "../../shared/team/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import type {
  DeliveryRecord,
  TeamRejection,
  TeamRequest,
  WebhookEndpoint,
} from "../../shared/wire/rpc.ts";
import { refuseWhenFull } from "./capacity.ts";
import { appendDelivery, hasWebhook, insertWebhook, readDeliveries } from "./webhook-store.ts";

export function addWebhook(
  sql: SqlStorage,
  { id, url, events, at }: TeamRequest<"addWebhook">,
): Result<WebhookEndpoint, TeamRejection> {
  const full = refuseWhenFull(sql, "webhook");
  if (full) return err(full);
  const endpoint = { id, url, events, createdAt: unixMsToIso(at), disabledAt: null };
  insertWebhook(sql, endpoint);
  return ok(endpoint);
}

/** A log: an attempt reported twice stands there twice. One to an endpoint that is not there is dropped. */
export function recordDelivery(sql: SqlStorage, delivery: DeliveryRecord): void {
  if (!hasWebhook(sql, delivery.endpointId)) return;
  appendDelivery(sql, delivery, TEAM_LIMITS.deliveriesPerEndpointMax);
}

/** Newest first. */
export function listDeliveries(
  sql: SqlStorage,
  endpointId: string,
  limit: number,
): Result<readonly DeliveryRecord[], TeamRejection> {
  if (!hasWebhook(sql, endpointId)) return err({ reason: "webhook_unknown", id: endpointId });
  return ok(readDeliveries(sql, endpointId, limit));
}
