/**
 * The Planner: from a brief to a plan by six deterministic steps, or every reason why not, at once.
 * Runs nothing, reads no clock, stores nothing; the same brief gives the same bytes. Linear in what the
 * brief says and the edges that follow, without recursion. Specification: docs/planner.md.
 */
import type { PatternChoice, ZoneFacts } from "../architect/index.ts";
import { hashLargeJson } from "../canonical.ts";
import { sha256Hex } from "../crypto.ts";
import {
  type NodeSpec,
  type Plan,
  checkPlan,
  createGraph,
  topologicalOrder,
} from "../plan/index.ts";
import { type Result, err, ok } from "../result.ts";
import type { Brief } from "./brief.ts";
import { checkPaths } from "./completion.ts";
import { type Incoming, type Phases, connect, decompose } from "./flow.ts";
import { approvalFor, arbitrationBetween, checkExit, nodeOf, riskOf } from "./gates.ts";
import { placeInBrief } from "./place.ts";
import { gateTemplate } from "./risk.ts";
import { type Separation, separateWriters } from "./separate.ts";
import { type BriefReport, type BriefViolation, createBriefViolations } from "./violation.ts";

/** A node the Planner put in, and the judgements it stands before or between. */
export interface InsertedNode {
  readonly node: string;
  readonly why: "approval" | "arbitration";
  readonly for: readonly string[];
}

/** A sound plan and what the Planner decided on the way. */
export interface CompiledBrief {
  /** As `planSchema` yields it, in brief order; inserted nodes stand before the one they guard. */
  readonly plan: Plan;
  /** As `compilePlan` gives it for `plan`. */
  readonly planHash: string;
  /** SHA-256 over the JCS bytes of the brief: what the plan was made from. */
  readonly briefHash: string;
  readonly order: readonly string[];
  /** One entry for every slice with several writers; a slice with one is a partition by itself. */
  readonly patterns: readonly PatternChoice[];
  readonly inserted: readonly InsertedNode[];
}

export interface BriefInvalid {
  readonly reason: "brief_invalid";
  readonly violations: readonly BriefViolation[];
}

/**
 * Compiles a brief that `briefSchema` has parsed.
 *
 * `registry` is what the team registered of its zones; it goes before what the brief declares.
 * Errors: `brief_invalid` with 1 to 100 violations, those of the six steps before those of the plan,
 * each with a pointer into the brief.
 */
export function compileBrief(
  brief: Brief,
  registry: readonly ZoneFacts[] = [],
): Result<CompiledBrief, BriefInvalid> {
  const { list, report } = createBriefViolations();
  const phases = decompose(brief, report);
  const incoming = connect(brief, report);
  const nodes = gateNodes(brief, phases, report);
  const separation = separate(nodes, incoming, phases, report);
  const { plan, origins, inserted } = assemble(brief, phases, nodes, incoming, separation);
  const checked = checkPlan(plan, registry);
  if (!checked.ok) {
    const place = placeInBrief(brief, plan, origins);
    const isAmbiguous = checked.error.violations.some(({ code }) => code === "node_duplicate");
    for (const { code, pointer, detail } of checked.error.violations) {
      // Consequences of what was reported above: they would name nodes and edges nobody wrote.
      if (code === "phase_unknown" || (isAmbiguous && OF_EDGES.has(code))) continue;
      report(code, place(pointer), detail);
    }
  }
  if (list.length > 0 || !checked.ok) return err({ reason: "brief_invalid", violations: list });
  const { hash: planHash, order } = checked.value;
  const { patterns } = separation;
  return ok({ plan, planHash, briefHash: hashBrief(brief), order, patterns, inserted });
}

/** What is said of edges means nothing while two judgements have one name. */
const OF_EDGES: ReadonlySet<string> = new Set([
  "edge_self_loop",
  "edge_duplicate",
  "cycle",
  "phase_backwards",
]);

/** What a plan was made from: the same for any order of the JSON's keys. */
export function hashBrief(brief: Brief): string {
  return hashLargeJson(brief);
}

/** Steps 2 and 4: a typed node for every judgement, with the gates of its risk. */
function gateNodes(brief: Brief, { phaseAt }: Phases, report: BriefReport): NodeSpec[] {
  return brief.judgements.map((judgement, at) => {
    const pointer = `/judgements/${at}`;
    const node = nodeOf(judgement, phaseAt[at] ?? "", riskOf(judgement, pointer, report));
    checkExit(node, pointer, report);
    return node;
  });
}

