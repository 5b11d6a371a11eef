/**
 * Step 3, second half: writers of one slice that could write at the same time are kept apart by the
 * strongest pattern that fits. Asks the Architect and carries out what it answers on the nodes.
 * Specification: docs/architect.md, "Conflict avoidance".
 */
import { type PatternChoice, choosePattern } from "../architect/index.ts";
import {
  type NodeSpec,
  WRITE_CHECK_STEPS_MAX,
  createReachability,
  type createGraph,
  writersBySlice,
} from "../plan/index.ts";
import type { BriefReport } from "./violation.ts";

/** What keeps the writers apart. */
export interface Separation {
  /** One entry for every slice with several writers, in the order the slices are first written. */
  readonly patterns: readonly PatternChoice[];
  /** Slices whose writers hold leases, in the same order. */
  readonly leased: readonly string[];
  /** Pairs of positions with a person between them, each once. */
  readonly arbitrations: readonly (readonly [before: number, after: number])[];
}

/**
 * Chooses a pattern for every slice with several writers, and takes slices that are only proposed out of
 * the write-sets of `nodes`.
 *
 * Shape: `order` is a topological order that never goes back to an earlier phase, so whatever leads
 * forward in it makes no cycle. All choices look at the graph as the brief drew it, so that none depends
 * on the order of the slices. Cost: bounded as the write check of a plan.
 */
export function separateWriters(
  nodes: NodeSpec[],
  graph: ReturnType<typeof createGraph>,
  order: readonly number[],
  report: BriefReport,
): Separation {
  const reachable = createReachability(graph, order, WRITE_CHECK_STEPS_MAX);
  const answers = new Map<number, boolean | "too_large">();
  const reaches = (from: number, to: number) => {
    const key = from * nodes.length + to;
    const answer = answers.get(key) ?? reachable(from, to);
    answers.set(key, answer);
    return answer;
  };
  const patterns: PatternChoice[] = [];
  const leased: string[] = [];
  const pairs = new Map<number, readonly [number, number]>();
  for (const [slice, writers] of writersBySlice(nodes, order)) {
    if (writers.length < 2) continue;
    const specs = writers.flatMap((position) => nodes[position] ?? []);
    const at = (place: number) => writers[place] ?? 0;
    const choice = choosePattern(slice, specs, (from, to) => reaches(at(from), at(to)));
    if (choice === "too_large") {
      const detail = `how to keep the writers of ${slice} apart was not decided within ${WRITE_CHECK_STEPS_MAX} steps`;
      report("write_check_too_large", "/judgements", detail);
      break;
    }
    patterns.push(choice);
    if (choice.pattern === "lease") leased.push(slice);
    if (choice.pattern === "propose-merge") onlyProposed(nodes, writers.slice(0, -1), slice);
    const positionById = new Map(specs.map(({ id }, place) => [id, at(place)] as const));
    for (const [before, after] of choice.arbitrations ?? []) {
      const pair = [positionById.get(before) ?? 0, positionById.get(after) ?? 0] as const;
      pairs.set(pair[0] * nodes.length + pair[1], pair);
    }
  }
  return { patterns, leased, arbitrations: [...pairs.values()] };
}

/** Proposers keep what they hand to the merger and lose the right to write. */
function onlyProposed(nodes: NodeSpec[], proposers: readonly number[], slice: string): void {
  for (const position of proposers) {
    const node = nodes[position];
    if (node === undefined) continue;
    nodes[position] = { ...node, writeSet: node.writeSet.filter((own) => own !== slice) };
  }
}
