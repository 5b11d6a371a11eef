/**
 * Missions: opening, listing, reading, and a person's interventions. The list comes from the index and may
 * lag; everything about one mission comes from its object.
 */
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  amendmentAnswerSchema,
  amendMissionSchema,
  interveneSchema,
  interventionAnswerSchema,
  missionStatusSchema,
  missionSummarySchema,
  openMissionSchema,
  openedWithWarningsSchema,
  pageSchema,
} from "../../shared/wire/api.ts";
import { blockedSchema, missionStateSchema, nodeViewSchema } from "../../shared/wire/views.ts";
import { hasRole } from "../auth.ts";
import { askAgentFacts, commandBase, execute, gateResponse, setEtag } from "../commands.ts";
import { ANY_ROLE, defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor, encodeCursor } from "../cursor.ts";
import { jsonSizeFlaw } from "../evidence.ts";
import { parsePost, readIfMatch } from "../idempotency.ts";
import { missionStub } from "../missions.ts";
import { orUnavailable, problemResponse, rejectionResponse } from "../problems.ts";
import { listMissions } from "../read-model/queries.ts";
import type { MissionRow } from "../read-model/schema.ts";
import { openMission, zonesFor } from "../opening.ts";
import { createRouter } from "../router.ts";

const missionParams = z.object({ id: z.string().regex(MISSION_ID) });
const listQuery = z.strictObject({
  state: missionStatusSchema.optional(),
  cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(50),
});

const openRoute = defineRoute({
  method: "post",
  path: "/v1/missions",
  tag: "missions",
  summary: "Opens a mission from a plan under the team's active policy",
  audience: ["operator", "agent"],
  body: openMissionSchema,
  etag: true,
  answers: { 201: { description: "Open; Location names it.", schema: openedWithWarningsSchema } },
  problems: [
    "plan_invalid",
    "input_unexpected",
    "evidence_hash_mismatch",
    "receipt_refused",
    "policy_inactive",
  ],
});

const listRoute = defineRoute({
  method: "get",
  path: "/v1/missions",
  tag: "missions",
  summary: "Lists the team's missions, newest first",
  audience: ANY_ROLE,
  query: listQuery,
  answers: { 200: { description: "One page.", schema: pageSchema(missionSummarySchema) } },
});

const readRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}",
  tag: "missions",
  summary: "The mission's whole state",
  audience: ANY_ROLE,
  params: missionParams,
  etag: true,
  answers: { 200: { description: "The state at the ETag.", schema: missionStateSchema } },
  problems: ["mission_unknown"],
});

const readyRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/ready",
  tag: "missions",
  summary: "The ready set, in the plan's topological order",
  audience: ANY_ROLE,
  params: missionParams,
  etag: true,
  answers: {
    200: { description: "The nodes that are READY.", schema: pageSchema(nodeViewSchema) },
  },
  problems: ["mission_unknown"],
});

const blockedRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/blocked",
  tag: "missions",
  summary: "What stands still: each BLOCKED node, and how much waits behind it",
  audience: ANY_ROLE,
  params: missionParams,
  etag: true,
  answers: { 200: { description: "BLOCKED nodes in plan order.", schema: blockedSchema } },
  problems: ["mission_unknown"],
});

const amendRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/amendments",
  tag: "missions",
  summary: "Adds nodes, and edges to them, to the plan of a running mission",
  description:
    "Nothing that exists changes. An amendment that touches risk 2 or more waits for a person, who approves it at the address of node `amendment.<n>`.",
  audience: ["operator", "agent"],
  params: missionParams,
  body: amendMissionSchema,
  etag: true,
  ifMatch: true,
  answers: {
    200: { description: "The plan is amended.", schema: amendmentAnswerSchema },
    202: { description: "Waits for people.", schema: amendmentAnswerSchema },
  },
  problems: [
    "mission_unknown",
    "mission_broken",
    "mission_not_active",
    "mission_full",
    "amendment_invalid",
    "amendment_open",
    "amendments_exhausted",
    "gate_blocked",
  ],
});

const interveneRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/interventions",
  tag: "missions",
  summary: "Pauses, resumes or stops the mission, resets nodes, or bans an agent from it",
  audience: ["operator"],
  params: missionParams,
  body: interveneSchema,
  etag: true,
  ifMatch: true,
  answers: { 200: { description: "Done.", schema: interventionAnswerSchema } },
  problems: ["mission_unknown", "mission_broken", "node_unknown", "intervention_not_possible"],
});

