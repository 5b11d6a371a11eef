/**
 * Replay: the state at any point of a trace, by the same `evolve` that lives. Replay(G, trace, t).
 */
import { Breach, invariant } from "../invariant.ts";
import { err, ok, type Result } from "../result.ts";
import { isoToUnixMs } from "../time.ts";
import { type Head, type TraceEvent, type TraceFlaw, verifyTrace } from "../trace/index.ts";
import { evolve } from "./evolve.ts";
import type { MissionState } from "./state.ts";
import { type MissionView, stateHash, viewMission } from "./view.ts";

export type ReplayRefusal =
  | { readonly reason: "trace_invalid"; readonly flaw: TraceFlaw }
  | { readonly reason: "replay_point_unknown"; readonly detail: string };

export interface Replayed {
  readonly view: MissionView;
  readonly stateHash: string;
  readonly head: Head;
}

/**
 * Verifies a trace from seq 0 and folds it up to `at`: a seq (included), a time (the state at that
 * moment), or null for all of it. O(events).
 */
export function replayTrace(
  events: readonly unknown[],
  at: number | string | null,
): Result<Replayed, ReplayRefusal> {
  const verified = verifyTrace(events);
  if (!verified.ok) return err({ reason: "trace_invalid", flaw: verified.error });
  const trace = events as readonly TraceEvent[];
  const upTo = lengthUpTo(trace, at);
  if (upTo <= 0)
    return err({
      reason: "replay_point_unknown",
      detail: `the trace has nothing at ${at ?? "its end"}`,
    });
  const folded = foldUntrusted(trace.slice(0, upTo));
  if (!folded.ok) return err({ reason: "trace_invalid", flaw: folded.error });
  const state = folded.value;
  return ok({ view: viewMission(state), stateHash: stateHash(state), head: state.head });
}

/** A chain anybody can hash; that its events make sense is only known once they have been folded. */
function foldUntrusted(events: readonly TraceEvent[]): Result<MissionState, TraceFlaw> {
  let state: MissionState | null = null;
  for (const event of events) {
    try {
      state = evolve(state, event);
    } catch (cause) {
      const detail =
        cause instanceof Breach ? cause.message : `the data of ${event.type} is malformed`;
      return err({ seq: event.seq, reason: "event_malformed", detail });
    }
  }
  invariant(state, "an empty trace has been refused before");
  return ok(state);
}

/** Folds verified events; null for none. */
export function foldTrace(
  events: readonly TraceEvent[],
  from: MissionState | null = null,
): MissionState | null {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
}

/** How many events belong to the state at `at`; 0 when the point lies outside of the trace. */
function lengthUpTo(events: readonly TraceEvent[], at: number | string | null): number {
  if (at === null) return events.length;
  if (typeof at === "number")
    return Number.isInteger(at) && at >= 0 && at < events.length ? at + 1 : 0;
  if (isoToUnixMs(at) === null) return 0;
  const next = events.findIndex((event) => event.at > at);
  return next === -1 ? events.length : next;
}
