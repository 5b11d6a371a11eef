/** The face of universes: the worst case over them, their conflict, and the schemas of both. */
export { evaluateDecisionSchema, observationsSchema, universeSpecsSchema } from "./schema.ts";
export type { DecisionQuestion, UniverseObservation, UniverseSpec } from "./schema.ts";
export { evaluateUniverses } from "./score.ts";
export type { Universe, UniverseReason, UniverseReasonCode, WorstCase } from "./score.ts";
export { measureConflict } from "./conflict.ts";
export type { Affected, Conflict } from "./conflict.ts";
export { evaluateDecision, recommend, RECOMMENDATIONS } from "./evaluate.ts";
export type { DecisionEvaluation } from "./evaluate.ts";
