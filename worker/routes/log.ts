/**
 * The transparency logs: signed checkpoints and proofs of each mission's trace and of the team's log over
 * its missions. The objects say what is so; the signature is put on here, where the key is.
 * Specification: docs/transparency.md.
 */
import type { Context } from "hono";
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import {
  formatConsistencyText,
  formatInclusionText,
  hexToHash,
  type Hash,
  type LogConsistency,
  type LogHead,
  type LogInclusion,
  type LogReject,
} from "../../shared/log/index.ts";
import type { Rejection } from "../../shared/mission/index.ts";
import type { Result } from "../../shared/result.ts";
import { pageSchema } from "../../shared/wire/api.ts";
import {
  checkpointQuery,
  checkpointSchema,
  consistencyQuery,
  consistencySchema,
  inclusionQuery,
  inclusionSchema,
  logEntriesQuery,
  logEntrySchema,
  logKeySchema,
  teamInclusionQuery,
} from "../../shared/wire/log-views.ts";
import { logVkey, signMissionHead, signTeamHead, type SignedHead } from "../checkpoints.ts";
import type { AppContext } from "../context.ts";
import { defineRoute } from "../contract.ts";
import { missionStub, teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const TEXT = "text/plain";
const missionParams = z.object({ id: z.string().regex(MISSION_ID) });

const checkpointAnswers = {
  200: [
    {
      description: "A C2SP tlog-checkpoint; with Accept: application/json its fields.",
      mediaType: TEXT,
    },
    { description: "The fields, and the note.", schema: checkpointSchema },
  ],
};
const inclusionAnswers = {
  200: [
    {
      description: "The proof; with Accept: text/plain a C2SP .tlog-proof.",
      schema: inclusionSchema,
    },
    { description: "A .tlog-proof.", mediaType: TEXT },
  ],
};
const consistencyAnswers = {
  200: [
    {
      description:
        "The proof; with Accept: text/plain the body of a witness's add-checkpoint request.",
      schema: consistencySchema,
    },
    { description: "An add-checkpoint request.", mediaType: TEXT },
  ],
};

const missionCheckpointRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/checkpoint",
  tag: "log",
  summary: "A signed checkpoint of the mission's trace, now or at a size",
  audience: ["auditor"],
  params: missionParams,
  query: checkpointQuery,
  answers: checkpointAnswers,
  problems: ["mission_unknown", "mission_broken", "log_point_unknown"],
});

const missionInclusionRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/proofs/inclusion",
  tag: "log",
  summary: "That the event at seq is in the checkpointed trace",
  audience: ["auditor"],
  params: missionParams,
  query: inclusionQuery,
  answers: inclusionAnswers,
  problems: ["mission_unknown", "mission_broken", "log_point_unknown"],
});

const missionConsistencyRoute = defineRoute({
  method: "get",
  path: "/v1/missions/{id}/proofs/consistency",
  tag: "log",
  summary: "That the trace only grew between two sizes",
  audience: ["auditor"],
  params: missionParams,
  query: consistencyQuery,
  answers: consistencyAnswers,
  problems: ["mission_unknown", "mission_broken", "log_point_unknown"],
});

const teamCheckpointRoute = defineRoute({
  method: "get",
  path: "/v1/log/checkpoint",
  tag: "log",
  summary: "A signed checkpoint of the team's log over the heads of ended missions",
  audience: ["auditor"],
  query: checkpointQuery,
  answers: checkpointAnswers,
  problems: ["log_point_unknown"],
});

const teamInclusionRoute = defineRoute({
  method: "get",
  path: "/v1/log/proofs/inclusion",
  tag: "log",
  summary: "That an entry, or a mission's newest one, is in the team's log",
  audience: ["auditor"],
  query: teamInclusionQuery,
  answers: inclusionAnswers,
  problems: ["log_point_unknown"],
});

const teamConsistencyRoute = defineRoute({
  method: "get",
  path: "/v1/log/proofs/consistency",
  tag: "log",
  summary: "That the team's log only grew between two sizes",
  audience: ["auditor"],
  query: consistencyQuery,
  answers: consistencyAnswers,
  problems: ["log_point_unknown"],
});

const teamEntriesRoute = defineRoute({
  method: "get",
  path: "/v1/log/entries",
  tag: "log",
  summary: "The entries of the team's log; `nextCursor` is the `after` of the next page",
  audience: ["auditor"],
  query: logEntriesQuery,
  answers: { 200: { description: "In order.", schema: pageSchema(logEntrySchema) } },
});

const keyRoute = defineRoute({
  method: "get",
  path: "/.well-known/sekisho-log.json",
  tag: "keys",
  summary: "The key that checkpoints verify with, and how their origins are spelled",
  audience: "anonymous",
  answers: { 200: { description: "Pin it; do not ask again each time.", schema: logKeySchema } },
});

export const logRoutes = createRouter();

