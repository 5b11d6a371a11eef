/** The face of policy: the document, its conditions, its evaluation and what a mission keeps for it. */
export { policyDocumentSchema } from "./document.ts";
export type { PinnedPolicy, PolicyDocument, PolicyRule, Predicate } from "./document.ts";
export { evaluatePolicy } from "./evaluate.ts";
export type { AskedPeople, NearRule, PolicyDecision, PolicySubject } from "./evaluate.ts";
export type { PolicyFacts } from "./facts.ts";
export { appendAction, forgetAction, scalarArgs } from "./history.ts";
export type { ActionHistory, HistoryFacts } from "./history.ts";
export { readPolicyDocument } from "./prepare.ts";
export { looseningForAny } from "./tighter-for-any.ts";
export { looseningOf } from "./tighter.ts";
