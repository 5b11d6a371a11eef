/**
 * Policies: proposing a version, and activating it through a person's signature (I13). Which policy is
 * active is the team object's decision.
 */
import { LIMITS } from "../../shared/limits.ts";
import * as z from "zod";
import { POLICY_ID, policyId } from "../../shared/ids.ts";
import {
  activatePolicySchema,
  pageSchema,
  policyRecordSchema,
  proposePolicySchema,
} from "../../shared/wire/api.ts";
import { freshUuid, markReplayed } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { jsonSizeFlaw } from "../evidence.ts";
import { parsePost } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { STATEMENT_REFUSALS } from "../refusals.ts";
import { createRouter } from "../router.ts";

const listRoute = defineRoute({
  method: "get",
  path: "/v1/policies",
  tag: "policies",
  summary: "Every policy version of the team, with its document",
  audience: ["operator", "approver"],
  answers: { 200: { description: "All of them.", schema: pageSchema(policyRecordSchema) } },
});

const proposeRoute = defineRoute({
  method: "post",
  path: "/v1/policies",
  tag: "policies",
  summary: "Proposes a policy; it stays without effect until a person activates it",
  audience: ["operator", "approver"],
  body: proposePolicySchema,
  answers: { 201: { description: "Proposed.", schema: policyRecordSchema } },
  problems: ["directory_full"],
});

const activateRoute = defineRoute({
  method: "post",
  path: "/v1/policies/{version}/activation",
  tag: "policies",
  summary: "Activates a proposed version by a signed statement of another person",
  audience: ["operator", "approver"],
  params: z.object({ version: z.string().regex(POLICY_ID) }),
  body: activatePolicySchema,
  answers: {
    200: { description: "Active; the one before is retired.", schema: policyRecordSchema },
  },
  problems: ["policy_unknown", "policy_not_proposed", ...STATEMENT_REFUSALS],
});

export const policyRoutes = createRouter();

policyRoutes.openapi(listRoute, async (c) => {
  const items = await teamStub(c.env, c.get("principal").team).policies();
  return c.json({ items, nextCursor: null }, 200);
});

policyRoutes.openapi(proposeRoute, async (c) => {
  const post = await parsePost(c, proposePolicySchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { team, sub } = c.get("principal");
  const at = Date.now();
  const version = policyId(freshUuid(at));
  const { document } = post.value.body;
  const sizeFlaw = jsonSizeFlaw(document, LIMITS.policyBytesMax, "/document");
  if (sizeFlaw) return problemResponse(c, sizeFlaw);
  const { idempotency } = post.value;
  const record = await teamStub(c.env, team).proposePolicy({
    version,
    document,
    by: sub,
    idempotency,
    at,
  });
  if (!record.ok) return rejectionResponse(c, record.error);
  markReplayed(c, record.value.version !== version);
  return c.json(record.value, 201);
});

policyRoutes.openapi(activateRoute, async (c) => {
  const post = await parsePost(c, activatePolicySchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { team, sub } = c.get("principal");
  const { body, idempotency } = post.value;
  const activated = await teamStub(c.env, team).activatePolicy({
    version: c.req.valid("param").version,
    statement: body.statement,
    sub,
    idempotency,
    at: Date.now(),
  });
  if (!activated.ok) return rejectionResponse(c, activated.error);
  return c.json(activated.value, 200);
});
