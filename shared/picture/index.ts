/** The face of the picture: a mission's graph, laid out, and written as SVG. */
export {
  drawnGraph,
  type DrawnBox,
  type DrawnGraph,
  type PicturedMission,
  type PicturedNode,
} from "./graph.ts";
export { type Arrow, layoutPicture, type Picture, type PlacedBox, type Point } from "./layout.ts";
export { pictureToSvg } from "./svg.ts";
export { boxLines, boxState, boxTitle, pictureSummary, STATE_SYMBOLS } from "./words.ts";
