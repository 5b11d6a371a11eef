/**
 * Amendments: new nodes and the edges to them, added to a plan that is running. The scope-drift guard:
 * nothing in an existing node's spec and no edge between existing nodes may change, and no edge may lead
 * into an existing node, so a node that runs or is DONE never gets a new predecessor.
 * Judges soundness only; who may amend is the diff gate's question (shared/mission/diff-gate.ts).
 * Specification: docs/amendments.md.
 */
import * as z from "zod";
import type { ZoneFacts } from "../architect/index.ts";
import { LIMITS } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { type CompiledPlan, compilePlan } from "./compile.ts";
import { edgeSchema, nameSchema, nodeSchema, type Plan } from "./schema.ts";
import { PLAN_VIOLATIONS_MAX, type PlanViolation, type PlanViolationCode } from "./violation.ts";

const textSchema = z.string().min(1).max(LIMITS.reasonTextCharsMax);

export const amendmentSchema = z.strictObject({
  title: textSchema,
  reason: textSchema,
  nodes: z.array(nodeSchema).min(1).max(LIMITS.amendmentNodesMax),
  edges: z.array(edgeSchema).max(LIMITS.edgesMax).default([]),
});

/** An amendment with every default filled in; its hash is taken over this form. */
export type Amendment = z.output<typeof amendmentSchema>;

/** Violations only an amendment can have, each with its fix. Those of a plan are in violation.ts. */
export const AMENDMENT_FIXES = {
  amendment_node_exists:
    "give the new node an id of its own; what exists is done as it was planned",
  amendment_node_reserved: "choose an id that is not `amendment.` and a number",
  amendment_edge_into_existing: "let the edge lead to one of the new nodes",
  amendment_too_large: "open another mission for what is left",
} as const;

export type AmendmentViolationCode = keyof typeof AMENDMENT_FIXES | PlanViolationCode;

/** One thing that keeps an amendment from compiling; `pointer` is into the amendment. */
export interface AmendmentViolation extends Omit<PlanViolation, "code"> {
  readonly code: AmendmentViolationCode;
}

const RESERVED = /^amendment\.\d+$/;

/**
 * The id an amendment goes by where a node's id is expected: statement, inbox, address. Counts past ids
 * that nodes of the plan happen to have, since plans are older than amendments.
 */
export function amendmentId(base: CompiledPlan, number: number): string {
  let id = `amendment.${number}`;
  for (let next = number + 1; base.specById.has(id); next += 1) id = `amendment.${next}`;
  return nameSchema.parse(id);
}

/**
 * The plan with the amendment in it, compiled as a whole, or everything that is wrong at once.
 *
 * Shape: nodes and edges of the base come first and unchanged, the new ones after them in the order
 * given. `registry` is what the team registered of its zones; what exists is not judged by it again.
 * "recorded": the amendment was judged when it was proposed. Errors: `amendment_invalid` with 1 to 100
 * violations, the amendment's own first. O(V + E).
 */
export function compileAmendment(
  base: CompiledPlan,
  amendment: Amendment,
  registry: readonly ZoneFacts[] | "recorded" = [],
): Result<
  CompiledPlan,
  { readonly reason: "amendment_invalid"; readonly violations: readonly AmendmentViolation[] }
> {
  const violations: AmendmentViolation[] = [];
  const report = (code: keyof typeof AMENDMENT_FIXES, pointer: string, detail: string) => {
    violations.push({ code, pointer, detail, fix: AMENDMENT_FIXES[code] });
  };
  const nodesAt = newNodes(base, amendment, report);
  const edgesAt = newEdges(base, amendment, report);
  const plan = amended(base.plan, amendment, nodesAt, edgesAt);
  if (plan.nodes.length > LIMITS.nodesMax)
    report("amendment_too_large", "/nodes", `${plan.nodes.length} nodes of ${LIMITS.nodesMax}`);
  if (plan.edges.length > LIMITS.edgesMax)
    report("amendment_too_large", "/edges", `${plan.edges.length} edges of ${LIMITS.edgesMax}`);
  const { nodes, edges } = base.plan;
  const compiled =
    registry === "recorded"
      ? compilePlan(plan, [], registry)
      : compilePlan(plan, registry, { recordedNodes: nodes.length, recordedEdges: edges.length });
  if (!compiled.ok) {
    const place = placeIn(base.plan, nodesAt, edgesAt);
    for (const violation of compiled.error.violations)
      violations.push({ ...violation, pointer: place(violation.pointer) });
  }
  if (violations.length > 0 || !compiled.ok)
    return err({
      reason: "amendment_invalid",
      violations: violations.slice(0, PLAN_VIOLATIONS_MAX),
    });
  return ok(compiled.value);
}

type ReportOwn = (code: keyof typeof AMENDMENT_FIXES, pointer: string, detail: string) => void;

/** Positions of the new nodes that may join the plan; the others are reported. */
function newNodes(base: CompiledPlan, amendment: Amendment, report: ReportOwn): readonly number[] {
  const kept: number[] = [];
  for (const [at, { id }] of amendment.nodes.entries()) {
    if (base.specById.has(id))
      report("amendment_node_exists", `/nodes/${at}/id`, `${id} is a node of the mission already`);
    else if (RESERVED.test(id))
      report("amendment_node_reserved", `/nodes/${at}/id`, `${id} is the name of an amendment`);
    else kept.push(at);
  }
  return kept;
}

/** Positions of the edges that lead into no existing node; the others are reported. */
function newEdges(base: CompiledPlan, amendment: Amendment, report: ReportOwn): readonly number[] {
  const kept: number[] = [];
  for (const [at, { from, to }] of amendment.edges.entries()) {
    if (base.specById.has(to))
      report("amendment_edge_into_existing", `/edges/${at}`, `${from} -> ${to}: ${to} exists`);
    else kept.push(at);
  }
  return kept;
}

function amended(
  base: Plan,
  amendment: Amendment,
  nodesAt: readonly number[],
  edgesAt: readonly number[],
): Plan {
  return {
    ...base,
    nodes: [...base.nodes, ...picked(amendment.nodes, nodesAt)],
    edges: [...base.edges, ...picked(amendment.edges, edgesAt)],
  };
}

function picked<T>(items: readonly T[], positions: readonly number[]): readonly T[] {
  return positions.flatMap((at) => {
    const item = items[at];
    return item === undefined ? [] : [item];
  });
}

/** From a pointer into the amended plan to one into the amendment; `/nodes` or `/edges` where it meets what exists. */
function placeIn(
  base: Plan,
  nodesAt: readonly number[],
  edgesAt: readonly number[],
): (pointer: string) => string {
  const lists = {
    nodes: { from: base.nodes.length, at: nodesAt },
    edges: { from: base.edges.length, at: edgesAt },
  };
  return (pointer) => {
    const [, name, position, ...rest] = pointer.split("/");
    if (name !== "nodes" && name !== "edges") return "/nodes";
    const own = lists[name].at[Number(position) - lists[name].from];
    return own === undefined ? `/${name}` : [`/${name}/${own}`, ...rest].join("/");
  };
}
