/**
 * The answer of the worst-case gate as a pure service; the question's schema is the universes' own.
 * Specification: docs/universes.md.
 */
import * as z from "zod";
import { type DecisionEvaluation, RECOMMENDATIONS } from "../universe/index.ts";

const decisionSchema = z.enum(["allow", "pause", "block"]);

const universeReasonSchema = z.strictObject({
  code: z.enum([
    "CONSTRAINT_VIOLATED",
    "RISK_OVER_BUDGET",
    "EVIDENCE_INCOMPLETE",
    "UNCERTAINTY_HIGH",
    "UNIVERSE_STALE",
    "UNIVERSE_UNKNOWN",
  ]),
  universe: z.string(),
  detail: z.string(),
  counterfactual: z.string(),
});

export const decisionEvaluationSchema = z.strictObject({
  at: z.iso.datetime({ precision: 3 }),
  decision: decisionSchema,
  score: z.number(),
  topUniverse: z.string().nullable(),
  universes: z.array(
    z.strictObject({
      id: z.string(),
      decision: decisionSchema,
      score: z.number(),
      reasons: z.array(universeReasonSchema),
    }),
  ),
  reasons: z.array(universeReasonSchema),
  conflict: z.strictObject({
    score: z.number(),
    signs: z.array(
      z.strictObject({
        universe: z.string(),
        sign: z.union([z.literal(-1), z.literal(0), z.literal(1)]).nullable(),
      }),
    ),
    contradictions: z.array(z.strictObject({ gains: z.string(), loses: z.string() })),
    pairs: z.array(
      z.strictObject({
        a: z.string(),
        b: z.string(),
        correlation: z.number(),
        weight: z.number(),
        conflict: z.number(),
      }),
    ),
    undetermined: z.array(z.strictObject({ a: z.string(), b: z.string() })),
  }),
  recommendations: z.array(z.enum(RECOMMENDATIONS)),
}) satisfies z.ZodType<DecisionEvaluation>;
