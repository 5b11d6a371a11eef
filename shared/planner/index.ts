/** The face of the Planner: the brief, its compilation into a plan, and how an altered one differs. */
export { briefSchema } from "./brief.ts";
export type { Brief, BriefInput } from "./brief.ts";
export { compileBrief, hashBrief } from "./compile-brief.ts";
export type { BriefInvalid, CompiledBrief, InsertedNode } from "./compile-brief.ts";
export { BRIEF_FIXES } from "./violation.ts";
export type { BriefViolation, BriefViolationCode } from "./violation.ts";
export { DRIFT_FIXES, diffBrief } from "./drift.ts";
export type { BriefDrift, DriftRefusal } from "./drift.ts";
export { gatesOf } from "./gate-view.ts";
export type { NodeGates } from "./gate-view.ts";
