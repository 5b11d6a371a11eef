/**
 * What a step looked at, in order: the whole of some cells, single members of others, neighbours, which nodes wait
 * for a turn or a clock, the plan where it is amended. A step is a pure function of what it looks at, so at another place where it would
 * see the same it does the same: a tree of what was seen leads to what it did.
 */
import { type Catalogue, numberOf, type Place, textOf } from "./place.ts";

/** One look: a cell's place and a member's number, packed, or one of the three that are about no single cell. */
type Look = number;

const MEMBERS_MAX = 256;
const WHOLE = 0;
const NEIGHBOURS = 1;
const ADVANCE: Look = -1;
const TIMED: Look = -2;
const PLAN: Look = -3;

export interface Reads {
  readonly looks: Look[];
  whole(at: number): void;
  neighbours(at: number): void;
  /** A member of a node's record, or of the model's where `name` starts with `model.`. */
  member(at: number, name: string): void;
  advance(): void;
  timed(): void;
  /** All nodes and edges of the plan. */
  plan(): void;
}

const memberNames: string[] = ["whole", "neighbours"];
const memberNumbers = new Map<string, number>();

/**
 * Notes each look once; nothing of a cell once the whole of it was read. The cell at `owner`, if any, is what the
 * letter was made from: every place where the letter is tried has it.
 */
export function createReads(owner: number): Reads {
  const looks: Look[] = [];
  const seen = new Set<Look>(owner < 0 ? [] : [owner * MEMBERS_MAX + WHOLE]);
  const note = (look: Look) => {
    if (seen.has(look)) return;
    seen.add(look);
    looks.push(look);
  };
  return {
    looks,
    whole: (at) => note(at * MEMBERS_MAX + WHOLE),
    neighbours: (at) => note(at * MEMBERS_MAX + NEIGHBOURS),
    member(at, name) {
      if (!seen.has(at * MEMBERS_MAX + WHOLE)) note(at * MEMBERS_MAX + memberNumber(name));
    },
    advance: () => note(ADVANCE),
    timed: () => note(TIMED),
    plan: () => note(PLAN),
  };
}

function memberNumber(name: string): number {
  const known = memberNumbers.get(name);
  if (known !== undefined) return known;
  const number = memberNames.length;
  if (number >= MEMBERS_MAX) throw new Error("a cell has fewer members than that");
  memberNames.push(name);
  memberNumbers.set(name, number);
  return number;
}

function seenAt(catalogue: Catalogue, { cells, outline }: Place, look: Look): number {
  if (look === PLAN) return outline.number;
  if (look < 0) {
    const name = look === ADVANCE ? "advance" : "timed";
    let set = 0;
    for (let at = 0; at < cells.length; at += 1) if (cells[at]?.[name]) set |= 1 << at;
    return set;
  }
  const at = Math.floor(look / MEMBERS_MAX);
  const member = look % MEMBERS_MAX;
  const cell = cells[at];
  if (!cell) return -1;
  if (member === WHOLE) return cell.id;
  if (member === NEIGHBOURS) return outline.neighbours[at] ?? -1;
  const known = cell.members.get(member);
  if (known !== undefined) return known;
  const number = numberOf(catalogue, textOf(memberOf(cell, memberNames[member] ?? "")));
  cell.members.set(member, number);
  return number;
}

function memberOf(cell: object, path: string): unknown {
  let value: unknown = cell;
  for (const name of path.split(".")) value = (value as Record<string, unknown>)[name];
  return value;
}

/** What a step did, at the end of what it looked at. */
export type Tree<T> = { readonly look: null; readonly did: T } | Branch<T>;

interface Branch<T> {
  readonly look: Look;
  readonly next: Map<number, Tree<T>>;
}

/** What the step did where it saw what it would see here; undefined: never been. */
export function recall<T>(
  catalogue: Catalogue,
  root: Tree<T> | undefined,
  place: Place,
): T | undefined {
  let tree = root;
  while (tree !== undefined && tree.look !== null)
    tree = tree.next.get(seenAt(catalogue, place, tree.look));
  return tree?.did;
}

/** The tree with what a step looked at here, and did. */
export function remember<T>(
  catalogue: Catalogue,
  root: Tree<T> | undefined,
  {
    place,
    looks,
    did,
  }: { readonly place: Place; readonly looks: readonly Look[]; readonly did: T },
): Tree<T> {
  let tree: Tree<T> = { look: null, did };
  const path: Branch<T>[] = [];
  let known = root;
  let depth = 0;
  for (; known && known.look !== null; depth += 1) {
    // The same function that saw the same looks at the same next.
    if (known.look !== looks[depth]) throw new Error("a step is no function of what it looks at");
    path.push(known);
    known = known.next.get(seenAt(catalogue, place, known.look));
  }
  if (known) throw new Error("a step looked at less than before");
  for (let at = looks.length - 1; at >= depth; at -= 1) {
    const look = looks[at] ?? 0;
    tree = { look, next: new Map([[seenAt(catalogue, place, look), tree]]) };
  }
  const last = path.at(-1);
  if (!last) return tree;
  last.next.set(seenAt(catalogue, place, last.look), tree);
  return root ?? tree;
}
