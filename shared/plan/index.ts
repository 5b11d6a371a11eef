/** The face of the plan: its schema, and its compilation into the graph a mission runs on. */
export {
  actionTypeSchema,
  approvalRequirementSchema,
  groupQuorumsSchema,
  nameSchema,
  nodeSchema,
  planSchema,
  purposeSchema,
  sliceSchema,
  subjectSchema,
  zoneSchema,
} from "./schema.ts";
export type {
  ActionSpec,
  ApprovalRequirement,
  EdgeSpec,
  NodeSpec,
  Plan,
  PlanInput,
} from "./schema.ts";
export { factorsSchema } from "./node-options.ts";
export type { AllocationSpec, FactorsSpec } from "./node-options.ts";
export { checkPlan, compilePlan } from "./compile.ts";
export type { CompiledPlan } from "./compile.ts";
export { createGraph, createReachability, topologicalOrder } from "./graph.ts";
export { PLAN_FIXES, PLAN_VIOLATIONS_MAX } from "./violation.ts";
export type { PlanViolation, PlanViolationCode } from "./violation.ts";
export { WRITE_CHECK_STEPS_MAX, writersBySlice } from "./write-rules.ts";
export { amendmentId, amendmentSchema, compileAmendment } from "./amendment.ts";
export type { Amendment, AmendmentViolation } from "./amendment.ts";
