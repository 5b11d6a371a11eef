/**
 * The edges of a plan between positions, found by their ends: a hash table in flat arrays, since a Map of
 * 300,000 edges alone would take a fifth of a Worker's memory. Knows no names and judges nothing.
 * Specification: docs/plan.md, "The graph".
 */

/** Edges by their ends; each pair at most once. */
export interface EdgeTable {
  /** Where the edge stands in the plan; undefined when there is none. O(1) on average. */
  find(from: number, to: number): number | undefined;
  /** Adds the edge unless its pair is there already; answers where the earlier one stands. */
  add(from: number, to: number, at: number): number | undefined;
  /** Every pair, in the order added. */
  pairs(): Iterable<readonly [from: number, to: number]>;
}

/** A table for at most `edgesMax` edges. */
export function createEdgeTable(edgesMax: number): EdgeTable {
  const size = 2 ** Math.ceil(Math.log2(2 * edgesMax + 2));
  /** Number of the edge plus one; 0 is free. Half of the slots stay free, so every search ends. */
  const slots = new Uint32Array(size);
  const ends = new Uint32Array(2 * edgesMax);
  const places = new Uint32Array(edgesMax);
  let count = 0;
  const slotOf = (from: number, to: number) => {
    // Odd multipliers spread neighbours; a bad spread costs time, never a wrong answer.
    let slot = (Math.imul(from, 0x9e3779b1) ^ Math.imul(to, 0x85ebca77)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & (size - 1);
    for (;;) {
      const edge = slots[slot] ?? 0;
      if (edge === 0) return slot;
      if (ends[2 * edge - 2] === from && ends[2 * edge - 1] === to) return slot;
      slot = (slot + 1) & (size - 1);
    }
  };
  const placeAt = (slot: number) => {
    const edge = slots[slot] ?? 0;
    return edge === 0 ? undefined : places[edge - 1];
  };
  return {
    find: (from, to) => placeAt(slotOf(from, to)),
    add(from, to, at) {
      const slot = slotOf(from, to);
      const earlier = placeAt(slot);
      if (earlier !== undefined) return earlier;
      ends[2 * count] = from;
      ends[2 * count + 1] = to;
      places[count] = at;
      count += 1;
      slots[slot] = count;
      return undefined;
    },
    *pairs() {
      for (let edge = 0; edge < count; edge += 1)
        yield [ends[2 * edge] ?? 0, ends[2 * edge + 1] ?? 0];
    },
  };
}
