/**
 * The way of one ticket through the gateway: parse, verify, claim, confirm, dispatch, settle, report.
 * The only place of the system where a side effect can happen, and it refuses to happen without a claim
 * and a confirmation. Each step says what a crash after it leaves behind. Specification: docs/tickets.md.
 */
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { invariant, unreachable } from "../../shared/invariant.ts";
import {
  isTicketExpired,
  verifyTicket,
  type ClaimRequest,
  type Receipt,
} from "../../shared/ticket/index.ts";
import { unixMsToIso, type UnixMs } from "../../shared/time.ts";
import { ticketMessageSchema, type TicketMessage } from "../../shared/wire/message.ts";
import type { RegisteredAction } from "./actions.ts";
import type { Performed } from "./connectors/http.ts";
import { faultText } from "./log.ts";
import {
  retryDelaySeconds,
  retryLater,
  type Delivery,
  type Deps,
  type Disposition,
  type OutwardCall,
  type Passage,
} from "./passage.ts";
import { denyClaimed, denyUnclaimed, report } from "./tell.ts";

/** Enough for an object that moved or restarted; the queue's retry comes after the outcome is lost. */
const SETTLE_TRIES_MAX = 3;

/**
 * Handles one delivery. Never throws: a fault is a retry, because before dispatch nothing has happened
 * and after it the ledger knows.
 */
export async function present(delivery: Delivery, deps: Deps): Promise<Disposition> {
  const message = ticketMessageSchema.safeParse(delivery.body);
  if (!message.success) {
    // Nobody can be told: the message names no ticket. Its retries are spent at once, so that the
    // consumer of the dead-letter queue raises the incident.
    if (delivery.attempts === 1) {
      deps.log("error", "ticket.unreadable", { messageId: delivery.messageId });
    }
    return { kind: "retry", delaySeconds: 0 };
  }
  try {
    return await verify(delivery, message.data, deps);
  } catch (fault) {
    deps.log("error", "ticket.fault", {
      messageId: delivery.messageId,
      attempts: delivery.attempts,
      fault: faultText(fault),
    });
    return retryLater(delivery);
  }
}

/** Step 1. A crash here leaves nothing; the message is delivered again. */
async function verify(
  delivery: Delivery,
  message: TicketMessage,
  deps: Deps,
): Promise<Disposition> {
  const nowMs = deps.nowMs();
  const verified = verifyTicket(message, {
    ...deps.terms,
    nowMs,
    isRegistered: (type) => deps.actionByType.has(type),
  });
  if (verified.ok) {
    return claim({ delivery, message, claims: verified.value, deps }, nowMs, false);
  }
  const refusal = verified.error;
  // An expired ticket may be the late copy of one that acted: only the ledger knows which.
  if (refusal.verified && refusal.code === "TICKET_EXPIRED") {
    return claim({ delivery, message, claims: refusal.claims, deps }, nowMs, true);
  }
  return denyUnclaimed(delivery, message, refusal, deps);
}

/**
 * Step 2. A crash after it leaves a claimed nonce without a dispatch: once the claim's hold has passed,
 * the next delivery takes over; nothing has happened outside.
 */
async function claim(passage: Passage, nowMs: UnixMs, isExpired: boolean): Promise<Disposition> {
  const { delivery, claims, deps } = passage;
  const action = deps.actionByType.get(claims.action_type);
  const request: ClaimRequest = {
    jti: claims.jti,
    missionId: claims.txn,
    messageId: delivery.messageId,
    fence: claims.fence,
    fenceScope: claims.fence_scope ?? "mission",
    expMs: claims.exp * 1_000,
    nowMs,
    idempotent: action?.idempotent ?? false,
  };
  const claimed = await deps.ledger(claims.team).claim(request);
  switch (claimed.outcome) {
    case "claimed":
    case "redispatch":
      invariant(!isExpired && action !== undefined, "only a valid ticket is handed out");
      return confirm(passage, claimed.epoch, action);
    case "in_flight":
      return { kind: "retry", delaySeconds: Math.ceil(claimed.retryAfterMs / 1_000) };
    case "settled":
    case "doubtful":
      return report(passage, claimed.receipt);
    case "refused":
      return denyClaimed(passage, claimed.code);
    default:
      return unreachable(claimed);
  }
}

