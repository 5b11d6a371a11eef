/** The face of the Architect: coordinates, patterns against write conflicts, boundaries of a structure. */
export {
  COORDINATE_LEVELS,
  containsCoordinate,
  formatCoordinate,
  isZone,
  parseCoordinate,
  zoneOf,
} from "./coordinate.ts";
export type { Coordinate } from "./coordinate.ts";
export { CONFLICT_PATTERNS, choosePattern, leaseFlaw } from "./pattern.ts";
export type { ConflictPattern, PatternChoice, SliceWriter } from "./pattern.ts";
export { checkStructure, isStructural, zonesConcerned } from "./structure.ts";
export type { Structure, StructureCode, StructureReport, ZoneFacts } from "./structure.ts";
