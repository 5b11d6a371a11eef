/**
 * What the mission is told at the end of a ticket's way: a receipt, or a denial. The ledger remembers
 * that it was told, so that a presentation after that is a replay. Specification: docs/tickets.md.
 */
import type { ReasonCode } from "../../shared/gates/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Denial, Receipt, TicketRefusal } from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import type { LogFacts } from "./log.ts";
import type { Delivery, Deps, Disposition, Passage } from "./passage.ts";

const ACK: Disposition = { kind: "ack" };

const DETAIL_OF_LEDGER_REFUSAL: Partial<Record<ReasonCode, string>> = {
  NONCE_USED: "the ticket was used before and its outcome reported",
  FENCE_STALE: "a later lease of the same slice has been seen",
  TICKET_EXPIRED: "the ticket expired before it was used",
  GATE_NOT_CONFIRMED: "the mission did not confirm the ticket when it was presented first",
};

/** Steps 7 and 8. A crash between them reports twice; the mission takes the second one as known. */
export async function report(passage: Passage, receipt: Receipt): Promise<Disposition> {
  const { claims, deps } = passage;
  await deps.missions.report(claims.team, claims.txn, receipt);
  await deps.ledger(claims.team).reported(claims.jti);
  deps.log("info", "ticket.reported", facts(passage, receipt.outcome));
  return ACK;
}

/** A refusal the ledger has recorded: told to the mission, then marked as told. */
export async function denyClaimed(
  passage: Passage,
  code: ReasonCode,
  detail: string = DETAIL_OF_LEDGER_REFUSAL[code] ?? "",
): Promise<Disposition> {
  const { claims, deps } = passage;
  await deps.missions.denied(claims.team, claims.txn, {
    jti: claims.jti,
    reason: code,
    detail: detail.slice(0, LIMITS.detailCharsMax),
    verified: true,
    actionType: claims.action_type,
    argsHash: claims.args_hash,
  });
  // A replay is refused because an outcome was reported already; there is nothing to mark.
  if (code !== "NONCE_USED") await deps.ledger(claims.team).reported(claims.jti);
  deps.log("warn", "ticket.denied", facts(passage, code));
  return ACK;
}

/** A refusal before the ledger: the nonce stays free, so a broken copy cannot spend the real ticket. */
export async function denyUnclaimed(
  delivery: Delivery,
  message: TicketMessage,
  refusal: TicketRefusal,
  deps: Deps,
): Promise<Disposition> {
  const { claims } = refusal;
  const denial: Denial = {
    jti: refusal.jti,
    reason: refusal.code,
    detail: refusal.detail,
    verified: refusal.verified,
    actionType: claims?.action_type ?? message.action.type,
    argsHash: claims?.args_hash ?? null,
  };
  const team = claims?.team ?? message.team;
  const missionId = claims?.txn ?? message.missionId;
  const { recorded } = await deps.missions.denied(team, missionId, denial);
  deps.log("warn", "ticket.denied", {
    jti: refusal.jti,
    missionId,
    messageId: delivery.messageId,
    result: refusal.code,
    recorded,
  });
  return ACK;
}

function facts({ delivery, claims }: Passage, result: string): LogFacts {
  return { jti: claims.jti, missionId: claims.txn, messageId: delivery.messageId, result };
}
