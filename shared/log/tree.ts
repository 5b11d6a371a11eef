/**
 * A Merkle tree that only grows: every complete subtree's hash is kept, so an append costs at most
 * log2(n) hashes, and a root or proof of any earlier size as much. 64 bytes an entry, flat.
 * Refuses nothing but breaches of its bounds; what an entry is, is the caller's business.
 * Specification: RFC 6962 sections 2.1, 2.1.1 and 2.1.2.
 */
import { invariant } from "../invariant.ts";
import { EMPTY_ROOT, HASH_BYTES, nodeHash, type Hash } from "./hash.ts";

export interface MerkleTree {
  /** Entries so far. */
  size(): number;
  /** Adds an entry by its leaf hash. */
  append(leaf: Hash): void;
  /** The root over the first `size` entries. */
  root(size: number): Hash;
  /** The leaf hash of an entry. */
  leaf(index: number): Hash;
  /** The audit path of entry `index` in the tree of `size`, from the leaf's sibling up. */
  inclusionProof(index: number, size: number): readonly Hash[];
  /** That the tree of `to` begins with the tree of `from`; empty where either is trivial. */
  consistencyProof(from: number, to: number): readonly Hash[];
}

/** The hashes of one level, back to back; grown by doubling. */
interface Level {
  bytes: Uint8Array;
  count: number;
}

const FIRST_CAPACITY = 16;

export function createMerkleTree(): MerkleTree {
  const levels: Level[] = [];
  const size = () => levels[0]?.count ?? 0;
  const within = (asked: number) =>
    invariant(
      Number.isSafeInteger(asked) && asked >= 0 && asked <= size(),
      "a size lies in the log",
    );
  return {
    size,
    append: (leaf) => append(levels, leaf),
    root(asked) {
      within(asked);
      return asked === 0 ? EMPTY_ROOT.slice() : rangeHash(levels, 0, asked);
    },
    leaf(index) {
      within(index + 1);
      return stored(levels, 0, index);
    },
    inclusionProof(index, asked) {
      within(asked);
      invariant(
        Number.isSafeInteger(index) && index >= 0 && index < asked,
        "an entry is in its log",
      );
      return path(levels, index, 0, asked);
    },
    consistencyProof(from, to) {
      within(to);
      invariant(Number.isSafeInteger(from) && from >= 0 && from <= to, "a log does not shrink");
      return from === 0 || from === to ? [] : subproof(levels, from, 0, to, true);
    },
  };
}

function append(levels: Level[], leaf: Hash): void {
  invariant(leaf.length === HASH_BYTES, "a leaf hash has 32 bytes");
  let hash = leaf;
  for (let height = 0; ; height += 1) {
    const level = (levels[height] ??= {
      bytes: new Uint8Array(FIRST_CAPACITY * HASH_BYTES),
      count: 0,
    });
    push(level, hash);
    // An odd count leaves its last subtree waiting for a sibling: that is the frontier.
    if (level.count % 2 === 1) return;
    hash = nodeHash(at(level, level.count - 2), at(level, level.count - 1));
  }
}

function push(level: Level, hash: Hash): void {
  const offset = level.count * HASH_BYTES;
  if (offset === level.bytes.length) {
    const grown = new Uint8Array(2 * level.bytes.length);
    grown.set(level.bytes);
    level.bytes = grown;
  }
  level.bytes.set(hash, offset);
  level.count += 1;
}

/** A copy: what leaves the tree must not be a window into it. */
function at(level: Level, index: number): Hash {
  return level.bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

function stored(levels: readonly Level[], height: number, index: number): Hash {
  const level = levels[height];
  invariant(level && index < level.count, "a complete subtree is kept");
  return at(level, index);
}

/** MTH(D[start:end]) of RFC 6962; `start` is a multiple of the range's power of two. */
function rangeHash(levels: readonly Level[], start: number, end: number): Hash {
  const count = end - start;
  const left = splitOf(count);
  if (count === 1 || 2 * left === count) {
    return stored(levels, Math.log2(count), start / count);
  }
  return nodeHash(rangeHash(levels, start, start + left), rangeHash(levels, start + left, end));
}

function path(levels: readonly Level[], index: number, start: number, end: number): Hash[] {
  if (end - start === 1) return [];
  const middle = start + splitOf(end - start);
  return index < middle
    ? [...path(levels, index, start, middle), rangeHash(levels, middle, end)]
    : [...path(levels, index, middle, end), rangeHash(levels, start, middle)];
}

/** SUBPROOF of RFC 6962; `whole` says that the range starts the earlier tree, whose root is known. */
function subproof(
  levels: readonly Level[],
  from: number,
  start: number,
  end: number,
  whole: boolean,
): Hash[] {
  if (from === end) return whole ? [] : [rangeHash(levels, start, end)];
  const middle = start + splitOf(end - start);
  return from <= middle
    ? [...subproof(levels, from, start, middle, whole), rangeHash(levels, middle, end)]
    : [...subproof(levels, from, middle, end, false), rangeHash(levels, start, middle)];
}

/** The largest power of two below `count`; 1 for 1. */
function splitOf(count: number): number {
  let power = 1;
  while (2 * power < count) power *= 2;
  return power;
}
