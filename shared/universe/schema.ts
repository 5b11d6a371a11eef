/**
 * Universes as they arrive: what a plan or a request says of one, and what was observed of it.
 * Every number but a utility lies in [0, 1]. Refuses unknown members and repeated ids.
 * Specification: docs/universes.md.
 */
import * as z from "zod";
import { NODE_ID } from "../ids.ts";
import { LIMITS } from "../limits.ts";

const idSchema = z.string().regex(NODE_ID, "must be a name: a-z, 0-9, '_', '.', '-', at most 64");
const shareSchema = z.number().min(0).max(1);
const momentSchema = z.iso.datetime({ precision: 3 });

function unique<T extends { readonly id: string }>(items: readonly T[]): boolean {
  return new Set(items.map(({ id }) => id)).size === items.length;
}

const REPEATED = "an id is there twice";

const constraintsSchema = z
  .array(z.strictObject({ id: idSchema, violated: z.boolean() }))
  .max(LIMITS.constraintsPerUniverseMax)
  .refine(unique, REPEATED);

/** The borders of a universe: what it may be burdened with. */
const borders = {
  id: idSchema,
  budget: shareSchema,
  evidenceMin: shareSchema.default(0),
  uncertaintyMax: shareSchema.default(1),
  /** Absent: an observation of any age counts. */
  staleAfterMs: z.int().min(1).max(LIMITS.staleAfterMaxMs).exactOptional(),
  overBudget: z.enum(["block", "pause"]).default("block"),
};

/** What was seen; each member may be missing, and what is missing is unknown. */
const seen = {
  risk: shareSchema.exactOptional(),
  constraints: constraintsSchema.default([]),
  evidence: shareSchema.exactOptional(),
  uncertainty: shareSchema.exactOptional(),
  observedAt: momentSchema.exactOptional(),
};

const weightSchema = z.number().min(0).max(LIMITS.universeWeightMax);
const utilitySchema = z.number().min(-LIMITS.utilityMax).max(LIMITS.utilityMax);

/** What the action does to a universe's utility. */
const affected = {
  /** The derivative of the universe's utility with respect to the action. */
  effect: utilitySchema.exactOptional(),
  /** Differences of utility the action makes, one a sample; sample k is the same k in every universe. */
  utilityDeltas: z
    .array(utilitySchema)
    .min(LIMITS.utilitySamplesMin)
    .max(LIMITS.utilitySamplesMax)
    .exactOptional(),
};

function hasOneLength(
  universes: readonly { readonly utilityDeltas?: readonly number[] }[],
): boolean {
  return new Set(universes.flatMap(({ utilityDeltas }) => utilityDeltas?.length ?? [])).size <= 1;
}

const LENGTHS_DIFFER = "utilityDeltas of all universes must have one length";

/** The universes a plan's node declares. `constraints` names those that must be observed. */
export const universeSpecsSchema = z
  .array(
    z.strictObject({
      ...borders,
      constraints: z.array(idSchema).max(LIMITS.constraintsPerUniverseMax).default([]),
      /** Takes part in conflict, with this weight; what the action does to it must then be observed. */
      weight: weightSchema.exactOptional(),
    }),
  )
  .min(1)
  .max(LIMITS.universesPerNodeMax)
  .refine(unique, REPEATED);

/** The observations a proposal carries. */
export const observationsSchema = z
  .array(z.strictObject({ id: idSchema, ...seen, ...affected }))
  .max(LIMITS.universesPerNodeMax)
  .refine(unique, REPEATED)
  .refine(hasOneLength, LENGTHS_DIFFER);

/** One universe of a whole question: borders, observation, and what the action does to its utility. */
const universeSchema = z.strictObject({
  ...borders,
  ...seen,
  weight: weightSchema.default(1),
  ...affected,
});

/** The question of the pure service: one action over all its universes. */
export const evaluateDecisionSchema = z
  .strictObject({
    title: z.string().min(1).max(LIMITS.reasonTextCharsMax).exactOptional(),
    /** When the question is asked; absent: now. */
    at: momentSchema.exactOptional(),
    /** 0: the action can never be taken back. 1: it can be, wholly. */
    reversibility: shareSchema.default(0),
    universes: z
      .array(universeSchema)
      .min(1)
      .max(LIMITS.universesPerDecisionMax)
      .refine(unique, REPEATED),
    /** Weights of pairs; a pair not named weighs the product of its universes' weights. */
    pairWeights: z
      .array(z.strictObject({ a: idSchema, b: idSchema, weight: weightSchema }))
      .max(LIMITS.universesPerDecisionMax ** 2)
      .default([]),
  })
  .superRefine((question, context) => {
    if (!hasOneLength(question.universes))
      context.addIssue({ code: "custom", path: ["universes"], message: LENGTHS_DIFFER });
    const known = new Set(question.universes.map(({ id }) => id));
    const named = new Set<string>();
    for (const [at, { a, b }] of question.pairWeights.entries()) {
      const pair = [a, b].sort().join(" ");
      const flaw =
        a === b
          ? "a universe does not conflict with itself"
          : !known.has(a) || !known.has(b)
            ? "both must be universes of this question"
            : named.has(pair)
              ? "the pair is there twice"
              : null;
      named.add(pair);
      if (flaw) context.addIssue({ code: "custom", path: ["pairWeights", at], message: flaw });
    }
  });

export type UniverseSpec = z.output<typeof universeSpecsSchema>[number];
export type UniverseObservation = z.output<typeof observationsSchema>[number];
export type DecisionQuestion = z.output<typeof evaluateDecisionSchema>;
