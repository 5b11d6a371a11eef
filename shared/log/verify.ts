/**
 * Checks Merkle proofs against roots that somebody trusts. Needs no tree and no log: a root, a proof and
 * two numbers. Never throws; a proof that is too long, too short or about another place is false.
 * Specification: RFC 9162 sections 2.1.3.2 and 2.1.4.2 (the trees are those of RFC 6962).
 */
import { EMPTY_ROOT, HASH_BYTES, isSameHash, nodeHash, type Hash } from "./hash.ts";

/** Whether the leaf stands at `index` in the log of `size` entries with this root. */
export function verifyInclusion(
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
  root: Hash,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !proof.every(isHash)) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSameHash(hash, root);
}

/** Whether the log of `to` entries begins with the log of `from` entries, each with its root. */
export function verifyConsistency(
  from: number,
  to: number,
  fromRoot: Hash,
  toRoot: Hash,
  proof: readonly Hash[],
): boolean {
  if (!isCount(from) || !isCount(to) || from > to || !proof.every(isHash)) return false;
  if (from === to) return proof.length === 0 && isSameHash(fromRoot, toRoot);
  // Everything grows from the empty log, and only one root is the empty log's.
  if (from === 0) return proof.length === 0 && isSameHash(fromRoot, EMPTY_ROOT);
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // Where the earlier log is one complete subtree, its root is the seed and the proof leaves it out.
  const [seed, ...rest] = node === 0 ? [fromRoot, ...proof] : proof;
  if (seed === undefined) return false;
  let fromHash = seed;
  let toHash = seed;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      fromHash = nodeHash(sibling, fromHash);
      toHash = nodeHash(sibling, toHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      toHash = nodeHash(toHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSameHash(fromHash, fromRoot) && isSameHash(toHash, toRoot);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: Hash): boolean {
  return value.length === HASH_BYTES;
}

/** Not a shift: log sizes may outgrow 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2);
}
