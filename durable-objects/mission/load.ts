/**
 * Loading: from journal to state, by the same `evolve` that lives. A chain that does not verify
 * gives a broken mission: it refuses commands, and its trace can still be read.
 */
import { Breach } from "../../shared/invariant.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  dataOf,
  evolve,
  foldTrace,
  type MissionState,
  snapshotToState,
} from "../../shared/mission/index.ts";
import { EMPTY_HEAD, type Head, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import type { Journal } from "./journal.ts";

export interface Broken {
  readonly seq: number;
  readonly detail: string;
}

export type Loaded =
  | { readonly kind: "unknown" }
  | { readonly kind: "live"; readonly state: MissionState; readonly snapshotSeq: number }
  /** `state` is the fold of what comes before the first bad seq; null when nothing does. */
  | { readonly kind: "broken"; readonly broken: Broken; readonly state: MissionState | null };

/** Loads a mission. Verifies the whole chain of a short trace, and a long one's tail behind its snapshot. */
export function loadMission(journal: Journal): Loaded {
  if (!journal.exists()) return { kind: "unknown" };
  const snapshot = journal.lastSeq() >= LIMITS.fullVerifyEventsMax ? journal.snapshot() : null;
  if (snapshot) {
    const live = loadFromSnapshot(journal, snapshot);
    if (live) return live;
  }
  return foldFrom(journal, EMPTY_HEAD, null, -1);
}

function loadFromSnapshot(
  journal: Journal,
  snapshot: { readonly head: Head; readonly body: string },
): Loaded | null {
  const [first] = journal.read(-1, 1);
  const [anchor] = journal.read(snapshot.head.seq - 1, 1);
  // A snapshot that the journal does not know is no snapshot of this mission; the full fold decides.
  if (!first || !anchor || anchor.seq !== snapshot.head.seq || anchor.hash !== snapshot.head.hash)
    return null;
  if (!verifyTrace([first]).ok) return null;
  const opened = evolve(null, first);
  const state = snapshotToState(snapshot.body, opened.plan, dataOf(first, "mission.opened").policy);
  return state && foldFrom(journal, snapshot.head, state, snapshot.head.seq);
}

function foldFrom(
  journal: Journal,
  from: Head,
  base: MissionState | null,
  snapshotSeq: number,
): Loaded {
  const events = journal.read(from.seq, Number.POSITIVE_INFINITY);
  const verified = verifyTrace(events, { from });
  if (!verified.ok) {
    const { seq, reason, detail } = verified.error;
    return broken(events, base, { seq, detail: `${reason}: ${detail}` });
  }
  try {
    const state = foldTrace(events, base);
    return state ? { kind: "live", state, snapshotSeq } : { kind: "unknown" };
  } catch (error) {
    // A chain that verifies and does not fold was written by something that is not this code.
    if (!(error instanceof Breach)) throw error;
    return broken(events, null, {
      seq: from.seq + 1,
      detail: `the trace does not fold: ${error.message}`,
    });
  }
}

function broken(events: readonly TraceEvent[], base: MissionState | null, flaw: Broken): Loaded {
  const good = events.slice(
    0,
    Math.max(
      0,
      events.findIndex((event) => event.seq === flaw.seq),
    ),
  );
  try {
    return { kind: "broken", broken: flaw, state: foldTrace(good, base) };
  } catch {
    return { kind: "broken", broken: flaw, state: null };
  }
}
