/**
 * The part of the fold that is about attempts that ended: failed, in doubt, or reset by a person. Answers what
 * changes of the node; evolve.ts puts the change into the state. Source: docs/event-log.md.
 */
import { dropAction } from "./actions.ts";
import { dataOf } from "./event.ts";
import { doubtfulLease, releaseLease } from "./evolve-lease.ts";
import type { Evolving } from "./evolve.ts";
import { NO_LOOP } from "./loop.ts";
import type { MissionState, NodeRecord } from "./state.ts";

type Change = Partial<NodeRecord>;

/** What a node holds of an attempt that it leaves behind. */
const STARTING_OVER: Change = {
  ticket: null,
  lease: null,
  request: null,
  proposal: null,
  proposers: [],
  result: null,
  receipt: null,
  approvals: [],
  verdict: null,
  reasons: [],
};

/** A person reset the node: it starts over, and the attempts before count no more. */
export function resetChange(state: MissionState, before: NodeRecord, event: Evolving): Change {
  const { attempt, resets } = dataOf(event, "node.reset");
  releaseLease(state, before);
  return {
    ...STARTING_OVER,
    ...NO_LOOP,
    attempt,
    attemptsForgiven: attempt - 1,
    ...(resets > 0 && { resets }),
  };
}

/** An attempt failed: another one, the end of them, or doubt. */
export function failureChange(state: MissionState, before: NodeRecord, event: Evolving): Change {
  const data = dataOf(event, "node.failed");
  const isInDoubt = data.cause === "in_doubt";
  const lease = isInDoubt ? doubtfulLease(state, before) : null;
  if (!isInDoubt) releaseLease(state, before);
  if (data.cause === "ticket_unused" && before.ticket) dropAction(state, before.ticket.jti);
  const cleared: Change = { ticket: null, lease, request: null };
  // The next attempt starts clean: another attempt is another digest, so nothing approved carries over.
  if (event.stateAfter === "READY") return { ...STARTING_OVER, attempt: data.attempt + 1 };
  if (isInDoubt) return { ...cleared, verdict: "pause", reasons: data.reasons };
  // The attempt to come is one too many: whatever asks the gate again, readiness refuses it.
  return { ...cleared, attempt: data.attempt + 1, verdict: "block", reasons: data.reasons };
}
