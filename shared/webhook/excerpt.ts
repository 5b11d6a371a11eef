/**
 * What the delivery log keeps of a receiver's answer: a short, printable piece, for a person who looks for
 * the reason of a failure. Refuses to keep anything that looks like a secret, ours or theirs.
 */

import { cutText } from "./cut.ts";

/** Bytes read of an answer, and characters kept of them. */
export const EXCERPT_BYTES_MAX = 4_096;
export const EXCERPT_CHARS_MAX = 512;

const HIDDEN = "[hidden]";

/** Keys by their prefixes, tokens, signatures, what a name promises to be a secret, and any run too long for a word. */
const SECRETS: readonly RegExp[] = [
  /\b(?:whsec|whsk|sk|pk|rk|xox[a-z]|gh[a-z])_?[-_][A-Za-z0-9+/=_-]{8,}/g,
  /\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){0,4}/g,
  /\bv1a?,[A-Za-z0-9+/=]{16,}/g,
  /\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]+/gi,
  /\b(?:authorization|api[-_]?key|access[-_]?key|token|secret|password|passwd|cookie)\b["']?\s*[:=]\s*["']?[^\s"',;&<>]+/gi,
  /[A-Za-z0-9+/_-]{40,}={0,2}/g,
];

/**
 * The piece of an answer that may be kept: white space run together, control and format characters out,
 * secrets hidden, cut to the bound. `known` are texts that must not stand there, such as what was sent to
 * prove who we are. Empty for an empty answer.
 */
export function responseExcerpt(text: string, known: readonly string[] = []): string {
  const plain = text
    .toWellFormed()
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, "")
    .trim();
  const without = known
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), plain);
  const hidden = SECRETS.reduce((rest, pattern) => rest.replaceAll(pattern, HIDDEN), without);
  return cutText(hidden, EXCERPT_CHARS_MAX);
}
