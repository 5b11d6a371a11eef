/**
 * Verification of genuine signatures: each case takes the valid ticket and breaks one claim, the moment or
 * the action, and the reason names that thing. Source: docs/tickets.md, "The order of the checks".
 */
import { describe, expect, test } from "vitest";
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import type { PublicJwk } from "../../shared/crypto.ts";
import { signTicket, verifyTicket } from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import {
  carrying,
  OTHER_KEY,
  rows,
  signedText,
  withArgs,
  withClaims,
  without,
  type Case,
} from "../support/broken-tickets.ts";
import {
  ARGS,
  EXP_MS,
  IAT,
  JTI,
  NOW_MS,
  TICKET_KID,
  TICKET_PUBLIC_JWK,
  ticketClaims,
  ticketContext,
  ticketMessage,
} from "../support/tickets.ts";

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

  test.each(rows(cases))("$rule: $code", ({ code, message, context }) => {
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
  test.each(
    rows([
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
    ]),
  )("$rule", ({ code, message, context }) => {
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
  const keyByKid = new Map<string, PublicJwk>([
    [TICKET_KID, TICKET_PUBLIC_JWK],
    ["ticket-2026-10", olderPublic],
  ]);
  const message = carrying(signTicket(ticketClaims(), older));
  expect(verifyTicket(message, ticketContext({ keyByKid }))).toMatchObject({ ok: true });
});

test("the valid ticket is accepted, or every refusal above would mean nothing", () => {
  expect(verifyTicket(ticketMessage(), ticketContext({ nowMs: NOW_MS }))).toEqual({
    ok: true,
    value: ticketClaims(),
  });
});
