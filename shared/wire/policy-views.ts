/**
 * The bodies of the policy runs: the trial of a version on live traffic, and a version run over what
 * was recorded. Specification: docs/policy.md, "Shadow" and "Runs over recorded missions".
 */
import * as z from "zod";
import { LIMITS } from "../limits.ts";
import type { PolicyContradiction, PolicyFlip } from "../mission/index.ts";
import { policyRecordSchema } from "./api.ts";

const verdictSchema = z.enum(["allow", "pause", "block", "seal"]);
const cursorSchema = z.string().min(1).max(1_024);
const missionsSchema = z.int().min(1).max(LIMITS.redecideMissionsMax);

/** Over recorded missions, a page at a time; or live, beside the active policy, until it is ended. */
export const shadowPolicySchema = z.discriminatedUnion("over", [
  z.strictObject({
    over: z.literal("recorded"),
    cursor: cursorSchema.optional(),
    limit: missionsSchema.default(LIMITS.redecideMissionsMax),
  }),
  z.strictObject({ over: z.literal("live"), on: z.boolean() }),
]);

const flipSchema = z.strictObject({
  missionId: z.string(),
  nodeId: z.string(),
  seq: z.int().min(0),
  from: verdictSchema,
  to: verdictSchema,
}) satisfies z.ZodType<PolicyFlip>;

const countsSchema = {
  version: z.string(),
  hash: z.string(),
  /** Missions looked at on this page, and those that could not be read to their end. */
  missions: z.int().min(0),
  unread: z.array(z.strictObject({ missionId: z.string(), reason: z.string() })),
  decisions: z.int().min(0),
  same: z.int().min(0),
  wouldAllow: z.int().min(0),
  wouldStop: z.int().min(0),
  otherwise: z.int().min(0),
  isCut: z.boolean(),
  nextCursor: z.string().nullable(),
};

export const policyRunSchema = z.strictObject({
  ...countsSchema,
  drifted: z.int().min(0),
  flips: z.array(flipSchema),
  contradictions: z.array(
    z.strictObject({
      missionId: z.string(),
      nodeId: z.string(),
      seq: z.int().min(0),
      person: z.string(),
      kind: z.enum(["approved_now_blocked", "denied_now_unasked"]),
    }) satisfies z.ZodType<PolicyContradiction>,
  ),
});

export const shadowRunSchema = z.strictObject({
  ...countsSchema,
  state: policyRecordSchema.shape.state,
  examples: z.array(flipSchema),
});

/** What a POST is answered: the run, or the version in its new state. */
export const shadowAnswerSchema = z.union([policyRunSchema, policyRecordSchema]);
