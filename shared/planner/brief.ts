/**
 * The brief: what a mission is to deliver and where it must be judged, before anybody drew a graph.
 * Says only which shapes are a brief; whether a plan follows from it is `compile-brief.ts`'s question.
 * Specification: docs/planner.md, "The brief".
 */
import * as z from "zod";
import { LIMITS } from "../limits.ts";
import {
  actionTypeSchema,
  approvalRequirementSchema,
  nameSchema,
  sliceSchema,
  subjectSchema,
  zoneSchema,
} from "../plan/index.ts";

/** Bounds of one brief, each with the reason for its size. */
export const BRIEF_LIMITS = {
  /** Compiles within a Worker's 128 MB; a mission that is opened from it is held to `LIMITS.nodesMax`. */
  judgementsMax: 100_000,
  /** As many edges a node as a plan may have. */
  edgesMax: 500_000,
  /** More deliverables than this nobody tells apart. */
  deliverablesMax: 10_000,
  /** A plan's own bound. */
  phasesMax: 64,
} as const;

const textSchema = z.string().min(1).max(LIMITS.reasonTextCharsMax);
const fractionSchema = z.number().min(0).max(1);
const namesSchema = z.array(nameSchema).max(64);
const evidenceSchema = z.array(nameSchema).max(32);

/** What is to exist at the end; `type` and `stage` say in which phase it is worked on. */
const deliverableSchema = z.strictObject({
  id: nameSchema,
  title: textSchema,
  type: nameSchema,
  stage: nameSchema,
});

/** Factors of H0, all of them: a factor nobody estimated is not zero. */
const briefFactorsSchema = z.strictObject({
  risk: fractionSchema,
  uncertainty: fractionSchema,
  impact: fractionSchema,
  audit: fractionSchema,
  reversibility: fractionSchema,
});

/** One point where something is judged or done; what it does not say follows from its risk. */
const judgementSchema = z.strictObject({
  id: nameSchema,
  deliverable: nameSchema,
  title: textSchema,
  kind: z.enum(["decision", "execution", "approval"]).exactOptional(),
  inputs: namesSchema.exactOptional(),
  outputs: namesSchema.exactOptional(),
  evidenceIn: evidenceSchema.exactOptional(),
  evidenceOut: evidenceSchema.exactOptional(),
  risk: z.int().min(0).max(4).exactOptional(),
  factors: briefFactorsSchema.exactOptional(),
  ownerR: z.enum(["human", "agent", "system"]).exactOptional(),
  ownerX: z.enum(["human", "agent", "system"]).exactOptional(),
  zone: z.string().min(1).max(256).exactOptional(),
  agents: z.array(subjectSchema).max(64).exactOptional(),
  skill: nameSchema.exactOptional(),
  confidenceMin: fractionSchema.exactOptional(),
  action: z
    .strictObject({
      type: actionTypeSchema,
      args: z.record(z.string(), z.json()).default({}),
    })
    .exactOptional(),
  approves: nameSchema.exactOptional(),
  approval: approvalRequirementSchema.exactOptional(),
  writeSet: z.array(sliceSchema).max(64).exactOptional(),
  tests: z
    .array(z.strictObject({ id: nameSchema, title: textSchema }))
    .max(64)
    .exactOptional(),
  attemptsMax: z.int().min(1).max(LIMITS.attemptsMax).exactOptional(),
});

export const briefSchema = z.strictObject({
  title: textSchema,
  goal: textSchema.exactOptional(),
  inputs: namesSchema.default([]),
  stages: z.array(nameSchema).min(1).max(BRIEF_LIMITS.phasesMax).exactOptional(),
  deliverables: z.array(deliverableSchema).min(1).max(BRIEF_LIMITS.deliverablesMax),
  judgements: z.array(judgementSchema).min(1).max(BRIEF_LIMITS.judgementsMax),
  zones: z.array(zoneSchema).max(256).exactOptional(),
  authorizationExpiresAt: z.iso.datetime({ precision: 3 }).exactOptional(),
});

/** A brief with its few defaults filled in; the brief hash is taken over this form. */
export type Brief = z.output<typeof briefSchema>;
export type BriefInput = z.input<typeof briefSchema>;
export type Judgement = z.output<typeof judgementSchema>;
export type RiskFactors = z.output<typeof briefFactorsSchema>;
