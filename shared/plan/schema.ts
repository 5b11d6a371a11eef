/**
 * The plan: the immutable graph specification of a mission, as it arrives on the wire.
 *
 * This file only says which shapes are a plan; whether the graph is sound (acyclic, evidence
 * supplied, owners fit the risk, slices free of conflict) is `compile.ts`'s question.
 * Specification: docs/plan.md.
 */
import * as z from "zod";
import { isZone } from "../architect/index.ts";
import { NODE_ID } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { universeSpecsSchema } from "../universe/index.ts";
import { allocationSchema, evidencePolicySchema, profileSchema } from "./node-options.ts";

/** A name inside a plan: node id, phase, evidence kind, artifact name. */
export const nameSchema = z
  .string()
  .regex(
    NODE_ID,
    "must be 1-64 characters of a-z, 0-9, '_', '.', '-' and start with a letter or digit",
  );

/** A slice of an artifact, `artifact#part`: the unit of write conflict. */
export const sliceSchema = z
  .string()
  .max(129)
  .regex(/^[a-z0-9][a-z0-9_.-]{0,63}#[a-z0-9][a-z0-9_.-]{0,63}$/, "must look like artifact#part");

/** An action type, dotted lower-case: `vendor.switch`. */
export const actionTypeSchema = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/, "must be dotted lower-case words");

/** An agent's or person's id: the `sub` of its token. */
export const subjectSchema = z.string().min(1).max(128);

const textSchema = z.string().min(1).max(LIMITS.reasonTextCharsMax);

/** What something is for, a dotted name; forbidding `a` forbids `a.b`. */
export const purposeSchema = z
  .string()
  .max(128)
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/, "must be dotted lower-case words");

/** What a node's decision is measured by. */
const criteriaSchema = z
  .array(z.strictObject({ text: textSchema, kind: z.enum(["objective", "subjective"]) }))
  .min(1)
  .max(32);

/** Seats of groups, all of which must be filled, each by another person. */
export const groupQuorumsSchema = z
  .array(z.strictObject({ group: nameSchema, quorum: z.int().min(1).max(16).default(1) }))
  .min(1)
  .max(8)
  .refine(
    (all) => new Set(all.map(({ group }) => group)).size === all.length,
    "names a group twice",
  )
  .refine(
    (all) => all.reduce((sum, { quorum }) => sum + quorum, 0) <= 16,
    "has more than 16 seats",
  );

/** Who is asked too, or instead, when a request has waited so long; steps rise in time. */
const escalationSchema = z
  .array(
    z.strictObject({
      afterMs: z.int().min(1_000).max(LIMITS.approvalStatementMaxMs),
      group: nameSchema,
      instead: z.boolean().exactOptional(),
    }),
  )
  .min(1)
  .max(LIMITS.escalationStepsMax);

/** Who may approve a node, and how many of them. */
export const approvalRequirementSchema = z.strictObject({
  quorum: z.int().min(1).max(16).default(1),
  group: nameSchema.optional(),
  all: groupQuorumsSchema.exactOptional(),
  /** Nodes whose approvers do not approve here, and the other way round. */
  apartFrom: z.array(nameSchema).min(1).max(16).exactOptional(),
  deadlineMs: z
    .int()
    .min(1_000)
    .max(LIMITS.approvalStatementMaxMs)
    .default(LIMITS.approvalDeadlineMs),
  escalation: escalationSchema.exactOptional(),
  /** Says again, so often, that people are still asked. */
  reminder: z
    .strictObject({
      everyMs: z.int().min(LIMITS.reminderEveryMsMin).max(LIMITS.approvalStatementMaxMs),
    })
    .exactOptional(),
});

/** What a node may do to the outside: one action type, optionally with arguments fixed in advance. */
const actionSpecSchema = z.strictObject({
  type: actionTypeSchema,
  args: z.record(z.string(), z.json()).default({}),
});

export const nodeSchema = z.strictObject({
  id: nameSchema,
  kind: z.enum(["decision", "execution", "approval"]),
  phase: nameSchema,
  title: textSchema,
  risk: z.int().min(0).max(4),
  ownerR: z.enum(["human", "agent", "system"]),
  ownerX: z.enum(["human", "agent", "system"]),
  zone: z.string().min(1).max(256).optional(),
  agents: z.array(subjectSchema).max(64).default([]),
  skill: nameSchema.optional(),
  inputs: z.array(nameSchema).max(64).default([]),
  outputs: z.array(nameSchema).max(64).default([]),
  evidenceIn: z.array(nameSchema).max(32).default([]),
  evidenceOut: z.array(nameSchema).max(32).default([]),
  confidenceMin: z.number().min(0).max(1).default(0.5),
  universes: universeSpecsSchema.optional(),
  criteria: criteriaSchema.optional(),
  purpose: purposeSchema.optional(),
  evidencePolicy: evidencePolicySchema.optional(),
  allocation: allocationSchema.optional(),
  action: actionSpecSchema.optional(),
  approves: nameSchema.optional(),
  approval: approvalRequirementSchema.optional(),
  writeSet: z.array(sliceSchema).max(64).default([]),
  tests: z
    .array(z.strictObject({ id: nameSchema, title: textSchema }))
    .max(64)
    .default([]),
  attemptsMax: z.int().min(1).max(LIMITS.attemptsMax).default(LIMITS.attemptsDefault),
});

/** A full coordinate down to the zone, `universe/galaxy/planet/zone`; docs/architect.md. */
const zoneCoordinateSchema = z
  .string()
  .max(256)
  .refine(isZone, "must look like universe/galaxy/planet/zone");

/** What is declared or registered of one zone: skills, what it alone writes, to whom it hands on. */
export const zoneSchema = z.strictObject({
  zone: zoneCoordinateSchema,
  skills: z.array(nameSchema).max(64).default([]),
  owns: z
    .array(z.union([sliceSchema, nameSchema]))
    .max(256)
    .default([]),
  handsTo: z.array(zoneCoordinateSchema).max(64).default([]),
});

export const edgeSchema = z.strictObject({ from: nameSchema, to: nameSchema });

export const planSchema = z.strictObject({
  title: textSchema,
  goal: textSchema.optional(),
  phases: z.array(nameSchema).min(1).max(64),
  nodes: z.array(nodeSchema).min(1).max(LIMITS.nodesMax),
  edges: z.array(edgeSchema).max(LIMITS.edgesMax).default([]),
  missionInputs: z.array(nameSchema).max(64).default([]),
  authorizationExpiresAt: z.iso.datetime({ precision: 3 }).optional(),
  /** Slices whose concurrent writers are kept apart by leases while they run; docs/architect.md. */
  leased: z.array(sliceSchema).max(LIMITS.nodesMax).optional(),
  zones: z.array(zoneSchema).max(256).optional(),
  allocationProfile: profileSchema.optional(),
  forbiddenPurposes: z.array(purposeSchema).min(1).max(64).optional(),
});

export type NodeSpec = z.output<typeof nodeSchema>;
export type EdgeSpec = z.output<typeof edgeSchema>;
export type ApprovalRequirement = z.output<typeof approvalRequirementSchema>;
export type ActionSpec = z.output<typeof actionSpecSchema>;
/** A plan with every default filled in; the plan hash is taken over this form. */
export type Plan = z.output<typeof planSchema>;
export type PlanInput = z.input<typeof planSchema>;
