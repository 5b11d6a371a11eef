/**
 * Policies before they count: a version on trial beside the active one, and a version run over what
 * was recorded. Neither changes what any mission does. Specification: docs/policy.md.
 */
import * as z from "zod";
import { POLICY_ID } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  createPolicyRun,
  createShadowRun,
  readShadow,
  redecideMission,
} from "../../shared/mission/index.ts";
import {
  type policyRunSchema,
  shadowAnswerSchema,
  shadowPolicySchema,
  shadowRunSchema,
} from "../../shared/wire/policy-views.ts";
import { defineRoute } from "../contract.ts";
import { CURSOR_CHARS_MAX, CURSOR_REFUSED, decodeCursor } from "../cursor.ts";
import { parsePost } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { walkMissions } from "../policy-runs.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const versionParams = z.object({ version: z.string().regex(POLICY_ID) });
const runQuery = z.strictObject({
  cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LIMITS.redecideMissionsMax)
    .default(LIMITS.redecideMissionsMax),
});

const shadowRoute = defineRoute({
  method: "post",
  path: "/v1/policies/{version}/shadow",
  tag: "policies",
  summary: "Runs the version over recorded missions, or starts and ends its trial on live ones",
  description:
    "Over recorded missions: every entry gate is asked again under this version, a page of missions at a time; nothing is recorded. Live: missions that open from now on ask this version beside the active one and record what it would have said.",
  audience: ["operator", "approver"],
  params: versionParams,
  body: shadowPolicySchema,
  answers: { 200: { description: "The run, or the version.", schema: shadowAnswerSchema } },
  problems: ["policy_unknown", "policy_not_proposed"],
});

const resultsRoute = defineRoute({
  method: "get",
  path: "/v1/policies/{version}/shadow",
  tag: "policies",
  summary:
    "What the version on trial would have said, from the traces of the missions that carried it",
  audience: ["operator", "approver"],
  params: versionParams,
  query: runQuery,
  answers: { 200: { description: "One page of missions.", schema: shadowRunSchema } },
  problems: ["policy_unknown"],
});

export const policyRunRoutes = createRouter();

policyRunRoutes.openapi(shadowRoute, async (c) => {
  const post = await parsePost(c, shadowPolicySchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const { version } = c.req.valid("param");
  const { team } = c.get("principal");
  if (body.over === "live") {
    const moved = await teamStub(c.env, team).shadowPolicy({ version, on: body.on, idempotency });
    return moved.ok ? c.json(moved.value, 200) : rejectionResponse(c, moved.error);
  }
  const place = body.cursor === undefined ? [""] : decodeCursor(team, body.cursor, 1);
  if (place === null) return problemResponse(c, CURSOR_REFUSED);
  const candidate = await teamStub(c.env, team).policy(version);
  if (candidate === null) return rejectionResponse(c, { reason: "policy_unknown", version });
  const { hash, document } = candidate;
  const run = createPolicyRun();
  const walk = await walkMissions(c.env, team, {
    after: place[0] ?? "",
    missionsMax: body.limit,
    begin: () => redecideMission(run, { version, hash, document }, LIMITS.redecideFindingsMax),
  });
  const answer: z.output<typeof policyRunSchema> = { version, hash, ...run, ...mutable(walk) };
  return c.json(answer, 200);
});

policyRunRoutes.openapi(resultsRoute, async (c) => {
  const { version } = c.req.valid("param");
  const { cursor, limit } = c.req.valid("query");
  const { team } = c.get("principal");
  const place = cursor === undefined ? [""] : decodeCursor(team, cursor, 1);
  if (place === null) return problemResponse(c, CURSOR_REFUSED);
  const policy = await teamStub(c.env, team).policy(version);
  if (policy === null) return rejectionResponse(c, { reason: "policy_unknown", version });
  const run = createShadowRun();
  const walk = await walkMissions(c.env, team, {
    after: place[0] ?? "",
    missionsMax: limit,
    begin: () => (event) => readShadow(run, version, event, LIMITS.redecideFindingsMax),
  });
  const { hash, state } = policy;
  const answer: z.output<typeof shadowRunSchema> = {
    version,
    hash,
    state,
    ...run,
    ...mutable(walk),
  };
  return c.json(answer, 200);
});

function mutable({ unread, ...rest }: Awaited<ReturnType<typeof walkMissions>>) {
  return { ...rest, unread: [...unread] };
}
