/**
 * Opening a mission: from the posted plan to the mission's first command, under the policy that the team's
 * object pins. Missions and canaries open the same way, or they could be told apart.
 */
import type { Context } from "hono";
import type * as z from "zod";
import { isStructural, type ZoneFacts } from "../shared/architect/index.ts";
import type { EvidenceBundle } from "../shared/evidence/index.ts";
import { missionId } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import { compilePlan } from "../shared/plan/index.ts";
import { ok, type Result } from "../shared/result.ts";
import { unmeetableNodes } from "../shared/team/index.ts";
import { openMissionSchema } from "../shared/wire/api.ts";
import type { Problem } from "../shared/wire/problem.ts";
import { hasRole } from "./auth.ts";
import { commandBase, execute, freshUuid } from "./commands.ts";
import type { AppContext } from "./context.ts";
import type { Env } from "./env.ts";
import { jsonSizeFlaw, receiveEvidence, verificationFor } from "./evidence.ts";
import { parsePost } from "./idempotency.ts";
import { teamStub } from "./missions.ts";
import { problemResponse, rejectionResponse } from "./problems.ts";

/** Reads the request, opens the mission and answers 201, or the problem. */
export async function openMission(
  c: Context<AppContext>,
  options: { readonly canary?: true } = {},
): Promise<Response> {
  const post = await parsePost(c, openMissionSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { body, idempotency } = post.value;
  const sizeFlaw = jsonSizeFlaw(body.plan, LIMITS.planBytesMax, "/plan");
  if (sizeFlaw) return problemResponse(c, sizeFlaw);
  const principal = c.get("principal");
  const registry = await zonesFor(c.env, principal.team, body.plan.nodes);
  const plan = compilePlan(body.plan, registry);
  if (!plan.ok) return rejectionResponse(c, plan.error);
  const inputs = bundleInputs(body.inputs, principal.sub);
  if (!inputs.ok) return problemResponse(c, inputs.error);
  const base = commandBase(c, hasRole(principal, ["operator"]) ? "human" : "agent");
  const opening = await teamStub(c.env, principal.team).opening({
    missionId: missionId(freshUuid(base.at)),
    idempotency,
  });
  if (!opening.ok) return rejectionResponse(c, opening.error);
  const { missionId: id, policy, shadow } = opening.value;
  if (policy === null) return rejectionResponse(c, { reason: "policy_inactive" });
  const command = {
    ...base,
    type: "OpenMission",
    missionId: id,
    team: principal.team,
    plan: plan.value,
    inputs: inputs.value,
    ...(await verificationFor(c, inputs.value)),
    policy,
    ...(shadow && { shadow }),
    ...options,
  } as const;
  const people = await teamStub(c.env, principal.team).approvers();
  const warnings = unmeetableNodes(plan.value.plan, people, base.at);
  return execute(c, { missionId: id, command, idempotency }, ({ answer }) => {
    c.header("location", `/v1/missions/${id}`);
    return c.json({ ...answer, warnings }, 201);
  });
}

/** Asks the team's registry only where there is something that it could forbid. */
export async function zonesFor(
  env: Env,
  team: string,
  nodes: Parameters<typeof isStructural>[0],
): Promise<readonly ZoneFacts[]> {
  return isStructural(nodes) ? teamStub(env, team).zones() : [];
}

function bundleInputs(
  inputs: z.output<typeof openMissionSchema>["inputs"],
  producedBy: string,
): Result<readonly EvidenceBundle[], Problem> {
  const bundles: EvidenceBundle[] = [];
  for (const [index, input] of inputs.entries()) {
    const bundle = receiveEvidence(input, producedBy, `/inputs/${index}`);
    if (!bundle.ok) return bundle;
    bundles.push(bundle.value);
  }
  return ok(bundles);
}
