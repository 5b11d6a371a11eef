/**
 * The part of the fold that is about tickets: issued, denied, settled. Answers what changes of the node
 * and keeps what is remembered of every ticket; evolve.ts puts the change into the state.
 * Source: docs/event-log.md.
 */
import { invariant } from "../invariant.ts";
import { endsTicket } from "../ticket/index.ts";
import { dropAction, keepAction } from "./actions.ts";
import { dataOf } from "./event.ts";
import type { Evolving } from "./evolve.ts";
import type { MissionState, NodeRecord } from "./state.ts";

type Change = Partial<NodeRecord>;

/** A ticket was issued: its node holds it, and its action counts from now on. */
export function ticketChange(
  state: MissionState,
  nodeId: string,
  before: NodeRecord,
  event: Evolving,
): Change {
  const { claims } = dataOf(event, "ticket.issued");
  keepAction(state, nodeId, { jti: claims.jti, at: event.at }, before.proposal?.action);
  state.tickets.set(claims.jti, { nodeId, resends: 0, duplicates: 0 });
  const ticket = {
    jti: claims.jti,
    seq: event.seq ?? -1,
    attempt: claims.attempt,
    gateDigest: claims.gate_digest,
    actionType: claims.action_type,
    argsHash: claims.args_hash,
    graphHash: claims.graph_hash,
    policyVersion: claims.policy_version,
    issuedAt: event.at,
    expSeconds: claims.exp,
    overdue: false,
  };
  return { ticket };
}

/** The gateway's word: the ticket is outstanding no more. */
export function receiptChange(state: MissionState, event: Evolving): Change {
  const { receipt, resends } = dataOf(event, "receipt.recorded");
  const ticket = state.tickets.get(receipt.jti);
  const doubt = receipt.outcome === "unknown" ? ({ doubt: "open" } as const) : {};
  if (ticket) state.tickets.set(receipt.jti, { ...ticket, resends, ...doubt });
  if (receipt.outcome === "failed") dropAction(state, receipt.jti);
  return { receipt, ticket: null };
}

/** A person said what became of the action; what was not done leaves the history. */
export function reconciledChange(
  state: MissionState,
  { receipt }: NodeRecord,
  event: Evolving,
): Change {
  const { jti, outcome } = dataOf(event, "outcome.reconciled");
  invariant(receipt?.jti === jti, "what is reconciled is the outcome that the node holds");
  const ticket = state.tickets.get(jti);
  if (ticket) state.tickets.set(jti, { ...ticket, doubt: outcome });
  if (outcome === "not_done") dropAction(state, jti);
  return {
    receipt: { ...receipt, reconciled: { outcome, by: event.actor.id } },
    verdict: null,
    reasons: [],
  };
}

/** The gateway's word after the doubt, remembered with its ticket. */
export function noteLate(state: MissionState, event: Evolving): void {
  const { receipt } = dataOf(event, "receipt.late");
  const ticket = state.tickets.get(receipt.jti);
  if (ticket) state.tickets.set(receipt.jti, { ...ticket, late: receipt.outcome });
}

/** A ticket that will never run is nobody's outstanding one, whatever state the mission is in. */
export function endedTicket(before: NodeRecord, event: Evolving): Change {
  const { denial } = dataOf(event, "ticket.denied");
  return endsTicket(denial) && before.ticket?.jti === denial.jti ? { ticket: null } : {};
}

/** Remembers a denial; a forgiven duplicate is remembered with its ticket. */
export function countDenial(state: MissionState, event: Evolving): void {
  const { denial } = dataOf(
    event,
    event.type === "ticket.denied" ? "ticket.denied" : "ticket.duplicate",
  );
  if (event.type === "ticket.duplicate" && denial.jti !== null) {
    const ticket = state.tickets.get(denial.jti);
    if (ticket) state.tickets.set(denial.jti, { ...ticket, duplicates: ticket.duplicates + 1 });
    return;
  }
  if (denial.verified) state.deniedVerifiedCount += 1;
  else state.deniedUnverifiedCount += 1;
  state.denials.set(`${denial.jti ?? ""} ${denial.reason}`, true);
}
