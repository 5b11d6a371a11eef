/**
 * The team's directory: its agents with skills and bans, its approvers with their public keys. Putting an
 * entry replaces what was known of that id, but a ban ends only where `banned` says so.
 */
import {
  agentSchema,
  approverSchema,
  pageSchema,
  putAgentSchema,
  putApproverSchema,
} from "../../shared/wire/api.ts";
import { defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { readPublicKeys } from "../keys-in-body.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const listAgentsRoute = defineRoute({
  method: "get",
  path: "/v1/agents",
  tag: "directory",
  summary: "The team's agents",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(agentSchema) } },
});

const putAgentRoute = defineRoute({
  method: "post",
  path: "/v1/agents",
  tag: "directory",
  summary: "Adds an agent, or replaces what is known of it",
  audience: ["admin"],
  body: putAgentSchema,
  answers: { 200: { description: "As stored.", schema: agentSchema } },
  problems: ["skill_not_registered", "directory_full"],
});

const listApproversRoute = defineRoute({
  method: "get",
  path: "/v1/approvers",
  tag: "directory",
  summary: "The team's approvers and their public keys",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(approverSchema) } },
});

const putApproverRoute = defineRoute({
  method: "post",
  path: "/v1/approvers",
  tag: "directory",
  summary: "Adds an approver, or replaces what is known of the person, keys included",
  audience: ["admin"],
  body: putApproverSchema,
  answers: {
    200: {
      description: "As stored; each key's kid is its RFC 7638 thumbprint.",
      schema: approverSchema,
    },
  },
  problems: [
    "approver_not_permitted",
    "key_malformed",
    "key_low_order",
    "key_non_canonical",
    "key_has_private_part",
    "key_in_use",
    "directory_full",
  ],
});

export const directoryRoutes = createRouter();

directoryRoutes.openapi(listAgentsRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).agents();
  return c.json({ items, nextCursor: null }, 200);
});

directoryRoutes.openapi(putAgentRoute, async (c) => {
  const post = await parsePost(c, putAgentSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const request = { agent: body, idempotency, at: Date.now() };
  const agent = await teamStub(c.env, c.get("principal").team).putAgent(request);
  if (!agent.ok) return rejectionResponse(c, agent.error);
  return c.json(agent.value, 200);
});

directoryRoutes.openapi(listApproversRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).approvers();
  return c.json({ items, nextCursor: null }, 200);
});

directoryRoutes.openapi(putApproverRoute, async (c) => {
  const post = await parsePost(c, putApproverSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const keys = readPublicKeys(body.keys);
  if (!keys.ok) return problemResponse(c, keys.error);
  const request = { approver: { ...body, keys: keys.value }, idempotency, at: Date.now() };
  const approver = await teamStub(c.env, c.get("principal").team).putApprover(request);
  if (!approver.ok) return rejectionResponse(c, approver.error);
  return c.json(approver.value, 200);
});
