/**
 * Webhook endpoints of the team and what was delivered to them. An address is judged here and again at
 * every dispatch. Specification: docs/webhooks.md.
 */
import * as z from "zod";
import { checkEgressUrl, parseEgressAllowList } from "../../shared/egress.ts";
import { WEBHOOK_ID, webhookId } from "../../shared/ids.ts";
import { formatWebhookPublicKey } from "../../shared/webhook/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  addWebhookSchema,
  deliveriesLimitSchema,
  deliverySchema,
  webhookSchema,
} from "../../shared/wire/index-views.ts";
import { freshUuid, markReplayed } from "../commands.ts";
import { webhookKey } from "../consumers/webhook-key.ts";
import { defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const listRoute = defineRoute({
  method: "get",
  path: "/v1/webhooks",
  tag: "webhooks",
  summary: "The team's webhook endpoints",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(webhookSchema) } },
});

const addRoute = defineRoute({
  method: "post",
  path: "/v1/webhooks",
  tag: "webhooks",
  summary: "Adds an endpoint that is told of events of these types",
  audience: ["admin"],
  body: addWebhookSchema,
  answers: {
    201: {
      description: "Added; `publicKey` is what to verify signatures with.",
      schema: webhookSchema,
    },
  },
  problems: ["directory_full"],
});

const deliveriesRoute = defineRoute({
  method: "get",
  path: "/v1/webhooks/{id}/deliveries",
  tag: "webhooks",
  summary: "Attempts to deliver to the endpoint, newest first; the newest 1,000 are kept",
  audience: ["admin"],
  params: z.object({ id: z.string().regex(WEBHOOK_ID) }),
  query: z.strictObject({ limit: deliveriesLimitSchema }),
  answers: { 200: { description: "The newest.", schema: pageSchema(deliverySchema) } },
  problems: ["webhook_unknown"],
});

export const webhookRoutes = createRouter();

webhookRoutes.openapi(listRoute, async (c) => {
  const publicKey = formatWebhookPublicKey(await webhookKey(c.env));
  const endpoints = await teamStub(c.env, c.get("principal").team).webhooks();
  const items = endpoints.map((endpoint) => ({ ...endpoint, publicKey }));
  return c.json({ items, nextCursor: null }, 200);
});

webhookRoutes.openapi(addRoute, async (c) => {
  const post = await parsePost(c, addWebhookSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const url = checkEgressUrl(body.url, parseEgressAllowList(c.env.EGRESS_ALLOW_HOSTS));
  if (!url.ok) {
    const { reason, detail } = url.error;
    return problemResponse(c, {
      code: "request_invalid",
      errors: [{ pointer: "/url", detail, code: reason }],
    });
  }
  const publicKey = formatWebhookPublicKey(await webhookKey(c.env));
  const at = Date.now();
  const id = webhookId(freshUuid(at));
  const { events } = body;
  const added = await teamStub(c.env, c.get("principal").team).addWebhook({
    id,
    url: url.value.href,
    events,
    idempotency,
    at,
  });
  if (!added.ok) return rejectionResponse(c, added.error);
  markReplayed(c, added.value.id !== id);
  c.header("location", `/v1/webhooks/${added.value.id}`);
  return c.json({ ...added.value, publicKey }, 201);
});

webhookRoutes.openapi(deliveriesRoute, async (c) => {
  const { team } = c.get("principal");
  const { limit } = c.req.valid("query");
  const read = await teamStub(c.env, team).deliveries(c.req.valid("param").id, limit);
  if (!read.ok) return rejectionResponse(c, read.error);
  return c.json({ items: read.value, nextCursor: null }, 200);
});
