/**
 * Moving one running mission to a tighter policy, by the caller's own signature. Whether it is tighter,
 * and whether the signature says so, is the mission's decision (shared/mission/decide/repin.ts).
 */
import * as z from "zod";
import { MISSION_ID } from "../../shared/ids.ts";
import { repinnedSchema, repinPolicySchema } from "../../shared/wire/api.ts";
import { commandBase, execute } from "../commands.ts";
import { defineRoute } from "../contract.ts";
import { parsePost, readIfMatch } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse, rejectionResponse } from "../problems.ts";
import { STATEMENT_REFUSALS } from "../refusals.ts";
import { createRouter } from "../router.ts";

const repinRoute = defineRoute({
  method: "post",
  path: "/v1/missions/{id}/policy",
  tag: "policies",
  summary: "Moves a running mission to the active policy, where that is provably tighter",
  audience: ["operator", "approver"],
  params: z.object({ id: z.string().regex(MISSION_ID) }),
  body: repinPolicySchema,
  etag: true,
  ifMatch: true,
  answers: { 200: { description: "Moved; what was asked is asked anew.", schema: repinnedSchema } },
  problems: [
    "mission_unknown",
    "mission_broken",
    "mission_full",
    "mission_not_active",
    "policy_unknown",
    "policy_not_active",
    "policy_already_pinned",
    "policy_repins_exhausted",
    "policy_not_tighter",
    ...STATEMENT_REFUSALS,
  ],
});

export const policyRepinRoutes = createRouter();

policyRepinRoutes.openapi(repinRoute, async (c) => {
  const post = await parsePost(c, repinPolicySchema);
  if (!post.ok) return problemResponse(c, post.error);
  const ifMatch = readIfMatch(c);
  if (!ifMatch.ok) return problemResponse(c, ifMatch.error);
  const { body, idempotency } = post.value;
  const { version, statement } = body;
  const { team, sub } = c.get("principal");
  const stub = teamStub(c.env, team);
  const [found, approver] = await Promise.all([stub.policy(version), stub.approverFacts(sub)]);
  if (found === null) return rejectionResponse(c, { reason: "policy_unknown", version });
  const { hash, document, state, proposedBy } = found;
  const command = {
    ...commandBase(c, "human"),
    type: "RepinPolicy",
    policy: { version, hash, document },
    policyState: state,
    proposedBy,
    statement,
    approver,
  } as const;
  const execution = {
    missionId: c.req.valid("param").id,
    command,
    idempotency,
    ifMatch: ifMatch.value,
  };
  return execute(c, execution, ({ answer }) => c.json(answer, 200));
});
