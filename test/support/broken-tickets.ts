/**
 * Ways to break the valid ticket: another header, other claims, other arguments, another key. Each gives
 * a message as whoever can write the queue could send it.
 */
import { createHmac, generateKeyPairSync } from "node:crypto";
import { canonicalJson } from "../../shared/canonical.ts";
import { base64UrlDecode, base64UrlEncode, type PrivateJwk } from "../../shared/crypto.ts";
import type { ReasonCode } from "../../shared/gates/index.ts";
import { signJws } from "../../shared/jws.ts";
import type { TicketContext } from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import {
  ACTION_TYPE,
  TICKET_KID,
  TICKET_PRIVATE_JWK,
  TICKET_PUBLIC_JWK,
  ticketClaims,
  ticketMessage,
} from "./tickets.ts";

export const TYP = "sekisho-ticket+jwt";
export const OTHER_KEY: PrivateJwk = createOtherKey();

function createOtherKey(): PrivateJwk {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x = "", d = "" } = privateKey.export({ format: "jwk" });
  return { kty: "OKP", crv: "Ed25519", x, d, kid: "other" };
}

function base64UrlJson(value: unknown): string {
  return base64UrlEncode(new TextEncoder().encode(JSON.stringify(value)));
}

/** The valid message with another ticket in it. */
export function carrying(ticket: string): TicketMessage {
  return { ...ticketMessage(), ticket };
}

/** The valid ticket's parts under another header, signature as given. */
export function withHeader(
  header: unknown,
  sign: (input: string) => string = () => signaturePart(),
) {
  const input = `${base64UrlJson(header)}.${part(1)}`;
  return carrying(`${input}.${sign(input)}`);
}

export function part(index: number): string {
  return ticketMessage().ticket.split(".")[index] ?? "";
}

function signaturePart(): string {
  return part(2);
}

/** A ticket over claims of any shape, signed with the trusted key. */
export function signed(payload: unknown, typ = TYP): string {
  return signJws({ typ, kid: TICKET_KID }, canonicalJson(payload), TICKET_PRIVATE_JWK);
}

export function signedText(payloadText: string): TicketMessage {
  return carrying(signJws({ typ: TYP, kid: TICKET_KID }, payloadText, TICKET_PRIVATE_JWK));
}

export function withClaims(changes: Readonly<Record<string, unknown>>): TicketMessage {
  return carrying(signed({ ...ticketClaims(), ...changes }));
}

export function without(claim: string): TicketMessage {
  const { [claim]: _dropped, ...rest } = ticketClaims() as Record<string, unknown>;
  return carrying(signed(rest));
}

export function withArgs(args: TicketMessage["action"]["args"]): TicketMessage {
  return { ...ticketMessage(), action: { type: ACTION_TYPE, args } };
}

export function flipBit(ticket: string, index: number): string {
  const parts = ticket.split(".");
  const bytes = base64UrlDecode(parts[index] ?? "") ?? new Uint8Array();
  bytes[8] = (bytes[8] ?? 0) ^ 1;
  parts[index] = base64UrlEncode(bytes);
  return parts.join(".");
}

export function hmacWithPublicKey(key: string | Uint8Array) {
  return (input: string) => createHmac("sha256", key).update(input).digest("base64url");
}

export const HEADER = { alg: "EdDSA", typ: TYP, kid: TICKET_KID };
export const PUBLIC_BYTES = base64UrlDecode(TICKET_PUBLIC_JWK.x) ?? new Uint8Array();
/** The neutral element: a signature of it "verifies" for any message with a careless verifier. */
export const LOW_ORDER_JWK = {
  ...TICKET_PUBLIC_JWK,
  x: base64UrlEncode(Uint8Array.from([1, ...Array.from({ length: 31 }, () => 0)])),
};

export type Case = readonly [
  rule: string,
  code: ReasonCode,
  message: () => TicketMessage,
  context?: Partial<TicketContext>,
];

export function rows(cases: readonly Case[]) {
  return cases.map(([rule, code, message, context = {}]) => ({ rule, code, message, context }));
}
