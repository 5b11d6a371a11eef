/**
 * The policy document in its first form: typed rules, deny by default, forbid wins.
 *
 * Holds no expression language; every condition is one typed predicate over the action's
 * arguments. Specification: docs/policy.md.
 */
import * as z from "zod";
import { actionTypeSchema, nameSchema, subjectSchema } from "../plan/index.ts";

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

/** A rule matches when every member it names matches; a member it leaves out matches anything. */
export const policyRuleSchema = z.strictObject({
  id: nameSchema,
  effect: z.enum(["permit", "forbid"]),
  kinds: z.array(z.enum(["decision", "execution", "approval"])).min(1),
  actions: z.array(actionTypeSchema).min(1).max(256).optional(),
  agents: z.array(subjectSchema).min(1).max(256).optional(),
  zones: z.array(z.string().min(1).max(256)).min(1).max(256).optional(),
  riskMin: z.int().min(0).max(4).optional(),
  riskMax: z.int().min(0).max(4).optional(),
  when: z.array(predicateSchema).max(32).default([]),
  /** Approvals that a permit by this rule still needs; the node's own requirement may ask for more. */
  approval: z.strictObject({ quorum: z.int().min(1).max(16) }).optional(),
});

export const policyDocumentSchema = z.strictObject({
  name: nameSchema,
  description: z.string().max(2000).optional(),
  rules: z.array(policyRuleSchema).max(500),
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
