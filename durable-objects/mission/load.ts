/**
 * Loading: from journal to state, by the same `evolve` that lives. The chain is verified page by page;
 * one that does not verify gives a broken mission: it refuses commands, and its trace can still be read.
 */
import type { PublicJwk } from "../../shared/crypto.ts";
import { LIMITS } from "../../shared/limits.ts";
import { evolve, type MissionState } from "../../shared/mission/index.ts";
import {
  EMPTY_HEAD,
  type Head,
  type TraceEvent,
  type TraceFlaw,
  verifyTrace,
} from "../../shared/trace/index.ts";
import type { Journal } from "./journal.ts";
import { openSnapshot } from "./snapshot.ts";

export interface Broken {
  readonly seq: number;
  readonly detail: string;
}

export type Loaded =
  | { readonly kind: "unknown" }
  | { readonly kind: "live"; readonly state: MissionState; readonly snapshotSeq: number }
  /** `state` is the fold of what comes before the first bad seq; null when nothing does. */
  | { readonly kind: "broken"; readonly broken: Broken; readonly state: MissionState | null };

/**
 * Loads the mission of this id. Verifies the whole chain of a trace up to LIMITS.fullVerifyEventsMax; a
 * longer one's tail behind its snapshot, when the snapshot is signed and known to the journal. `keys`
 * are those a snapshot may be signed with; it is only asked for a long trace, and may throw.
 */
export function loadMission(
  journal: Journal,
  missionId: string,
  keys: () => readonly PublicJwk[],
): Loaded {
  if (!journal.exists()) return { kind: "unknown" };
  const isLong = journal.lastSeq() >= LIMITS.fullVerifyEventsMax;
  return (isLong ? resume(journal, missionId, keys) : null) ?? fold(journal, missionId, null);
}

/** From the snapshot; null whenever anything about it is not as it must be: then the whole fold decides. */
function resume(
  journal: Journal,
  missionId: string,
  keys: () => readonly PublicJwk[],
): Loaded | null {
  try {
    const snapshot = journal.snapshot();
    const [first] = journal.read(-1, 1);
    if (!snapshot || !first || !verifyTrace([first], { missionId }).ok) return null;
    const [anchor] = journal.read(snapshot.head.seq - 1, 1);
    if (!anchor || anchor.hash !== snapshot.head.hash) return null;
    const before = { seq: snapshot.head.seq - 1, hash: anchor.prevHash };
    if (!verifyTrace([anchor], { from: before, missionId }).ok) return null;
    const state = openSnapshot(snapshot, evolve(null, first), keys());
    const loaded = state && fold(journal, missionId, state);
    // A flaw behind the snapshot may not be the first one: only the whole fold can name that.
    return loaded?.kind === "live" ? loaded : null;
  } catch {
    return null;
  }
}

function fold(journal: Journal, missionId: string, base: MissionState | null): Loaded {
  const snapshotSeq = base?.head.seq ?? -1;
  let state = base;
  for (const events of journal.pages(snapshotSeq)) {
    const from = state?.head ?? EMPTY_HEAD;
    const flaw = pageFlaw(events, missionId, from, state?.lastAt ?? "");
    for (const event of flaw ? events.slice(0, flaw.seq - from.seq - 1) : events) {
      try {
        state = evolve(state, event);
      } catch (error) {
        // A chain that verifies and does not fold was written by something that is not this code.
        const detail = error instanceof Error ? error.message : String(error);
        return unfoldable(journal, event.seq, `the trace does not fold: ${detail}`);
      }
    }
    if (flaw) return broken(flaw.seq, `${flaw.reason}: ${flaw.detail}`, state);
  }
  const lastSeq = journal.lastSeq();
  if (state && state.head.seq === lastSeq) return { kind: "live", state, snapshotSeq };
  return broken(
    (state?.head.seq ?? -1) + 1,
    `the journal cannot be read up to seq ${lastSeq}`,
    state,
  );
}

function pageFlaw(
  events: readonly TraceEvent[],
  missionId: string,
  from: Head,
  lastAt: string,
): TraceFlaw | null {
  const verified = verifyTrace(events, { from, missionId });
  const [first] = events;
  // Within a page the chain checks this; only the seam between two pages is left to us.
  if (first && first.at < lastAt && (verified.ok || verified.error.seq > from.seq + 1))
    return { seq: from.seq + 1, reason: "time_decreased", detail: `is before ${lastAt}` };
  return verified.ok ? null : verified.error;
}

/** `evolve` may have stopped half way, so the state before `seq` is folded anew; all of that folded once. */
function unfoldable(journal: Journal, seq: number, detail: string): Loaded {
  let state: MissionState | null = null;
  for (const events of journal.pages(-1)) {
    for (const event of events) {
      if (event.seq >= seq) return broken(seq, detail, state);
      state = evolve(state, event);
    }
  }
  return broken(seq, detail, state);
}

function broken(seq: number, detail: string, state: MissionState | null): Loaded {
  return { kind: "broken", broken: { seq, detail }, state };
}

/** The loaded state, if the mission is the team's; of a broken one what comes before its first bad seq. */
export function stateFor(loaded: Loaded, team: string): MissionState | null {
  const state = loaded.kind === "unknown" ? null : loaded.state;
  return state?.team === team ? state : null;
}
