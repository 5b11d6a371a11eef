/**
 * The four patterns against write conflicts, chosen for one slice at plan time, the strongest that
 * fits first: partition > propose-merge > lease > human. Changes no plan: it says which pattern and
 * why, and the Planner carries it out. Specification: docs/architect.md, "Conflict avoidance".
 */
import { isZone } from "./coordinate.ts";

/** From the strongest guarantee to the fallback that needs a person. */
export const CONFLICT_PATTERNS = ["partition", "propose-merge", "lease", "human"] as const;
export type ConflictPattern = (typeof CONFLICT_PATTERNS)[number];

/** What the choice needs to know of a node that writes the slice. */
export interface SliceWriter {
  readonly id: string;
  readonly kind: "decision" | "execution" | "approval";
  readonly risk: number;
  readonly zone?: string | undefined;
}

/** The pattern of one slice and the reason it was taken. */
export interface PatternChoice {
  readonly slice: string;
  readonly pattern: ConflictPattern;
  /** Everyone who was to write the slice, in the order given. */
  readonly writers: readonly string[];
  /** propose-merge only: the one that keeps writing. */
  readonly merger?: string;
  /** human only: pairs of which the first must end before the second starts, with a person between. */
  readonly arbitrations?: readonly (readonly [before: string, after: string])[];
  readonly why: string;
}

/** From this risk on a person is in charge, so an expiring lock between agents is not enough. */
const LEASE_RISK_MAX = 2;

/**
 * Chooses the pattern for `writers` of `slice`.
 *
 * Shape: `writers` stand in an order in which no one reaches an earlier one; `reaches` answers for
 * positions in that list, `from` before `to`. "too_large" when a question was not decided.
 * Cost: 2k - 2 questions for k writers at most.
 * Source: Conflict(i, j, t) = 1 iff WriteSet_i(t) and WriteSet_j(t) meet; goal: 0 for all t, i != j.
 */
export function choosePattern(
  slice: string,
  writers: readonly SliceWriter[],
  reaches: (from: number, to: number) => boolean | "too_large",
): PatternChoice | "too_large" {
  const ids = writers.map(({ id }) => id);
  const follows: boolean[] = [];
  for (let at = 1; at < writers.length; at += 1) {
    const answer = reaches(at - 1, at);
    if (answer === "too_large") return answer;
    follows.push(answer);
  }
  if (follows.every(Boolean)) {
    const why =
      writers.length < 2
        ? "one node writes the slice"
        : "its writers run one after the other, so no two write at the same time";
    return { slice, pattern: "partition", writers: ids, why };
  }
  const place = findMerger(writers, follows, reaches);
  if (place === "too_large") return place;
  const merger = ids[place];
  if (merger !== undefined) {
    const why = `every other writer is a decision that ends before ${merger}: they propose, ${merger} alone writes`;
    return { slice, pattern: "propose-merge", writers: ids, merger, why };
  }
  const flaw = leaseFlaw(writers);
  if (flaw === null) {
    const why =
      "writers run at the same time without one that merges; all are of risk 2 or less and of one zone";
    return { slice, pattern: "lease", writers: ids, why };
  }
  const arbitrations = follows.flatMap((follow, at) =>
    follow ? [] : [[ids[at] ?? "", ids[at + 1] ?? ""] as const],
  );
  const why = `no writer merges the others, and a lease is not enough: ${flaw}`;
  return { slice, pattern: "human", writers: ids, arbitrations, why };
}

/** Why a lease cannot keep these writers apart; null when it can. */
export function leaseFlaw(writers: readonly SliceWriter[]): string | null {
  const [first] = writers;
  for (const { id, kind, risk, zone } of writers) {
    if (kind === "approval") return `${id} is an approval, which holds no lease`;
    if (risk > LEASE_RISK_MAX) return `${id} has risk ${risk}`;
    const crosses = [zone, first?.zone].some((place) => place !== undefined && isZone(place));
    if (crosses && zone !== first?.zone)
      return `${first?.id} and ${id} lie in different zones, so nobody answers for the slice`;
  }
  return null;
}

/** Where the last writer stands, when every other is a decision and reaches it; else -1. */
function findMerger(
  writers: readonly SliceWriter[],
  follows: readonly boolean[],
  reaches: (from: number, to: number) => boolean | "too_large",
): number | "too_large" {
  const last = writers.length - 1;
  if (writers[last]?.kind === "approval") return -1;
  for (let at = last - 1; at >= 0; at -= 1) {
    if (writers[at]?.kind !== "decision") return -1;
    // Whoever reaches the next one reaches whatever that one reaches.
    if (follows[at] === true) continue;
    const answer = at === last - 1 ? false : reaches(at, last);
    if (answer === "too_large") return answer;
    if (!answer) return -1;
  }
  return last;
}
