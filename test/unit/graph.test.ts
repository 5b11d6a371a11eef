/**
 * Laws of the graph primitives: order, ready set, cycles, reachability, each against a plain definition.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createGraph,
  createReachability,
  createReadySet,
  findCycles,
  type Graph,
  topologicalOrder,
} from "../../shared/plan/graph.ts";

type Pair = readonly [number, number];

/** Distinct forward pairs over 2 to 24 positions, hidden behind a random renaming. */
const dag = fc.integer({ min: 2, max: 24 }).chain((count) =>
  fc
    .record({
      pairs: fc.uniqueArray(
        fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 })).filter(([a, b]) => a < b),
        { selector: ([a, b]) => a * count + b, maxLength: 60 },
      ),
      names: fc.shuffledSubarray(
        Array.from({ length: count }, (_, index) => index),
        { minLength: count, maxLength: count },
      ),
    })
    .map(({ pairs, names }) => ({
      count,
      pairs: pairs.map(([a, b]): Pair => [names[a] ?? 0, names[b] ?? 0]),
    })),
);

/** The neighbours of every position. */
function listsOf(graph: Graph, way: "successors" | "predecessors"): readonly (readonly number[])[] {
  return Array.from({ length: graph.nodeCount }, (_, position) => graph[way].of(position));
}

