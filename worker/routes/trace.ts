/**
 * The trace: its events, the state it gives at any point, and its verification. The trace comes from the
 * mission itself, never from the index.
 */
import type { Context } from "hono";
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  type Certifier,
  createCertifier,
  type KeysById,
  type Pins,
  stateHash,
  viewMission,
} from "../../shared/mission/index.ts";
import { isoToUnixMs } from "../../shared/time.ts";
import {
  encodeTrace,
  verifyTrace,
  type TraceEvent,
  type TraceFlaw,
} from "../../shared/trace/index.ts";
import {
  pageSchema,
  traceEventSchema,
  verificationSchema,
  verifySchema,
} from "../../shared/wire/api.ts";
import type { KeyOwner } from "../../shared/wire/rpc.ts";
import { replaySchema } from "../../shared/wire/views.ts";
import { parseBody } from "../body.ts";
import { setEtag } from "../commands.ts";
import type { AppContext } from "../context.ts";
import { defineRoute } from "../contract.ts";
import { readIdempotency } from "../idempotency.ts";
import { errorFacts, log } from "../log.ts";
import { missionStub, teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";
import { foldUpTo, readPage, walkTrace, type TracePage, type TraceSource } from "../traces.ts";

const NDJSON = "application/x-ndjson";

const missionParams = z.object({ id: z.string().regex(MISSION_ID) });

const traceRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/trace",
  tag: "trace",
  summary: "The events of a mission",
  description:
    "`nextCursor` is the `after` of the next page; a page of large events holds fewer than `limit`. With NDJSON every event up to the ETag is streamed, one canonical JSON text a line.",
  audience: ["auditor", "operator"],
  params: missionParams,
  query: z.strictObject({
    after: z.coerce.number().int().min(-1).default(-1),
    limit: z.coerce.number().int().min(1).max(LIMITS.tracePageMax).default(200),
  }),
  etag: true,
  answers: {
    200: [
      { description: "One page, or all as a stream.", schema: pageSchema(traceEventSchema) },
      { description: "All events.", mediaType: NDJSON },
    ],
  },
  problems: ["mission_unknown"],
});

/** A seq without leading zeros, or a time. */
const pointSchema = z
  .string()
  .refine((at) => /^(0|[1-9]\d{0,15})$/.test(at) || isoToUnixMs(at) !== null, {
    message: "must be a seq or an RFC 3339 UTC time with milliseconds",
  });

const replayRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/replay",
  tag: "trace",
  summary: "The state at a point of the trace, and its hash",
  audience: ["auditor", "operator"],
  params: missionParams,
  query: z.strictObject({ at: pointSchema }),
  answers: { 200: { description: "Folded anew from seq 0.", schema: replaySchema } },
  problems: ["mission_unknown", "mission_broken", "replay_point_unknown"],
});

const verifyRoute = defineRoute({
  method: "post",
  path: "/v1/audit/verify",
  tag: "trace",
  summary: "Verifies a mission's trace, or an uploaded one; names the first bad seq",
  description:
    "With `certify` the whole mission is decided again from its recorded inputs, and the answer certifies the state hash or names the first event that differs. Keys of approvers and verifiers are held against the team's directory, past ones among them, where the trace is the team's.",
  audience: ["auditor"],
  body: verifySchema,
  answers: { 200: { description: "The verdict.", schema: verificationSchema } },
  problems: ["mission_unknown"],
});

export const traceRoutes = createRouter();

traceRoutes.openapi(traceRoute, async (c) => {
  const source = sourceOf(c, c.req.valid("param").id);
  const { after, limit } = c.req.valid("query");
  const isStream = (c.req.header("accept") ?? "").toLowerCase().includes(NDJSON);
  const page = isStream
    ? await readPage(source, after)
    : await source.stub().readTrace(source.team, after, limit);
  if (!page.ok) return rejectionResponse(c, page.error);
  setEtag(c, page.value.head);
  if (isStream) return streamResponse(c, source, page.value, after);
  const { events, head } = page.value;
  const last = events.at(-1);
  const nextCursor = last !== undefined && last.seq < head.seq ? String(last.seq) : null;
  return c.json({ items: events, nextCursor }, 200);
});

