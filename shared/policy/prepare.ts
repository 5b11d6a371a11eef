/**
 * Preparation: a document is read and its conditions are compiled once, not at every question. What is
 * kept is bounded and found by content, so nothing a stranger sends can stand for something else.
 * Refuses to decide anything.
 */
import { invariant } from "../invariant.ts";
import { LIMITS } from "../limits.ts";
import { type PolicyDocument, policyDocumentSchema } from "./document.ts";
import { compileCondition, type Condition } from "./expression.ts";

/** Compiled conditions by their text; the text is all there is to a condition. */
const CONDITIONS = new Map<string, Condition>();
/** Documents already read, by identity; null for one that cannot be read. */
const READ = new WeakMap<object, PolicyDocument | null>();

/** The compiled condition. Throws on one that no readable document holds; the gate then blocks. */
export function conditionOf(text: string): Condition {
  const kept = CONDITIONS.get(text);
  if (kept) return kept;
  const compiled = compileCondition(text);
  invariant(compiled.ok, "a condition of a readable policy compiles");
  // The oldest goes first; a policy in use is back at its next question.
  const oldest = CONDITIONS.size < LIMITS.conditionsKeptMax ? undefined : CONDITIONS.keys().next();
  if (oldest?.value !== undefined) CONDITIONS.delete(oldest.value);
  CONDITIONS.set(text, compiled.value);
  return compiled.value;
}

/** The document as this version of the code reads it, or null where it cannot. O(document) once. */
export function readPolicyDocument(document: unknown): PolicyDocument | null {
  if (typeof document !== "object" || document === null) return null;
  const kept = READ.get(document);
  if (kept !== undefined) return kept;
  const parsed = policyDocumentSchema.safeParse(document);
  const read = parsed.success ? parsed.data : null;
  READ.set(document, read);
  return read;
}