/** All positions that `from` leads to, by the definition. */
function closureOf(graph: Graph, from: number): Set<number> {
  const seen = new Set<number>();
  const open = [from];
  for (const position of open) {
    for (const next of graph.successors.of(position)) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}

describe("topologicalOrder", () => {
  test("holds every position of an acyclic graph once and puts each edge's source first", () => {
    fc.assert(
      fc.property(dag, ({ count, pairs }) => {
        const order = topologicalOrder(createGraph(count, pairs));
        expect(new Set(order)).toEqual(new Set(Array.from({ length: count }, (_, at) => at)));
        expect(order).toHaveLength(count);
        for (const [from, to] of pairs) expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
      }),
      { numRuns: 500 },
    );
  });

  test("does not depend on the order of the edges", () => {
    fc.assert(
      fc.property(dag, ({ count, pairs }) => {
        const forwards = topologicalOrder(createGraph(count, pairs));
        expect(topologicalOrder(createGraph(count, [...pairs].reverse()))).toEqual(forwards);
      }),
    );
  });

  test("queues first in, first out, and lets plan position decide among equals", () => {
    const graph = createGraph(5, [
      [4, 1],
      [4, 0],
      [1, 2],
    ]);
    expect(topologicalOrder(graph)).toEqual([3, 4, 0, 1, 2]);
  });
});

describe("createGraph", () => {
  test("lists neighbours in ascending order in both directions", () => {
    fc.assert(
      fc.property(dag, ({ count, pairs }) => {
        const graph = createGraph(count, pairs);
        const successors = listsOf(graph, "successors");
        const predecessors = listsOf(graph, "predecessors");
        for (const list of [...successors, ...predecessors]) {
          expect(list).toEqual([...list].sort((a, b) => a - b));
        }
        const listed = successors.flatMap((list, from) => list.map((to) => `${from}-${to}`));
        expect(new Set(listed)).toEqual(new Set(pairs.map(([from, to]) => `${from}-${to}`)));
        expect(predecessors.flat()).toHaveLength(pairs.length);
      }),
    );
  });
});

describe("createReadySet", () => {
  test("is at every moment exactly the positions whose predecessors are all complete", () => {
    fc.assert(
      fc.property(dag, fc.infiniteStream(fc.nat()), ({ count, pairs }, choices) => {
        const graph = createGraph(count, pairs);
        const predecessors = listsOf(graph, "predecessors");
        const counts = Uint32Array.from(predecessors, (list) => list.length);
        const set = createReadySet(counts, graph.successors);
        const done = new Set<number>();
        const ready = new Set(set.initial);
        while (ready.size > 0) {
          const expected = predecessors.flatMap((list, at) =>
            !done.has(at) && list.every((before) => done.has(before)) ? [at] : [],
          );
          expect([...ready].sort((a, b) => a - b)).toEqual(expected);
          const next = [...ready][(choices.next().value ?? 0) % ready.size] ?? 0;
          ready.delete(next);
          done.add(next);
          for (const position of set.complete(next)) ready.add(position);
        }
        expect(done.size).toBe(count);
      }),
    );
  });

  test("leaves the counts it was given as they were", () => {
    const counts = Uint32Array.of(0, 1);
    expect(createReadySet(counts, createGraph(2, [[0, 1]]).successors).complete(0)).toEqual([1]);
    expect(counts).toEqual(Uint32Array.of(0, 1));
  });
});

describe("findCycles", () => {
  test("is empty for an acyclic graph", () => {
    fc.assert(
      fc.property(dag, ({ count, pairs }) => {
        const graph = createGraph(count, pairs);
        expect(findCycles(graph, topologicalOrder(graph))).toEqual([]);
      }),
    );
  });

  test("gives real, disjoint cycles for any graph that has one", () => {
    const anyGraph = fc.integer({ min: 2, max: 16 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        pairs: fc.uniqueArray(
          fc
            .tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 }))
            .filter(([a, b]) => a !== b),
          { selector: ([a, b]) => a * count + b, maxLength: 40 },
        ),
      }),
    );
    let cyclicRuns = 0;
    fc.assert(
      fc.property(anyGraph, ({ count, pairs }) => {
        const graph = createGraph(count, pairs);
        const order = topologicalOrder(graph);
        const isCyclic = pairs.some(([from, to]) => closureOf(graph, to).has(from));
        const cycles = findCycles(graph, order);
        expect(order.length < count).toBe(isCyclic);
        expect(cycles.length > 0).toBe(isCyclic);
        if (isCyclic) cyclicRuns += 1;
        const members = cycles.flat();
        expect(new Set(members).size).toBe(members.length);
        for (const cycle of cycles) {
          expect(cycle[0]).toBe(Math.min(...cycle));
          for (const [at, from] of cycle.entries()) {
            expect(graph.successors.of(from)).toContain(cycle[(at + 1) % cycle.length]);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(cyclicRuns).toBeGreaterThan(50);
  });

  test("names each of two separate cycles and not the nodes behind them", () => {
    const graph = createGraph(7, [
      [0, 1],
      [1, 0],
      [1, 2],
      [4, 5],
      [5, 3],
      [3, 4],
      [3, 6],
    ]);
    expect(findCycles(graph, topologicalOrder(graph))).toEqual([
      [0, 1],
      [3, 4, 5],
    ]);
  });
});

describe("createReachability", () => {
  test("agrees with the transitive closure, query after query", () => {
    let reached = 0;
    fc.assert(
      fc.property(dag, ({ count, pairs }) => {
        const graph = createGraph(count, pairs);
        const reaches = createReachability(graph, topologicalOrder(graph), 1_000_000);
        for (let from = 0; from < count; from++) {
          const closure = closureOf(graph, from);
          reached += closure.size;
          const others = Array.from({ length: count }, (_, at) => at).filter((at) => at !== from);
          for (const to of others) expect(reaches(from, to)).toBe(closure.has(to));
        }
      }),
    );
    expect(reached).toBeGreaterThan(100);
  });

  test("says too_large when the shared allowance is used up, and never guesses", () => {
    const graph = createGraph(4, [
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const reaches = createReachability(graph, topologicalOrder(graph), 3);
    expect(reaches(0, 3)).toBe(true);
    expect(reaches(0, 3)).toBe("too_large");
    expect(reaches(0, 1)).toBe("too_large");
  });

  test("visits each edge at most once over consecutive members of an ordered list", () => {
    const count = 1_000;
    const pairs = Array.from({ length: count - 1 }, (_, at): Pair => [at, at + 1]);
    const graph = createGraph(count, pairs);
    const reaches = createReachability(graph, topologicalOrder(graph), pairs.length);
    for (let at = 0; at + 10 < count; at += 10) expect(reaches(at, at + 10)).toBe(true);
  });
});
