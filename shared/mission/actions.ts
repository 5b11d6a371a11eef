/**
 * The actions a mission permitted, kept as its events are folded, so that a policy's question about
 * them costs no walk of the trace. An action counts from its ticket on, and no longer once it is known
 * not to have been performed: a failed receipt, or a ticket that ran out unused. An unknown outcome
 * counts. Specification: docs/policy.md, "History".
 */
import { appendAction, forgetAction, type HistoryFacts, scalarArgs } from "../policy/index.ts";
import type { HeldProposal, MissionState } from "./state.ts";

/** Keeps the action a ticket was issued for. */
export function keepAction(
  state: MissionState,
  nodeId: string,
  issued: { readonly jti: string; readonly at: string },
  action: HeldProposal["action"] | undefined,
): void {
  if (!action) return;
  const entry = {
    order: state.actionCount,
    at: issued.at,
    nodeId,
    jti: issued.jti,
    args: scalarArgs(action.args),
  };
  state.actionCount += 1;
  state.history.set(action.type, appendAction(state.history.get(action.type), entry));
}

/** Drops the action of a ticket that came to nothing. O(action types). */
export function dropAction(state: MissionState, jti: string): void {
  for (const type of state.history.keys()) {
    const before = state.history.get(type);
    const after = before && forgetAction(before, jti);
    if (after && after !== before) state.history.set(type, after);
  }
}

/** The history as a node's policy question sees it. Live: for use at once, not to be kept. */
export function historyFor(state: MissionState, nodeId: string, at: string): HistoryFacts {
  return { self: nodeId, at, actions: state.history };
}
