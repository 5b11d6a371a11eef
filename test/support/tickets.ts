/**
 * A valid ticket and everything around it, as literals. Each test starts from here and breaks one thing.
 * The key pair is the published example of RFC 8037, appendix A: it protects nothing.
 */
import { hashJson } from "../../shared/canonical.ts";
import type { PrivateJwk, PublicJwk } from "../../shared/crypto.ts";
import { signTicket, type TicketClaims, type TicketContext } from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";

export const TICKET_KID = "ticket-2026-11";
export const TICKET_PUBLIC_JWK = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  kid: TICKET_KID,
} as const satisfies PublicJwk;
export const TICKET_PRIVATE_JWK: PrivateJwk = {
  ...TICKET_PUBLIC_JWK,
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};

export const ISSUER = "https://api.sekisho.test";
export const GATEWAY = "sekisho-gateway";
export const TEAM = "procurement";
export const MISSION = "msn_019a9f4e-0000-7000-8000-000000000001";
export const JTI = "tkt_00112233445566778899aabbccddeeff";
/** The tickets' clock, and a moment two seconds after the valid ticket was issued. */
export const IAT = 1_795_000_000;
export const NOW_MS = (IAT + 2) * 1_000;
export const EXP_MS = (IAT + 60) * 1_000;

export const ARGS = { vendor: "acme", amountUsd: 240_000 } as const;
export const ACTION_TYPE = "vendor.switch";

const HASH = "ab".repeat(32);

/** Valid claims, with `changes` over them. */
export function ticketClaims(changes: Partial<TicketClaims> = {}): TicketClaims {
  return {
    iss: ISSUER,
    aud: GATEWAY,
    iat: IAT,
    exp: IAT + 60,
    jti: JTI,
    sub: "agent-buyer",
    team: TEAM,
    txn: MISSION,
    node_id: "execute",
    attempt: 1,
    action_type: ACTION_TYPE,
    args_hash: hashJson(ARGS),
    risk_level: 2,
    policy_version: "pol_019a9f4e-0000-7000-8000-000000000002",
    graph_hash: HASH,
    gate_digest: HASH,
    evidence_root: HASH,
    trace_seq: 17,
    trace_hash: HASH,
    fence: { "crm#vendor": 1 },
    ...changes,
  };
}

/** A message as the mission sends it: the signed claims and the action they permit. */
export function ticketMessage(claims: TicketClaims = ticketClaims()): TicketMessage {
  return {
    kind: "ticket",
    team: claims.team,
    missionId: claims.txn,
    ticket: signTicket(claims, TICKET_PRIVATE_JWK),
    action: { type: claims.action_type, args: ARGS },
  };
}

/** A gateway that trusts the key above and does two kinds of action. */
export function ticketContext(changes: Partial<TicketContext> = {}): TicketContext {
  return {
    keyByKid: new Map([[TICKET_KID, TICKET_PUBLIC_JWK]]),
    issuer: ISSUER,
    audience: GATEWAY,
    nowMs: NOW_MS,
    isRegistered: (type) => type === ACTION_TYPE || type === "vendor.notify",
    ...changes,
  };
}
