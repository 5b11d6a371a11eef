/**
 * The rule of writes: two nodes that may run at the same time share no slice.
 *
 * Nodes may run at the same time when neither reaches the other. Gives no lease: it only makes sure
 * that within one mission no two nodes ever contend for one. Specification: docs/plan.md, "Writes".
 */
import { leaseFlaw } from "../architect/index.ts";
import { createReachability, type Graph } from "./graph.ts";
import type { NodeSpec } from "./schema.ts";
import type { Report } from "./violation.ts";

/**
 * Edge visits spent on this rule in one compilation: 40 times the edges of the largest plan, about
 * 50 ms. Only plans with very many slices, each shared by writers far apart, need more.
 */
export const WRITE_CHECK_STEPS_MAX = 2_000_000;

/**
 * Reports slices whose writers are not totally ordered. `order` is a topological order of all nodes;
 * the writers of a `leased` slice need no order where a lease is enough to keep them apart.
 *
 * The writers of a slice are sorted by `order`; they are totally ordered exactly when each reaches
 * the next, so k writers need k - 1 queries, which together visit each edge at most once.
 */
export function checkWrites(
  nodes: readonly NodeSpec[],
  graph: Graph,
  order: readonly number[],
  leased: ReadonlySet<string>,
  report: Report,
): void {
  const reaches = createReachability(graph, order, WRITE_CHECK_STEPS_MAX);
  const answers = new Map<number, boolean | "too_large">();
  for (const [slice, writers] of writersBySlice(nodes, order)) {
    for (const [at, to] of writers.entries()) {
      const from = writers[at - 1];
      if (from === undefined) continue;
      // Nodes that share one slice often share several: one answer serves all of them.
      const key = from * nodes.length + to;
      const answer = answers.get(key) ?? reaches(from, to);
      answers.set(key, answer);
      if (answer === "too_large") {
        const detail = `whether the writers of ${slice} run one after the other was not decided within ${WRITE_CHECK_STEPS_MAX} steps`;
        report("write_check_too_large", "/nodes", detail);
        return;
      }
      if (answer) continue;
      if (leased.has(slice)) {
        const flaw = leaseFlaw(writers.flatMap((writer) => nodes[writer] ?? []));
        if (flaw === null) break;
        const detail = `a lease cannot keep the writers of ${slice} apart: ${flaw}`;
        report("lease_not_sufficient", "/leased", detail);
        break;
      }
      const pair = `${nodes[from]?.id} and ${nodes[to]?.id}`;
      const member = nodes[to]?.writeSet.indexOf(slice);
      const detail = `${pair} may run at the same time and both write ${slice}`;
      report("write_conflict", `/nodes/${to}/writeSet/${member}`, detail);
    }
  }
}

/** The writers of every slice, each list in `order`. */
export function writersBySlice(
  nodes: readonly NodeSpec[],
  order: readonly number[],
): Map<string, number[]> {
  const writers = new Map<string, number[]>();
  for (const position of order) {
    for (const slice of new Set(nodes[position]?.writeSet)) {
      const list = writers.get(slice);
      if (list) list.push(position);
      else writers.set(slice, [position]);
    }
  }
  return writers;
}
