/**
 * What the gateway reports: a receipt settles a ticket, a denial is recorded and raises an incident.
 * An unknown outcome never moves the node on and is never repeated blindly (I15).
 */
import { LIMITS } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import type { ReasonCode } from "../../gates/index.ts";
import { endsTicket, type Receipt } from "../../ticket/index.ts";
import type { Actor } from "../../trace/index.ts";
import { fail, leave } from "../advance.ts";
import type { RecordDenial, RecordReceipt } from "../command.ts";
import { resendsBetween } from "../due.ts";
import type { Rejection } from "../rejection.ts";
import type { TicketRecord } from "../state.ts";
import { emitMission, emitNode, recordOf, SYSTEM, type Turn } from "../turn.ts";

export function decideReceipt(
  turn: Turn,
  { receipt, actor }: RecordReceipt,
): Result<null, Rejection> {
  const ticket = turn.state.tickets.get(receipt.jti);
  if (!ticket) return err({ reason: "ticket_unknown", jti: receipt.jti });
  const { nodeId } = ticket;
  const held = recordOf(turn, nodeId).ticket;
  if (held?.jti !== receipt.jti) {
    hearLate(turn, ticket, receipt, actor);
    return ok(null);
  }
  const resends = resendsBetween(held.issuedAt, turn.at);
  emitNode(turn, "receipt.recorded", nodeId, { receipt, resends }, { actor });
  // A stopped mission never moves again; the receipt stands in its trace all the same.
  if (turn.state.status === "stopped") return ok(null);
  if (receipt.outcome === "succeeded") leave(turn, nodeId);
  else if (receipt.outcome === "failed") {
    const reasons = [reasonOf("ACTION_FAILED", receipt.detail, NEXT_ATTEMPT)];
    fail(turn, nodeId, "action_failed", { reasons });
  } else doubt(turn, nodeId, receipt.detail);
  return ok(null);
}

/**
 * Settled before. The same outcome again says nothing new, but a definite one after an unknown one does: a
 * person who looks should know it, and one who found the opposite was wrong, or the gateway is.
 */
function hearLate(
  turn: Turn,
  { nodeId, doubt: finding, late }: TicketRecord,
  receipt: Receipt,
  actor: Actor,
): void {
  if (finding === undefined || late !== undefined || receipt.outcome === "unknown") return;
  const contradicts = finding === (receipt.outcome === "succeeded" ? "not_done" : "done");
  emitNode(turn, "receipt.late", nodeId, { receipt, contradicts }, { actor });
  if (!contradicts) return;
  emitNode(turn, "incident.raised", nodeId, {
    kind: "outcome_contradicted",
    severity: "critical",
    reasonCodes: ["OUTCOME_UNKNOWN"],
    summary: `The action of node ${nodeId} was reconciled as ${finding}, and the gateway now reports that it ${receipt.outcome}.`,
  });
  if (turn.state.status !== "active") return;
  const reason = `What a person found of the action of node ${nodeId} is contradicted by the gateway.`;
  emitMission(turn, "mission.paused", { reason }, { actor: SYSTEM, stateAfter: "paused" });
}

function doubt(turn: Turn, nodeId: string, detail: string): void {
  const { attempt } = recordOf(turn, nodeId);
  emitNode(
    turn,
    "node.failed",
    nodeId,
    {
      attempt,
      reasons: [reasonOf("OUTCOME_UNKNOWN", detail, "a person reconciles the outcome")],
      cause: "in_doubt",
    },
    { stateAfter: "BLOCKED" },
  );
  emitNode(turn, "incident.raised", nodeId, {
    kind: "outcome_unknown",
    severity: "high",
    reasonCodes: ["OUTCOME_UNKNOWN"],
    summary: `Whether the action of node ${nodeId} happened is not known: ${detail}`,
  });
}

export function decideDenial(turn: Turn, { denial, actor }: RecordDenial): Result<null, Rejection> {
  const ticket = denial.jti === null ? undefined : turn.state.tickets.get(denial.jti);
  const ends = ticket !== undefined && endsAttempt(turn, ticket.nodeId, denial);
  const left = denialsLeft(turn, denial);
  // However many attacks were recorded before, a denial that ends a ticket is always heard.
  if (left <= 0 && !ends) return ok(null);
  if (
    ticket &&
    denial.verified &&
    denial.reason === "NONCE_USED" &&
    ticket.duplicates < ticket.resends
  ) {
    emitNode(turn, "ticket.duplicate", ticket.nodeId, { denial }, { actor });
    return ok(null);
  }
  const isFirst = !turn.state.denials.has(`${denial.jti ?? ""} ${denial.reason}`);
  recordDenied(turn, ticket?.nodeId ?? null, { denial }, actor, isFirst);
  if (left === 1) raiseLimit(turn, denial);
  if (!ticket || !ends || turn.state.status === "stopped") return ok(null);
  fail(turn, ticket.nodeId, "ticket_unused", {
    reasons: [
      reasonOf(denial.reason, denial.detail, NEXT_ATTEMPT),
      reasonOf("TICKET_UNUSED", "the ticket was not used and never will be", NEXT_ATTEMPT),
    ],
  });
  return ok(null);
}

/** Whether the denial says that the node's outstanding ticket will never be used. */
function endsAttempt(turn: Turn, nodeId: string, denial: RecordDenial["denial"]): boolean {
  return endsTicket(denial) && recordOf(turn, nodeId).ticket?.jti === denial.jti;
}

/** How many more denials are recorded one by one. Forged tickets have a limit of their own: they mute nothing else. */
function denialsLeft({ state }: Turn, { verified }: RecordDenial["denial"]): number {
  const recorded = verified ? state.deniedVerifiedCount : state.deniedUnverifiedCount;
  return LIMITS.deniedEventsPerMissionMax - recorded;
}

function raiseLimit(turn: Turn, { verified, reason }: RecordDenial["denial"]): void {
  emitMission(turn, "incident.raised", {
    kind: "ticket_denied",
    severity: "high",
    reasonCodes: [reason],
    summary: `${LIMITS.deniedEventsPerMissionMax} refusals of ${verified ? "genuine" : "forged"} tickets are on record; more of them are not recorded one by one.`,
  });
}

function recordDenied(
  turn: Turn,
  nodeId: string | null,
  data: Pick<RecordDenial, "denial">,
  actor: Actor,
  isFirst: boolean,
): void {
  const { denial } = data;
  const incident = {
    kind: "ticket_denied",
    severity: "high",
    reasonCodes: [denial.reason],
    summary: `The gateway refused a ticket${nodeId === null ? "" : ` of node ${nodeId}`}: ${denial.detail}`,
  } as const;
  if (nodeId === null) {
    emitMission(turn, "ticket.denied", data, { actor });
    if (isFirst) emitMission(turn, "incident.raised", incident);
    return;
  }
  emitNode(turn, "ticket.denied", nodeId, data, { actor });
  if (isFirst) emitNode(turn, "incident.raised", nodeId, incident);
}

const NEXT_ATTEMPT = "the next attempt, while the node has one";

function reasonOf(code: ReasonCode, detail: string, counterfactual: string) {
  return { code, gate: "consistency", detail, counterfactual } as const;
}
