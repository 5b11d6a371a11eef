/**
 * Directed graphs over node positions 0..n-1: ready set, topological order, cycles, reachability.
 *
 * Knows no plan and no names. Nothing here recurses, so depth is bounded by memory and not by the
 * stack. Specification: docs/plan.md, "The graph".
 */

/**
 * The lists of neighbours of all positions, one behind the other in one flat array: 100,000 lists of
 * their own would take more memory than the plan. Every list ascends and holds no position twice.
 */
export interface Neighbours {
  /** A small list made anew each time; empty where there are none. */
  of(position: number): readonly number[];
  countOf(position: number): number;
}

export interface Graph {
  readonly nodeCount: number;
  readonly successors: Neighbours;
  readonly predecessors: Neighbours;
}

/** Builds a graph from distinct `[from, to]` pairs, in any order. O(V + E). */
export function createGraph(nodeCount: number, pairs: Iterable<readonly [number, number]>): Graph {
  const ends: number[] = [];
  for (const [from, to] of pairs) ends.push(from, to);
  // Two bucket sorts: by target, then, in that order, by source. Each list ascends without a comparison.
  const byTarget = bucket(nodeCount, ends, 1);
  const bySource = bucket(nodeCount, byTarget.pairs, 0);
  const byTargetSorted = bucket(nodeCount, bySource.pairs, 1);
  return {
    nodeCount,
    successors: neighboursIn(bySource, 1),
    predecessors: neighboursIn(byTargetSorted, 0),
  };
}

interface Buckets {
  /** Where each position's pairs begin, and one entry more for the end of the last. */
  readonly starts: Uint32Array;
  /** from, to, from, to, ... */
  readonly pairs: Uint32Array;
}

/** Sorts pairs by their member `by` (0 from, 1 to), stably. */
function bucket(nodeCount: number, pairs: ArrayLike<number>, by: 0 | 1): Buckets {
  const starts = new Uint32Array(nodeCount + 1);
  for (let at = by; at < pairs.length; at += 2) {
    const next = (pairs[at] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let at = 1; at <= nodeCount; at += 1) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
  const free = starts.slice();
  const sorted = new Uint32Array(pairs.length);
  for (let at = 0; at < pairs.length; at += 2) {
    const key = pairs[at + by] ?? 0;
    const place = free[key] ?? 0;
    free[key] = place + 1;
    sorted[2 * place] = pairs[at] ?? 0;
    sorted[2 * place + 1] = pairs[at + 1] ?? 0;
  }
  return { starts, pairs: sorted };
}

function neighboursIn({ starts, pairs }: Buckets, member: 0 | 1): Neighbours {
  const list = new Uint32Array(pairs.length / 2);
  for (let at = 0; at < list.length; at += 1) list[at] = pairs[2 * at + member] ?? 0;
  return {
    of(position) {
      const neighbours: number[] = [];
      const end = starts[position + 1] ?? 0;
      for (let at = starts[position] ?? 0; at < end; at += 1) neighbours.push(list[at] ?? 0);
      return neighbours;
    },
    countOf: (position) => (starts[position + 1] ?? 0) - (starts[position] ?? 0),
  };
}

/** READY(v) <=> every predecessor is complete, kept incrementally. */
export interface ReadySet {
  /** Positions ready from the start, ascending. */
  readonly initial: readonly number[];
  /**
   * Completes a ready position and returns those it makes ready, ascending. O(out-degree).
   * Each position is completed once; a second time would count its edges twice.
   */
  complete(position: number): readonly number[];
}

/** A ready set over the numbers of predecessors and the successor lists of one graph. */
export function createReadySet(predecessorCounts: Uint32Array, successors: Neighbours): ReadySet {
  const waitingFor = Uint32Array.from(predecessorCounts);
  const initial: number[] = [];
  for (const [position, count] of waitingFor.entries()) if (count === 0) initial.push(position);
  return {
    initial,
    complete(position) {
      const ready: number[] = [];
      for (const next of successors.of(position)) {
        const left = (waitingFor[next] ?? 0) - 1;
        waitingFor[next] = left;
        if (left === 0) ready.push(next);
      }
      return ready;
    },
  };
}

/**
 * Positions so that every edge points forward: Kahn's algorithm with a first-in-first-out queue.
 *
 * Shape: depends on the graph alone, not on the order its edges were given in. Shorter than
 * `nodeCount` exactly when the graph has a cycle; it then leaves out what is on or behind one.
 * O(V + E).
 */
export function topologicalOrder(graph: Graph): readonly number[] {
  const counts = Uint32Array.from({ length: graph.nodeCount }, (_, position) =>
    graph.predecessors.countOf(position),
  );
  const ready = createReadySet(counts, graph.successors);
  const order = [...ready.initial];
  // An array's iterator also visits what is pushed while it runs: the array is its own queue.
  for (const position of order) {
    for (const next of ready.complete(position)) order.push(next);
  }
  return order;
}

/**
 * Cycles among the positions that `order` left out, each as `[a, b, c]` for a -> b -> c -> a,
 * starting at its lowest position.
 *
 * Shape: disjoint, at least one when `order` is incomplete; not every cycle of the graph, since
 * there may be exponentially many. O(V + E).
 */
export function findCycles(graph: Graph, order: readonly number[]): readonly (readonly number[])[] {
  const ordered = new Uint8Array(graph.nodeCount);
  for (const position of order) ordered[position] = 1;
  const walkOf = new Uint32Array(graph.nodeCount);
  const cycles: number[][] = [];
  for (let start = 0; start < graph.nodeCount; start++) {
    if (ordered[start] === 1 || walkOf[start] !== 0) continue;
    // A left-out position has a left-out predecessor, so walking backwards must meet itself.
    const path: number[] = [];
    let position = start;
    while (walkOf[position] === 0) {
      walkOf[position] = start + 1;
      path.push(position);
      position =
        graph.predecessors.of(position).find((before) => ordered[before] === 0) ?? position;
    }
    if (walkOf[position] !== start + 1) continue;
    cycles.push(fromLowest(path.slice(path.indexOf(position)).reverse()));
  }
  return cycles;
}

function fromLowest(cycle: readonly number[]): number[] {
  const at = cycle.indexOf(cycle.reduce((lowest, position) => Math.min(lowest, position)));
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

/** Whether `from` leads to the other position `to`; "too_large" once the allowance is used up. */
export type Reaches = (from: number, to: number) => boolean | "too_large";

/**
 * Reachability queries over an acyclic graph that share one allowance of edge visits.
 *
 * `order` is the graph's topological order. A query leaves out what is ordered behind its target, so
 * queries between consecutive members of one ordered list visit each edge at most once: O(V + E)
 * for the whole list.
 */
export function createReachability(
  graph: Graph,
  order: readonly number[],
  stepsMax: number,
): Reaches {
  const rank = new Uint32Array(graph.nodeCount);
  for (const [at, position] of order.entries()) rank[position] = at;
  const visitedBy = new Uint32Array(graph.nodeCount);
  let query = 0;
  let stepsLeft = stepsMax;
  return (from, to) => {
    query += 1;
    const rankMax = rank[to] ?? 0;
    const queue = [from];
    for (const position of queue) {
      for (const next of graph.successors.of(position)) {
        stepsLeft -= 1;
        if (stepsLeft < 0) return "too_large";
        if (next === to) return true;
        if (visitedBy[next] === query || (rank[next] ?? 0) > rankMax) continue;
        visitedBy[next] = query;
        queue.push(next);
      }
    }
    return false;
  };
}
