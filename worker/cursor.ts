/**
 * Cursors of lists: opaque text that holds the place of the last item and the team it was made for.
 * A forged one can do no harm, since every query is scoped to the caller's team anyway; one of another
 * team is refused like a malformed one.
 */
import { base64UrlDecode, base64UrlEncode, sha256Hex } from "../shared/crypto.ts";
import { decodeUtf8Strict, parseStrictJson } from "../shared/strict-json.ts";
import type { Problem } from "../shared/wire/problem.ts";

/** Characters a cursor may have; a place is a few ids. */
export const CURSOR_CHARS_MAX = 1_024;

/** The answer to a cursor that `decodeCursor` does not read. */
export const CURSOR_REFUSED: Problem = {
  code: "request_invalid",
  errors: [{ pointer: "/query/cursor", detail: "not a cursor of this list" }],
};

/** Writes the place of the last item, the strings a query continues after. */
export function encodeCursor(team: string, place: readonly string[]): string {
  return base64UrlEncode(new TextEncoder().encode(JSON.stringify([bindingOf(team), ...place])));
}

/** Reads a place of exactly `parts` strings back; null for a cursor of another team or of another shape. */
export function decodeCursor(
  team: string,
  cursor: string,
  parts: number,
): readonly string[] | null {
  const bytes = cursor.length > CURSOR_CHARS_MAX ? null : base64UrlDecode(cursor);
  const text = bytes && decodeUtf8Strict(bytes);
  const json = text?.ok ? parseStrictJson(text.value) : null;
  if (!json?.ok || !Array.isArray(json.value)) return null;
  const [binding, ...place] = json.value as readonly unknown[];
  if (binding !== bindingOf(team) || place.length !== parts) return null;
  const strings = place.filter((part) => typeof part === "string");
  return strings.length === parts ? strings : null;
}

function bindingOf(team: string): string {
  return sha256Hex(`cursor ${team}`).slice(0, 16);
}
