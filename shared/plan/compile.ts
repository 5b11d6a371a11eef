/**
 * Compilation: from a plan that has the right shape to a graph a mission can run, or every reason why
 * it cannot, all at once.
 *
 * Decides soundness only: it runs nothing, reads no clock and stores nothing; a compiled plan is
 * derived again whenever it is needed. Specification: docs/plan.md.
 */
import { type ZoneFacts, checkStructure } from "../architect/index.ts";
import { hashLargeJson } from "../canonical.ts";
import { invariant } from "../invariant.ts";
import { type Result, err, ok } from "../result.ts";
import { type EdgeTable, createEdgeTable } from "./edge-table.ts";
import { createGraph, findCycles, type Graph, type Neighbours, topologicalOrder } from "./graph.ts";
import { checkNode } from "./node-rules.ts";
import type { NodeSpec, Plan } from "./schema.ts";
import {
  createViolations,
  type PlanViolation,
  type PlanViolationCode,
  type Report,
} from "./violation.ts";
import { checkWrites } from "./write-rules.ts";

/** A sound plan with what follows from it. Plain data and maps; derived, never stored. */
export interface CompiledPlan {
  /** Every default filled in; phases, nodes and edges in the order given. */
  readonly plan: Plan;
  /** SHA-256 over the JCS bytes of `plan`, lower-case hex. */
  readonly hash: string;
  /** Node ids in topological order; the same for any order of the same edges. */
  readonly order: readonly string[];
  readonly specById: ReadonlyMap<string, NodeSpec>;
  /** Position of each node in `order`. */
  readonly indexById: ReadonlyMap<string, number>;
  /** Direct successors of every node, in plan order; empty for a leaf. */
  readonly successors: ReadonlyMap<string, readonly string[]>;
  /** Direct predecessors of every node, in plan order; empty for a root. */
  readonly predecessors: ReadonlyMap<string, readonly string[]>;
  /** Execution node id -> id of the approval node that `approves` it; only those that have one. */
  readonly approverOf: ReadonlyMap<string, string>;
}

/** Nodes named in full in the detail of a cycle; a longer one is cut before its last node. */
const CYCLE_NAMES_MAX = 32;

/**
 * Rules that only what is new is held to. A recorded plan never changes and its mission must stay readable,
 * whether it is older than a rule or the registry of zones that judged it has changed since.
 */
const RULES_FOR_NEW_PLANS = new Set<PlanViolationCode>([
  "decision_not_human",
  "universes_not_observed",
  "evidence_policy_not_applicable",
  "zone_duplicate",
  "slice_owned_twice",
  "boundary_crossed",
  "agent_boundary_crossed",
  "skill_boundary_crossed",
  "slice_boundary_crossed",
]);

/** What the checks share: the plan, its ids resolved to positions, and where to report. */
interface Draft {
  readonly plan: Plan;
  /** Position in `plan.nodes` of the first node of each id. */
  readonly positionById: ReadonlyMap<string, number>;
  readonly graph: Graph;
  /** Where every edge of `graph` stands in `plan.edges`. */
  readonly edges: EdgeTable;
  readonly report: Report;
}

/**
 * Compiles a plan that `planSchema` has parsed: a new one, one recorded when its mission opened, or one
 * of which the first nodes and edges are recorded and the others new.
 *
 * Errors: `plan_invalid` with at least one and at most 100 violations, in the order of docs/plan.md.
 * `registry` is what the team registered of its zones; it goes before what the plan declares of them.
 * Cost: O(V + E) for the graph; the rule of writes is bounded separately. No recursion, so a chain
 * of any allowed length compiles.
 */
export function compilePlan(
  plan: Plan,
  registry: readonly ZoneFacts[] = [],
  origin: PlanOrigin = "new",
): Result<CompiledPlan, PlanInvalid> {
  const checked = check(plan, registry, origin);
  if (!checked.ok) return checked;
  const { draft, order, approverOf } = checked.value;
  return ok(assemble(draft, order, approverOf));
}

/**
 * Compiles without building the maps a running mission needs: the same judgement, a third of the
 * memory, for a plan that is only looked at. Errors: as `compilePlan`.
 */
export function checkPlan(
  plan: Plan,
  registry: readonly ZoneFacts[] = [],
): Result<Pick<CompiledPlan, "plan" | "hash" | "order">, PlanInvalid> {
  const checked = check(plan, registry, "new");
  if (!checked.ok) return checked;
  const order = checked.value.order.map((position) => nodeAt(plan, position).id);
  return ok({ plan, hash: hashLargeJson(plan), order });
}

interface PlanInvalid {
  readonly reason: "plan_invalid";
  readonly violations: readonly PlanViolation[];
}

interface Checked {
  readonly draft: Draft;
  readonly order: readonly number[];
  readonly approverOf: ReadonlyMap<string, string>;
}

