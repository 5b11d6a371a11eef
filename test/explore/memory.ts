/**
 * The steps that were worked out: for each letter and rest a tree of what the step looked at, with what it did at
 * its leaves. Shared by all plans of a round, since a step sees no more of its plan than it looks at.
 */
import { type Alphabet, type Letter, lettersAt, lettersOfMission } from "./alphabet.ts";
import { type Catalogue, type Cell, createCatalogue, type Place, type Rest } from "./place.ts";
import { createReads, recall, remember, type Tree } from "./reads.ts";
import { stepFrom } from "./step.ts";

/** What a step did: what is wrong with it, or which cells it changed, and the rest it left. */
export interface Did {
  readonly flaws: readonly string[] | null;
  readonly moved: readonly (readonly [number, Cell])[];
  readonly rest: Rest;
  /** Where it led, where that is known as a whole: worked out directly, or to another plan. */
  readonly plan: Place | null;
}

/** A letter as it is tried at places with one rest, and what it did there. `did` of null: it changes nothing. */
export interface Slot {
  readonly letter: Letter;
  /** Place of the cell it was made from; -1: it was made from the rest. */
  readonly owner: number;
  tree: Tree<Did | null> | undefined;
}

export interface Memory {
  readonly catalogue: Catalogue;
  readonly ofCells: Map<Cell, Map<Rest, readonly Slot[]>>;
  readonly ofRests: Map<Rest, readonly Slot[]>;
}

export function createMemory(): Memory {
  return { catalogue: createCatalogue(), ofCells: new Map(), ofRests: new Map() };
}

/** Every letter that is tried at a place: those of each node, and those of the mission. */
export function slotsOf(
  { ofCells, ofRests }: Memory,
  { cells, rest }: Place,
  alphabet: Alphabet,
): readonly (readonly Slot[])[] {
  const all: (readonly Slot[])[] = [];
  for (let at = 0; at < cells.length; at += 1) {
    const cell = cells[at];
    if (!cell) continue;
    let byRest = ofCells.get(cell);
    if (!byRest) ofCells.set(cell, (byRest = new Map()));
    let slots = byRest.get(rest);
    if (!slots) {
      const letters = lettersAt(cell, rest.seconds, alphabet);
      slots = letters.map((letter) => ({ letter, owner: at, tree: undefined }));
      byRest.set(rest, slots);
    }
    all.push(slots);
  }
  let slots = ofRests.get(rest);
  if (!slots) {
    const letters = lettersOfMission(rest.scalars, rest.seconds, alphabet);
    slots = letters.map((letter) => ({ letter, owner: -1, tree: undefined }));
    ofRests.set(rest, slots);
  }
  all.push(slots);
  return all;
}

/** Recalls what a letter does at a place, or works it out. */
export function takeStep(
  { catalogue }: Memory,
  place: Place,
  slot: Slot,
  isDirect: boolean,
): { readonly did: Did | null; readonly isNew: boolean } {
  if (isDirect) return { did: workedOut(catalogue, place, slot, null), isNew: true };
  const known = recall(catalogue, slot.tree, place);
  if (known !== undefined) return { did: known, isNew: false };
  const reads = createReads(slot.owner);
  const did = workedOut(catalogue, place, slot, reads);
  slot.tree = remember(catalogue, slot.tree, { place, looks: reads.looks, did });
  return { did, isNew: true };
}

function workedOut(
  catalogue: Catalogue,
  place: Place,
  { letter }: Slot,
  reads: ReturnType<typeof createReads> | null,
): Did | null {
  const { rest } = place;
  const step = stepFrom(catalogue, place, letter, reads);
  if (step.kind === "nothing") return null;
  if (step.kind === "flaws") return { flaws: step.flaws, moved: [], rest, plan: null };
  const to = step.place;
  if (!reads || to.outline !== place.outline) return { flaws: null, moved: [], rest, plan: to };
  const moved = to.cells.flatMap((cell, at) =>
    cell === place.cells[at] ? [] : [[at, cell] as const],
  );
  // It happened, and left everything as it was.
  if (moved.length === 0 && to.rest === rest) return null;
  return { flaws: null, moved, rest: to.rest, plan: null };
}
