/**
 * The bodies of the Planner and of the zone registry: what a request must hold and what an answer holds.
 * Specification: docs/planner.md and docs/architect.md.
 */
import * as z from "zod";
import { CONFLICT_PATTERNS, type PatternChoice, type ZoneFacts } from "../architect/index.ts";
import { planSchema, zoneSchema } from "../plan/index.ts";
import {
  type BriefDrift,
  type InsertedNode,
  type NodeGates,
  briefSchema,
} from "../planner/index.ts";

/** A brief to make a plan of, `against` a plan that exists if it alters one; or a plan to look at. */
export const compilePlanSchema = z
  .strictObject({
    brief: briefSchema.exactOptional(),
    against: planSchema.exactOptional(),
    plan: planSchema.exactOptional(),
  })
  .refine(({ brief, plan }) => (brief === undefined) !== (plan === undefined), {
    message: "holds either a brief or a plan",
  })
  .refine(({ brief, against }) => against === undefined || brief !== undefined, {
    message: "holds a brief to compare",
    path: ["against"],
  });

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const namesSchema = z.array(z.string());

const patternSchema = z.strictObject({
  slice: z.string(),
  pattern: z.enum(CONFLICT_PATTERNS),
  writers: namesSchema,
  merger: z.string().exactOptional(),
  arbitrations: z.array(z.tuple([z.string(), z.string()])).exactOptional(),
  why: z.string(),
}) satisfies z.ZodType<PatternChoice>;

const insertedSchema = z.strictObject({
  node: z.string(),
  why: z.enum(["approval", "arbitration"]),
  for: namesSchema,
}) satisfies z.ZodType<InsertedNode>;

const gatesSchema = z.strictObject({
  node: z.string(),
  risk: z.int(),
  entry: z.strictObject({
    evidence: namesSchema,
    confidenceMin: z.number(),
    quorum: z.int(),
    approvedAt: z.string().nullable(),
    slices: namesSchema,
  }),
  exit: z.strictObject({
    accepts: z.enum(["signature", "receipt", "tests", "result", "turn"]),
    outputs: namesSchema,
    evidence: namesSchema,
    tests: namesSchema,
  }),
}) satisfies z.ZodType<NodeGates>;

const driftSchema = z.strictObject({
  planHash: hashSchema,
  briefHash: hashSchema,
  added: namesSchema,
  changed: z.array(z.strictObject({ node: z.string(), members: namesSchema })),
  removed: namesSchema,
  amendment: planSchema.pick({ nodes: true, edges: true }).nullable(),
  refusals: z.array(
    z.strictObject({
      code: z.enum([
        "frame_changed",
        "spec_changed",
        "node_removed",
        "edge_changed",
        "edge_into_existing",
      ]),
      pointer: z.string(),
      detail: z.string(),
      fix: z.string(),
    }),
  ),
}) satisfies z.ZodType<BriefDrift>;

export const planCompiledSchema = z.strictObject({
  plan: planSchema,
  planHash: hashSchema,
  /** Node ids in topological order. */
  order: namesSchema,
  gates: z.array(gatesSchema),
  /** The rest only where a brief was compiled. */
  briefHash: hashSchema.exactOptional(),
  patterns: z.array(patternSchema).exactOptional(),
  inserted: z.array(insertedSchema).exactOptional(),
  /** Only where the brief was compared with a plan. */
  drift: driftSchema.exactOptional(),
});

export const putZoneSchema = zoneSchema satisfies z.ZodType<ZoneFacts>;
