/**
 * The words of a picture: the lines in a box, its full title, and the summary for those who do not see it. A
 * state has a word and a sign besides its colour.
 */
import type { DrawnBox, PicturedNode } from "./graph.ts";
import type { Picture } from "./layout.ts";

type State = PicturedNode["state"];

/** One character for each state, in the order in which they are counted. */
export const STATE_SYMBOLS: Readonly<Record<State, string>> = {
  BLOCKED: "!",
  RUNNING: ">",
  READY: "o",
  NEW: ".",
  DONE: "x",
};

/** By urgency: what a group shows first, and whose state stands for it. */
const STATES = Object.keys(STATE_SYMBOLS) as readonly State[];

/** How wide a box's text may be, in half-width characters. */
const TITLE_COLUMNS = 25;
const DETAIL_COLUMNS = 33;

/** Title, state and kind of a box, each cut to its width. */
export function boxLines(box: DrawnBox): readonly [string, string, string] {
  if (box.kind === "node") {
    const { title, state, verdict, kind, risk, id } = box.node;
    return [
      cut(plainText(title), TITLE_COLUMNS),
      verdict === null ? state : `${state}: ${verdict}`,
      cut(`${kind}, risk ${risk}, ${id}`, DETAIL_COLUMNS),
    ];
  }
  const risk = Math.max(...box.nodes.map((node) => node.risk));
  return [
    cut(`${box.nodes.length} nodes of ${box.phase}`, TITLE_COLUMNS),
    cut(countsOf(box.nodes), TITLE_COLUMNS),
    `risk up to ${risk}`,
  ];
}

/** Everything a box says, in one sentence that is not cut. */
export function boxTitle(box: DrawnBox): string {
  if (box.kind === "group")
    return `${box.nodes.length} nodes of phase ${box.phase}: ${countsOf(box.nodes)}`;
  const { id, title, kind, phase, risk, state, verdict } = box.node;
  const waits = verdict === null ? state : `${state}, verdict ${verdict}`;
  return `${plainText(title)} (${id}): ${waits}; ${kind} in ${phase}, risk ${risk}`;
}

/** The state that stands for a box: its own, or the most urgent behind it. */
export function boxState(box: DrawnBox): State {
  if (box.kind === "node") return box.node.state;
  const held = new Set(box.nodes.map(({ state }) => state));
  return STATES.find((state) => held.has(state)) ?? "NEW";
}

/** What the picture shows, for a reader who does not see it. */
export function pictureSummary({ mission, boxes, edgesImplied, collapsed }: Picture): string {
  const nodes = boxes.flatMap((box) => (box.kind === "node" ? [box.node] : box.nodes));
  const parts = [
    `Mission ${mission.state}${mission.sealed ? " and sealed" : ""}.`,
    nodes.length === 0 ? "No nodes." : `${nodes.length} nodes: ${countsOf(nodes)}.`,
    ...(collapsed === "nothing" ? [] : [COLLAPSED[collapsed]]),
    ...(edgesImplied > 0 ? [`${edgesImplied} edges follow from others and are not drawn.`] : []),
  ];
  return parts.join(" ");
}

const COLLAPSED = {
  done: "What is done is one box for each phase.",
  phases: "Each phase is one box.",
} as const;

function countsOf(nodes: readonly PicturedNode[]): string {
  return STATES.map(
    (state) => [state, nodes.filter((node) => node.state === state).length] as const,
  )
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}

/**
 * Text as it may stand in a picture: one line, without characters that XML forbids, and without those that
 * turn the direction of what stands around them.
 */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/gu, "\uFFFD")
    .trim();
}

/** At most so many columns; wide scripts and pictures take two. Never cut within a character. */
function cut(text: string, columnsMax: number): string {
  let columns = 0;
  let kept = "";
  for (const { segment } of SEGMENTS.segment(text)) {
    columns += (segment.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
    // A character may carry marks without end.
    if (columns > columnsMax || kept.length + segment.length > 8 * columnsMax) {
      return `${kept.trimEnd()}…`;
    }
    kept += segment;
  }
  return kept;
}

const SEGMENTS = new Intl.Segmenter("en", { granularity: "grapheme" });
