/**
 * Incidents: the searchable index (D1, may lag), one incident with the events around it (the team's and
 * the mission's objects, never lagging), and its status.
 */
import * as z from "zod";
import { MISSION_ID, incidentId, parseIncidentId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  incidentSchema,
  incidentStatusSchema,
  incidentWithContextSchema,
  setIncidentStatusSchema,
  severitySchema,
} from "../../shared/wire/index-views.ts";
import type { IncidentRecord } from "../../shared/wire/rpc.ts";
import { defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor, encodeCursor } from "../cursor.ts";
import type { Env } from "../env.ts";
import { parsePost } from "../idempotency.ts";
import { missionStub, teamStub } from "../missions.ts";
import { orUnavailable, problemResponse, rejectionResponse } from "../problems.ts";
import { toIncidentRow } from "../read-model/project.ts";
import { listIncidents, NO_CHANGES, writeChanges } from "../read-model/queries.ts";
import type { IncidentRow } from "../read-model/schema.ts";
import { createRouter } from "../router.ts";
import { readRange } from "../traces.ts";

/** Events shown on either side of an incident. */
const CONTEXT_EVENTS = 5;

const momentSchema = z.iso.datetime({ precision: 3 });

const listRoute = defineRoute({
  method: "get",
  path: "/v1/incidents",
  tag: "incidents",
  summary: "Searches the team's incidents, newest first",
  audience: ["auditor", "operator"],
  query: z.strictObject({
    kind: z.string().max(64).optional(),
    severity: severitySchema.optional(),
    reason: z.string().max(64).optional(),
    mission: z.string().regex(MISSION_ID).optional(),
    status: incidentStatusSchema.optional(),
    from: momentSchema.optional(),
    to: momentSchema.optional(),
    q: z.string().min(1).max(200).optional(),
    cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
    limit: z.coerce.number().int().min(1).max(LIMITS.listPageMax).default(50),
  }),
  answers: { 200: { description: "One page.", schema: pageSchema(incidentSchema) } },
});

const incidentParams = z.object({
  /** The number, or the whole id percent-encoded. */
  id: z.string().regex(/^(?:INC#\d{6,16}|[1-9]\d{0,14})$/),
});

const readRoute = defineRoute({
  method: "get",
  path: "/v1/incidents/{id}",
  tag: "incidents",
  summary: "One incident with the events before and after it",
  audience: ["auditor", "operator"],
  params: incidentParams,
  answers: { 200: { description: "The incident.", schema: incidentWithContextSchema } },
  problems: ["incident_unknown"],
});

const statusRoute = defineRoute({
  method: "post",
  path: "/v1/incidents/{id}/status",
  tag: "incidents",
  summary: "Acknowledges or resolves an incident; there is no way back",
  audience: ["auditor", "operator"],
  params: incidentParams,
  body: setIncidentStatusSchema,
  answers: { 200: { description: "As it now stands.", schema: incidentSchema } },
  problems: ["incident_unknown", "incident_status_final"],
});

export const incidentRoutes = createRouter();

incidentRoutes.openapi(listRoute, async (c) => {
  const { cursor, limit, ...filter } = c.req.valid("query");
  const { team } = c.get("principal");
  const place = cursor === undefined ? [] : decodeCursor(team, cursor, 1);
  const beforeNumber = place?.[0] === undefined ? undefined : Number(place[0]);
  if (place === null || Number.isNaN(beforeNumber)) return problemResponse(c, CURSOR_REFUSED);
  const rows = await orUnavailable(
    "the index",
    listIncidents(c.env.DB, team, { ...filter, beforeNumber, limit: limit + 1 }),
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : encodeCursor(team, [String(last.number)]);
  return c.json({ items: page.map(toListed), nextCursor }, 200);
});

incidentRoutes.openapi(readRoute, async (c) => {
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const record = await readIncident(c.env, team, id);
  if (record === null) return rejectionResponse(c, { reason: "incident_unknown", id });
  const context = await readContext(c.env, team, record);
  return c.json({ ...toView(team, record), context }, 200);
});

incidentRoutes.openapi(statusRoute, async (c) => {
  const post = await parsePost(c, setIncidentStatusSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { team, sub } = c.get("principal");
  const { id } = c.req.valid("param");
  const number = numberOf(id);
  if (number === null) return rejectionResponse(c, { reason: "incident_unknown", id });
  const changed = await teamStub(c.env, team).setIncidentStatus({
    number,
    status: post.value.body.status,
    by: sub,
    idempotency: post.value.idempotency,
    at: Date.now(),
  });
  if (!changed.ok) return rejectionResponse(c, changed.error);
  // The team's object has it; should D1 be away, the caller hears 503 and asks again, which is safe.
  const incidents = [toIncidentRow(team, changed.value)];
  await orUnavailable("the index", writeChanges(c.env.DB, { ...NO_CHANGES, incidents }));
  return c.json(toView(team, changed.value), 200);
});

function numberOf(id: string): number | null {
  return id.startsWith("INC#") ? parseIncidentId(id) : Number(id);
}

async function readIncident(env: Env, team: string, id: string): Promise<IncidentRecord | null> {
  const number = numberOf(id);
  if (number === null) return null;
  const [record] = await teamStub(env, team).incidents(number - 1, 1);
  return record?.number === number ? record : null;
}

async function readContext(env: Env, team: string, record: IncidentRecord) {
  const { missionId, seq } = record;
  if (missionId === null || seq === null) return null;
  const source = { stub: () => missionStub(env, team, missionId), team, missionId };
  const read = await readRange(source, seq - CONTEXT_EVENTS - 1, 2 * CONTEXT_EVENTS + 1);
  const events: readonly TraceEvent[] = read.ok ? read.value : [];
  const incident = events.find((event) => event.seq === seq);
  if (incident === undefined) return null;
  return {
    before: events.filter((event) => event.seq < seq),
    incident,
    after: events.filter((event) => event.seq > seq).slice(0, CONTEXT_EVENTS),
  };
}

function toView(team: string, record: IncidentRecord) {
  const { number, ...rest } = record;
  return { id: incidentId(number), team, ...rest };
}

function toListed(row: IncidentRow) {
  const { number, team, ...rest } = row;
  const reasonCodes = JSON.parse(row.reasonCodes) as string[];
  return { id: incidentId(number), team, ...rest, reasonCodes };
}
