/**
 * Which nodes a human reviews: a draw that anybody can repeat from three names, held against the
 * share. No randomness: the same mission, node and attempt always draw the same number.
 * Specification: docs/allocation.md, "Selection".
 */
import { sha256Bytes } from "../crypto.ts";

const DRAWS = 2 ** 32;

/**
 * The draw of a node's attempt, from 0 up to but not including 1: the first four bytes, big-endian, of
 * SHA-256 over the UTF-8 bytes of missionId, nodeId and the attempt in decimal, one after the other
 * with nothing between, divided by 2^32.
 */
export function reviewDraw(missionId: string, nodeId: string, attempt: number): number {
  const digest = sha256Bytes(`${missionId}${nodeId}${attempt}`);
  const [a = 0, b = 0, c = 0, d = 0] = digest;
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / DRAWS;
}
