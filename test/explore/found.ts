/**
 * The places an exploration has found, in the order it found them, and how each was reached first. A place is kept
 * as the numbers of its parts, packed where they fit into one number.
 */
import type { Cell, Place, Rest } from "./place.ts";

export interface Found {
  size(): number;
  placeAt(at: number): Place;
  depthOf(at: number): number;
  /** Names of the letters from the opening to the place. */
  pathTo(at: number): readonly string[];
  /** Adds a place reached by `letter` from the place at `after`, if it is new. */
  add(place: Place, after: number, letter: string): void;
}

/** Cells and rests that one exploration may tell apart within a packed number. */
const CELLS_MAX = 2 ** 10;
const RESTS_MAX = 2 ** 13;
const PACKED_CELLS_MAX = 4;

export function createFound(start: Place): Found {
  const cells: (readonly Cell[])[] = [];
  const rests: Rest[] = [];
  const outlines: Place["outline"][] = [];
  const from: number[] = [];
  const by: string[] = [];
  const depths: number[] = [];
  const seen = new Set<number | string>();
  const cellNumbers: number[] = [];
  const restNumbers: number[] = [];
  const known = { cells: 0, rests: 0 };
  const keyOf = (place: Place): number | string => {
    let key = (restNumbers[place.rest.id] ??= known.rests++);
    let isPacked = key < RESTS_MAX && place.cells.length <= PACKED_CELLS_MAX;
    for (const { id } of place.cells) {
      const number = (cellNumbers[id] ??= known.cells++);
      isPacked &&= number < CELLS_MAX;
      key = key * CELLS_MAX + number;
    }
    return isPacked ? key : [place.rest.id, ...place.cells.map(({ id }) => id)].join();
  };
  const add = (place: Place, after: number, letter: string, depth: number) => {
    const size = seen.size;
    seen.add(keyOf(place));
    if (seen.size === size) return;
    cells.push(place.cells);
    rests.push(place.rest);
    outlines.push(place.outline);
    from.push(after);
    by.push(letter);
    depths.push(depth);
  };
  add(start, -1, "", 0);
  return {
    size: () => rests.length,
    placeAt(at) {
      const [outline, own, rest] = [outlines[at], cells[at], rests[at]];
      if (!outline || !own || !rest) throw new Error(`place ${at} has been found`);
      return { outline, cells: own, rest };
    },
    depthOf: (at) => depths[at] ?? 0,
    pathTo(at) {
      const path: string[] = [];
      for (let place = at; place > 0; place = from[place] ?? 0) path.push(by[place] ?? "");
      return path.toReversed();
    },
    add: (place, after, letter) => add(place, after, letter, (depths[after] ?? 0) + 1),
  };
}
