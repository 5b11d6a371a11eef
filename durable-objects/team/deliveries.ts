/**
 * Deliveries to a team's webhook endpoints: what is known before an attempt, recording it, and sending one
 * again, inside the caller's transaction. What an attempt means for its endpoint is decided by shared/webhook.
 */
import { err, ok, type Result } from "../../shared/result.ts";
import { TEAM_LIMITS } from "../../shared/team/index.ts";
import { healthAfter } from "../../shared/webhook/index.ts";
import type {
  AttemptName,
  DeliveryRecord,
  Dispatch,
  IncidentRecord,
  TeamRejection,
  TeamRequest,
  WebhookEndpoint,
} from "../../shared/wire/rpc.ts";
import {
  appendDelivery,
  countRun,
  isRunDelivered,
  keepBody,
  readAttempt,
  readDeliveries,
} from "./delivery-store.ts";
import { assignIncident } from "./incidents.ts";
import { readWebhook, writeWebhookHealth } from "./webhook-store.ts";
import { findWebhook } from "./webhooks.ts";

export function findDispatch(sql: SqlStorage, attempt: AttemptName): Dispatch | null {
  const endpoint = readWebhook(sql, attempt.endpointId);
  if (endpoint === null) return null;
  const recorded = readAttempt(sql, attempt);
  return { endpoint, recorded, isDelivered: isRunDelivered(sql, attempt) };
}

/**
 * Records the attempt once, keeps its body, and disables the endpoint where that is due, with an incident in
 * the same transaction. Called again for an attempt that is there, it answers the same.
 */
export function recordDelivery(
  sql: SqlStorage,
  delivery: DeliveryRecord,
  body: string,
): IncidentRecord | null {
  const endpoint = readWebhook(sql, delivery.endpointId);
  if (endpoint === null) return null;
  if (readAttempt(sql, delivery) === null) {
    appendDelivery(sql, delivery, TEAM_LIMITS.deliveriesPerEndpointMax);
    keepBody(sql, delivery, body, TEAM_LIMITS.deliveryBodiesPerEndpointMax);
    const after = { ...endpoint, ...healthAfter(endpoint, delivery) };
    writeWebhookHealth(sql, after);
    return incidentOf(sql, after, delivery);
  }
  return incidentOf(sql, endpoint, delivery);
}

/** The incident of an endpoint that this very attempt disabled. */
function incidentOf(
  sql: SqlStorage,
  { id, disabledAt, disabledReason, failingSince }: WebhookEndpoint,
  { at }: DeliveryRecord,
): IncidentRecord | null {
  if (disabledAt !== at || disabledReason === null || disabledReason === "admin") return null;
  const why =
    disabledReason === "gone"
      ? "its receiver answered 410"
      : `nothing was delivered since ${failingSince ?? at}`;
  return assignIncident(sql, {
    missionId: null,
    nodeId: null,
    seq: null,
    kind: "webhook_disabled",
    severity: "medium",
    reasonCodes: ["DELIVERY_FAILED"],
    summary: `Webhook ${id} is disabled, because ${why}. An admin enables it again.`,
    openedAt: at,
  });
}

/** Newest first. */
export function listDeliveries(
  sql: SqlStorage,
  endpointId: string,
  limit: number,
): Result<readonly DeliveryRecord[], TeamRejection> {
  const found = findWebhook(sql, endpointId);
  return found.ok ? ok(readDeliveries(sql, endpointId, limit)) : found;
}

/** The number of the next redelivery, from 1. */
export function beginRedelivery(
  sql: SqlStorage,
  { endpointId, deliveryId }: TeamRequest<"redeliver">,
): Result<number, TeamRejection> {
  const found = findWebhook(sql, endpointId);
  if (!found.ok) return found;
  if (found.value.disabledAt !== null) return err({ reason: "webhook_disabled", id: endpointId });
  const run = countRun(sql, endpointId, deliveryId);
  return run === null ? err({ reason: "delivery_unknown", id: deliveryId }) : ok(run);
}