/** Step 3's second half and step 5, on the graph of the judgements alone. */
function separate(
  nodes: NodeSpec[],
  incoming: Incoming,
  { phases }: Phases,
  report: BriefReport,
): Separation {
  const graph = createGraph(nodes.length, pairsOf(incoming));
  const order = topologicalOrder(graph);
  const none = { patterns: [], leased: [], arbitrations: [] };
  // A circle is the plan's violation; without an order there is nothing to say of ways and writers.
  if (order.length < nodes.length) return none;
  const rankOf = new Map(phases.map((phase, rank) => [phase, rank] as const));
  const rankAt = nodes.map(({ phase }) => rankOf.get(phase) ?? 0);
  const rank = (position: number) => rankAt[position] ?? 0;
  let isForward = true;
  for (const [from, to] of pairsOf(incoming)) isForward &&= rank(from) <= rank(to);
  const byPhase: number[][] = phases.map(() => []);
  for (const position of order) byPhase[rank(position)]?.push(position);
  const separation = isForward ? separateWriters(nodes, graph, byPhase.flat(), report) : none;
  const guarded = {
    before: new Set(separation.arbitrations.map(([before]) => before)),
    after: new Set(separation.arbitrations.map(([, after]) => after)),
  };
  checkPaths(nodes, graph, order, guarded, report);
  return separation;
}

function* pairsOf({ starts, from }: Incoming): Generator<readonly [number, number]> {
  for (let to = 0; to + 1 < starts.length; to += 1)
    for (let at = starts[to] ?? 0; at < (starts[to + 1] ?? 0); at += 1) yield [from[at] ?? 0, to];
}

interface Assembled {
  readonly plan: Plan;
  /** For every node of the plan, the position of the judgement it is or guards. */
  readonly origins: readonly number[];
  readonly inserted: readonly InsertedNode[];
}

/** Writes the plan down: nodes in brief order, edges by the node they lead to. */
function assemble(
  brief: Brief,
  { phases }: Phases,
  nodes: readonly NodeSpec[],
  incoming: Incoming,
  { leased, arbitrations }: Separation,
): Assembled {
  const taken = new Set(nodes.map(({ id }) => id));
  const approved = new Set(nodes.flatMap(({ approves }) => approves ?? []));
  const arbitratedBefore = new Map<number, number[]>();
  for (const [before, after] of arbitrations)
    arbitratedBefore.set(after, [...(arbitratedBefore.get(after) ?? []), before]);
  const [planNodes, origins, edges]: [NodeSpec[], number[], Plan["edges"]] = [[], [], []];
  const inserted: InsertedNode[] = [];
  const insert = (node: NodeSpec, at: number, record: InsertedNode) => {
    planNodes.push(node);
    origins.push(at);
    inserted.push(record);
  };
  for (const [at, node] of nodes.entries()) {
    const guards: string[] = [];
    const { starts, from } = incoming;
    const before = Array.from(from.subarray(starts[at], starts[at + 1]), (u) => nodes[u]?.id ?? "");
    for (const other of arbitratedBefore.get(at) ?? []) {
      const first = nodes[other];
      if (first === undefined) continue;
      const id = freeName(`${first.id}-then-${node.id}`, taken);
      const record = { node: id, why: "arbitration", for: [first.id, node.id] } as const;
      insert(arbitrationBetween(first, node, id), at, record);
      edges.push({ from: first.id, to: id });
      guards.push(id);
    }
    const needsApproval = node.kind === "execution" && gateTemplate(node.risk).approvalNode;
    if (needsApproval && !approved.has(node.id)) {
      const id = freeName(`approve-${node.id}`, taken);
      insert(approvalFor(node, id), at, { node: id, why: "approval", for: [node.id] });
      for (const id2 of before) edges.push({ from: id2, to: id });
      guards.push(id);
    }
    planNodes.push(node);
    origins.push(at);
    for (const id of [...before, ...guards]) edges.push({ from: id, to: node.id });
  }
  const plan: Plan = {
    title: brief.title,
    ...(brief.goal === undefined ? {} : { goal: brief.goal }),
    phases: [...phases],
    nodes: planNodes,
    edges,
    missionInputs: brief.inputs,
    ...(brief.authorizationExpiresAt === undefined
      ? {}
      : { authorizationExpiresAt: brief.authorizationExpiresAt }),
    ...(leased.length === 0 ? {} : { leased: [...leased] }),
    ...(brief.zones === undefined ? {} : { zones: brief.zones }),
  };
  return { plan, origins, inserted };
}

/** A name nobody has, from the wish alone: cut with its hash when too long, counted when taken. */
function freeName(wish: string, taken: Set<string>): string {
  const base = wish.length <= 60 ? wish : `${wish.slice(0, 43)}.${sha256Hex(wish).slice(0, 16)}`;
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}.${number}`;
  taken.add(name);
  return name;
}
