/** The face of the plan: its schema, and its compilation into the graph a mission runs on. */
export {
  actionTypeSchema,
  approvalRequirementSchema,
  nameSchema,
  nodeSchema,
  planSchema,
  sliceSchema,
  subjectSchema,
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
export { compilePlan } from "./compile.ts";
export type { CompiledPlan } from "./compile.ts";
export type { PlanViolation, PlanViolationCode } from "./violation.ts";
export { amendmentId, amendmentSchema, compileAmendment } from "./amendment.ts";
export type { Amendment, AmendmentViolation } from "./amendment.ts";
