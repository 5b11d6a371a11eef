/**
 * Which boxes a picture shows. Every node where they are few enough to read and to lay out; otherwise what is
 * done becomes one box for each phase, and when that is still too much, so does every phase. A box always says
 * how many nodes are behind it. Refuses to place anything: layout.ts does.
 */
import { LIMITS } from "../limits.ts";
import { layoutSteps, withoutImplied } from "./edges.ts";

export interface PicturedNode {
  readonly id: string;
  readonly title: string;
  readonly kind: "decision" | "execution" | "approval";
  readonly phase: string;
  readonly risk: number;
  readonly state: "NEW" | "READY" | "RUNNING" | "DONE" | "BLOCKED";
  readonly verdict: "pause" | "block" | "seal" | null;
}

/** What is drawn of a mission; its view has all of it. */
export interface PicturedMission {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly sealed: boolean;
  /** In topological order. */
  readonly nodes: readonly PicturedNode[];
  readonly edges: readonly PicturedEdge[];
}

export interface PicturedEdge {
  readonly from: string;
  readonly to: string;
}

/** One node, or several of one phase. */
export type DrawnBox =
  | { readonly kind: "node"; readonly id: string; readonly node: PicturedNode }
  | {
      readonly kind: "group";
      /** No node has such an id: it holds a space. */
      readonly id: string;
      readonly phase: string;
      /** At least two. */
      readonly nodes: readonly PicturedNode[];
    };

export interface DrawnGraph {
  readonly boxes: readonly DrawnBox[];
  /** Between boxes, without those that others imply. */
  readonly edges: readonly PicturedEdge[];
  /** Edges of the mission that are not drawn because a longer way says the same, or both ends are in one box. */
  readonly edgesImplied: number;
  readonly collapsed: "nothing" | "done" | "phases";
}

/** The boxes and edges to draw, in the mission's order. */
export function drawnGraph(mission: PicturedMission): DrawnGraph {
  const whole = grouped(mission, "nothing", () => false);
  if (fits(whole)) return whole;
  const done = grouped(mission, "done", ({ state }) => state === "DONE");
  return fits(done) ? done : grouped(mission, "phases", () => true);
}

function fits({ boxes, edges }: DrawnGraph): boolean {
  if (boxes.length > LIMITS.pictureBoxesMax) return false;
  const steps = layoutSteps(
    boxes.map(({ id }) => id),
    edges,
  );
  return steps <= LIMITS.pictureStepsMax;
}

function grouped(
  { nodes, edges }: PicturedMission,
  collapsed: DrawnGraph["collapsed"],
  isGrouped: (node: PicturedNode) => boolean,
): DrawnGraph {
  const members = new Map<string, PicturedNode[]>();
  for (const node of nodes) {
    const key = isGrouped(node) ? `phase ${node.phase}` : node.id;
    const before = members.get(key);
    if (before) before.push(node);
    else members.set(key, [node]);
  }
  const boxes = [...members].map(([id, own]): DrawnBox => {
    const [first] = own;
    return own.length === 1 && first
      ? { kind: "node", id: first.id, node: first }
      : { kind: "group", id, phase: first?.phase ?? "", nodes: own };
  });
  const boxOf = new Map<string, string>();
  for (const box of boxes) {
    for (const { id } of box.kind === "node" ? [box.node] : box.nodes) boxOf.set(id, box.id);
  }
  const between = betweenBoxes(edges, boxOf);
  const isTooMany = boxes.length > LIMITS.pictureBoxesMax;
  // What is too large to be drawn is not worth thinning out.
  const drawn = isTooMany
    ? between
    : withoutImplied(
        boxes.map(({ id }) => id),
        between,
      );
  return { boxes, edges: drawn, edgesImplied: edges.length - drawn.length, collapsed };
}

function betweenBoxes(
  edges: readonly PicturedEdge[],
  boxOf: ReadonlyMap<string, string>,
): readonly PicturedEdge[] {
  const seen = new Map<string, PicturedEdge>();
  for (const edge of edges) {
    const [from, to] = [boxOf.get(edge.from), boxOf.get(edge.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}\n${to}`;
    if (!seen.has(key)) seen.set(key, { from, to });
  }
  return [...seen.values()];
}