export const missionRoutes = createRouter();

missionRoutes.openapi(openRoute, (c) => openMission(c));

missionRoutes.openapi(listRoute, async (c) => {
  const { state, cursor, limit } = c.req.valid("query");
  const { team } = c.get("principal");
  const place = cursor === undefined ? [] : decodeCursor(team, cursor, 1);
  if (place === null) return problemResponse(c, CURSOR_REFUSED);
  const filter = { state, beforeId: place[0], limit: limit + 1 };
  const rows = await orUnavailable("the index", listMissions(c.env.DB, team, filter));
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : encodeCursor(team, [last.id]);
  return c.json({ items: page.map(summaryOf), nextCursor }, 200);
});

missionRoutes.openapi(readRoute, async (c) => {
  const { team } = c.get("principal");
  const read = await missionStub(c.env, team, c.req.valid("param").id).view(team);
  if (!read.ok) return rejectionResponse(c, read.error);
  const { broken, head, view } = read.value;
  setEtag(c, head);
  // Only a mission whose chain does not verify says so, so that a sound one is its view and nothing else.
  return c.json(broken === null ? view : { ...view, broken }, 200);
});

missionRoutes.openapi(readyRoute, async (c) => {
  const { team } = c.get("principal");
  const read = await missionStub(c.env, team, c.req.valid("param").id).ready(team);
  if (!read.ok) return rejectionResponse(c, read.error);
  setEtag(c, read.value.head);
  return c.json({ items: read.value.nodes, nextCursor: null }, 200);
});

missionRoutes.openapi(blockedRoute, async (c) => {
  const { team } = c.get("principal");
  const read = await missionStub(c.env, team, c.req.valid("param").id).blocked(team);
  if (!read.ok) return rejectionResponse(c, read.error);
  const { blocked, head } = read.value;
  setEtag(c, head);
  return c.json({ ...blocked, nextCursor: null }, 200);
});

missionRoutes.openapi(amendRoute, async (c) => {
  const post = await parsePost(c, amendMissionSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const ifMatch = readIfMatch(c);
  if (!ifMatch.ok) return problemResponse(c, ifMatch.error);
  const { body, idempotency } = post.value;
  const sizeFlaw = jsonSizeFlaw(body, LIMITS.amendmentBytesMax, "");
  if (sizeFlaw) return problemResponse(c, sizeFlaw);
  const principal = c.get("principal");
  const isOperator = hasRole(principal, ["operator"]);
  const command = {
    ...commandBase(c, isOperator ? "human" : "agent"),
    type: "Amend",
    amendment: body,
    proposer: isOperator ? "operator" : await askAgentFacts(c),
    zones: await zonesFor(c.env, principal.team, body.nodes),
  } as const;
  const missionId = c.req.valid("param").id;
  const execution = { missionId, command, idempotency, ifMatch: ifMatch.value };
  return execute(c, execution, ({ answer }) =>
    answer.type === "amendment"
      ? gateResponse(c, answer.gateResult.verdict, answer)
      : c.json(answer, 200),
  );
});

missionRoutes.openapi(interveneRoute, async (c) => {
  const post = await parsePost(c, interveneSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const ifMatch = readIfMatch(c);
  if (!ifMatch.ok) return problemResponse(c, ifMatch.error);
  const { body, idempotency } = post.value;
  const command = { ...commandBase(c, "human"), type: "Intervene", ...body } as const;
  const execution = {
    missionId: c.req.valid("param").id,
    command,
    idempotency,
    ifMatch: ifMatch.value,
  };
  return execute(c, execution, ({ answer }) => c.json(answer, 200));
});

/** A mission as lists show it. */
export function summaryOf(row: MissionRow): z.output<typeof missionSummarySchema> {
  const { id, title, openedAt, openedBy, planHash, policyVersion, done, total, updatedAt } = row;
  return {
    id,
    title,
    state: row.state,
    sealed: row.sealed !== 0,
    openedAt,
    openedBy,
    planHash,
    policyVersion,
    progress: { done, total },
    updatedAt,
  };
}
