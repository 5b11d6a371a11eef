/**
 * Tickets nobody vouches for: each case takes the valid ticket and breaks its header, key or signature.
 * Source: docs/tickets.md, "The order of the checks"; RFC 8725.
 */
import { describe, expect, test } from "vitest";
import { base64UrlEncode } from "../../shared/crypto.ts";
import { signTicket, verifyTicket } from "../../shared/ticket/index.ts";
import {
  carrying,
  flipBit,
  HEADER,
  hmacWithPublicKey,
  LOW_ORDER_JWK,
  OTHER_KEY,
  part,
  PUBLIC_BYTES,
  rows,
  signed,
  TYP,
  withHeader,
  type Case,
} from "../support/broken-tickets.ts";
import {
  JTI,
  TICKET_KID,
  TICKET_PRIVATE_JWK,
  TICKET_PUBLIC_JWK,
  ticketClaims,
  ticketContext,
  ticketMessage,
} from "../support/tickets.ts";

describe("a ticket nobody vouches for is refused, and its claims are not believed", () => {
  const cases: readonly Case[] = [
    ["text that is no JWS", "TICKET_MALFORMED", () => carrying("ticket please")],
    ["the empty text", "TICKET_MALFORMED", () => carrying("")],
    ["two parts", "TICKET_MALFORMED", () => carrying(`${part(0)}.${part(1)}`)],
    ["four parts", "TICKET_MALFORMED", () => carrying(`${ticketMessage().ticket}.x`)],
    ["padding", "TICKET_MALFORMED", () => carrying(`${ticketMessage().ticket}==`)],
    ["a header that is no JSON", "TICKET_MALFORMED", () => carrying(`eyJ.${part(1)}.${part(2)}`)],
    ["a header without alg", "TICKET_MALFORMED", () => withHeader({ typ: TYP, kid: TICKET_KID })],
    [
      "alg none, signature kept",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, alg: "none" }),
    ],
    [
      "alg none, no signature",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, alg: "none" }, () => ""),
    ],
    ["alg NONE", "TICKET_TYPE_INVALID", () => withHeader({ ...HEADER, alg: "NONE" })],
    [
      "HS256 keyed with the public key's bytes",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, alg: "HS256" }, hmacWithPublicKey(PUBLIC_BYTES)),
    ],
    [
      "HS256 keyed with the public key's text",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, alg: "HS256" }, hmacWithPublicKey(TICKET_PUBLIC_JWK.x)),
    ],
    [
      "HS256 keyed with the JWK",
      "TICKET_TYPE_INVALID",
      () =>
        withHeader(
          { ...HEADER, alg: "HS256" },
          hmacWithPublicKey(JSON.stringify(TICKET_PUBLIC_JWK)),
        ),
    ],
    ["RS256", "TICKET_TYPE_INVALID", () => withHeader({ ...HEADER, alg: "RS256" })],
    [
      "ES256, which approvals may use",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, alg: "ES256" }),
    ],
    [
      "Ed25519, another name of the same algorithm",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, alg: "Ed25519" }),
    ],
    ["typ JWT", "TICKET_TYPE_INVALID", () => carrying(signed(ticketClaims(), "JWT"))],
    [
      "an approval's typ",
      "TICKET_TYPE_INVALID",
      () => carrying(signed(ticketClaims(), "sekisho-approval+jwt")),
    ],
    [
      "the typ in upper case",
      "TICKET_TYPE_INVALID",
      () => carrying(signed(ticketClaims(), TYP.toUpperCase())),
    ],
    ["no typ", "TICKET_TYPE_INVALID", () => withHeader({ alg: "EdDSA", kid: TICKET_KID })],
    [
      "a key embedded in the header",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, jwk: OTHER_KEY }),
    ],
    [
      "a key address in the header",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, jku: "https://evil.example/keys" }),
    ],
    [
      "a certificate in the header",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, x5c: ["MIIB"] }),
    ],
    [
      "a critical extension",
      "TICKET_TYPE_INVALID",
      () => withHeader({ ...HEADER, crit: ["b64"], b64: false }),
    ],
    [
      "an unknown kid",
      "TICKET_KEY_UNKNOWN",
      () => carrying(signTicket(ticketClaims(), { ...TICKET_PRIVATE_JWK, kid: "ticket-2025-01" })),
    ],
    ["no kid", "TICKET_KEY_UNKNOWN", () => withHeader({ alg: "EdDSA", typ: TYP })],
    [
      "a kid that is a path",
      "TICKET_KEY_UNKNOWN",
      () => withHeader({ ...HEADER, kid: "../../dev/null" }),
    ],
    [
      "a kid that is SQL",
      "TICKET_KEY_UNKNOWN",
      () => withHeader({ ...HEADER, kid: "x' UNION SELECT 'key" }),
    ],
    [
      "a kid every object has",
      "TICKET_KEY_UNKNOWN",
      () => withHeader({ ...HEADER, kid: "__proto__" }),
    ],
    [
      "a kid that is a list",
      "TICKET_MALFORMED",
      () => withHeader({ ...HEADER, kid: [TICKET_KID] }),
    ],
    [
      "another key's signature under a known kid",
      "TICKET_SIGNATURE_INVALID",
      () => carrying(signTicket(ticketClaims(), { ...OTHER_KEY, kid: TICKET_KID })),
    ],
    [
      "one flipped bit in the signature",
      "TICKET_SIGNATURE_INVALID",
      () => carrying(flipBit(ticketMessage().ticket, 2)),
    ],
    [
      "one flipped bit in the claims",
      "TICKET_SIGNATURE_INVALID",
      () => carrying(flipBit(ticketMessage().ticket, 1)),
    ],
    ["an empty signature", "TICKET_SIGNATURE_INVALID", () => carrying(`${part(0)}.${part(1)}.`)],
    ["a short signature", "TICKET_SIGNATURE_INVALID", () => carrying(`${part(0)}.${part(1)}.AAAA`)],
    [
      "another ticket's signature",
      "TICKET_SIGNATURE_INVALID",
      () =>
        carrying(
          `${part(0)}.${part(1)}.${signTicket(ticketClaims({ attempt: 2 }), TICKET_PRIVATE_JWK).split(".")[2] ?? ""}`,
        ),
    ],
    [
      "a key of low order, although configured",
      "TICKET_SIGNATURE_INVALID",
      () =>
        carrying(
          `${part(0)}.${part(1)}.${base64UrlEncode(Uint8Array.from([1, ...Array.from({ length: 63 }, () => 0)]))}`,
        ),
      { keyByKid: new Map([[TICKET_KID, LOW_ORDER_JWK]]) },
    ],
    [
      "a gateway without keys",
      "TICKET_KEY_UNKNOWN",
      () => ticketMessage(),
      { keyByKid: new Map() },
    ],
  ];

  test.each(rows(cases))("$rule: $code", ({ code, message, context }) => {
    const refused = verifyTicket(message(), ticketContext(context));
    expect(refused).toMatchObject({ ok: false, error: { code, verified: false, claims: null } });
  });
});
test("a denial may name the nonce of a forged ticket, and says that nobody vouches for it", () => {
  const forged = carrying(signTicket(ticketClaims(), { ...OTHER_KEY, kid: TICKET_KID }));
  expect(verifyTicket(forged, ticketContext())).toMatchObject({
    error: { jti: JTI, verified: false, claims: null },
  });
});
