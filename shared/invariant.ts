/**
 * What must never happen, said aloud: a broken invariant throws a Breach.
 * Not for input and not for refusals; those are `Result` errors. Whoever catches a Breach refuses
 * further commands and keeps serving reads.
 */

/** A fact the program relies on turned out false. */
export class Breach extends Error {
  override readonly name = "Breach";
}

/** Throws a `Breach` unless the condition holds. The message states the rule that was broken. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Breach(message);
}

/** Closes a `switch` over a union; reaching it is a `Breach`. */
export function unreachable(x: never): never {
  throw new Breach(`unreachable case: ${String(x)}`);
}
