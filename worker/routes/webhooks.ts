/**
 * Webhook endpoints of the team. An address is judged here and again at every dispatch. What was sent is in
 * deliveries.ts, what comes in under hooks.ts. Specification: docs/webhooks.md.
 */
import type { Context } from "hono";
import * as z from "zod";
import { checkEgressUrl, parseEgressAllowList } from "../../shared/egress.ts";
import { WEBHOOK_ID, webhookId } from "../../shared/ids.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import type { WebhookEndpoint } from "../../shared/wire/rpc.ts";
import {
  addWebhookSchema,
  newWebhookSchema,
  rotateWebhookSchema,
  setEndpointStatusSchema,
  webhookSchema,
} from "../../shared/wire/webhook-views.ts";
import { freshUuid, markReplayed } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { parsePost, readIdempotency } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter, type AppContext } from "../router.ts";
import { newestRoot, newestSecret, shownKeys } from "../webhook-keys.ts";

const params = z.object({ id: z.string().regex(WEBHOOK_ID) });

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
      description:
        "Added; `publicKey`, or the `secret` that is shown here alone, verifies signatures.",
      schema: newWebhookSchema,
    },
  },
  problems: ["directory_full"],
});

const rotateRoute = defineRoute({
  method: "post",
  path: "/v1/webhooks/{id}/rotation",
  tag: "webhooks",
  summary: "Gives the endpoint a new key; the one before signs beside it for a while",
  audience: ["admin"],
  params,
  body: rotateWebhookSchema,
  answers: {
    200: {
      description: "Rotated; the `secret` is shown here alone.",
      schema: newWebhookSchema,
    },
  },
  problems: ["webhook_unknown"],
});

const statusRoute = defineRoute({
  method: "post",
  path: "/v1/webhooks/{id}/status",
  tag: "webhooks",
  summary: "Disables the endpoint, or enables it again",
  audience: ["admin"],
  params,
  body: setEndpointStatusSchema,
  answers: { 200: { description: "As it stands now.", schema: webhookSchema } },
  problems: ["webhook_unknown"],
});

const removeRoute = defineRoute({
  method: "delete",
  path: "/v1/webhooks/{id}",
  tag: "webhooks",
  summary: "Removes the endpoint, its keys and its deliveries",
  audience: ["admin"],
  params,
  answers: { 204: { description: "Removed." } },
  problems: ["webhook_unknown"],
});

export const webhookRoutes = createRouter();

webhookRoutes.openapi(listRoute, async (c) => {
  const endpoints = await teamStub(c.env, c.get("principal").team).webhooks();
  const items = await Promise.all(endpoints.map((endpoint) => shown(c, endpoint)));
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
  const at = Date.now();
  const id = webhookId(freshUuid(at));
  const root = await newestRoot(c.env);
  const added = await teamStub(c.env, c.get("principal").team).addWebhook({
    ...body,
    id,
    url: url.value.href,
    root: root.id,
    idempotency,
    at,
  });
  if (!added.ok) return rejectionResponse(c, added.error);
  markReplayed(c, added.value.id !== id);
  c.header("location", `/v1/webhooks/${added.value.id}`);
  return c.json(await shownOnce(c, added.value), 201);
});

webhookRoutes.openapi(rotateRoute, async (c) => {
  const post = await parsePost(c, rotateWebhookSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const root = await newestRoot(c.env);
  const rotated = await teamStub(c.env, c.get("principal").team).rotateWebhook({
    id: c.req.valid("param").id,
    root: root.id,
    overlapMs: post.value.body.overlapSeconds * 1_000,
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  if (!rotated.ok) return rejectionResponse(c, rotated.error);
  return c.json(await shownOnce(c, rotated.value), 200);
});

webhookRoutes.openapi(statusRoute, async (c) => {
  const post = await parsePost(c, setEndpointStatusSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const set = await teamStub(c.env, c.get("principal").team).setWebhookStatus({
    id: c.req.valid("param").id,
    status: post.value.body.status,
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  if (!set.ok) return rejectionResponse(c, set.error);
  return c.json(await shown(c, set.value), 200);
});

webhookRoutes.openapi(removeRoute, async (c) => {
  const idempotency = readIdempotency(c, null);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const request = { id, idempotency: idempotency.value };
  const removed = await teamStub(c.env, team).removeWebhook(request);
  return removed.ok ? c.body(null, 204) : rejectionResponse(c, removed.error);
});

/** The endpoint as an admin sees it, without anything to sign with. */
async function shown(c: Context<AppContext>, endpoint: WebhookEndpoint) {
  const { team } = c.get("principal");
  const keys = await shownKeys(c.env, team, "webhook", endpoint, Date.now());
  return { ...endpoint, publicKey: keys[0]?.publicKey ?? null, keys };
}

/** The same with the newest secret, where there is one: for the answers that hand it over. */
async function shownOnce(c: Context<AppContext>, endpoint: WebhookEndpoint) {
  const secret = await newestSecret(c.env, c.get("principal").team, "webhook", endpoint);
  return { ...(await shown(c, endpoint)), ...(secret === null ? {} : { secret }) };
}
