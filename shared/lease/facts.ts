/**
 * What a mission asks the arbiters of slices, and what it may hear. Facts come in with a command, like the
 * directory's, so that `decide` asks nobody and a replay hears the same. Specification: docs/leases.md.
 */

/** A slice that somebody else holds, or waits for before the asker. */
export interface HeldElsewhere {
  readonly slice: string;
  readonly missionId: string;
  readonly nodeId: string;
}

/**
 * What the arbiters said to one node: all of its write-set, or nothing.
 *
 * `granted`: one fencing number for each slice of the write-set. `unavailable`: some arbiter could not be
 * asked, which blocks. `unasked`: the turn ended before anybody was asked, which counts as held.
 */
export type LeaseFact =
  | { readonly state: "granted"; readonly fence: Readonly<Record<string, number>> }
  | { readonly state: "held"; readonly by: readonly HeldElsewhere[] }
  | { readonly state: "unavailable" }
  | { readonly state: "unasked" };

/** By node id. A node that is not in it has not been asked for yet. */
export type LeaseFacts = Readonly<Record<string, LeaseFact>>;

/** A node that passed every other gate, and the slices it needs; `floor` is the highest number its mission has seen. */
export interface WantedLease {
  readonly nodeId: string;
  readonly slices: readonly { readonly slice: string; readonly floor: number }[];
}

/** The artifact of `artifact#part`: whose arbiter decides about the slice. */
export function artifactOf(slice: string): string {
  return slice.slice(0, slice.indexOf("#"));
}
