/**
 * The live stream of a mission: a WebSocket where the request asks for an upgrade, server-sent events
 * otherwise. What a role is shown of an event is what it may read of the trace, and no more.
 * Specification: docs/stream.md.
 */
import type { Context } from "hono";
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseSeq, STREAM_SEQ } from "../../shared/stream/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { streamTicketSchema } from "../../shared/wire/api.ts";
import type { Problem } from "../../shared/wire/problem.ts";
import type { StreamAsk } from "../../shared/wire/stream.ts";
import { hasRole } from "../auth.ts";
import type { AppContext } from "../context.ts";
import { ANY_ROLE, defineRoute } from "../contract.ts";
import { eventStream } from "../event-stream.ts";
import { readIdempotency } from "../idempotency.ts";
import { missionSocket, missionStub } from "../missions.ts";
import { orUnavailable, problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";
import { createStreamTicket } from "../stream-tickets.ts";

const missionParams = z.object({ id: z.string().regex(MISSION_ID) });

/** How soon to ask again when too many are watching. */
const RETRY_AFTER_SECONDS = "5";

const streamRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/stream",
  tag: "trace",
  summary: "Every event as it is committed, from any seq on",
  description:
    "Server-sent events, or a WebSocket when asked to upgrade. Starts behind the header `Last-Event-ID`, or `after`. Auditors and operators receive whole events; other roles their outline. 204 when the mission has ended and nothing is left to send.",
  audience: ANY_ROLE,
  params: missionParams,
  query: z.strictObject({
    after: z.string().regex(STREAM_SEQ, "must be a seq, or -1 for the beginning").default("-1"),
    ticket: z.string().optional(),
  }),
  answers: {
    101: { description: "A WebSocket, one event a message.", mediaType: "application/json" },
    200: { description: "One event a message, until the end.", mediaType: "text/event-stream" },
    204: { description: "Nothing more will come.", mediaType: "text/event-stream" },
  },
  problems: ["mission_unknown", "replay_point_unknown", "stream_full"],
});

const ticketRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/stream-tickets",
  tag: "trace",
  summary: "A single-use ticket for a stream whose request cannot carry a token",
  description:
    "Opens one stream of this mission within 30 seconds, as `?ticket=`, with the roles of whoever asked for it. A repeated request gets another ticket.",
  audience: ANY_ROLE,
  params: missionParams,
  answers: { 201: { description: "The ticket, shown this once.", schema: streamTicketSchema } },
  problems: ["mission_unknown", "stream_full"],
});

export const streamRoutes = createRouter();

streamRoutes.openapi(streamRoute, async (c) => {
  const point = startOf(c, Number(c.req.valid("query").after));
  if (!point.ok) return problemResponse(c, point.error);
  const { id } = c.req.valid("param");
  const ask = streamAsk(c, point.value);
  const admitted = await missionStub(c.env, ask.team, id).admitStream(ask.team, ask.after);
  if (!admitted.ok) return refusal(c, admitted.error);
  if (isUpgrade(c)) return upgraded(await missionSocket(c.env, ask, id));
  if (admitted.value.isOver) return c.body(null, 204);
  const headers = { "content-type": "text/event-stream; charset=utf-8" };
  // HEAD comes here too; nobody would read what it opens.
  if (c.req.raw.method === "HEAD") return c.body(null, 200, headers);
  return c.body(eventStream(await missionSocket(c.env, ask, id)), 200, headers);
});

streamRoutes.openapi(ticketRoute, async (c) => {
  const idempotency = readIdempotency(c, null);
  if (!idempotency.ok) return problemResponse(c, idempotency.error);
  const { team, sub, roles } = c.get("principal");
  const { ticket, hash } = createStreamTicket(team);
  const issued = await orUnavailable(
    "the mission",
    missionStub(c.env, team, c.req.valid("param").id).issueStreamTicket(team, hash, { sub, roles }),
  );
  if (!issued.ok) return refusal(c, issued.error);
  return c.json({ ticket, expiresAt: unixMsToIso(issued.value.expiresAtMs) }, 201);
});

function streamAsk(c: Context<AppContext>, after: number): StreamAsk {
  const principal = c.get("principal");
  const detail = hasRole(principal, ["auditor", "operator"]) ? "event" : "outline";
  return { team: principal.team, after, detail };
}

/** The header wins: a reader that connects again repeats its first address. */
function startOf(c: Context<AppContext>, after: number): Result<number, Problem> {
  const header = c.req.header("last-event-id");
  if (header === undefined) return ok(after);
  const seq = parseSeq(header);
  if (seq !== null) return ok(seq);
  const detail = "must be the seq of the last event received";
  return err({ code: "request_invalid", errors: [{ pointer: "/header/last-event-id", detail }] });
}

function isUpgrade(c: Context<AppContext>): boolean {
  return (c.req.header("upgrade") ?? "").toLowerCase() === "websocket";
}

function upgraded(webSocket: WebSocket): Response {
  return new Response(null, { status: 101, webSocket });
}

function refusal(
  c: Context<AppContext>,
  rejection: Parameters<typeof rejectionResponse>[1],
): Response {
  const response = rejectionResponse(c, rejection);
  if (rejection.reason === "stream_full") response.headers.set("retry-after", RETRY_AFTER_SECONDS);
  return response;
}
