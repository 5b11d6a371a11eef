/**
 * Step 5 of the Planner: no way from a root to a leaf without an exit gate on it that judges the work.
 * One pass over the edges; ways are never listed, since there may be exponentially many.
 * Specification: docs/planner.md, "The six steps".
 */
import type { NodeSpec, createGraph } from "../plan/index.ts";
import type { BriefReport } from "./violation.ts";

/** Judgements named in full in a detail; a longer way is cut before its last. */
const NAMES_MAX = 32;

/** A person between two judgements is a gate on every way through both. */
export interface Guarded {
  readonly before: ReadonlySet<number>;
  readonly after: ReadonlySet<number>;
}

/**
 * Reports a leaf that can be reached from a root without passing a test, a signature or a receipt, with
 * one such way. Leaves without any acceptance are the plan's own violation and not repeated here.
 *
 * Source: for all paths root -> leaf there is a gate_exit on the path. O(V + E).
 */
export function checkPaths(
  nodes: readonly NodeSpec[],
  graph: ReturnType<typeof createGraph>,
  order: readonly number[],
  guarded: Guarded,
  report: BriefReport,
): void {
  const OPEN_ROOT = nodes.length;
  const CLOSED = nodes.length + 1;
  /** Through which judgement an ungated way leads here. */
  const via = new Uint32Array(nodes.length).fill(CLOSED);
  for (const position of order) {
    const node = nodes[position];
    if (node === undefined || hasExitGate(node)) continue;
    const before = graph.predecessors.of(position);
    const isRoot = before.length === 0 && !guarded.after.has(position);
    const open = isRoot ? OPEN_ROOT : before.find((from) => via[from] !== CLOSED);
    if (open === undefined) continue;
    via[position] = open;
    const isLeaf = graph.successors.countOf(position) === 0 && !guarded.before.has(position);
    if (!isLeaf || node.ownerX !== "system") continue;
    const detail = `nothing judges the work on ${wayTo(nodes, via, position)}`;
    report("path_without_exit_gate", `/judgements/${position}`, detail);
  }
}

/** A signature, the gateway's receipt, or tests. That outputs are there says nothing of their worth. */
function hasExitGate(node: NodeSpec): boolean {
  return node.kind !== "decision" || node.tests.length > 0;
}

function wayTo(nodes: readonly NodeSpec[], via: Uint32Array, leaf: number): string {
  const names: string[] = [];
  let count = 0;
  for (let at: number | undefined = leaf; at !== undefined && at < nodes.length; at = via[at]) {
    count += 1;
    if (names.length < NAMES_MAX) names.push(nodes[at]?.id ?? "");
  }
  const shown = names.toReversed();
  return [...(count > names.length ? [`(${count - names.length} before)`] : []), ...shown].join(
    " -> ",
  );
}
