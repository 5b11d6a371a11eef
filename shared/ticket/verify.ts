/**
 * Everything about a ticket that can be judged without memory and without asking anyone. The nonce,
 * the fencing numbers and the mission's confirmation follow in the gateway, in that order.
 * Refuses to look at a claim before the signature holds. Specification: docs/tickets.md, RFC 8725.
 */
import { hashJson } from "../canonical.ts";
import type { PublicJwk } from "../crypto.ts";
import type { ReasonCode } from "../gates/index.ts";
import { parseJws, verifyJws, type JwsReject } from "../jws.ts";
import { LIMITS } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { checkHashable } from "../strict-json.ts";
import type { UnixMs } from "../time.ts";
import type { TicketMessage } from "../wire/message.ts";
import { TICKET_JWS_TYPE, ticketClaimsSchema, type TicketClaims } from "./claims.ts";

/** What one gateway knows: whom it trusts, who it is, what time it is, what it can do. */
export interface TicketContext {
  readonly keyByKid: ReadonlyMap<string, PublicJwk>;
  readonly issuer: string;
  readonly audience: string;
  readonly nowMs: UnixMs;
  readonly isRegistered: (actionType: string) => boolean;
}

/**
 * Why a ticket was refused. `verified` is true exactly when the signature held and the claims have
 * their shape; only then are there claims. `jti` is what the ticket said of itself, true or not.
 */
export type TicketRefusal = {
  readonly code: ReasonCode;
  readonly detail: string;
  readonly jti: string | null;
} & (
  | { readonly verified: true; readonly claims: TicketClaims }
  | { readonly verified: false; readonly claims: null }
);

/** Longest `jti` that a denial repeats of an unverified ticket. */
const PRESENTED_JTI_CHARS_MAX = 128;

const CODE_OF_JWS_REJECT = {
  malformed: "TICKET_MALFORMED",
  header_unsupported: "TICKET_TYPE_INVALID",
  algorithm_refused: "TICKET_TYPE_INVALID",
  type_refused: "TICKET_TYPE_INVALID",
  key_unknown: "TICKET_KEY_UNKNOWN",
  signature_invalid: "TICKET_SIGNATURE_INVALID",
} as const satisfies Record<JwsReject["reason"], ReasonCode>;

/**
 * Verifies a ticket message; the first check that fails gives the reason.
 *
 * Order: header (`TICKET_TYPE_INVALID`), key (`TICKET_KEY_UNKNOWN`), signature
 * (`TICKET_SIGNATURE_INVALID`), claims and routing (`TICKET_MALFORMED`), issuer and audience
 * (`TICKET_AUDIENCE_INVALID`), time (`TICKET_EXPIRED`, `TICKET_NOT_YET_VALID`), action
 * (`ACTION_NOT_REGISTERED`, `ACTION_TYPE_MISMATCH`), arguments (`ARGS_HASH_MISMATCH`).
 * A ticket that is merely expired still comes with its claims: the gateway must ask its ledger
 * whether that ticket already acted.
 */
export function verifyTicket(
  message: TicketMessage,
  context: TicketContext,
): Result<TicketClaims, TicketRefusal> {
  const jws = verifyJws(message.ticket, {
    typ: TICKET_JWS_TYPE,
    algs: ["EdDSA"],
    keyByKid: (kid) => context.keyByKid.get(kid),
  });
  if (!jws.ok) {
    return refuseUnverified(message, CODE_OF_JWS_REJECT[jws.error.reason], jws.error.detail);
  }
  const parsed = ticketClaimsSchema.safeParse(jws.value.payload);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") ?? "";
    return refuseUnverified(
      message,
      "TICKET_MALFORMED",
      `the claims lack their shape at '${place}'`,
    );
  }
  const claims = parsed.data;
  const objection =
    objectToRouting(message, claims) ??
    objectToParties(claims, context) ??
    objectToTime(claims, context.nowMs) ??
    objectToAction(message, claims, context);
  if (objection === null) return ok(claims);
  return err({ ...objection, jti: claims.jti, verified: true, claims });
}

/** Whether a ticket may no longer start anything; the leeway is on the ticket's side. */
export function isTicketExpired(expMs: UnixMs, nowMs: UnixMs): boolean {
  return nowMs >= expMs + LIMITS.ticketLeewayMs;
}

type Objection = { readonly code: ReasonCode; readonly detail: string };

/** The hints a message was routed by must be those that were signed. */
function objectToRouting(message: TicketMessage, claims: TicketClaims): Objection | null {
  return message.team === claims.team && message.missionId === claims.txn
    ? null
    : { code: "TICKET_MALFORMED", detail: "the message names another team or mission" };
}

function objectToParties(claims: TicketClaims, context: TicketContext): Objection | null {
  if (claims.aud !== context.audience) {
    return { code: "TICKET_AUDIENCE_INVALID", detail: "the ticket is for another gateway" };
  }
  return claims.iss === context.issuer
    ? null
    : { code: "TICKET_AUDIENCE_INVALID", detail: "the ticket comes from another issuer" };
}

function objectToTime(claims: TicketClaims, nowMs: UnixMs): Objection | null {
  if (isTicketExpired(claims.exp * 1_000, nowMs)) {
    return { code: "TICKET_EXPIRED", detail: `the ticket expired at ${claims.exp}` };
  }
  return claims.iat * 1_000 > nowMs + LIMITS.ticketLeewayMs
    ? { code: "TICKET_NOT_YET_VALID", detail: `the ticket is issued at ${claims.iat}` }
    : null;
}

function objectToAction(
  message: TicketMessage,
  claims: TicketClaims,
  context: TicketContext,
): Objection | null {
  if (!context.isRegistered(claims.action_type)) {
    return { code: "ACTION_NOT_REGISTERED", detail: `no connector does ${claims.action_type}` };
  }
  if (message.action.type !== claims.action_type) {
    return {
      code: "ACTION_TYPE_MISMATCH",
      detail: `${message.action.type} was asked, ${claims.action_type} was permitted`,
    };
  }
  // Arguments that have no canonical form have no hash either, so they cannot be the permitted ones.
  const hashable = checkHashable(message.action.args);
  const argsHash = hashable.ok ? hashJson(hashable.value) : "none";
  return argsHash === claims.args_hash
    ? null
    : {
        code: "ARGS_HASH_MISMATCH",
        detail: `the arguments hash to ${argsHash}, ${claims.args_hash} was permitted`,
      };
}

function refuseUnverified(
  message: TicketMessage,
  code: ReasonCode,
  detail: string,
): Result<never, TicketRefusal> {
  return err({ code, detail, jti: presentedJti(message.ticket), verified: false, claims: null });
}

/** Lets a denial name the ticket it is about; nobody may act on it. */
function presentedJti(ticket: string): string | null {
  const parsed = parseJws(ticket);
  const jti = parsed.ok ? parsed.value.payload["jti"] : null;
  return typeof jti === "string" ? jti.slice(0, PRESENTED_JTI_CHARS_MAX).toWellFormed() : null;
}
