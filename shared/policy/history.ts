/**
 * What a mission has done so far, as a policy may ask about it: the actions it permitted, each with
 * its time and its scalar arguments. Answers from kept lists alone, never from the trace, and refuses
 * to guess: a list that outgrew its bound or an argument that is not there is an error.
 * Specification: docs/policy.md, "History".
 */
import { LIMITS } from "../limits.ts";
import type { JsonObject } from "../strict-json.ts";
import { isoToUnixMs } from "../time.ts";

export type Scalar = string | number | boolean | null;

/** One permitted action; gone again once it is known not to have been performed. */
export interface HistoryEntry {
  /** Rises with every action of the mission, so that two at the same millisecond keep their order. */
  readonly order: number;
  /** RFC 3339: when its ticket was issued. */
  readonly at: string;
  readonly nodeId: string;
  readonly jti: string;
  /** The top-level arguments that are scalars and short enough to keep. */
  readonly args: Readonly<Record<string, Scalar>>;
}

/** The actions of one type, oldest first; `isFull` when more were permitted than are kept. */
export interface ActionHistory {
  readonly entries: readonly HistoryEntry[];
  readonly isFull: boolean;
}

/** The history as one node sees it: everything but that node's own actions. */
export interface HistoryFacts {
  readonly self: string;
  /** RFC 3339: the moment of the question, where windows end. */
  readonly at: string;
  readonly actions: { get(actionType: string): ActionHistory | undefined };
}

/** The arguments worth keeping: own scalar members in order of key, bounded in number and length. */
export function scalarArgs(args: JsonObject): Readonly<Record<string, Scalar>> {
  const kept: [string, Scalar][] = [];
  for (const key of Object.keys(args).sort()) {
    const value = args[key];
    if (value === undefined || (typeof value === "object" && value !== null)) continue;
    if (typeof value === "string" && value.length > LIMITS.historyTextCharsMax) continue;
    kept.push([key, value]);
    if (kept.length === LIMITS.historyArgsMax) break;
  }
  return Object.fromEntries(kept);
}

/** Appends an action to the history of its type. O(kept entries). */
export function appendAction(
  before: ActionHistory | undefined,
  entry: HistoryEntry,
): ActionHistory {
  const entries = before?.entries ?? [];
  if (entries.length >= LIMITS.historyEntriesMax) return { entries, isFull: true };
  return { entries: [...entries, entry], isFull: before?.isFull ?? false };
}

/** Takes an action out that is known not to have been performed; the same object when it is not in. */
export function forgetAction(before: ActionHistory, jti: string): ActionHistory {
  const entries = before.entries.filter((entry) => entry.jti !== jti);
  return entries.length === before.entries.length ? before : { ...before, entries };
}

/** How many actions of the type were permitted; within the last `windowMs` where one is given. */
export function countActions(facts: HistoryFacts, type: string, windowMs?: number): number {
  return entriesOf(facts, type, windowMs).length;
}

/** The sum of a numeric argument. Throws where an action does not have it as a number. */
export function sumActions(
  facts: HistoryFacts,
  type: string,
  field: string,
  windowMs?: number,
): number {
  let sum = 0;
  for (const entry of entriesOf(facts, type, windowMs)) {
    const value = fieldOf(entry, field);
    if (typeof value !== "number") throw new Error(`${type} has no number ${field}`);
    sum += value;
  }
  return sum;
}

/** How many different values an argument had. Throws where an action does not have it. */
export function distinctActions(facts: HistoryFacts, type: string, field: string): number {
  return new Set(entriesOf(facts, type).map((entry) => fieldOf(entry, field))).size;
}

/** Whether some action had exactly this value as an argument. Throws where one does not have it. */
export function seenAction(
  facts: HistoryFacts,
  type: string,
  field: string,
  value: unknown,
): boolean {
  return entriesOf(facts, type)
    .map((entry) => fieldOf(entry, field))
    .includes(value as Scalar);
}

/** Whether a `then` came after the last `first`; false where there was no `first`. */
export function happenedAfter(facts: HistoryFacts, first: string, then: string): boolean {
  const last = entriesOf(facts, first).at(-1);
  const next = entriesOf(facts, then).at(-1);
  return last !== undefined && next !== undefined && next.order > last.order;
}

function entriesOf(facts: HistoryFacts, type: string, windowMs?: number): readonly HistoryEntry[] {
  const history = facts.actions.get(type);
  if (history === undefined) return [];
  if (history.isFull) throw new Error(`more ${type} than are kept`);
  const others = history.entries.filter((entry) => entry.nodeId !== facts.self);
  if (windowMs === undefined) return others;
  const now = isoToUnixMs(facts.at);
  if (now === null || !Number.isFinite(windowMs) || windowMs < 0)
    throw new Error("a window is a length of time that ends at the question");
  return others.filter((entry) => now - (isoToUnixMs(entry.at) ?? now) < windowMs);
}

function fieldOf(entry: HistoryEntry, field: string): Scalar {
  if (!Object.hasOwn(entry.args, field)) throw new Error(`an action has no argument ${field}`);
  return entry.args[field] ?? null;
}
