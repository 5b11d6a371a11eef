/**
 * Who gets in: every way a token can be wrong answers alike, and every valid one is let through.
 * Each denial starts from a valid token and breaks one thing.
 */
import { env } from "cloudflare:workers";
import { generateKeyPairSync } from "node:crypto";
import type { JWK } from "jose";
import { describe, expect, it } from "vitest";
import { authenticate } from "../../worker/auth.ts";
import type { Env } from "../../worker/env.ts";
import { call, callerOf, mintToken, send, type TokenFlaws } from "../support/api.ts";

const caller = callerOf("auth-team", "admin");
const api = env as unknown as Env;

function foreignKey(): { readonly jwk: JWK; readonly alg: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    jwk: { ...(privateKey.export({ format: "jwk" }) as JWK), kid: "test-auth" },
    alg: "EdDSA",
  };
}

const nowS = () => Math.floor(Date.now() / 1000);

const FLAWS: readonly (readonly [string, TokenFlaws])[] = [
  ["signed by a key of somebody else under a known kid", { key: foreignKey() }],
  ["with an unknown kid", { header: { kid: "other" } }],
  ["of another type", { header: { typ: "sekisho-ticket+jwt" } }],
  ["with a critical extension", { header: { crit: ["x"], x: 1 } }],
  ["of another issuer", { claims: { iss: "https://elsewhere.test" } }],
  ["without an issuer", { claims: { iss: undefined } }],
  ["for another audience", { claims: { aud: "other" } }],
  ["without an audience", { claims: { aud: undefined } }],
  ["expired beyond the leeway", { expiresInS: -6 }],
  ["without an expiry", { claims: { exp: undefined } }],
  ["with an expiry that is no number", { claims: { exp: "never" } }],
  ["not yet valid", { claims: { nbf: nowS() + 60 } }],
  ["without a subject", { claims: { sub: undefined } }],
  ["with an empty subject", { claims: { sub: "" } }],
  ["with a subject of 129 characters", { claims: { sub: "s".repeat(129) } }],
  ["with a control character in its subject", { claims: { sub: "a\u0000b" } }],
  ["with a lone surrogate in its subject", { claims: { sub: "\ud800" } }],
  ["without a team", { claims: { team: undefined } }],
  ["with a team that holds a slash", { claims: { team: "a/b" } }],
  ["with a team in upper case", { claims: { team: "Team" } }],
  ["with a team of 64 characters", { claims: { team: "t".repeat(64) } }],
  ["without roles", { claims: { roles: undefined } }],
  ["with an unknown role", { claims: { roles: ["root"] } }],
  ["with roles as text", { claims: { roles: "admin" } }],
];

function unsigned(): string {
  const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const claims = { iss: api.AUTH_ISSUER, aud: "sekisho", sub: "a", team: "t", roles: [] };
  return `${encode({ alg: "none" })}.${encode({ ...claims, exp: nowS() + 60 })}.`;
}

const HEADERS: readonly (readonly [string, (token: string) => string | undefined])[] = [
  ["no header at all", () => undefined],
  ["an empty header", () => ""],
  ["a bare token", (token) => token],
  ["another scheme", (token) => `Basic ${token}`],
  ["two tokens", (token) => `Bearer ${token} ${token}`],
  ["half a token", (token) => `Bearer ${token.split(".").slice(0, 2).join(".")}`],
  [
    "a token with a changed byte",
    (token) => `Bearer ${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`,
  ],
  ["an unsigned token", () => `Bearer ${unsigned()}`],
  ["a token beyond every size", (token) => `Bearer ${token}${"A".repeat(9_000)}`],
];

describe("a request is refused", () => {
  it.each(FLAWS)("with a token %s", async (_name, flaws) => {
    const token = await mintToken(caller, flaws);
    await expectRefused(`Bearer ${token}`);
  });

  it.each(HEADERS)("with %s", async (_name, headerOf) => {
    await expectRefused(headerOf(await mintToken(caller)));
  });

  async function expectRefused(authorization: string | undefined) {
    const answer = await send("/v1/agents", {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="sekisho"');
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    const { instance, ...rest } = answer.body;
    expect(instance).toBe(answer.headers.get("x-request-id"));
    // One and the same for all, so that nothing is learnt from being refused.
    expect(rest).toEqual({
      type: `${api.API_ORIGIN}/docs/errors/unauthenticated`,
      title: "A valid access token is needed",
      status: 401,
      code: "unauthenticated",
    });
  }
});

describe("a request is let in", () => {
  const GOOD: readonly (readonly [string, TokenFlaws])[] = [
    ["with a plain token", {}],
    ["with an access token of RFC 9068's type", { header: { typ: "at+jwt" } }],
    ["without a type", { header: { typ: undefined } }],
    ["expired within the leeway", { expiresInS: -2 }],
    ["with a repeated role", { claims: { roles: ["admin", "admin"] } }],
    ["with claims nobody reads", { claims: { extra: { deep: true } } }],
  ];

  it.each(GOOD)("%s", async (_name, flaws) => {
    const authorization = `Bearer ${await mintToken(caller, flaws)}`;
    expect((await send("/v1/agents", { headers: { authorization } })).status).toBe(200);
  });

  it("whatever the case of the scheme", async () => {
    const authorization = `bEARER ${await mintToken(caller)}`;
    expect((await send("/v1/agents", { headers: { authorization } })).status).toBe(200);
  });
});

describe("the configuration of tokens", () => {
  it("refuses every token when no issuer is named", async () => {
    const header = `Bearer ${await mintToken(caller, { claims: { iss: "" } })}`;
    const refused = await authenticate({ ...api, AUTH_ISSUER: "" }, header);
    expect(refused).toMatchObject({ ok: false, error: { reason: "unauthenticated" } });
  });

  it.each([
    ["is not JSON", "keys", "not valid JSON"],
    ["holds a private key", api.TICKET_SIGNING_KEYS, "sound public"],
    [
      "holds a shared secret",
      JSON.stringify({ keys: [{ kty: "oct", k: "AAAA" }] }),
      "sound public",
    ],
    [
      "holds a low-order key, which would verify anything",
      JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", x: `AQ${"A".repeat(41)}` }] }),
      "sound public",
    ],
  ])("is a fault when the key set %s", async (_name, AUTH_JWKS, message) => {
    const header = `Bearer ${await mintToken(caller)}`;
    await expect(authenticate({ ...api, AUTH_JWKS }, header)).rejects.toThrow(message);
  });

  it("lets a role decide, and names the roles that would do", async () => {
    const answer = await call(callerOf("auth-team", "agent", "auditor"), "GET", "/v1/agents");
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: "role_missing", roles: ["admin"] });
  });
});