/** Where a plan comes from; as an object: how many of its nodes and edges, the first ones, are recorded. */
export type PlanOrigin =
  | "new"
  | "recorded"
  | { readonly recordedNodes: number; readonly recordedEdges: number };

/** Whether the place lies in something new. */
function isNew(origin: PlanOrigin, pointer: string): boolean {
  if (typeof origin === "string") return origin === "new";
  const [, list, position] = pointer.split("/");
  if (list === "nodes") return Number(position) >= origin.recordedNodes;
  return list === "edges" && Number(position) >= origin.recordedEdges;
}

function check(
  plan: Plan,
  registered: readonly ZoneFacts[],
  origin: PlanOrigin,
): Result<Checked, PlanInvalid> {
  const { list, report: note } = createViolations();
  const report: Report = (code, pointer, detail) => {
    if (!RULES_FOR_NEW_PLANS.has(code) || isNew(origin, pointer)) note(code, pointer, detail);
  };
  const positionById = indexNodes(plan, report);
  const edges = resolveEdges(plan, positionById, report);
  const graph = createGraph(plan.nodes.length, edges.pairs());
  const draft = { plan, positionById, edges, report, graph };
  const order = topologicalOrder(draft.graph);
  const isAcyclic = order.length === plan.nodes.length;
  if (!isAcyclic) reportCycles(draft, order);
  checkPhases(draft);
  for (const [at, node] of plan.nodes.entries()) checkNode(node, `/nodes/${at}`, report);
  const approverOf = checkApproves(draft);
  checkApart(draft);
  checkEvidence(draft);
  checkLeaves(draft);
  if (isAcyclic) checkWrites(plan.nodes, draft.graph, order, new Set(plan.leased), report);
  const edgePointer = (from: number, to: number) => `/edges/${edges.find(from, to)}`;
  const { successors } = draft.graph;
  const declared = plan.zones ?? [];
  checkStructure(
    { nodes: plan.nodes, successors, order, edgePointer, declared, registered },
    report,
  );
  if (list.length > 0) return err({ reason: "plan_invalid", violations: list });
  return ok({ draft, order, approverOf });
}

function indexNodes(plan: Plan, report: Report): ReadonlyMap<string, number> {
  const positionById = new Map<string, number>();
  for (const [at, node] of plan.nodes.entries()) {
    const first = positionById.get(node.id);
    if (first === undefined) positionById.set(node.id, at);
    else
      report(
        "node_duplicate",
        `/nodes/${at}/id`,
        `${node.id} is already the id of /nodes/${first}`,
      );
  }
  return positionById;
}

/** Keeps one entry for every usable edge and reports the others. */
function resolveEdges(
  plan: Plan,
  positionById: ReadonlyMap<string, number>,
  report: Report,
): EdgeTable {
  const edges = createEdgeTable(plan.edges.length);
  for (const [at, edge] of plan.edges.entries()) {
    for (const end of ["from", "to"] as const) {
      if (positionById.has(edge[end])) continue;
      report("edge_node_unknown", `/edges/${at}/${end}`, `the plan has no node ${edge[end]}`);
    }
    const from = positionById.get(edge.from);
    const to = positionById.get(edge.to);
    if (from === undefined || to === undefined) continue;
    if (from === to) {
      report("edge_self_loop", `/edges/${at}`, `the edge leads from ${edge.from} to itself`);
      continue;
    }
    const first = edges.add(from, to, at);
    if (first === undefined) continue;
    const detail = `${edge.from} -> ${edge.to} is already /edges/${first}`;
    report("edge_duplicate", `/edges/${at}`, detail);
  }
  return edges;
}

function reportCycles({ plan, graph, edges, report }: Draft, order: readonly number[]): void {
  for (const cycle of findCycles(graph, order)) {
    const names = cycle.map((position) => nodeAt(plan, position).id);
    const first = names[0] ?? "";
    const last = names.at(-1) ?? "";
    const cut = names.length - CYCLE_NAMES_MAX;
    const shown =
      cut > 0 ? [...names.slice(0, CYCLE_NAMES_MAX - 1), `(${cut} more)`, last] : [...names];
    const closing = edges.find(cycle.at(-1) ?? 0, cycle[0] ?? 0);
    report("cycle", `/edges/${closing}`, [...shown, first].join(" -> "));
  }
}

