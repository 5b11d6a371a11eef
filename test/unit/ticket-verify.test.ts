/**
 * Verification: each case takes the valid ticket and breaks one thing, and the reason names that thing.
 * Source: docs/tickets.md, "The order of the checks"; RFC 8725.
 */
import { createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import { base64UrlDecode, base64UrlEncode, type PrivateJwk } from "../../shared/crypto.ts";
import type { ReasonCode } from "../../shared/gates/index.ts";
import { signJws } from "../../shared/jws.ts";
import { signTicket, verifyTicket, type TicketContext } from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import {
  ACTION_TYPE,
  ARGS,
  EXP_MS,
  IAT,
  JTI,
  NOW_MS,
  TICKET_KID,
  TICKET_PRIVATE_JWK,
  TICKET_PUBLIC_JWK,
  ticketClaims,
  ticketContext,
  ticketMessage,
} from "../support/tickets.ts";

const TYP = "sekisho-ticket+jwt";
const OTHER_KEY: PrivateJwk = createOtherKey();

function createOtherKey(): PrivateJwk {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x = "", d = "" } = privateKey.export({ format: "jwk" });
  return { kty: "OKP", crv: "Ed25519", x, d, kid: "other" };
}

function base64UrlJson(value: unknown): string {
  return base64UrlEncode(new TextEncoder().encode(JSON.stringify(value)));
}

/** The valid message with another ticket in it. */
function carrying(ticket: string): TicketMessage {
  return { ...ticketMessage(), ticket };
}

/** The valid ticket's parts under another header, signature as given. */
function withHeader(header: unknown, sign: (input: string) => string = () => signaturePart()) {
  const input = `${base64UrlJson(header)}.${part(1)}`;
  return carrying(`${input}.${sign(input)}`);
}

function part(index: number): string {
  return ticketMessage().ticket.split(".")[index] ?? "";
}

function signaturePart(): string {
  return part(2);
}

/** A ticket over claims of any shape, signed with the trusted key. */
function signed(payload: unknown, typ = TYP): string {
  return signJws({ typ, kid: TICKET_KID }, canonicalJson(payload), TICKET_PRIVATE_JWK);
}

function signedText(payloadText: string): TicketMessage {
  return carrying(signJws({ typ: TYP, kid: TICKET_KID }, payloadText, TICKET_PRIVATE_JWK));
}

function withClaims(changes: Readonly<Record<string, unknown>>): TicketMessage {
  return carrying(signed({ ...ticketClaims(), ...changes }));
}

function without(claim: string): TicketMessage {
  const { [claim]: _dropped, ...rest } = ticketClaims() as Record<string, unknown>;
  return carrying(signed(rest));
}

function withArgs(args: TicketMessage["action"]["args"]): TicketMessage {
  return { ...ticketMessage(), action: { type: ACTION_TYPE, args } };
}

function flipBit(ticket: string, index: number): string {
  const parts = ticket.split(".");
  const bytes = base64UrlDecode(parts[index] ?? "") ?? new Uint8Array();
  bytes[8] = (bytes[8] ?? 0) ^ 1;
  parts[index] = base64UrlEncode(bytes);
  return parts.join(".");
}

function hmacWithPublicKey(key: string | Uint8Array) {
  return (input: string) => createHmac("sha256", key).update(input).digest("base64url");
}

const HEADER = { alg: "EdDSA", typ: TYP, kid: TICKET_KID };
const PUBLIC_BYTES = base64UrlDecode(TICKET_PUBLIC_JWK.x) ?? new Uint8Array();
/** The neutral element: a signature of it "verifies" for any message with a careless verifier. */
const LOW_ORDER_JWK = {
  ...TICKET_PUBLIC_JWK,
  x: base64UrlEncode(Uint8Array.from([1, ...new Array<number>(31).fill(0)])),
};

type Case = readonly [
  rule: string,
  code: ReasonCode,
  message: () => TicketMessage,
  context?: Partial<TicketContext>,
];

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
          `${part(0)}.${part(1)}.${base64UrlEncode(Uint8Array.from([1, ...new Array<number>(63).fill(0)]))}`,
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

  test.each(cases)("%s: %s", (_rule, code, message, context = {}) => {
    const refused = verifyTicket(message(), ticketContext(context));
    expect(refused).toMatchObject({ ok: false, error: { code, verified: false, claims: null } });
  });
});

