/**
 * The bodies of a reconciliation: what a person found of an action whose outcome is unknown, and what the
 * node made of it. Specification: docs/interventions.md, "An unknown outcome".
 */
import * as z from "zod";
import { LIMITS } from "../limits.ts";
import type { Answer } from "../mission/index.ts";
import { gateResultSchema, nodeStatusSchema } from "./api.ts";

/** Whether the action happened. */
export const findingSchema = z.enum(["done", "not_done"]);

export const reconcileSchema = z.strictObject({
  outcome: findingSchema,
  reason: z.string().min(1).max(LIMITS.reasonTextCharsMax),
  /** Hashes of bundles the mission holds that show it. */
  evidence: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .min(1)
    .max(LIMITS.reconciliationEvidenceMax)
    .exactOptional(),
});

export const reconciliationAnswerSchema = z.strictObject({
  type: z.literal("reconciled"),
  outcome: findingSchema,
  nodeState: nodeStatusSchema,
  gateResult: gateResultSchema,
}) satisfies z.ZodType<Extract<Answer, { readonly type: "reconciled" }>>;
