/**
 * Structural drift: what in a plan crosses a boundary of responsibility. A boundary runs between zones
 * named by full coordinates; other zone texts are labels and have none. Reports, and repairs nothing.
 * Specification: docs/architect.md, "Structural drift".
 */
import { isZone, zoneOf } from "./coordinate.ts";

/** What is registered of a zone. `skills` is closed: what it does not list may not be used there. */
export interface ZoneFacts {
  /** Exactly four segments. */
  readonly zone: string;
  readonly skills: readonly string[];
  /** Artifacts (`ledger`) or slices (`ledger#2026`) only this zone writes. */
  readonly owns: readonly string[];
  /** Zones to which work may go from here without an approval node between. */
  readonly handsTo: readonly string[];
}

export type StructureCode =
  | "boundary_crossed"
  | "agent_boundary_crossed"
  | "skill_boundary_crossed"
  | "slice_boundary_crossed"
  | "zone_duplicate"
  | "slice_owned_twice";

export type StructureReport = (code: StructureCode, pointer: string, detail: string) => void;

interface StructuralNode {
  readonly id: string;
  readonly kind: "decision" | "execution" | "approval";
  readonly zone?: string | undefined;
  readonly agents: readonly string[];
  readonly skill?: string | undefined;
  readonly writeSet: readonly string[];
}

/** A plan as the Architect looks at it; positions are positions in `nodes`. */
export interface Structure {
  readonly nodes: readonly StructuralNode[];
  readonly successors: { of(position: number): Iterable<number> };
  /** A topological order; shorter than `nodes` in a cyclic plan, whose carried zones are not looked at. */
  readonly order: readonly number[];
  /** RFC 6901 pointer of an edge. */
  readonly edgePointer: (from: number, to: number) => string;
  /** Declared by the plan; what is wrong with them is reported under `/zones`. */
  readonly declared: readonly ZoneFacts[];
  /** Registered by the team; an entry here replaces the declared one of that zone. */
  readonly registered: readonly ZoneFacts[];
}

/** Several zones arrive together at a node that has none of its own. */
const MIXED = Symbol("mixed");
type Carried = string | typeof MIXED;

/**
 * Reports every boundary a plan crosses: edges first, then node by node.
 * Cost: O(V + E) and the members of the nodes.
 */
export function checkStructure(structure: Structure, report: StructureReport): void {
  const zones = mergeZones(structure, report);
  const zoneAt = structure.nodes.map(({ zone }) =>
    zone !== undefined && isZone(zone) ? zone : null,
  );
  const isBounded = zoneAt.some((zone) => zone !== null);
  if (!isBounded && zones.size === 0) return;
  checkEdges(structure, zoneAt, zones, report);
  checkAgents(structure.nodes, zoneAt, report);
  checkSkills(structure.nodes, zoneAt, zones, report);
  checkSlices(structure.nodes, zones, report);
}

/** Whether nodes have anything that a registry of zones could forbid: a zone with boundaries, or a write. */
export function isStructural(
  nodes: readonly { readonly zone?: string | undefined; readonly writeSet: readonly string[] }[],
): boolean {
  return nodes.some(
    ({ zone, writeSet }) => writeSet.length > 0 || (zone !== undefined && isZone(zone)),
  );
}

/** The registered zones that nodes lie in or write into: all that their structure is judged by, in their order. */
export function zonesConcerned(
  nodes: readonly Pick<StructuralNode, "zone" | "writeSet">[],
  registered: readonly ZoneFacts[],
): readonly ZoneFacts[] {
  const named = new Set(nodes.map(({ zone }) => zone));
  const slices = nodes.flatMap(({ writeSet }) => writeSet);
  const written = new Set([...slices, ...slices.map((slice) => slice.split("#")[0] ?? "")]);
  return registered.filter(
    ({ zone, owns }) => named.has(zone) || owns.some((owned) => written.has(owned)),
  );
}