describe("a signed ticket of the wrong shape is refused as malformed", () => {
  const cases: readonly (readonly [rule: string, message: () => TicketMessage])[] = [
    ["a fractional expiry", () => withClaims({ exp: IAT + 60.5 })],
    ["a fractional issue time", () => withClaims({ iat: IAT + 0.5 })],
    ["a negative issue time", () => withClaims({ iat: -1 })],
    ["a negative expiry", () => withClaims({ exp: -60 })],
    ["an expiry as text", () => withClaims({ exp: String(IAT + 60) })],
    ["no expiry", () => without("exp")],
    ["no nonce", () => without("jti")],
    ["a short nonce", () => withClaims({ jti: "tkt_0" })],
    ["no args hash", () => without("args_hash")],
    ["an args hash in upper case", () => withClaims({ args_hash: hashJson(ARGS).toUpperCase() })],
    ["no team", () => without("team")],
    ["an audience list", () => withClaims({ aud: ["sekisho-gateway"] })],
    ["a claim nobody knows", () => withClaims({ admin: true })],
    ["a fence that is no number", () => withClaims({ fence: { "crm#vendor": "1" } })],
    ["a fence of zero", () => withClaims({ fence: { "crm#vendor": 0 } })],
    ["attempt zero", () => withClaims({ attempt: 0 })],
    ["risk five", () => withClaims({ risk_level: 5 })],
    [
      "a nonce twice",
      () => signedText(canonicalJson(ticketClaims()).replace("{", `{"jti":"${JTI}",`)),
    ],
    ["a list of claims", () => signedText("[]")],
    ["claims that are no JSON", () => signedText("{")],
  ];

  test.each(cases)("%s", (_rule, message) => {
    const refused = verifyTicket(message(), ticketContext());
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "TICKET_MALFORMED", verified: false, claims: null },
    });
  });
});

describe("a genuine ticket is refused where, when or for what it was not issued", () => {
  const cases: readonly Case[] = [
    [
      "a message routed to another team",
      "TICKET_MALFORMED",
      () => ({ ...ticketMessage(), team: "treasury" }),
    ],
    [
      "a message routed to another mission",
      "TICKET_MALFORMED",
      () => ({ ...ticketMessage(), missionId: "msn_019a9f4e-0000-7000-8000-00000000ffff" }),
    ],
    [
      "another gateway's ticket",
      "TICKET_AUDIENCE_INVALID",
      () => withClaims({ aud: "sekisho-gateway-2" }),
    ],
    [
      "an audience with a slash more",
      "TICKET_AUDIENCE_INVALID",
      () => withClaims({ aud: "sekisho-gateway/" }),
    ],
    [
      "another issuer's ticket",
      "TICKET_AUDIENCE_INVALID",
      () => withClaims({ iss: "https://api.other.test" }),
    ],
    [
      "an issuer in upper case",
      "TICKET_AUDIENCE_INVALID",
      () => withClaims({ iss: "HTTPS://API.SEKISHO.TEST" }),
    ],
    ["an hour late", "TICKET_EXPIRED", () => ticketMessage(), { nowMs: EXP_MS + 3_600_000 }],
    [
      "late by exactly the leeway",
      "TICKET_EXPIRED",
      () => ticketMessage(),
      { nowMs: EXP_MS + 5_000 },
    ],
    ["an expiry at the epoch", "TICKET_EXPIRED", () => withClaims({ exp: 0 })],
    [
      "early by a millisecond more than the leeway",
      "TICKET_NOT_YET_VALID",
      () => ticketMessage(),
      { nowMs: IAT * 1_000 - 5_001 },
    ],
    [
      "issued an hour from now",
      "TICKET_NOT_YET_VALID",
      () => withClaims({ iat: IAT + 3_600, exp: IAT + 3_660 }),
    ],
    [
      "an action the gateway does not know",
      "ACTION_NOT_REGISTERED",
      () => ticketMessage(ticketClaims({ action_type: "vendor.delete" })),
    ],
    [
      "a gateway that knows no action",
      "ACTION_NOT_REGISTERED",
      () => ticketMessage(),
      { isRegistered: () => false },
    ],
    [
      "another registered action than permitted",
      "ACTION_TYPE_MISMATCH",
      () => ({ ...ticketMessage(), action: { type: "vendor.notify", args: ARGS } }),
    ],
    [
      "an unregistered action in place of the permitted one",
      "ACTION_TYPE_MISMATCH",
      () => ({ ...ticketMessage(), action: { type: "vendor.delete", args: ARGS } }),
    ],
    [
      "arguments that differ in one byte",
      "ARGS_HASH_MISMATCH",
      () => withArgs({ ...ARGS, vendor: "acmf" }),
    ],
    [
      "arguments that differ in one digit",
      "ARGS_HASH_MISMATCH",
      () => withArgs({ ...ARGS, amountUsd: 240_001 }),
    ],
    ["an argument more", "ARGS_HASH_MISMATCH", () => withArgs({ ...ARGS, rush: true })],
    ["an argument less", "ARGS_HASH_MISMATCH", () => withArgs({ vendor: "acme" })],
    ["a number as text", "ARGS_HASH_MISMATCH", () => withArgs({ ...ARGS, amountUsd: "240000" })],
    ["no arguments", "ARGS_HASH_MISMATCH", () => withArgs({})],
    ["arguments with half a character", "ARGS_HASH_MISMATCH", () => withArgs({ vendor: "\ud800" })],
    [
      "arguments that are no number",
      "ARGS_HASH_MISMATCH",
      () => withArgs({ amountUsd: Number.NaN }),
    ],
    ["arguments nested beyond the limit", "ARGS_HASH_MISMATCH", () => withArgs(nested(100))],
  ];

  test.each(cases)("%s: %s", (_rule, code, message, context = {}) => {
    const refused = verifyTicket(message(), ticketContext(context));
    expect(refused).toMatchObject({
      ok: false,
      error: { code, verified: true, jti: JTI, claims: { jti: JTI } },
    });
  });
});

