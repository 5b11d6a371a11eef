/**
 * Hooks: the addresses at which a team lets another system hand in signed approvals, as its admins manage
 * them. What comes in is in hook-approvals.ts. Specification: docs/webhooks.md.
 */
import type { Context } from "hono";
import * as z from "zod";
import { HOOK_ID } from "../../shared/ids.ts";
import { parseWebhookPublicKey } from "../../shared/webhook/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  addHookSchema,
  hookSchema,
  newHookSchema,
  rotateHookSchema,
} from "../../shared/wire/hook-views.ts";
import type { Problem } from "../../shared/wire/problem.ts";
import type { HookEndpoint } from "../../shared/wire/rpc.ts";
import { setEndpointStatusSchema } from "../../shared/wire/webhook-views.ts";
import { markReplayed } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { sealHookAddress } from "../hook-address.ts";
import { parsePost, readIdempotency } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter, type AppContext } from "../router.ts";
import { newestRoot, newestSecret, shownKeys } from "../webhook-keys.ts";

const params = z.object({ id: z.string().regex(HOOK_ID) });

const listRoute = defineRoute({
  method: "get",
  path: "/v1/hooks",
  tag: "hooks",
  summary: "The team's hooks, at which other systems hand in signed approvals",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(hookSchema) } },
});

const addRoute = defineRoute({
  method: "post",
  path: "/v1/hooks",
  tag: "hooks",
  summary: "Adds a hook",
  audience: ["admin"],
  body: addHookSchema,
  answers: {
    201: { description: "Added; the `secret` is shown here alone.", schema: newHookSchema },
  },
  problems: ["directory_full"],
});

const rotateRoute = defineRoute({
  method: "post",
  path: "/v1/hooks/{id}/rotation",
  tag: "hooks",
  summary: "Gives the hook a new key; the one before is accepted beside it for a while",
  audience: ["admin"],
  params,
  body: rotateHookSchema,
  answers: {
    200: { description: "Rotated; the `secret` is shown here alone.", schema: newHookSchema },
  },
  problems: ["hook_unknown"],
});

const statusRoute = defineRoute({
  method: "post",
  path: "/v1/hooks/{id}/status",
  tag: "hooks",
  summary: "Disables the hook, or enables it again",
  audience: ["admin"],
  params,
  body: setEndpointStatusSchema,
  answers: { 200: { description: "As it stands now.", schema: hookSchema } },
  problems: ["hook_unknown"],
});

const removeRoute = defineRoute({
  method: "delete",
  path: "/v1/hooks/{id}",
  tag: "hooks",
  summary: "Removes the hook and its keys",
  audience: ["admin"],
  params,
  answers: { 204: { description: "Removed." } },
  problems: ["hook_unknown"],
});

export const hookRoutes = createRouter();

hookRoutes.openapi(listRoute, async (c) => {
  const hooks = await teamStub(c.env, c.get("principal").team).hooks();
  const items = await Promise.all(hooks.map((hook) => shown(c, hook)));
  return c.json({ items, nextCursor: null }, 200);
});

hookRoutes.openapi(addRoute, async (c) => {
  const post = await parsePost(c, addHookSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { title, signature, publicKey } = post.value.body;
  const flaw = publicKeyFlaw(publicKey);
  if (flaw !== null) return problemResponse(c, flaw);
  const { team } = c.get("principal");
  const id = await sealHookAddress(c.env, team);
  const added = await teamStub(c.env, team).addHook({
    id,
    title,
    signature,
    ...(await materialOf(c, publicKey)),
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  if (!added.ok) return rejectionResponse(c, added.error);
  markReplayed(c, added.value.id !== id);
  return c.json(await shownOnce(c, added.value), 201);
});

hookRoutes.openapi(rotateRoute, async (c) => {
  const post = await parsePost(c, rotateHookSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { overlapSeconds, publicKey } = post.value.body;
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const hook = await teamStub(c.env, team).hook(id);
  if (hook === null) return rejectionResponse(c, { reason: "hook_unknown", id });
  const flaw =
    (hook.signature === "v1a") === (publicKey !== undefined)
      ? publicKeyFlaw(publicKey)
      : refusedKey("the sender's public key, with v1a and only then");
  if (flaw !== null) return problemResponse(c, flaw);
  const rotated = await teamStub(c.env, team).rotateHook({
    id,
    ...(await materialOf(c, publicKey)),
    overlapMs: overlapSeconds * 1_000,
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  if (!rotated.ok) return rejectionResponse(c, rotated.error);
  return c.json(await shownOnce(c, rotated.value), 200);
});

hookRoutes.openapi(statusRoute, async (c) => {
  const post = await parsePost(c, setEndpointStatusSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const set = await teamStub(c.env, c.get("principal").team).setHookStatus({
    id: c.req.valid("param").id,
    status: post.value.body.status,
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  if (!set.ok) return rejectionResponse(c, set.error);
  return c.json(await shown(c, set.value), 200);
});

hookRoutes.openapi(removeRoute, async (c) => {
  const idempotency = readIdempotency(c, null);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const request = { id, idempotency: idempotency.value };
  const removed = await teamStub(c.env, team).removeHook(request);
  return removed.ok ? c.body(null, 204) : rejectionResponse(c, removed.error);
});

/** The sender's own key where there is one; otherwise a secret derived from the newest root. */
async function materialOf(c: Context<AppContext>, publicKey: string | undefined) {
  if (publicKey !== undefined) return { root: null, publicKey };
  return { root: (await newestRoot(c.env)).id, publicKey: null };
}

function publicKeyFlaw(publicKey: string | undefined): Problem | null {
  if (publicKey === undefined || parseWebhookPublicKey(publicKey) !== null) return null;
  return refusedKey("a key under which a signature proves nothing");
}

function refusedKey(detail: string): Problem {
  return { code: "request_invalid", errors: [{ pointer: "/publicKey", detail }] };
}

async function shown(c: Context<AppContext>, hook: HookEndpoint) {
  const keys = await shownKeys(c.env, c.get("principal").team, "hook", hook, Date.now());
  return { ...hook, url: `${c.env.API_ORIGIN}/v1/hooks/approvals/${hook.id}`, keys };
}

async function shownOnce(c: Context<AppContext>, hook: HookEndpoint) {
  const secret = await newestSecret(c.env, c.get("principal").team, "hook", hook);
  return { ...(await shown(c, hook)), ...(secret === null ? {} : { secret }) };
}
