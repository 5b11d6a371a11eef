/**
 * Canaries: requests that people must refuse, planted by an operator to see whether they do. One opens as any
 * mission does and looks like one to whoever is asked; what it is, admins and auditors alone are told here.
 */
import * as z from "zod";
import { LIMITS } from "../../shared/limits.ts";
import {
  missionSummarySchema,
  openedWithWarningsSchema,
  openMissionSchema,
  pageSchema,
} from "../../shared/wire/api.ts";
import { defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor, encodeCursor } from "../cursor.ts";
import { openMission } from "../opening.ts";
import { orUnavailable, problemResponse } from "../problems.ts";
import { listMissions } from "../read-model/queries.ts";
import { createRouter } from "../router.ts";
import { summaryOf } from "./missions.ts";

const plantRoute = defineRoute({
  method: "post",
  path: "/v1/canaries",
  tag: "attention",
  summary: "Plants a request that people must refuse; nothing of it ever runs",
  description:
    "Opens a mission that looks like any other. Approving it is an incident and ends it. Executions in it have risk 3 or 4.",
  audience: ["operator"],
  body: openMissionSchema,
  etag: true,
  answers: { 201: { description: "Open; Location names it.", schema: openedWithWarningsSchema } },
  problems: [
    "plan_invalid",
    "canary_unguarded",
    "input_unexpected",
    "evidence_hash_mismatch",
    "receipt_refused",
    "policy_inactive",
  ],
});

const listRoute = defineRoute({
  method: "get",
  path: "/v1/canaries",
  tag: "attention",
  summary: "The team's canaries, newest first",
  audience: ["admin", "auditor"],
  query: z.strictObject({
    cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
    limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(50),
  }),
  answers: { 200: { description: "One page.", schema: pageSchema(missionSummarySchema) } },
});

export const canaryRoutes = createRouter();

canaryRoutes.openapi(plantRoute, (c) => openMission(c, { canary: true }));

canaryRoutes.openapi(listRoute, async (c) => {
  const { cursor, limit } = c.req.valid("query");
  const { team } = c.get("principal");
  const place = cursor === undefined ? [] : decodeCursor(team, cursor, 1);
  if (place === null) return problemResponse(c, CURSOR_REFUSED);
  const filter = { canary: true, beforeId: place[0], limit: limit + 1 };
  const rows = await orUnavailable("the index", listMissions(c.env.DB, team, filter));
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : encodeCursor(team, [last.id]);
  return c.json({ items: page.map(summaryOf), nextCursor }, 200);
});
