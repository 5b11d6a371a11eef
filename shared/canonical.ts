/**
 * A value as the one byte string that is hashed (RFC 8785, JCS), and its hash.
 * Refuses what JSON cannot say: where JSON.stringify would drop or reshape a value, this breaches,
 * because a hash over something else than what was meant is worse than no hash.
 */
import canonicalize from "canonicalize";
import { sha256Hex, sha256HexOfParts } from "./crypto.ts";
import { Breach, invariant } from "./invariant.ts";
import { LIMITS } from "./limits.ts";

/**
 * Serialises a JSON value canonically.
 *
 * Shape: a tree of null, booleans, finite numbers, well-formed strings, arrays without holes and plain
 * objects; minus zero is written `0`.
 * Errors: breaches on anything else (undefined, functions, dates, lone surrogates, NaN, cycles).
 * Source: RFC 8785.
 */
export function canonicalJson(value: unknown): string {
  assertJson(value, 0);
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new Breach("a hashed value holds finite numbers and well-formed strings only", { cause });
  }
  invariant(text !== undefined, "a hashed value is a JSON value");
  return text;
}

/** SHA-256, lower-case hex, over the UTF-8 bytes of `canonicalJson(value)`. */
export function hashJson(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/**
 * The same hash as `hashJson`, for a large document: members that are lists are written entry by entry,
 * so that the whole text never stands in memory at once.
 */
export function hashLargeJson(document: object): string {
  return sha256HexOfParts(canonicalParts(document));
}

function* canonicalParts(document: object): Generator<string> {
  const members = Object.entries(document).toSorted(([a], [b]) => (a < b ? -1 : 1));
  let open = "{";
  for (const [name, value] of members) {
    yield `${open}${canonicalJson(name)}:`;
    open = ",";
    if (Array.isArray(value)) yield* canonicalEntries(value);
    else yield canonicalJson(value);
  }
  yield open === "{" ? "{}" : "}";
}

function* canonicalEntries(list: readonly unknown[]): Generator<string> {
  let open = "[";
  for (const entry of list) {
    yield open + canonicalJson(entry);
    open = ",";
  }
  yield open === "[" ? "[]" : "]";
}

/** Numbers and strings are left to the serialiser, which looks at each of them anyway. */
function assertJson(value: unknown, depth: number): void {
  if (value === null || typeof value === "string" || typeof value === "number") return;
  if (typeof value === "boolean") return;
  invariant(typeof value === "object", `a hashed value is JSON, not ${typeof value}`);
  invariant(depth < LIMITS.canonicalDepthMax, "a hashed value nests no deeper than the limit");
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) assertJson(value[index], depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Compared by shape, not identity: objects made in another realm are plain too.
  invariant(
    prototype === null || Object.getPrototypeOf(prototype) === null,
    "a hashed object is a plain object",
  );
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(record)) assertJson(record[key], depth + 1);
}
