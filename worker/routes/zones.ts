/**
 * The zone registry: for each zone of the team the skills its agents may use, what it alone writes, and
 * to whom it hands work on. Putting a zone replaces what was known of it.
 */
import { pageSchema } from "../../shared/wire/api.ts";
import { putZoneSchema } from "../../shared/wire/plans.ts";
import { defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const listRoute = defineRoute({
  method: "get",
  path: "/v1/zones",
  tag: "directory",
  summary: "The team's registered zones",
  audience: ["admin"],
  answers: { 200: { description: "All of them.", schema: pageSchema(putZoneSchema) } },
});

const putRoute = defineRoute({
  method: "post",
  path: "/v1/zones",
  tag: "directory",
  summary: "Registers a zone, or replaces what is known of it",
  audience: ["admin"],
  body: putZoneSchema,
  answers: { 200: { description: "As stored.", schema: putZoneSchema } },
  problems: ["zone_owns_foreign", "directory_full"],
});

export const zoneRoutes = createRouter();

zoneRoutes.openapi(listRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).zones();
  return c.json({ items, nextCursor: null }, 200);
});

zoneRoutes.openapi(putRoute, async (c) => {
  const post = await parsePost(c, putZoneSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { team, sub: by } = c.get("principal");
  const request = { zone: body, by, idempotency, at: Date.now() };
  const zone = await teamStub(c.env, team).putZone(request);
  if (!zone.ok) return rejectionResponse(c, zone.error);
  return c.json(zone.value, 200);
});