function mergeZones(
  { declared, registered }: Structure,
  report: StructureReport,
): ReadonlyMap<string, ZoneFacts> {
  const zones = new Map<string, ZoneFacts>();
  for (const [at, facts] of declared.entries()) {
    if (zones.has(facts.zone))
      report("zone_duplicate", `/zones/${at}/zone`, `${facts.zone} is declared twice`);
    else zones.set(facts.zone, facts);
  }
  for (const facts of registered) zones.set(facts.zone, facts);
  const owners = new Map<string, string>();
  for (const [at, facts] of declared.entries()) {
    if (zones.get(facts.zone) !== facts) continue;
    for (const [member, owned] of facts.owns.entries()) {
      const owner = owners.get(owned);
      if (owner === undefined) owners.set(owned, facts.zone);
      else
        report(
          "slice_owned_twice",
          `/zones/${at}/owns/${member}`,
          `${owned} is owned by ${owner} and by ${facts.zone}`,
        );
    }
  }
  return zones;
}

/**
 * Work passes from zone to zone through an approval node or a declared interface only. A node without a
 * zone that is no approval hands on whose work it carries, so that it cannot launder a boundary.
 */
function checkEdges(
  { nodes, successors, order, edgePointer }: Structure,
  zoneAt: readonly (string | null)[],
  zones: ReadonlyMap<string, ZoneFacts>,
  report: StructureReport,
): void {
  const carried = new Map<number, Carried>();
  for (const from of order) {
    const source = nodes[from];
    if (source === undefined || source.kind === "approval") continue;
    const zone = zoneAt[from] ?? carried.get(from);
    if (zone === undefined) continue;
    for (const to of successors.of(from)) {
      const target = nodes[to];
      if (target === undefined || target.kind === "approval") continue;
      const into = zoneAt[to];
      if (typeof into !== "string") {
        const before = carried.get(to);
        carried.set(to, before === undefined || before === zone ? zone : MIXED);
        continue;
      }
      if (zone === into || (zone !== MIXED && zones.get(zone)?.handsTo.includes(into))) continue;
      const whose = zone === MIXED ? "several zones" : zone;
      const detail = `${source.id} -> ${target.id} hands work of ${whose} to ${into} without a handover`;
      report("boundary_crossed", edgePointer(from, to), detail);
    }
  }
}

/** An agent named by its coordinate works in its zone; one named by its id alone works in one zone. */
function checkAgents(
  nodes: readonly StructuralNode[],
  zoneAt: readonly (string | null)[],
  report: StructureReport,
): void {
  const homeOf = new Map<string, string>();
  for (const [at, { id, agents }] of nodes.entries()) {
    const zone = zoneAt[at];
    if (typeof zone !== "string") continue;
    for (const [member, agent] of agents.entries()) {
      const home = zoneOf(agent) ?? homeOf.get(agent);
      if (home === undefined) homeOf.set(agent, zone);
      else if (home !== zone)
        report(
          "agent_boundary_crossed",
          `/nodes/${at}/agents/${member}`,
          `${agent} belongs to ${home}, ${id} lies in ${zone}`,
        );
    }
  }
}

function checkSkills(
  nodes: readonly StructuralNode[],
  zoneAt: readonly (string | null)[],
  zones: ReadonlyMap<string, ZoneFacts>,
  report: StructureReport,
): void {
  for (const [at, { id, skill }] of nodes.entries()) {
    const facts = zones.get(zoneAt[at] ?? "");
    if (facts === undefined || skill === undefined || facts.skills.includes(skill)) continue;
    const detail = `${id} asks for ${skill}, which ${facts.zone} has not registered`;
    report("skill_boundary_crossed", `/nodes/${at}/skill`, detail);
  }
}

/** A slice is owned under its own name, or with its whole artifact. */
function checkSlices(
  nodes: readonly StructuralNode[],
  zones: ReadonlyMap<string, ZoneFacts>,
  report: StructureReport,
): void {
  const ownerOf = new Map<string, string>();
  for (const { zone, owns } of zones.values()) for (const owned of owns) ownerOf.set(owned, zone);
  if (ownerOf.size === 0) return;
  for (const [at, { id, zone, writeSet }] of nodes.entries()) {
    for (const [member, slice] of writeSet.entries()) {
      const owner = ownerOf.get(slice) ?? ownerOf.get(slice.split("#")[0] ?? "");
      if (owner === undefined || owner === zone) continue;
      const detail = `${id} of ${zone ?? "no zone"} writes ${slice}, which ${owner} owns`;
      report("slice_boundary_crossed", `/nodes/${at}/writeSet/${member}`, detail);
    }
  }
}
