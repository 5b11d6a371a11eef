/**
 * The Merkle tree against a naive recomputation written straight from RFC 6962, against published roots and
 * proofs, and its verifiers against proofs with anything changed.
 */
import { describe, expect, test } from "vitest";
import { sha256Bytes } from "../../shared/crypto.ts";
import {
  createMerkleTree,
  EMPTY_ROOT,
  hashToHex,
  hexToHash,
  leafHash,
  verifyConsistency,
  verifyInclusion,
  type Hash,
  type MerkleTree,
} from "../../shared/log/index.ts";

/** RFC 6962 section 2.1, word for word: no tree, no memory. */
function naiveRoot(entries: readonly Uint8Array[]): Uint8Array {
  const [only] = entries;
  if (only === undefined) return sha256Bytes(new Uint8Array());
  if (entries.length === 1) return sha256Bytes(Uint8Array.of(0, ...only));
  const k = naiveSplit(entries.length);
  return sha256Bytes(
    Uint8Array.of(1, ...naiveRoot(entries.slice(0, k)), ...naiveRoot(entries.slice(k))),
  );
}

/** PATH(m, D[n]) of RFC 6962 section 2.1.1. */
function naivePath(m: number, entries: readonly Uint8Array[]): Uint8Array[] {
  if (entries.length === 1) return [];
  const k = naiveSplit(entries.length);
  return m < k
    ? [...naivePath(m, entries.slice(0, k)), naiveRoot(entries.slice(k))]
    : [...naivePath(m - k, entries.slice(k)), naiveRoot(entries.slice(0, k))];
}

/** SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2. */
function naiveSubproof(m: number, entries: readonly Uint8Array[], b: boolean): Uint8Array[] {
  if (m === entries.length) return b ? [] : [naiveRoot(entries)];
  const k = naiveSplit(entries.length);
  return m <= k
    ? [...naiveSubproof(m, entries.slice(0, k), b), naiveRoot(entries.slice(k))]
    : [...naiveSubproof(m - k, entries.slice(k), false), naiveRoot(entries.slice(0, k))];
}

function naiveSplit(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function entriesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => new TextEncoder().encode(`entry ${index}`));
}

function treeOf(entries: readonly Uint8Array[]): MerkleTree {
  const tree = createMerkleTree();
  for (const entry of entries) tree.append(leafHash(entry));
  return tree;
}

const hexes = (hashes: readonly Hash[]) => hashes.map(hashToHex);

function hash(hex: string): Hash {
  const read = hexToHash(hex);
  if (read === null) throw new Error(`${hex} is no hash`);
  return read;
}

/** The leaves, roots and proofs of the Certificate Transparency project's own tests (merkletree/merkle_tree_test.cc). */
const CT_LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));

