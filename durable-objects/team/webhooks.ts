/**
 * A team's webhook endpoints: adding, rotating, enabling, removing, inside the caller's transaction. What was
 * sent to them is in deliveries.ts.
 */
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { firstKey, HEALTHY, rotateKeys } from "../../shared/webhook/index.ts";
import type { TeamRejection, TeamRequest, WebhookEndpoint } from "../../shared/wire/rpc.ts";
import { refuseWhenFull } from "./capacity.ts";
import { deleteDeliveries } from "./delivery-store.ts";
import { writeEndpointKeys } from "./endpoint-key-store.ts";
import { deleteWebhook, insertWebhook, readWebhook, writeWebhookHealth } from "./webhook-store.ts";

type Refusable = Result<WebhookEndpoint, TeamRejection>;

export function addWebhook(
  sql: SqlStorage,
  { id, url, events, signature, format, root, at }: TeamRequest<"addWebhook">,
): Refusable {
  const full = refuseWhenFull(sql, "webhook");
  if (full) return err(full);
  const createdAt = unixMsToIso(at);
  const keys = [firstKey({ root, publicKey: null }, at)];
  const endpoint = { id, url, events, signature, format, createdAt, ...HEALTHY, keys };
  insertWebhook(sql, endpoint);
  return ok(endpoint);
}

export function findWebhook(sql: SqlStorage, id: string): Refusable {
  const endpoint = readWebhook(sql, id);
  return endpoint === null ? err({ reason: "webhook_unknown", id }) : ok(endpoint);
}

export function rotateWebhook(
  sql: SqlStorage,
  { id, root, overlapMs, at }: TeamRequest<"rotateWebhook">,
): Refusable {
  const found = findWebhook(sql, id);
  if (!found.ok) return found;
  const keys = rotateKeys(found.value.keys, { root, publicKey: null }, at, overlapMs);
  writeEndpointKeys(sql, id, keys);
  return ok({ ...found.value, keys });
}

export function setWebhookStatus(
  sql: SqlStorage,
  { id, status, at }: TeamRequest<"setWebhookStatus">,
): Refusable {
  const found = findWebhook(sql, id);
  if (!found.ok) return found;
  if ((found.value.disabledAt === null) === (status === "enabled")) return found;
  const disabled = { disabledAt: unixMsToIso(at), disabledReason: "admin" } as const;
  const endpoint = { ...found.value, ...HEALTHY, ...(status === "enabled" ? {} : disabled) };
  writeWebhookHealth(sql, endpoint);
  return ok(endpoint);
}

export function removeWebhook(sql: SqlStorage, id: string): Result<null, TeamRejection> {
  const found = findWebhook(sql, id);
  if (!found.ok) return found;
  deleteDeliveries(sql, id);
  deleteWebhook(sql, id);
  return ok(null);
}
