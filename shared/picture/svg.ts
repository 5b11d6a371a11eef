/**
 * A picture as one SVG document: no script, no outside reference, every text escaped. Kind is the outline of a
 * box, state its sign, its word and its border, and only then a colour; light and dark follow the reader's own
 * setting. The same picture gives the same bytes.
 */
import type { Arrow, Picture, PlacedBox } from "./layout.ts";
import { boxLines, boxState, boxTitle, pictureSummary, plainText } from "./words.ts";

/** The whole document, UTF-8 text. O(boxes + points). */
export function pictureToSvg(picture: Picture): string {
  const { width, height, mission, boxes, arrows } = picture;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="picture-title picture-summary">`,
    `<title id="picture-title">${escaped(plainText(mission.title))}</title>`,
    `<desc id="picture-summary">${escaped(pictureSummary(picture))}</desc>`,
    `<style>${STYLE}</style>`,
    ARROW_HEAD,
    ...arrows.map(arrowSvg),
    ...boxes.map(boxSvg),
    "</svg>\n",
  ].join("\n");
}

const STYLE = [
  "svg{--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#6e7781;--new:#f6f8fa;--ready:#ddf4ff;--running:#fff8c5;--done:#dafbe1;--blocked:#ffebe9;background:var(--paper);font:13px/1.3 system-ui,sans-serif}",
  "@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--soft:#9ea7b1;--line:#8b949e;--new:#161b22;--ready:#0c2d4d;--running:#3b2e00;--done:#0f3d1d;--blocked:#4b1113}}",
  "text{fill:var(--ink)}",
  ".soft{fill:var(--soft);font-size:11px}",
  ".word{font-weight:600;font-size:12px}",
  ".arrow{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}",
  ".head{fill:var(--line)}",
  ".box{stroke:var(--line);stroke-width:1.5}",
  ".sign{fill:none;stroke:var(--ink);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}",
  ".solid{fill:var(--ink)}",
  ".NEW .box{fill:var(--new);stroke-dasharray:2 4}",
  ".READY .box{fill:var(--ready)}",
  ".RUNNING .box{fill:var(--running);stroke:var(--ink);stroke-width:2.5;stroke-dasharray:10 3}",
  ".DONE .box{fill:var(--done)}",
  ".BLOCKED .box{fill:var(--blocked);stroke:var(--ink);stroke-width:3}",
].join("");

const ARROW_HEAD =
  '<defs><marker id="picture-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>';

/** Drawn in a square of 20 around 0,0. */
const SIGNS = {
  NEW: '<circle class="sign" r="7"/>',
  READY: '<path class="sign" d="M-5 -7L7 0L-5 7z"/>',
  RUNNING: '<path class="sign solid" d="M-5 -7L7 0L-5 7z"/>',
  DONE: '<path class="sign" d="M-7 0L-2 6L7 -6"/>',
  BLOCKED: '<path class="sign" d="M-3 -8H3L8 -3V3L3 8H-3L-8 3V-3z"/>',
} as const;

/** Inside the sign of a blocked node: two bars, a cross, or a filled square for good. */
const VERDICT_SIGNS = {
  pause: '<path class="sign" d="M-2 -3V3M2 -3V3"/>',
  block: '<path class="sign" d="M-3 -3L3 3M3 -3L-3 3"/>',
  seal: '<path class="sign solid" d="M-3 -3H3V3H-3z"/>',
} as const;

function arrowSvg({ points }: Arrow): string {
  const path = points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
  return `<path class="arrow" d="${path}" marker-end="url(#picture-head)"/>`;
}

function boxSvg(box: PlacedBox): string {
  const state = boxState(box);
  const [title, word, detail] = boxLines(box);
  const verdict = box.kind === "node" ? box.node.verdict : null;
  return [
    `<g class="${state}" transform="translate(${box.x} ${box.y})">`,
    `<title>${escaped(boxTitle(box))}</title>`,
    outlineSvg(box),
    `<g transform="translate(22 ${box.h / 2})">${SIGNS[state]}${verdict === null ? "" : VERDICT_SIGNS[verdict]}</g>`,
    `<text x="42" y="25">${escaped(title)}</text>`,
    `<text class="word" x="42" y="44">${escaped(word)}</text>`,
    `<text class="soft" x="42" y="62">${escaped(detail)}</text>`,
    "</g>",
  ].join("");
}

/** A decision is round, an execution square, an approval cut at its corners, a group a pile. */
function outlineSvg({ kind, w, h, ...box }: PlacedBox): string {
  const rect = (extra: string) => `<rect class="box" width="${w}" height="${h}"${extra}/>`;
  if (kind === "group") return `${rect(' x="5" y="5"')}${rect("")}`;
  const drawn = "node" in box ? box.node.kind : "execution";
  if (drawn === "decision") return rect(' rx="16"');
  if (drawn === "execution") return rect("");
  return `<path class="box" d="M12 0H${w - 12}L${w} 12V${h - 12}L${w - 12} ${h}H12L0 ${h - 12}V12z"/>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
