/**
 * The policy document: typed rules, deny by default, forbid wins.
 *
 * A rule's `when` is a list of typed predicates over the action's arguments, its `condition` one CEL
 * expression over the whole context; a document with a condition that does not compile is refused.
 * Specification: docs/policy.md.
 */
import * as z from "zod";
import { LIMITS } from "../limits.ts";
import {
  actionTypeSchema,
  groupQuorumsSchema,
  nameSchema,
  purposeSchema,
  subjectSchema,
} from "../plan/index.ts";
import { compileCondition } from "./expression.ts";

const scalarSchema = z.union([z.string().max(1024), z.number(), z.boolean(), z.null()]);

/** One predicate over the proposed arguments; a path that leads nowhere never holds. */
export const predicateSchema = z.discriminatedUnion("op", [
  z.strictObject({
    path: z.string().startsWith("/").max(256),
    op: z.enum(["eq", "ne"]),
    value: scalarSchema,
  }),
  z.strictObject({
    path: z.string().startsWith("/").max(256),
    op: z.enum(["lt", "lte", "gt", "gte"]),
    value: z.number(),
  }),
  z.strictObject({
    path: z.string().startsWith("/").max(256),
    op: z.literal("in"),
    value: z.array(scalarSchema).min(1).max(256),
  }),
]);

/** Every flaw of a condition, each with its line and column. */
function refuseUnsound(text: string, context: z.RefinementCtx): void {
  const compiled = compileCondition(text);
  if (compiled.ok) return;
  for (const { line, column, detail } of compiled.error)
    context.addIssue({ code: "custom", message: `at ${line}:${column}: ${detail}` });
}

/** How many people, from which groups, and how many more from a risk on. */
const approvalRuleSchema = z.strictObject({
  quorum: z.int().min(1).max(16),
  all: groupQuorumsSchema.exactOptional(),
  fromRisk: z
    .array(z.strictObject({ risk: z.int().min(0).max(4), quorum: z.int().min(1).max(16) }))
    .min(1)
    .max(5)
    .exactOptional(),
});

/** A rule matches when every member it names matches; a member it leaves out matches anything. */
export const policyRuleSchema = z.strictObject({
  id: nameSchema,
  effect: z.enum(["permit", "forbid"]),
  kinds: z.array(z.enum(["decision", "execution", "approval", "amendment"])).min(1),
  actions: z.array(actionTypeSchema).min(1).max(256).optional(),
  agents: z.array(subjectSchema).min(1).max(256).optional(),
  zones: z.array(z.string().min(1).max(256)).min(1).max(256).optional(),
  riskMin: z.int().min(0).max(4).optional(),
  riskMax: z.int().min(0).max(4).optional(),
  when: z.array(predicateSchema).max(32).default([]),
  /** A boolean CEL expression; the rule matches only where it is true. */
  condition: z.string().min(1).max(LIMITS.conditionCharsMax).superRefine(refuseUnsound).optional(),
  /** Approvals that a permit by this rule still needs; the node's own requirement may ask for more. */
  approval: approvalRuleSchema.optional(),
});

export const policyDocumentSchema = z.strictObject({
  name: nameSchema,
  description: z.string().max(2000).optional(),
  rules: z.array(policyRuleSchema).max(500),
  /** Purposes that gate 8 seals, beside those of the plan; docs/reasons.md, "Ethics". */
  forbiddenPurposes: z.array(purposeSchema).min(1).max(64).optional(),
});

export type Predicate = z.output<typeof predicateSchema>;
export type PolicyRule = z.output<typeof policyRuleSchema>;
export type PolicyDocument = z.output<typeof policyDocumentSchema>;

/** The policy version a mission pinned when it opened. */
export interface PinnedPolicy {
  /** `pol_…` */
  readonly version: string;
  /** SHA-256 over the JCS bytes of `document`. */
  readonly hash: string;
  readonly document: PolicyDocument;
}
