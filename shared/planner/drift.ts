/**
 * Step 6 of the Planner, the scope-drift guard: what an altered brief would change in a plan that exists.
 * New nodes and edges to them are an amendment; anything that alters what was planned is refused, with
 * its place. Changes nothing and knows no mission. Specification: docs/planner.md, "Scope drift".
 */
import { canonicalJson } from "../canonical.ts";
import { type NodeSpec, type Plan, checkPlan } from "../plan/index.ts";
import { invariant } from "../invariant.ts";
import { type Result, ok } from "../result.ts";
import type { Brief } from "./brief.ts";
import { type BriefInvalid, compileBrief } from "./compile-brief.ts";

/** Every way to alter what exists, with what its author may do instead. */
export const DRIFT_FIXES = {
  frame_changed: "leave it as it was planned, or open another mission",
  spec_changed: "leave the judgement as it was, and add a new one beside it",
  node_removed: "keep the judgement: what was planned is not taken back",
  edge_changed: "leave inputs and outputs between existing judgements as they were",
  edge_into_existing: "let new judgements follow existing ones, never lead into them",
} as const;

export interface DriftRefusal {
  readonly code: keyof typeof DRIFT_FIXES;
  /** RFC 6901 pointer into the altered brief; "" where the brief no longer holds the place. */
  readonly pointer: string;
  readonly detail: string;
  readonly fix: string;
}

/** The difference between a plan and an altered brief, by node id. */
export interface BriefDrift {
  /** Hash of the plan that exists. */
  readonly planHash: string;
  /** Hash of the altered brief. */
  readonly briefHash: string;
  readonly added: readonly string[];
  readonly changed: readonly { readonly node: string; readonly members: readonly string[] }[];
  readonly removed: readonly string[];
  /** What may be added, or null when there is nothing new or something is refused. */
  readonly amendment: Pick<Plan, "nodes" | "edges"> | null;
  /** At most 100. */
  readonly refusals: readonly DriftRefusal[];
}

const REFUSALS_MAX = 100;
const FRAME = [
  "title",
  "goal",
  "phases",
  "missionInputs",
  "authorizationExpiresAt",
  "leased",
  "zones",
  "allocationProfile",
] as const satisfies readonly (keyof Plan)[];

/**
 * Compiles the altered brief and compares its plan with the one that exists.
 *
 * `existing` compiles. Errors: `brief_invalid` when the altered brief makes no plan; a drift that is
 * refused is no error but the answer. O(V + E).
 */
export function diffBrief(existing: Plan, altered: Brief): Result<BriefDrift, BriefInvalid> {
  const compiled = compileBrief(altered);
  if (!compiled.ok) return compiled;
  const checked = checkPlan(existing);
  invariant(checked.ok, "a plan that exists compiles");
  const { plan, briefHash } = compiled.value;
  const refusals: DriftRefusal[] = [];
  const refuse = (code: keyof typeof DRIFT_FIXES, pointer: string, detail: string) => {
    if (refusals.length < REFUSALS_MAX)
      refusals.push({ code, pointer, detail, fix: DRIFT_FIXES[code] });
  };
  for (const member of FRAME) {
    if (textOf(existing[member]) === textOf(plan[member])) continue;
    refuse("frame_changed", FRAME_PLACES[member], `the plan's ${member} would change`);
  }
  const nodes = diffNodes(existing, plan, placesIn(altered), refuse);
  const edges = diffEdges(existing, plan, placesIn(altered), refuse);
  const isAmendment = refusals.length === 0 && nodes.added.length > 0;
  return ok({
    planHash: checked.value.hash,
    briefHash,
    added: nodes.added.map(({ id }) => id),
    changed: nodes.changed,
    removed: nodes.removed,
    amendment: isAmendment ? { nodes: nodes.added, edges } : null,
    refusals,
  });
}

type Refuse = (code: keyof typeof DRIFT_FIXES, pointer: string, detail: string) => void;
type PlaceOf = (node: string) => string;

/** Where in a brief the members of a plan's frame come from. */
const FRAME_PLACES: Readonly<Record<(typeof FRAME)[number], string>> = {
  title: "/title",
  goal: "/goal",
  phases: "/deliverables",
  missionInputs: "/inputs",
  authorizationExpiresAt: "/authorizationExpiresAt",
  leased: "/judgements",
  zones: "/zones",
  allocationProfile: "",
};

function placesIn(brief: Brief): PlaceOf {
  const places = new Map(brief.judgements.map(({ id }, at) => [id, `/judgements/${at}`] as const));
  return (node) => places.get(node) ?? "";
}

function diffNodes(existing: Plan, altered: Plan, placeOf: PlaceOf, refuse: Refuse) {
  const alteredById = new Map(altered.nodes.map((node) => [node.id, node] as const));
  const known = new Set(existing.nodes.map(({ id }) => id));
  const changed: { node: string; members: readonly string[] }[] = [];
  const removed: string[] = [];
  for (const before of existing.nodes) {
    const { id } = before;
    const after = alteredById.get(id);
    if (after === undefined) {
      removed.push(id);
      refuse("node_removed", "", `${id} would be gone`);
      continue;
    }
    const members = changedMembers(before, after);
    if (members.length === 0) continue;
    changed.push({ node: id, members });
    refuse("spec_changed", placeOf(id), `${members.join(", ")} of ${id} would change`);
  }
  return { added: altered.nodes.filter(({ id }) => !known.has(id)), changed, removed };
}

function changedMembers(before: NodeSpec, after: NodeSpec): readonly string[] {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof NodeSpec>;
  return [...members].filter((member) => textOf(before[member]) !== textOf(after[member])).sort();
}

/** Edges to new nodes. Between existing ones nothing may come or go, and nothing may lead into them. */
function diffEdges(existing: Plan, altered: Plan, placeOf: PlaceOf, refuse: Refuse): Plan["edges"] {
  const known = new Set(existing.nodes.map(({ id }) => id));
  const left = new Set(existing.edges.map(({ from, to }) => `${from} -> ${to}`));
  const added: Plan["edges"] = [];
  for (const edge of altered.edges) {
    const { from, to } = edge;
    const name = `${from} -> ${to}`;
    if (left.delete(name)) continue;
    if (!known.has(to)) added.push(edge);
    else if (known.has(from)) refuse("edge_changed", placeOf(to), `${name} would be new`);
    else refuse("edge_into_existing", placeOf(to), `${name}: ${to} exists`);
  }
  for (const name of left) refuse("edge_changed", "", `${name} would be gone`);
  return added;
}

function textOf(value: unknown): string {
  return value === undefined ? "" : canonicalJson(value);
}