function nested(depth: number): TicketMessage["action"]["args"] {
  let value: TicketMessage["action"]["args"] = {};
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}

describe("a genuine ticket is accepted up to the edges of its time", () => {
  test.each([
    ["at its issue", IAT * 1_000],
    ["early by exactly the leeway", IAT * 1_000 - 5_000],
    ["at its expiry", EXP_MS],
    ["a millisecond before the leeway ends", EXP_MS + 4_999],
  ])("%s", (_rule, nowMs) => {
    expect(verifyTicket(ticketMessage(), ticketContext({ nowMs }))).toMatchObject({ ok: true });
  });
});

describe("the first failing check names the reason", () => {
  test.each<Case>([
    [
      "signature before audience",
      "TICKET_SIGNATURE_INVALID",
      () => carrying(signTicket(ticketClaims({ aud: "x" }), { ...OTHER_KEY, kid: TICKET_KID })),
    ],
    [
      "audience before time",
      "TICKET_AUDIENCE_INVALID",
      () => withClaims({ aud: "x" }),
      { nowMs: EXP_MS + 60_000 },
    ],
    [
      "time before action",
      "TICKET_EXPIRED",
      () => ticketMessage(),
      { nowMs: EXP_MS + 60_000, isRegistered: () => false },
    ],
    [
      "action before arguments",
      "ACTION_NOT_REGISTERED",
      () => withArgs({}),
      { isRegistered: () => false },
    ],
  ])("%s", (_rule, code, message, context = {}) => {
    expect(verifyTicket(message(), ticketContext(context))).toMatchObject({ error: { code } });
  });
});

test("arguments in another member order are the same arguments", () => {
  const reordered = Object.fromEntries(Object.entries(ARGS).toReversed());
  expect(verifyTicket(withArgs(reordered), ticketContext())).toMatchObject({ ok: true });
});

test("a ticket of an older key verifies while that key is still published", () => {
  const older = { ...OTHER_KEY, kid: "ticket-2026-10" };
  const { d: _secret, ...olderPublic } = older;
  const keyByKid = new Map([
    [TICKET_KID, TICKET_PUBLIC_JWK],
    ["ticket-2026-10", olderPublic],
  ]);
  const message = carrying(signTicket(ticketClaims(), older));
  expect(verifyTicket(message, ticketContext({ keyByKid }))).toMatchObject({ ok: true });
});

test("a denial may name the nonce of a forged ticket, and says that nobody vouches for it", () => {
  const forged = carrying(signTicket(ticketClaims(), { ...OTHER_KEY, kid: TICKET_KID }));
  expect(verifyTicket(forged, ticketContext())).toMatchObject({
    error: { jti: JTI, verified: false, claims: null },
  });
});

test("the valid ticket is accepted, or every refusal above would mean nothing", () => {
  expect(verifyTicket(ticketMessage(), ticketContext({ nowMs: NOW_MS }))).toEqual({
    ok: true,
    value: ticketClaims(),
  });
});
