/**
 * What an agent has earned and what it was granted: trust with its history, reset by an admin with a reason, and
 * grants, issued and revoked by one. Specification: docs/trust.md.
 */
import * as z from "zod";
import { GRANT_ID, grantId } from "../../shared/ids.ts";
import { directoryIdSchema, pageSchema } from "../../shared/wire/api.ts";
import {
  grantSchema,
  issueGrantSchema,
  trustAnswerSchema,
  withReasonSchema,
} from "../../shared/wire/trust-views.ts";
import { freshUuid } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const agentParams = z.object({ id: directoryIdSchema });
const grantParams = z.object({ id: directoryIdSchema, grant: z.string().regex(GRANT_ID) });

const showRoute = defineRoute({
  method: "get",
  path: "/v1/agents/{id}/trust",
  tag: "directory",
  summary: "An agent's trust and what moved it",
  audience: ["admin", "operator", "auditor"],
  params: agentParams,
  query: z.strictObject({
    /** Updates with a lower number; without it, the newest. */
    before: z.coerce.number().int().min(1).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  answers: { 200: { description: "Updates newest first.", schema: trustAnswerSchema } },
  problems: ["agent_not_found"],
});

const resetRoute = defineRoute({
  method: "post",
  path: "/v1/agents/{id}/trust",
  tag: "directory",
  summary: "Puts an agent's trust back to the start",
  audience: ["admin"],
  params: agentParams,
  body: withReasonSchema,
  answers: { 200: { description: "As it stands now.", schema: trustAnswerSchema } },
  problems: ["agent_not_found"],
});

const listRoute = defineRoute({
  method: "get",
  path: "/v1/agents/{id}/grants",
  tag: "directory",
  summary: "An agent's grants, revoked and expired ones among them",
  audience: ["admin", "operator", "auditor"],
  params: agentParams,
  answers: { 200: { description: "The longest-lived first.", schema: pageSchema(grantSchema) } },
  problems: ["agent_not_found"],
});

const issueRoute = defineRoute({
  method: "post",
  path: "/v1/agents/{id}/grants",
  tag: "directory",
  summary: "Grants an agent one type of action without being asked about each",
  audience: ["admin"],
  params: agentParams,
  body: issueGrantSchema,
  answers: { 201: { description: "Issued.", schema: grantSchema } },
  problems: ["agent_not_found", "grant_not_permitted", "directory_full"],
});

const revokeRoute = defineRoute({
  method: "post",
  path: "/v1/agents/{id}/grants/{grant}/revocation",
  tag: "directory",
  summary: "Revokes a grant",
  audience: ["admin"],
  params: grantParams,
  body: withReasonSchema,
  answers: { 200: { description: "Revoked, now or before.", schema: grantSchema } },
  problems: ["grant_unknown"],
});

export const trustRoutes = createRouter();

trustRoutes.openapi(showRoute, async (c) => {
  const { before = Number.MAX_SAFE_INTEGER, limit } = c.req.valid("query");
  const { id } = c.req.valid("param");
  const shown = await teamStub(c.env, c.get("principal").team).agentTrust(id, before, limit);
  if (!shown.ok) return rejectionResponse(c, shown.error);
  return c.json(shown.value, 200);
});

trustRoutes.openapi(resetRoute, async (c) => {
  const post = await parsePost(c, withReasonSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { team, sub: by } = c.get("principal");
  const { id: agent } = c.req.valid("param");
  const request = { agent, ...body, by, idempotency, at: Date.now() };
  const reset = await teamStub(c.env, team).resetTrust(request);
  if (!reset.ok) return rejectionResponse(c, reset.error);
  return c.json(reset.value, 200);
});

trustRoutes.openapi(listRoute, async (c) => {
  const listed = await teamStub(c.env, c.get("principal").team).grants(c.req.valid("param").id);
  if (!listed.ok) return rejectionResponse(c, listed.error);
  return c.json({ items: listed.value, nextCursor: null }, 200);
});

trustRoutes.openapi(issueRoute, async (c) => {
  const post = await parsePost(c, issueGrantSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { team, sub: by } = c.get("principal");
  const at = Date.now();
  const grant = { id: grantId(freshUuid(at)), agent: c.req.valid("param").id, ...body };
  const issued = await teamStub(c.env, team).issueGrant({ grant, by, idempotency, at });
  if (!issued.ok) return rejectionResponse(c, issued.error);
  return c.json(issued.value, 201);
});

trustRoutes.openapi(revokeRoute, async (c) => {
  const post = await parsePost(c, withReasonSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { team, sub: by } = c.get("principal");
  const { id: agent, grant: id } = c.req.valid("param");
  const request = { agent, id, ...body, by, idempotency, at: Date.now() };
  const revoked = await teamStub(c.env, team).revokeGrant(request);
  if (!revoked.ok) return rejectionResponse(c, revoked.error);
  return c.json(revoked.value, 200);
});
