/**
 * The Planner as a service: a brief becomes a plan, or a plan is looked at. Nothing is stored; what comes
 * back can be opened as a mission. Boundaries are those the team registered.
 */
import { checkPlan } from "../../shared/plan/index.ts";
import { compileBrief, diffBrief, gatesOf } from "../../shared/planner/index.ts";
import { compilePlanSchema, planCompiledSchema } from "../../shared/wire/plans.ts";
import { violationsToProblem } from "../../shared/wire/problem.ts";
import { ANY_ROLE, defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { teamStub } from "../missions.ts";
import { problemResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const compileRoute = defineRoute({
  method: "post",
  path: "/v1/plans/compile",
  tag: "plans",
  summary: "Compiles a brief into a plan, or looks at a plan; stores nothing",
  description:
    "With `against`, also says what the brief would change in that plan: an amendment, or refusals.",
  audience: ANY_ROLE,
  body: compilePlanSchema,
  answers: { 200: { description: "A sound plan and what it means.", schema: planCompiledSchema } },
  problems: ["brief_invalid", "plan_invalid"],
});

export const planRoutes = createRouter();

planRoutes.openapi(compileRoute, async (c) => {
  const post = await parsePost(c, compilePlanSchema);
  if (!post.ok) return problemResponse(c, post.error);
  const { brief, against, plan } = post.value.body;
  const registry = await teamStub(c.env, c.get("principal").team).zones();
  if (plan !== undefined) {
    const checked = checkPlan(plan, registry);
    if (!checked.ok)
      return problemResponse(c, violationsToProblem("plan_invalid", "/plan", checked.error));
    const { hash, order } = checked.value;
    return c.json({ plan, planHash: hash, order, gates: gatesOf(plan) }, 200);
  }
  if (brief === undefined) return problemResponse(c, { code: "request_invalid" });
  const compiled = compileBrief(brief, registry);
  if (!compiled.ok)
    return problemResponse(c, violationsToProblem("brief_invalid", "/brief", compiled.error));
  const answer = { ...compiled.value, gates: gatesOf(compiled.value.plan) };
  if (against === undefined) return c.json(answer, 200);
  const existing = checkPlan(against);
  if (!existing.ok)
    return problemResponse(c, violationsToProblem("plan_invalid", "/against", existing.error));
  const drift = diffBrief(against, brief);
  if (!drift.ok)
    return problemResponse(c, violationsToProblem("brief_invalid", "/brief", drift.error));
  return c.json({ ...answer, drift: drift.value }, 200);
});
