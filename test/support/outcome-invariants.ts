/** What an unknown outcome must keep (I15): only a person settles it, once, and nothing follows but what they found. */
import { dataOf } from "../../shared/mission/index.ts";
import { endsTicket } from "../../shared/ticket/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { ModelNode, Say } from "./mission-model.ts";

/** Takes a receipt into the model: it is of the outstanding ticket. */
export function noteReceipt(node: ModelNode, event: TraceEvent, say: Say): void {
  const { receipt } = dataOf(event, "receipt.recorded");
  if (node.ticket?.outcome !== "outstanding" || node.ticket.jti !== receipt.jti)
    say("I7", `seq ${event.seq}: a receipt for no outstanding ticket`);
  if (node.ticket) node.ticket.outcome = receipt.outcome;
  if (receipt.outcome === "unknown") node.doubts.set(receipt.jti, "open");
}

/** Takes a denial into the model: one that ends the ticket burns it. */
export function noteDenial({ ticket }: ModelNode, event: TraceEvent): void {
  const { denial } = dataOf(event, "ticket.denied");
  if (ticket?.outcome === "outstanding" && ticket.jti === denial.jti && endsTicket(denial))
    ticket.outcome = "burnt";
}

/** Whether a person found that the action of the last ticket had not happened. */
export function isFoundNotDone({ ticket, doubts }: ModelNode): boolean {
  return ticket !== null && doubts.get(ticket.jti) === "not_done";
}

/** Takes an `outcome.reconciled` into the model: the ticket's outcome is what the person found. */
export function noteReconciled(node: ModelNode, event: TraceEvent, say: Say): void {
  const { jti, attempt, outcome } = dataOf(event, "outcome.reconciled");
  const { ticket, spec } = node;
  if (event.actor.kind !== "human") say("I15", `seq ${event.seq}: reconciled by no person`);
  if (ticket?.jti !== jti || ticket.outcome !== "unknown" || !node.inDoubt)
    say("I15", `seq ${event.seq}: what is reconciled is not unknown`);
  if (attempt !== node.attempt) say("I15", `seq ${event.seq}: another attempt is reconciled`);
  if (spec.risk >= 3 && node.proposers.has(event.actor.id))
    say("I12", `seq ${event.seq}: a proposer reconciles their own action`);
  if (node.late.get(jti) === (outcome === "done" ? "failed" : "succeeded"))
    say("I15", `seq ${event.seq}: reconciled against the gateway's word`);
  if (ticket) ticket.outcome = outcome === "done" ? "succeeded" : "failed";
  node.doubts.set(jti, outcome);
  node.inDoubt = false;
}

/** Takes a `receipt.late` into the model: it moves nothing, and is there once a ticket that was in doubt. */
export function noteLate(node: ModelNode, event: TraceEvent, say: Say): void {
  const { receipt, contradicts } = dataOf(event, "receipt.late");
  const found = node.doubts.get(receipt.jti);
  if (event.stateBefore !== event.stateAfter) say("I15", `seq ${event.seq}: a late receipt moves`);
  if (found === undefined || node.late.has(receipt.jti))
    say("I15", `seq ${event.seq}: late for a ticket that was not in doubt`);
  if (contradicts !== (found === (receipt.outcome === "succeeded" ? "not_done" : "done")))
    say("I15", `seq ${event.seq}: what it contradicts is told wrong`);
  node.late.set(receipt.jti, receipt.outcome);
}
