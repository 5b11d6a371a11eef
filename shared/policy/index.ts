/** The face of policy: the document, its validation and its evaluation. */
export { policyDocumentSchema } from "./document.ts";
export type { PinnedPolicy, PolicyDocument, PolicyRule, Predicate } from "./document.ts";
export { evaluatePolicy } from "./evaluate.ts";
export type { PolicyDecision, PolicySubject } from "./evaluate.ts";
