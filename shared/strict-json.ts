/**
 * JSON that may be hashed and signed: RFC 8259 text read without any of the leniencies of JSON.parse.
 * Refuses duplicate keys, lone surrogates, numbers a double cannot keep, `__proto__`, deep nesting, byte
 * order marks and trailing text. Minus zero is read as 0, which is also how RFC 8785 prints it.
 * Specification: RFC 8259, RFC 7493 (I-JSON), RFC 6901 (pointers).
 */
import { invariant } from "./invariant.ts";
import { isSafeNumber, readNumberLiteral } from "./json-number.ts";
import { LIMITS } from "./limits.ts";
import { err, ok, type Result } from "./result.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export type JsonObject = { readonly [key: string]: JsonValue };

export type JsonReject = {
  readonly reason:
    | "json_malformed"
    | "json_duplicate_key"
    | "json_lone_surrogate"
    | "json_number_unsafe"
    | "json_key_forbidden"
    | "json_too_deep";
  /** RFC 6901 pointer to the place; empty for the whole document. */
  readonly pointer: string;
  /** UTF-16 units from the start of the text; 0 when there was no text. */
  readonly offset: number;
  readonly detail: string;
};

const REJECTED = Symbol("rejected");
type Rejected = typeof REJECTED;

type Reader = {
  readonly text: string;
  readonly depthMax: number;
  readonly path: (string | number)[];
  offset: number;
  reject: JsonReject | null;
};

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const HEX4 = /^[0-9a-fA-F]{4}$/;
const BYTE_ORDER_MARK = "\uFEFF";
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Parses one JSON text.
 *
 * Shape: objects have the normal prototype and own keys only, in text order; time is linear in the text.
 * Bounds: containers nest up to `depthMax` (default `LIMITS.jsonDepthMax`); size is the caller's to check.
 * Errors: the first offence met, with its place.
 */
export function parseStrictJson(
  text: string,
  limits: { readonly depthMax?: number } = {},
): Result<JsonValue, JsonReject> {
  const depthMax = limits.depthMax ?? LIMITS.jsonDepthMax;
  const reader: Reader = { text, depthMax, path: [], offset: 0, reject: null };
  const value = readDocument(reader);
  if (value !== REJECTED) return ok(value);
  invariant(reader.reject !== null, "a refused text has a reason");
  return err(reader.reject);
}

/** Decodes UTF-8, refusing invalid sequences and a byte order mark (`json_malformed`). */
export function decodeUtf8Strict(bytes: Uint8Array): Result<string, JsonReject> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return err(rejection("json_malformed", [], 0, "the bytes are not UTF-8"));
  }
  return text.startsWith(BYTE_ORDER_MARK)
    ? err(rejection("json_malformed", [], 0, "a byte order mark is not part of JSON"))
    : ok(text);
}

/**
 * Applies the rules of `parseStrictJson` to a value that came through another door, and answers the same
 * value. What is no JSON at all (undefined, a Date, a hole) is `json_malformed`; a cycle is `json_too_deep`.
 */
export function checkHashable(value: unknown): Result<JsonValue, JsonReject> {
  const flaw = findFlaw(value, 0, []);
  return flaw === null ? ok(value as JsonValue) : err(flaw);
}

function readDocument(reader: Reader): JsonValue | Rejected {
  skipSpace(reader);
  const value = readValue(reader, 0);
  if (value === REJECTED) return REJECTED;
  skipSpace(reader);
  return reader.offset === reader.text.length
    ? value
    : fail(reader, "json_malformed", "text follows the value");
}

/** `depth` is the number of containers around the value. */
function readValue(reader: Reader, depth: number): JsonValue | Rejected {
  switch (reader.text.charAt(reader.offset)) {
    case '"':
      return readString(reader);
    case "{":
    case "[":
      if (depth >= reader.depthMax) {
        return fail(reader, "json_too_deep", `nests deeper than ${reader.depthMax}`);
      }
      return reader.text[reader.offset] === "{"
        ? readObject(reader, depth + 1)
        : readArray(reader, depth + 1);
    case "t":
      return readWord(reader, "true", true);
    case "f":
      return readWord(reader, "false", false);
    case "n":
      return readWord(reader, "null", null);
    default:
      return readNumber(reader);
  }
}

function readObject(reader: Reader, depth: number): JsonObject | Rejected {
  const object: Record<string, JsonValue> = {};
  reader.offset += 1;
  skipSpace(reader);
  if (takeIf(reader, "}")) return object;
  for (;;) {
    const keyOffset = reader.offset;
    if (reader.text[keyOffset] !== '"') return fail(reader, "json_malformed", "expected a key");
    const key = readString(reader);
    if (key === REJECTED) return REJECTED;
    reader.path.push(key);
    if (key === "__proto__") {
      return fail(reader, "json_key_forbidden", "the key __proto__ is refused", keyOffset);
    }
    if (Object.hasOwn(object, key)) {
      return fail(reader, "json_duplicate_key", "the key appears twice", keyOffset);
    }
    skipSpace(reader);
    if (!takeIf(reader, ":")) return fail(reader, "json_malformed", "expected a colon");
    skipSpace(reader);
    const value = readValue(reader, depth);
    if (value === REJECTED) return REJECTED;
    object[key] = value;
    reader.path.pop();
    skipSpace(reader);
    if (takeIf(reader, "}")) return object;
    if (!takeIf(reader, ",")) return fail(reader, "json_malformed", "expected a comma or }");
    skipSpace(reader);
  }
}

