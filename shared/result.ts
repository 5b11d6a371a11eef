/**
 * The answer of everything that may refuse: a value, or a tagged plain object saying why not.
 * Plain data on purpose, so a result survives RPC and JSON unchanged. Never carries a thrown Error.
 */

export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** Wraps a value as success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps a refusal; `error` is a tagged plain object whose `reason` is stable. */
export function err<const E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
