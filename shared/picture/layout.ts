/**
 * Places the boxes of a picture: top to bottom, layer by layer, by dagre. The same mission gives the same
 * numbers on every machine. The choice of library: docs/decisions/0030-graph-picture.md.
 */
import { Graph, layout } from "@dagrejs/dagre";
import { type DrawnBox, type DrawnGraph, drawnGraph, type PicturedMission } from "./graph.ts";

/** Whole pixels; x and y are the upper left corner. */
export type PlacedBox = DrawnBox & {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
};

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** From the edge of one box to the edge of another; at least two points. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
}

export interface Picture {
  readonly mission: Pick<PicturedMission, "id" | "title" | "state" | "sealed">;
  readonly width: number;
  readonly height: number;
  /** In the mission's order. */
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly Arrow[];
  readonly edgesImplied: number;
  readonly collapsed: DrawnGraph["collapsed"];
}

const BOX_WIDTH = 232;
const BOX_HEIGHT = 76;
const MARGIN = 16;
/** Room for the arrow's head and for lines that turn. */
const LAYER_GAP = 44;
const BOX_GAP = 24;
/** Less than half of the gap between layers, where the arrow comes from. */
const HEAD_HEIGHT = 12;

/** A mission's picture. Bounded: at most LIMITS.pictureBoxesMax boxes, whatever the mission's size. */
export function layoutPicture(mission: PicturedMission): Picture {
  const { boxes, edges, edgesImplied, collapsed } = drawnGraph(mission);
  const graph = new Graph();
  graph.setGraph({
    rankdir: "TB",
    // Of the exact rankers the fastest; the order within layers, which takes most of the time, is the same.
    ranker: "tight-tree",
    nodesep: BOX_GAP,
    ranksep: LAYER_GAP,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of boxes) graph.setNode(id, { width: BOX_WIDTH, height: BOX_HEIGHT });
  for (const { from, to } of edges) graph.setEdge(from, to);
  if (boxes.length > 0) layout(graph);
  const { id, title, state, sealed } = mission;
  const { width, height } = graph.graph() as { width?: number; height?: number };
  const placed = new Map(boxes.map((box) => [box.id, { ...box, ...placeOf(graph, box.id) }]));
  return {
    mission: { id, title, state, sealed },
    width: Math.ceil(width ?? 2 * MARGIN),
    height: Math.ceil(height ?? 2 * MARGIN),
    boxes: [...placed.values()],
    arrows: edges.map(({ from, to }) => ({ from, to, points: pointsOf(graph, placed, from, to) })),
    edgesImplied,
    collapsed,
  };
}

function placeOf(graph: Graph, id: string): Pick<PlacedBox, "x" | "y" | "w" | "h"> {
  // dagre gives the middle of a box.
  const { x, y } = graph.node(id) as Point;
  const [w, h] = [BOX_WIDTH, BOX_HEIGHT];
  return { x: Math.round(x - w / 2), y: Math.round(y - h / 2), w, h };
}

/**
 * From the middle of one box's lower side to the middle of the other's upper side. dagre aims at the middle of
 * the boxes, and so leads flat arrows through their neighbours; what it finds in between passes all boxes by.
 */
function pointsOf(
  graph: Graph,
  placed: ReadonlyMap<string, PlacedBox>,
  from: string,
  to: string,
): readonly Point[] {
  const { points } = graph.edge(from, to) as { points: readonly Point[] };
  const [start, end] = [placed.get(from), placed.get(to)];
  const between = points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
  if (!start || !end) return between;
  return [
    { x: start.x + start.w / 2, y: start.y + start.h },
    ...between.slice(1, -1),
    // Straight down at last, so that a flat arrow does not hide its head under the box.
    { x: end.x + end.w / 2, y: end.y - HEAD_HEIGHT },
    { x: end.x + end.w / 2, y: end.y },
  ];
}