logRoutes.openapi(missionCheckpointRoute, async (c) => {
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const head = await missionStub(c.env, team, id).checkpoint(
    team,
    c.req.valid("query").size ?? null,
  );
  if (!head.ok) return refusal(c, head.error);
  return checkpointResponse(c, head.value, signMissionHead(c.env, team, id, head.value));
});

logRoutes.openapi(missionInclusionRoute, async (c) => {
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const { seq, size } = c.req.valid("query");
  const proof = await missionStub(c.env, team, id).inclusionProof(team, seq, size ?? null);
  return inclusionResponse(c, proof, (head) => signMissionHead(c.env, team, id, head));
});

logRoutes.openapi(missionConsistencyRoute, async (c) => {
  const { team } = c.get("principal");
  const { id } = c.req.valid("param");
  const { from, to } = c.req.valid("query");
  const proof = await missionStub(c.env, team, id).consistencyProof(team, from, to ?? null);
  return consistencyResponse(c, proof, (head) => signMissionHead(c.env, team, id, head));
});

logRoutes.openapi(teamCheckpointRoute, async (c) => {
  const { team } = c.get("principal");
  const head = await teamStub(c.env, team).logHead(c.req.valid("query").size ?? null);
  if (!head.ok) return refusal(c, head.error);
  return checkpointResponse(c, head.value, signTeamHead(c.env, team, head.value));
});

logRoutes.openapi(teamInclusionRoute, async (c) => {
  const { team } = c.get("principal");
  const { index, mission, size } = c.req.valid("query");
  const proof = await teamStub(c.env, team).logInclusion(index ?? mission ?? 0, size ?? null);
  return inclusionResponse(c, proof, (head) => signTeamHead(c.env, team, head));
});

logRoutes.openapi(teamConsistencyRoute, async (c) => {
  const { team } = c.get("principal");
  const { from, to } = c.req.valid("query");
  const proof = await teamStub(c.env, team).logConsistency(from, to ?? null);
  return consistencyResponse(c, proof, (head) => signTeamHead(c.env, team, head));
});

logRoutes.openapi(teamEntriesRoute, async (c) => {
  const { after, limit } = c.req.valid("query");
  const items = await teamStub(c.env, c.get("principal").team).logEntries(after, limit);
  const last = items.at(-1);
  const nextCursor = last !== undefined && items.length === limit ? String(last.index) : null;
  return c.json({ items, nextCursor }, 200);
});

logRoutes.openapi(keyRoute, (c) => {
  const vkey = logVkey(c.env);
  const host = vkey.slice(0, vkey.indexOf("+"));
  const origins = { mission: `${host}/{team}/{missionId}`, team: `${host}/{team}/log` };
  return c.json({ vkey, origins }, 200);
});

type Refused = Rejection | LogReject;

function refusal(c: Context<AppContext>, refused: Refused): Response {
  if (refused.reason !== "log_point_unknown") return rejectionResponse(c, refused);
  const { reason, size, detail } = refused;
  return problemResponse(c, { code: reason, detail, facts: { size } });
}

function checkpointResponse(
  c: Context<AppContext>,
  head: LogHead,
  { origin, note }: SignedHead,
): Response {
  if (!accepts(c, "application/json")) return textResponse(c, note);
  return c.json({ ...head, origin, checkpoint: note, vkey: logVkey(c.env) }, 200);
}

function inclusionResponse(
  c: Context<AppContext>,
  proof: Result<LogInclusion, Refused>,
  sign: (head: LogHead) => SignedHead,
): Response {
  if (!proof.ok) return refusal(c, proof.error);
  const { origin, note } = sign(proof.value);
  if (!accepts(c, TEXT)) {
    return c.json({ ...proof.value, origin, checkpoint: note, vkey: logVkey(c.env) }, 200);
  }
  const { index } = proof.value;
  const text = { index, proof: hashes(proof.value.proof), checkpoint: note };
  return textResponse(c, formatInclusionText(text));
}

function consistencyResponse(
  c: Context<AppContext>,
  proof: Result<LogConsistency, Refused>,
  sign: (head: LogHead) => SignedHead,
): Response {
  if (!proof.ok) return refusal(c, proof.error);
  const { from, to, toRoot } = proof.value;
  const { origin, note } = sign({ size: to, root: toRoot });
  if (!accepts(c, TEXT)) {
    return c.json({ ...proof.value, origin, checkpoint: note, vkey: logVkey(c.env) }, 200);
  }
  const text = { from, proof: hashes(proof.value.proof), checkpoint: note };
  return textResponse(c, formatConsistencyText(text));
}

function hashes(hexes: readonly string[]): readonly Hash[] {
  return hexes.map((hex) => hexToHash(hex)).filter((hash) => hash !== null);
}

/** Whether the caller named this type; a wildcard leaves the choice to the route. */
function accepts(c: Context<AppContext>, type: string): boolean {
  return (c.req.header("accept") ?? "").toLowerCase().includes(type);
}

function textResponse(c: Context<AppContext>, text: string): Response {
  return c.body(text, 200, { "content-type": `${TEXT}; charset=utf-8` });
}
