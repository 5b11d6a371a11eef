/**
 * The short form of a gate digest, for two people or two screens to compare by eye. Refuses to stand for
 * the digest anywhere else: what is signed and checked is always the whole one.
 */
import { invariant } from "../invariant.ts";

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * The first 12 hex digits in groups of four, `5f0c-a1b2-9d3e`: the same in webhooks, command line, console
 * and passkey prompt. Breaches on anything that is no SHA-256 in lower-case hex.
 */
export function shortDigest(gateDigest: string): string {
  invariant(DIGEST.test(gateDigest), "a gate digest is 64 lower-case hex digits");
  return [0, 4, 8].map((at) => gateDigest.slice(at, at + 4)).join("-");
}
