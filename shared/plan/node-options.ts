/**
 * What a plan may say of human shares and of evidence beyond the usual: shapes only. A plan that
 * says nothing of either keeps its normal form and its hash. Specification: docs/allocation.md,
 * docs/evidence.md.
 */
import * as z from "zod";

const fractionSchema = z.number().min(0).max(1);

/** What speaks for and against a human, each from 0 to 1. */
export const factorsSchema = z.strictObject({
  risk: fractionSchema.exactOptional(),
  uncertainty: fractionSchema.exactOptional(),
  impact: fractionSchema.exactOptional(),
  audit: fractionSchema.exactOptional(),
  reversibility: fractionSchema.exactOptional(),
});

export const profileSchema = z.enum(["finance", "government", "manufacturing", "education"]);

/** A node that has this is reviewed by a human as often as its share says. */
export const allocationSchema = z.strictObject({
  factors: factorsSchema.exactOptional(),
  /** What the Architect fixes: the share never falls below it. */
  humanMin: fractionSchema.exactOptional(),
  /** Weight in the mission's total; 1 unless given. */
  weight: z.number().positive().max(1_000_000).exactOptional(),
  profile: profileSchema.exactOptional(),
});

/** A node that has this is held to the evidence table of its risk; what is given here replaces the table. */
export const evidencePolicySchema = z.strictObject({
  sourcesMin: z.int().min(1).max(20).exactOptional(),
  independent: z.boolean().exactOptional(),
  /** Verifier families that must have found and supported each claim. */
  receiptsMin: z.int().min(0).max(8).exactOptional(),
});

export type FactorsSpec = z.output<typeof factorsSchema>;
export type AllocationSpec = z.output<typeof allocationSchema>;