const CT_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const CT_PATHS = [
  {
    index: 0,
    size: 8,
    proof: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    index: 5,
    size: 8,
    proof: [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
];

const CT_CONSISTENCY = [
  { from: 1, to: 1, proof: [] },
  {
    from: 1,
    to: 8,
    proof: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    from: 6,
    to: 8,
    proof: [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
  {
    from: 2,
    to: 5,
    proof: [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  },
];

describe("published vectors", () => {
  const tree = treeOf(CT_LEAVES);

  test.each(CT_ROOTS.map((root, size) => ({ size, root })))(
    "the root of the first $size leaves is the published one",
    ({ size, root }) => {
      expect(hashToHex(tree.root(size))).toBe(root);
      expect(hashToHex(treeOf(CT_LEAVES.slice(0, size)).root(size))).toBe(root);
    },
  );

  test.each(CT_PATHS)("the audit path of leaf $index of $size is the published one", (vector) => {
    const { index, size, proof } = vector;
    expect(hexes(tree.inclusionProof(index, size))).toEqual(proof);
    expect(
      verifyInclusion(tree.leaf(index), index, size, proof.map(hash), hash(CT_ROOTS[size] ?? "")),
    ).toBe(true);
  });

  test.each(CT_CONSISTENCY)("the proof from $from to $to is the published one", (vector) => {
    const { from, to, proof } = vector;
    expect(hexes(tree.consistencyProof(from, to))).toEqual(proof);
    const roots = [hash(CT_ROOTS[from] ?? ""), hash(CT_ROOTS[to] ?? "")] as const;
    expect(verifyConsistency(from, to, ...roots, proof.map(hash))).toBe(true);
  });

  test("the example of RFC 6962 section 2.1.3 has the structure the RFC draws", () => {
    const d = entriesOf(7);
    const seven = treeOf(d);
    const leaf = (n: number) => leafHash(d[n] ?? new Uint8Array());
    const node = (l: Hash, r: Hash) => sha256Bytes(Uint8Array.of(1, ...l, ...r));
    const [a, b, c, dd, e, f] = [0, 1, 2, 3, 4, 5].map(leaf) as [
      Hash,
      Hash,
      Hash,
      Hash,
      Hash,
      Hash,
    ];
    const j = leaf(6);
    const [g, h, i] = [node(a, b), node(c, dd), node(e, f)];
    const [k, l] = [node(g, h), node(i, j)];
    expect(hashToHex(seven.root(7))).toBe(hashToHex(node(k, l)));
    expect(hexes(seven.inclusionProof(0, 7))).toEqual(hexes([b, h, l]));
    expect(hexes(seven.inclusionProof(3, 7))).toEqual(hexes([c, g, l]));
    expect(hexes(seven.inclusionProof(4, 7))).toEqual(hexes([f, j, k]));
    expect(hexes(seven.inclusionProof(6, 7))).toEqual(hexes([i, k]));
    expect(hexes(seven.consistencyProof(3, 7))).toEqual(hexes([c, dd, g, l]));
    expect(hexes(seven.consistencyProof(4, 7))).toEqual(hexes([l]));
    expect(hexes(seven.consistencyProof(6, 7))).toEqual(hexes([i, j, k]));
  });
});

describe("against a naive recomputation", () => {
  test("the root agrees for every size from 0 to 300, from one growing tree", () => {
    const entries = entriesOf(300);
    const tree = createMerkleTree();
    const roots = [hashToHex(tree.root(0))];
    for (const entry of entries) {
      tree.append(leafHash(entry));
      roots.push(hashToHex(tree.root(tree.size())));
    }
    const naive = Array.from({ length: 301 }, (_, n) => hashToHex(naiveRoot(entries.slice(0, n))));
    expect(roots).toEqual(naive);
    expect(naive.map((_root, size) => hashToHex(tree.root(size)))).toEqual(naive);
  });

  test("every inclusion proof up to 64 entries agrees and verifies", () => {
    const entries = entriesOf(64);
    const tree = treeOf(entries);
    let proofs = 0;
    for (let size = 1; size <= 64; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = tree.inclusionProof(index, size);
        expect(hexes(proof)).toEqual(hexes(naivePath(index, entries.slice(0, size))));
        expect(verifyInclusion(tree.leaf(index), index, size, proof, tree.root(size))).toBe(true);
        proofs += 1;
      }
    }
    expect(proofs).toBe(2080);
  });

  test("every consistency proof up to 64 entries agrees and verifies", () => {
    const entries = entriesOf(64);
    const tree = treeOf(entries);
    let proofs = 0;
    for (let to = 0; to <= 64; to += 1) {
      for (let from = 0; from <= to; from += 1) {
        const proof = tree.consistencyProof(from, to);
        const naive = from === 0 ? [] : naiveSubproof(from, entries.slice(0, to), true);
        expect(hexes(proof)).toEqual(hexes(naive));
        expect(verifyConsistency(from, to, tree.root(from), tree.root(to), proof)).toBe(true);
        proofs += 1;
      }
    }
    expect(proofs).toBe(2145);
  });
});

describe("a proof with anything changed", () => {
  const tree = treeOf(entriesOf(40));
  const bent = (of: Hash, bit = 0) =>
    of.map((byte, n) => (n === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

  /** Every way to spoil a list of hashes: one bit, one missing, one too many, two swapped. */
  function spoiled(proof: readonly Hash[]): readonly (readonly Hash[])[] {
    const changed = proof.map((_, at) => proof.map((of, n) => (n === at ? bent(of, at * 7) : of)));
    const missing = proof.map((_, at) => proof.filter((__, n) => n !== at));
    const extra = [0, proof.length].map((at) => proof.toSpliced(at, 0, tree.leaf(at)));
    const swapped = proof
      .slice(1)
      .map((_, at) =>
        proof.with(at, proof[at + 1] ?? EMPTY_ROOT).with(at + 1, proof[at] ?? EMPTY_ROOT),
      );
    const short = proof.map((_, at) => proof.map((of, n) => (n === at ? of.slice(1) : of)));
    return [...changed, ...missing, ...extra, ...swapped, ...short];
  }

  test("shows no inclusion: other hashes, index, size, leaf or root", () => {
    let refused = 0;
    for (let size = 1; size <= 40; size += 3) {
      for (let index = 0; index < size; index += 1) {
        const proof = tree.inclusionProof(index, size);
        const [leaf, root] = [tree.leaf(index), tree.root(size)];
        const attempts = [
          ...spoiled(proof).map((changed) => [leaf, index, size, changed, root] as const),
          [bent(leaf), index, size, proof, root] as const,
          [leaf, index, size, proof, bent(root)] as const,
          [leaf, size, size, proof, root] as const,
          [leaf, -1, size, proof, root] as const,
          [leaf, index + 0.5, size, proof, root] as const,
          [leaf, index, 2 ** 60, proof, root] as const,
          ...(size > 1 ? [[leaf, (index + 1) % size, size, proof, root] as const] : []),
        ];
        for (const attempt of attempts) expect(verifyInclusion(...attempt)).toBe(false);
        refused += attempts.length;
      }
    }
    expect(refused).toBeGreaterThan(5_000);
  });

  test("shows no consistency: other hashes, sizes or roots", () => {
    let refused = 0;
    for (let to = 1; to <= 40; to += 3) {
      for (let from = 1; from < to; from += 1) {
        const proof = tree.consistencyProof(from, to);
        const [old, next] = [tree.root(from), tree.root(to)];
        const attempts = [
          ...spoiled(proof).map((changed) => [from, to, old, next, changed] as const),
          [from, to, bent(old), next, proof] as const,
          [from, to, old, bent(next), proof] as const,
          [to, from, old, next, proof] as const,
          [from, from, old, next, proof] as const,
          [0, to, old, next, proof] as const,
          [from, to, old, next, []] as const,
        ];
        for (const attempt of attempts) expect(verifyConsistency(...attempt)).toBe(false);
        refused += attempts.length;
      }
    }
    expect(refused).toBeGreaterThan(3_000);
  });

  test("is asked for outside of the log only by mistake", () => {
    expect(() => tree.root(41)).toThrow("a size lies in the log");
    expect(() => tree.leaf(40)).toThrow("a size lies in the log");
    expect(() => tree.inclusionProof(5, 5)).toThrow("an entry is in its log");
    expect(() => tree.consistencyProof(5, 4)).toThrow("a log does not shrink");
    expect(() => tree.append(new Uint8Array(31))).toThrow("32 bytes");
  });

  test("what a tree gave out changes nothing in it", () => {
    const before = hashToHex(tree.root(40));
    tree.leaf(3).fill(0);
    tree.root(32).fill(0);
    expect(hashToHex(tree.root(40))).toBe(before);
    expect(hashToHex(tree.root(32))).toBe(hashToHex(naiveRoot(entriesOf(32))));
  });
});
