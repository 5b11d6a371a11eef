/** Issuing: the same permission is the same bytes, and anybody can read what was signed. */
import { expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { base64UrlDecode } from "../../shared/crypto.ts";
import { Breach } from "../../shared/invariant.ts";
import { signTicket, verifyTicket } from "../../shared/ticket/index.ts";
import {
  TICKET_KID,
  TICKET_PRIVATE_JWK,
  ticketClaims,
  ticketContext,
  ticketMessage,
} from "../support/tickets.ts";

function decodePart(ticket: string, index: 0 | 1): string {
  const bytes = base64UrlDecode(ticket.split(".")[index] ?? "");
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}

test("the same claims give the same ticket, whatever the order of their members", () => {
  const claims = ticketClaims();
  const reversed = Object.fromEntries(Object.entries(claims).toReversed()) as typeof claims;
  expect(signTicket(reversed, TICKET_PRIVATE_JWK)).toBe(signTicket(claims, TICKET_PRIVATE_JWK));
});

test("the header says EdDSA, the ticket's own type and the key, and nothing else", () => {
  const ticket = signTicket(ticketClaims(), TICKET_PRIVATE_JWK);
  expect(JSON.parse(decodePart(ticket, 0))).toEqual({
    alg: "EdDSA",
    typ: "sekisho-ticket+jwt",
    kid: TICKET_KID,
  });
});

test("the payload is the canonical form of the claims", () => {
  const ticket = signTicket(ticketClaims(), TICKET_PRIVATE_JWK);
  expect(decodePart(ticket, 1)).toBe(canonicalJson(ticketClaims()));
});

test("another nonce is another ticket", () => {
  const other = ticketClaims({ jti: `tkt_${"0".repeat(32)}` });
  expect(signTicket(other, TICKET_PRIVATE_JWK)).not.toBe(
    signTicket(ticketClaims(), TICKET_PRIVATE_JWK),
  );
});

test("a key without kid signs no ticket", () => {
  const { kid: _kid, ...nameless } = TICKET_PRIVATE_JWK;
  expect(() => signTicket(ticketClaims(), nameless)).toThrow(Breach);
});

test("an issued ticket verifies and gives its claims back", () => {
  expect(verifyTicket(ticketMessage(), ticketContext())).toEqual({
    ok: true,
    value: ticketClaims(),
  });
});
