/**
 * A trace to move about in: the state at any seq, at the cost of the few events since the last copy kept on
 * the way. For reading only, and for one reader; the truth stays the fold of all events.
 */
import { invariant } from "../invariant.ts";
import type { TraceEvent } from "../trace/index.ts";
import { evolve } from "./evolve.ts";
import { copyState } from "./snapshot.ts";
import type { MissionState } from "./state.ts";

const STRIDE_MIN = 32;
const NODES_PER_EVENT = 16;

export interface History {
  /** The next events, in order from seq 0. Breaches, as `evolve` does, on events that make no sense. */
  push(events: readonly TraceEvent[]): void;
  /** Events taken so far. */
  length(): number;
  /** The state after the event of this seq, the caller's own; null beyond what was taken. O(nodes + stride). */
  stateAt(seq: number): MissionState | null;
}

/**
 * An empty history. `strideMin` is how many events lie between two copies, at least; of a large plan more, so that
 * keeping copies and folding events cost alike.
 */
export function createHistory(strideMin = STRIDE_MIN): History {
  const events: TraceEvent[] = [];
  /** In order; the first follows the first event. */
  const copies: { readonly seq: number; readonly state: MissionState }[] = [];
  let newest: MissionState | null = null;

  const keep = (seq: number, state: MissionState) => {
    const stride = Math.max(strideMin, Math.ceil(state.plan.order.length / NODES_PER_EVENT));
    const last = copies.at(-1);
    if (last === undefined || seq - last.seq >= stride)
      copies.push({ seq, state: copyState(state) });
  };

  return {
    push(more) {
      for (const event of more) {
        invariant(event.seq === events.length, "a history takes events in the order of their seq");
        newest = evolve(newest, event);
        events.push(event);
        keep(event.seq, newest);
      }
    },
    length: () => events.length,
    stateAt(seq) {
      const from = copies.findLast((copy) => copy.seq <= seq);
      if (from === undefined || seq >= events.length) return null;
      let state = copyState(from.state);
      for (const event of events.slice(from.seq + 1, seq + 1)) state = evolve(state, event);
      return state;
    },
  };
}
