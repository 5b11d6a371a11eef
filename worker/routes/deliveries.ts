/**
 * What was sent to a webhook endpoint, and sending it again or for a trial. What is asked for here is put into
 * the queue and done by worker/consumers/. Specification: docs/webhooks.md.
 */
import * as z from "zod";
import { sha256Hex } from "../../shared/crypto.ts";
import { DELIVERY_ID, deliveryId as deliveryIdOf, WEBHOOK_ID } from "../../shared/ids.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { TEST_EVENT, webhookEventType, webhookTestBody } from "../../shared/webhook/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  deliveriesLimitSchema,
  deliverySchema,
  queuedDeliverySchema,
} from "../../shared/wire/webhook-views.ts";
import { parseOptionalBody } from "../body.ts";
import { freshUuid } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { readIdempotency } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const endpointParams = z.object({ id: z.string().regex(WEBHOOK_ID) });
const deliveryParams = endpointParams.extend({ deliveryId: z.string().regex(DELIVERY_ID) });
const nothingSchema = z.strictObject({});

const listRoute = defineRoute({
  method: "get",
  path: "/v1/webhooks/{id}/deliveries",
  tag: "webhooks",
  summary: "Attempts to deliver to the endpoint, newest first; the newest 1,000 are kept",
  audience: ["admin"],
  params: endpointParams,
  query: z.strictObject({ limit: deliveriesLimitSchema }),
  answers: { 200: { description: "The newest.", schema: pageSchema(deliverySchema) } },
  problems: ["webhook_unknown"],
});

const redeliverRoute = defineRoute({
  method: "post",
  path: "/v1/webhooks/{id}/deliveries/{deliveryId}/redelivery",
  tag: "webhooks",
  summary: "Sends a delivery again, once, under the same webhook-id",
  audience: ["admin"],
  params: deliveryParams,
  body: nothingSchema,
  bodyOptional: true,
  answers: { 202: { description: "Queued.", schema: queuedDeliverySchema } },
  problems: ["webhook_unknown", "webhook_disabled", "delivery_unknown"],
});

const testRoute = defineRoute({
  method: "post",
  path: "/v1/webhooks/{id}/test",
  tag: "webhooks",
  summary: "Sends the endpoint a test, once, also while it is disabled",
  audience: ["admin"],
  params: endpointParams,
  body: nothingSchema,
  bodyOptional: true,
  answers: { 202: { description: "Queued.", schema: queuedDeliverySchema } },
  problems: ["webhook_unknown"],
});

export const deliveryRoutes = createRouter();

deliveryRoutes.openapi(listRoute, async (c) => {
  const { team } = c.get("principal");
  const { limit } = c.req.valid("query");
  const read = await teamStub(c.env, team).deliveries(c.req.valid("param").id, limit);
  if (!read.ok) return rejectionResponse(c, read.error);
  return c.json({ items: read.value, nextCursor: null }, 200);
});

deliveryRoutes.openapi(redeliverRoute, async (c) => {
  const body = await parseOptionalBody(c, nothingSchema);
  if (!body.ok) return problemResponse(c, body.error);
  const idempotency = readIdempotency(c, body.value.json);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { team } = c.get("principal");
  const { id: endpointId, deliveryId } = c.req.valid("param");
  const request = { endpointId, deliveryId, idempotency: idempotency.value };
  const begun = await teamStub(c.env, team).redeliver(request);
  if (!begun.ok) return rejectionResponse(c, begun.error);
  const { run, type, body: kept } = begun.value;
  const named = { endpointId, deliveryId, type, run } as const;
  await c.env.WEBHOOKS.send({
    ...named,
    kind: "delivery",
    team,
    body: kept,
    cause: "redelivery",
    attempt: 1,
  });
  return c.json({ deliveryId, cause: "redelivery", run } as const, 202);
});

deliveryRoutes.openapi(testRoute, async (c) => {
  const body = await parseOptionalBody(c, nothingSchema);
  if (!body.ok) return problemResponse(c, body.error);
  const idempotency = readIdempotency(c, body.value.json);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { team } = c.get("principal");
  const { id: endpointId } = c.req.valid("param");
  const at = Date.now();
  const begun = await teamStub(c.env, team).beginTest({
    endpointId,
    deliveryId: deliveryIdOf(sha256Hex(`${endpointId} ${freshUuid(at)}`)),
    idempotency: idempotency.value,
  });
  if (!begun.ok) return rejectionResponse(c, begun.error);
  const { endpoint, deliveryId } = begun.value;
  const { format } = endpoint;
  await c.env.WEBHOOKS.send({
    kind: "delivery",
    team,
    endpointId,
    deliveryId,
    type: webhookEventType(TEST_EVENT),
    body: webhookTestBody(format, endpointId, deliveryId, unixMsToIso(at), c.env.API_ORIGIN),
    cause: "test",
    run: 0,
    attempt: 1,
  });
  return c.json({ deliveryId, cause: "test", run: 0 } as const, 202);
});
