/**
 * The worst-case gate as a pure service: a question in, an evaluation out. Reads no mission, keeps
 * nothing, decides for nobody. Specification: docs/universes.md.
 */
import { unixMsToIso } from "../../shared/time.ts";
import { evaluateDecision, evaluateDecisionSchema } from "../../shared/universe/index.ts";
import { decisionEvaluationSchema } from "../../shared/wire/decisions.ts";
import { ANY_ROLE, defineRoute } from "../contract.ts";
import { parsePost } from "../idempotency.ts";
import { problemResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const evaluateRoute = defineRoute({
  method: "post",
  path: "/v1/decisions/evaluate",
  tag: "decisions",
  summary: "Evaluates an action over its universes: the worst case, the conflict, what to do",
  description: "The largest score decides, never an average. Nothing is recorded.",
  audience: ANY_ROLE,
  body: evaluateDecisionSchema,
  answers: { 200: { description: "The evaluation.", schema: decisionEvaluationSchema } },
});

export const decisionRoutes = createRouter();

decisionRoutes.openapi(evaluateRoute, async (c) => {
  const post = await parsePost(c, evaluateDecisionSchema);
  if (!post.ok) return problemResponse(c, post.error);
  return c.json(evaluateDecision(post.value.body, unixMsToIso(Date.now())), 200);
});
