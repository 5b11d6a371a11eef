/**
 * The team's agents with skills and bans. Putting one replaces what was known of that id, but a ban ends
 * only where `banned` says so.
 */
import { agentSchema, pageSchema, putAgentSchema } from "../../shared/wire/api.ts";
import { defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
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

export const directoryRoutes = createRouter();

directoryRoutes.openapi(listAgentsRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).agents();
  return c.json({ items, nextCursor: null }, 200);
});

directoryRoutes.openapi(putAgentRoute, async (c) => {
  const post = await parsePost(c, putAgentSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { team, sub: by } = c.get("principal");
  const request = { agent: body, by, idempotency, at: Date.now() };
  const agent = await teamStub(c.env, team).putAgent(request);
  if (!agent.ok) return rejectionResponse(c, agent.error);
  return c.json(agent.value, 200);
});