function readArray(reader: Reader, depth: number): readonly JsonValue[] | Rejected {
  const array: JsonValue[] = [];
  reader.offset += 1;
  skipSpace(reader);
  if (takeIf(reader, "]")) return array;
  for (;;) {
    reader.path.push(array.length);
    const value = readValue(reader, depth);
    if (value === REJECTED) return REJECTED;
    array.push(value);
    reader.path.pop();
    skipSpace(reader);
    if (takeIf(reader, "]")) return array;
    if (!takeIf(reader, ",")) return fail(reader, "json_malformed", "expected a comma or ]");
    skipSpace(reader);
  }
}

function readString(reader: Reader): string | Rejected {
  const { text } = reader;
  const start = reader.offset;
  let from = start + 1;
  let at = from;
  let unescaped = "";
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) break;
    if (code === BACKSLASH) {
      const escape = readEscape(text, at);
      if (escape === null) return fail(reader, "json_malformed", "unknown escape", at);
      unescaped += text.slice(from, at) + escape.character;
      at = escape.end;
      from = at;
    } else if (code >= 0x20) {
      at += 1;
    } else {
      // Past the end charCodeAt is NaN, which no comparison above accepts.
      const detail = Number.isNaN(code) ? "the string does not end" : "a control character";
      return fail(reader, "json_malformed", detail, Math.min(at, text.length));
    }
  }
  const value = unescaped + text.slice(from, at);
  if (!value.isWellFormed()) {
    return fail(reader, "json_lone_surrogate", "half of a surrogate pair", start);
  }
  reader.offset = at + 1;
  return value;
}

function readEscape(
  text: string,
  at: number,
): { readonly character: string; readonly end: number } | null {
  const letter = text.charAt(at + 1);
  const simple = ESCAPES.get(letter);
  if (simple !== undefined) return { character: simple, end: at + 2 };
  const digits = text.slice(at + 2, at + 6);
  if (letter !== "u" || !HEX4.test(digits)) return null;
  return { character: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 6 };
}

function readNumber(reader: Reader): number | Rejected {
  const number = readNumberLiteral(reader.text, reader.offset);
  switch (number.kind) {
    case "none":
      return fail(reader, "json_malformed", "expected a value");
    case "unsafe":
      return fail(reader, "json_number_unsafe", "a double cannot keep this number");
    case "number":
      reader.offset = number.end;
      return number.value;
  }
}

function readWord<V extends JsonValue>(reader: Reader, word: string, value: V): V | Rejected {
  if (!reader.text.startsWith(word, reader.offset)) {
    return fail(reader, "json_malformed", "expected a value");
  }
  reader.offset += word.length;
  return value;
}

function takeIf(reader: Reader, character: string): boolean {
  if (reader.text[reader.offset] !== character) return false;
  reader.offset += 1;
  return true;
}

function skipSpace(reader: Reader): void {
  const { text } = reader;
  let at = reader.offset;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    at += 1;
  }
  reader.offset = at;
}

function fail(
  reader: Reader,
  reason: JsonReject["reason"],
  detail: string,
  offset: number = reader.offset,
): Rejected {
  reader.reject = rejection(reason, reader.path, offset, detail);
  return REJECTED;
}

function rejection(
  reason: JsonReject["reason"],
  path: readonly (string | number)[],
  offset: number,
  detail: string,
): JsonReject {
  const pointer = path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
  return { reason, pointer, offset, detail };
}

function findFlaw(value: unknown, depth: number, path: (string | number)[]): JsonReject | null {
  if (value === null || typeof value === "boolean") return null;
  if (typeof value === "string") {
    return value.isWellFormed()
      ? null
      : rejection("json_lone_surrogate", path, 0, "half of a surrogate pair");
  }
  if (typeof value === "number") {
    return isSafeNumber(value)
      ? null
      : rejection("json_number_unsafe", path, 0, "a double cannot keep this number");
  }
  if (typeof value !== "object") {
    return rejection("json_malformed", path, 0, `${typeof value} is not JSON`);
  }
  if (depth >= LIMITS.jsonDepthMax) {
    return rejection("json_too_deep", path, 0, `nests deeper than ${LIMITS.jsonDepthMax}`);
  }
  return Array.isArray(value)
    ? findFlawInArray(value, depth + 1, path)
    : findFlawInObject(value, depth + 1, path);
}

function findFlawInArray(
  array: readonly unknown[],
  depth: number,
  path: (string | number)[],
): JsonReject | null {
  for (let index = 0; index < array.length; index += 1) {
    path.push(index);
    const flaw = findFlaw(array[index], depth, path);
    if (flaw !== null) return flaw;
    path.pop();
  }
  return null;
}

function findFlawInObject(
  object: object,
  depth: number,
  path: (string | number)[],
): JsonReject | null {
  const prototype: unknown = Object.getPrototypeOf(object);
  // Compared by shape, not identity: objects made in another realm are plain too.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return rejection("json_malformed", path, 0, "not a plain object");
  }
  for (const [key, value] of Object.entries(object)) {
    if (!key.isWellFormed()) {
      return rejection("json_lone_surrogate", path, 0, "half of a surrogate pair in a key");
    }
    path.push(key);
    if (key === "__proto__") {
      return rejection("json_key_forbidden", path, 0, "the key __proto__ is refused");
    }
    const flaw = findFlaw(value, depth, path);
    if (flaw !== null) return flaw;
    path.pop();
  }
  return null;
}