/** Step 3. A crash after it leaves what step 2 left. An unreachable mission confirms nothing. */
async function confirm(
  passage: Passage,
  epoch: number,
  action: RegisteredAction,
): Promise<Disposition> {
  const { claims, deps } = passage;
  let confirmed;
  try {
    confirmed = await deps.missions.confirm(claims);
  } catch (fault) {
    deps.log("warn", "ticket.unconfirmed", { jti: claims.jti, fault: faultText(fault) });
    return release(passage, epoch, null);
  }
  if (confirmed.ok) return dispatch(passage, epoch, action);

  const refused = await deps.ledger(claims.team).refuse({
    jti: claims.jti,
    epoch,
    nowMs: deps.nowMs(),
    code: "GATE_NOT_CONFIRMED",
  });
  switch (refused.outcome) {
    case "refused":
      return denyClaimed(passage, "GATE_NOT_CONFIRMED", confirmed.error.detail);
    case "doubtful":
      return report(passage, refused.receipt);
    case "superseded":
      return retryLater(passage.delivery);
    default:
      return unreachable(refused);
  }
}

/**
 * Steps 4 and 5: written down, then called. A crash after 4 looks like one after 5, so both leave doubt:
 * an idempotent action is called again under the same key, any other is settled as unknown.
 */
async function dispatch(
  passage: Passage,
  epoch: number,
  action: RegisteredAction,
): Promise<Disposition> {
  const { claims, deps, delivery } = passage;
  const call = outwardCall(passage);
  const startedMs = deps.nowMs();
  const requestDigest = sha256Hex(call.body);
  const { jti } = claims;
  const started = await deps.ledger(claims.team).dispatching({
    jti,
    epoch,
    nowMs: startedMs,
    timeoutMs: action.timeoutMs,
    requestDigest,
  });
  if (!started.go) return retryLater(delivery);

  const performed = await performOnce(action, call, deps);
  const finishedMs = deps.nowMs();
  const receipt: Receipt = {
    jti,
    ...performed,
    requestDigest,
    startedAt: unixMsToIso(startedMs),
    finishedAt: unixMsToIso(finishedMs),
  };
  const nextMs = finishedMs + retryDelaySeconds(delivery.attempts) * 1_000;
  const mayRepeat = action.idempotent && !isTicketExpired(claims.exp * 1_000, nextMs);
  if (receipt.outcome === "unknown" && mayRepeat) return release(passage, epoch, receipt);
  return settle(passage, epoch, receipt);
}

/** Step 6. A crash after it leaves an outcome the mission has not heard: the next delivery reports it. */
async function settle(passage: Passage, epoch: number, receipt: Receipt): Promise<Disposition> {
  const standing = await record(passage, epoch, receipt);
  return standing === null ? retryLater(passage.delivery) : report(passage, standing);
}

async function record(passage: Passage, epoch: number, receipt: Receipt): Promise<Receipt | null> {
  const { claims, deps } = passage;
  for (let tries = 1; ; tries += 1) {
    try {
      const settled = await deps.ledger(claims.team).settle({ jti: claims.jti, epoch, receipt });
      return settled.receipt;
    } catch (fault) {
      // The outcome is known here and nowhere else: given up on, it becomes a person's work.
      if (tries === SETTLE_TRIES_MAX) throw fault;
    }
  }
}

/** Gives the ticket back, so that the next delivery need not wait for the hold to pass. */
async function release(
  passage: Passage,
  epoch: number,
  receipt: Receipt | null,
): Promise<Disposition> {
  const { claims, deps, delivery } = passage;
  await deps.ledger(claims.team).release({ jti: claims.jti, epoch, nowMs: deps.nowMs(), receipt });
  return retryLater(delivery);
}

async function performOnce(
  action: RegisteredAction,
  call: OutwardCall,
  deps: Deps,
): Promise<Performed> {
  try {
    return await deps.perform(action, call);
  } catch (fault) {
    return {
      outcome: "unknown",
      status: null,
      responseDigest: null,
      detail: `the connector broke: ${faultText(fault)}`.slice(0, 500),
    };
  }
}

/** The body an upstream sees. It names the permission, so the upstream's own log can be held against the trace. */
function outwardCall({ message, claims }: Passage): OutwardCall {
  return {
    body: canonicalJson({
      action: claims.action_type,
      args: message.action.args,
      missionId: claims.txn,
      nodeId: claims.node_id,
      attempt: claims.attempt,
      ticket: claims.jti,
    }),
    idempotencyKey: claims.jti,
  };
}