function checkPhases({ plan, graph, edges, report }: Draft): void {
  const rankOf = new Map<string, number>();
  for (const [at, phase] of plan.phases.entries()) {
    if (rankOf.has(phase)) report("phase_duplicate", `/phases/${at}`, `${phase} is listed twice`);
    else rankOf.set(phase, at);
  }
  for (const [at, node] of plan.nodes.entries()) {
    if (rankOf.has(node.phase)) continue;
    report(
      "phase_unknown",
      `/nodes/${at}/phase`,
      `${node.id} is in phase ${node.phase}, which is not listed`,
    );
  }
  for (let from = 0; from < graph.nodeCount; from += 1) {
    for (const to of graph.successors.of(from)) {
      const [source, target] = [nodeAt(plan, from), nodeAt(plan, to)];
      const before = rankOf.get(source.phase);
      const after = rankOf.get(target.phase);
      if (before === undefined || after === undefined || after >= before) continue;
      const detail = `${source.id} (${source.phase}) -> ${target.id} (${target.phase}) leads back to an earlier phase`;
      report("phase_backwards", `/edges/${edges.find(from, to)}`, detail);
    }
  }
}

/** Duties can only be kept apart between two nodes of the plan. */
function checkApart({ plan, positionById, report }: Draft): void {
  for (const [at, { id, approval }] of plan.nodes.entries()) {
    for (const [index, other] of (approval?.apartFrom ?? []).entries()) {
      if (other !== id && positionById.has(other)) continue;
      const pointer = `/nodes/${at}/approval/apartFrom/${index}`;
      report("apart_from_unknown", pointer, `${id} keeps apart from ${other}`);
    }
  }
}

/** Which approval node approves which execution node; only pairs that keep the rules. */
function checkApproves({ plan, positionById, edges, report }: Draft): ReadonlyMap<string, string> {
  const approverOf = new Map<string, string>();
  for (const [at, node] of plan.nodes.entries()) {
    const { approves } = node;
    if (node.kind !== "approval" || approves === undefined) continue;
    const pointer = `/nodes/${at}/approves`;
    const target = positionById.get(approves);
    const other = approverOf.get(approves);
    if (target === undefined || nodeAt(plan, target).kind !== "execution") {
      const detail = `${node.id} approves ${approves}, which is not an execution node of this plan`;
      report("approves_not_execution", pointer, detail);
    } else if (edges.find(at, target) === undefined) {
      const detail = `${node.id} approves ${approves} but has no edge to it`;
      report("approves_not_direct", pointer, detail);
    } else if (other === undefined) {
      approverOf.set(approves, node.id);
    } else {
      report("approves_twice", pointer, `${approves} is already approved by ${other}`);
    }
  }
  return approverOf;
}

/** ReqEvidence(v) is a subset of the union of OutEvidence(u), u in Pred(v), and the mission inputs. */
function checkEvidence({ plan, graph, report }: Draft): void {
  const missionInputs = new Set(plan.missionInputs);
  for (const [at, node] of plan.nodes.entries()) {
    if (node.evidenceIn.length === 0) continue;
    const supplied = new Set<string>();
    for (const before of graph.predecessors.of(at)) {
      for (const kind of nodeAt(plan, before).evidenceOut) supplied.add(kind);
    }
    for (const [member, kind] of node.evidenceIn.entries()) {
      if (supplied.has(kind) || missionInputs.has(kind)) continue;
      const detail = `${node.id} requires ${kind}, which no direct predecessor and no mission input supplies`;
      report("evidence_unsupplied", `/nodes/${at}/evidenceIn/${member}`, detail);
    }
  }
}

/** A leaf ends a line of work, so someone or something must accept that work. */
function checkLeaves({ plan, positionById, graph, report }: Draft): void {
  for (const [at, node] of plan.nodes.entries()) {
    const isLeaf = graph.successors.countOf(at) === 0 && positionById.get(node.id) === at;
    if (!isLeaf || node.kind !== "decision") continue;
    if (node.ownerX === "system" || node.tests.length > 0) continue;
    report(
      "leaf_not_accepted",
      `/nodes/${at}`,
      `${node.id} ends the plan and nothing accepts its work`,
    );
  }
}

function assemble(
  { plan, graph }: Draft,
  order: readonly number[],
  approverOf: ReadonlyMap<string, string>,
): CompiledPlan {
  const idOf = (position: number) => nodeAt(plan, position).id;
  const neighbours = (lists: Neighbours) =>
    new Map(plan.nodes.map(({ id }, at) => [id, Array.from(lists.of(at), idOf)] as const));
  const ids = order.map(idOf);
  return {
    plan,
    hash: hashLargeJson(plan),
    order: ids,
    specById: new Map(plan.nodes.map((node) => [node.id, node] as const)),
    indexById: new Map(ids.map((id, index) => [id, index] as const)),
    successors: neighbours(graph.successors),
    predecessors: neighbours(graph.predecessors),
    approverOf,
  };
}

function nodeAt(plan: Plan, position: number): NodeSpec {
  const node = plan.nodes[position];
  invariant(node !== undefined, "a position in the graph is a position in plan.nodes");
  return node;
}