traceRoutes.openapi(replayRoute, async (c) => {
  const { at } = c.req.valid("query");
  const point = /^\d+$/.test(at) ? Number(at) : at;
  const folded = await foldUpTo(sourceOf(c, c.req.valid("param").id), point);
  if (!folded.ok) return rejectionResponse(c, folded.error);
  const state = folded.value;
  if (state === null) {
    return problemResponse(c, { code: "replay_point_unknown", detail: `nothing at ${at}` });
  }
  const { head } = state;
  return c.json({ head, stateHash: stateHash(state), view: viewMission(state) }, 200);
});

traceRoutes.openapi(verifyRoute, async (c) => {
  // An exported event may nest deeper than other bodies, and stands in a list here.
  const body = await parseBody(c, verifySchema, { depthMax: LIMITS.eventDepthMax + 2 });
  if (!body.ok) return problemResponse(c, body.error);
  const idempotency = readIdempotency(c, null);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const request = body.value.value;
  if ("missionId" in request) {
    const certifier = request.certify ? createCertifier(await teamPins(c)) : null;
    const walk = await walkTrace(sourceOf(c, request.missionId), (page) => {
      certifier?.push(page);
      return true;
    });
    if (!walk.ok) return rejectionResponse(c, walk.error);
    const { flaw, events, head } = walk.value;
    if (flaw) return c.json(flawed(flaw), 200);
    return c.json({ valid: true, events, head, ...certificationOf(certifier) }, 200);
  }
  const { events, head } = request;
  const verified = verifyTrace(events, head === undefined ? {} : { expectedHead: head });
  if (!verified.ok) return c.json(flawed(verified.error), 200);
  const trace = events as unknown as readonly TraceEvent[];
  const pins = request.certify && isOfTeam(c, trace) ? await teamPins(c) : {};
  const certifier = request.certify ? createCertifier(pins) : null;
  certifier?.push(trace);
  return c.json({ valid: true, ...verified.value, ...certificationOf(certifier) }, 200);
});

/** Another team's people are not in this one's directory. */
function isOfTeam(c: Context<AppContext>, [opening]: readonly TraceEvent[]): boolean {
  return opening?.data["team"] === c.get("principal").team;
}

/** Whose the keys are, as the team's directory says; a key stays with the one it was first registered for. */
async function teamPins(c: Context<AppContext>): Promise<Required<Pins>> {
  const owners = await teamStub(c.env, c.get("principal").team).keyOwners();
  return { approverKeys: keysById(owners.approvers), verifierKeys: keysById(owners.verifiers) };
}

function keysById(owners: readonly KeyOwner[]): KeysById {
  const kidsById = new Map<string, Set<string>>();
  for (const { id, kid } of owners) kidsById.set(id, (kidsById.get(id) ?? new Set()).add(kid));
  return kidsById;
}

function certificationOf(certifier: Certifier | null) {
  return certifier && { certification: certifier.finish() };
}

function sourceOf(c: Context<AppContext>, missionId: string): TraceSource {
  const { team } = c.get("principal");
  return { stub: () => missionStub(c.env, team, missionId), team, missionId };
}

function flawed({ seq, reason, detail }: TraceFlaw) {
  return { valid: false, firstBadSeq: seq, reason, detail };
}

/** Streams up to the head of the first page; a fault on the way breaks the stream off, never ends it well. */
function streamResponse(
  c: Context<AppContext>,
  source: TraceSource,
  first: TracePage,
  after: number,
): Response {
  const requestId = c.get("requestId");
  const toSeq = first.head.seq;
  const encoder = new TextEncoder();
  let page: TracePage | null = first;
  let at = after;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        page ??= await nextPage(source, at);
        const events = page.events.filter((event) => event.seq <= toSeq);
        page = null;
        if (events.length === 0 && at < toSeq) throw new Error(`nothing to read after seq ${at}`);
        at = events.at(-1)?.seq ?? toSeq;
        if (events.length > 0) controller.enqueue(encoder.encode(encodeTrace(events)));
        if (at >= toSeq) controller.close();
      } catch (thrown) {
        log("error", "trace.stream_broken", { requestId, at, ...errorFacts(thrown) });
        controller.error(thrown);
      }
    },
  });
  return c.body(body, 200, { "content-type": NDJSON });
}

async function nextPage(source: TraceSource, after: number): Promise<TracePage> {
  const page = await readPage(source, after);
  if (!page.ok) throw new Error(`the mission stopped answering: ${page.error.reason}`);
  return page.value;
}
