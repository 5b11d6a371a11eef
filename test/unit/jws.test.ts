/**
 * Compact JWS: two algorithms, three header members, one spelling. Every denial starts from a token that
 * verifies and breaks one thing. The Wycheproof vectors run in wycheproof.test.ts.
 */
import fc from "fast-check";
import { CompactSign, compactVerify, importJWK } from "jose";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  base64UrlEncode,
  checkPublicJwk,
  type PrivateJwk,
  type PublicJwk,
} from "../../shared/crypto.ts";
import { parseJws, signJws, verifyJws, type JwsVerifyOptions } from "../../shared/jws.ts";
import { LIMITS } from "../../shared/limits.ts";

const LAW = { numRuns: 1_000, verbose: true } as const;

/** RFC 8037 appendix A.1. */
const key: PrivateJwk = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};
const publicKey: PublicJwk = { kty: "OKP", crv: "Ed25519", x: key.x };
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ecJwk = readKey(ec.publicKey.export({ format: "jwk" }));

const payload = '{"iss":"https://api.test","n":1}';
const options: JwsVerifyOptions = {
  typ: "sekisho-ticket+jwt",
  algs: ["EdDSA", "ES256"],
  keyByKid: (kid) => (kid === "k1" ? publicKey : kid === "e1" ? ecJwk : undefined),
};
const token = signJws({ typ: "sekisho-ticket+jwt", kid: "k1" }, payload, key);

function readKey(value: unknown): PublicJwk {
  const checked = checkPublicJwk(value);
  if (!checked.ok) throw new Error(checked.error.reason);
  return checked.value;
}

function encode(text: string): string {
  return base64UrlEncode(new TextEncoder().encode(text));
}

/** A token with any header, properly signed by the Ed25519 key. */
function signedWith(header: string | object, body: string = payload): string {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const { d, x } = key;
  const input = `${encode(text)}.${encode(body)}`;
  const signature = sign(null, Buffer.from(input), {
    key: { kty: "OKP", crv: "Ed25519", d, x },
    format: "jwk",
  });
  return `${input}.${signature.toString("base64url")}`;
}

function signedByEc(header: object): string {
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  const signature = sign("sha256", Buffer.from(input), {
    key: ec.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  return `${input}.${signature.toString("base64url")}`;
}

function reasonOf(text: unknown, changed: Partial<JwsVerifyOptions> = {}): string {
  const result = verifyJws(text, { ...options, ...changed });
  return result.ok ? "verified" : result.error.reason;
}

const header = { alg: "EdDSA", typ: "sekisho-ticket+jwt", kid: "k1" } as const;

describe("signing and verifying", () => {
  test("the header is alg, typ and kid in that order, and the payload is signed as given", () => {
    const [head = "", body = ""] = token.split(".");
    expect(Buffer.from(head, "base64url").toString()).toBe(
      '{"alg":"EdDSA","typ":"sekisho-ticket+jwt","kid":"k1"}',
    );
    expect(Buffer.from(body, "base64url").toString()).toBe(payload);
    expect(token).toBe(signedWith(header));
  });

  test("a token verifies to its header and payload", () => {
    expect(verifyJws(token, options)).toEqual({
      ok: true,
      value: { header, payload: { iss: "https://api.test", n: 1 } },
    });
  });

  test("an ES256 token verifies by a P-256 key", () => {
    expect(reasonOf(signedByEc({ ...header, alg: "ES256", kid: "e1" }))).toBe("verified");
  });

  test("header members may come in any order", () => {
    expect(reasonOf(signedWith({ kid: "k1", typ: header.typ, alg: "EdDSA" }))).toBe("verified");
  });

  test("taking apart gives what was signed, unverified", () => {
    const parsed = parseJws(`${token.slice(0, -4)}AAAA`);
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        header,
        payload: { n: 1 },
        payloadText: payload,
        signingInput: token.slice(0, token.lastIndexOf(".")),
      },
    });
    expect(parsed.ok && parsed.value.signature.length).toBe(64);
  });

  test("jose verifies ours and ours verifies jose's", async () => {
    const verified = await compactVerify(token, await importJWK({ ...publicKey }, "EdDSA"));
    expect(new TextDecoder().decode(verified.payload)).toBe(payload);
    const theirs = await new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader(header)
      .sign(await importJWK({ ...key }, "EdDSA"));
    expect(theirs).toBe(token);
    const theirEc = await new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ ...header, alg: "ES256", kid: "e1" })
      .sign(ec.privateKey);
    expect(reasonOf(theirEc)).toBe("verified");
  });

  test("any payload object survives the round trip", () => {
    const object = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.integer()));
    fc.assert(
      fc.property(object, fc.string({ unit: "binary" }), (value, kid) => {
        fc.pre(!Object.keys(value).includes("__proto__"));
        const text = JSON.stringify(value);
        const parsed = parseJws(signJws({ typ: "t", kid }, text, key));
        expect(parsed).toMatchObject({ ok: true, value: { payloadText: text, header: { kid } } });
      }),
      { ...LAW, numRuns: 300 },
    );
  });
});

describe("refusals, each one change away from a token that verifies", () => {
  const [head = "", body = "", signature = ""] = token.split(".");
  const hmacKey = JSON.stringify(publicKey);
  const hsInput = `${encode(JSON.stringify({ ...header, alg: "HS256" }))}.${body}`;
  const hs256 = `${hsInput}.${createHmac("sha256", hmacKey).update(hsInput).digest("base64url")}`;
  const cases: readonly [string, unknown, string][] = [
    ["nothing", "", "malformed"],
    ["null", null, "malformed"],
    ["the JSON serialisation", { payload: body, protected: head, signature }, "malformed"],
    ["two parts", `${head}.${body}`, "malformed"],
    ["four parts", `${token}.AAAA`, "malformed"],
    ["five parts, as of a JWE", `${token}.AAAA.AAAA`, "malformed"],
    ["padding", `${token}==`, "malformed"],
    ["a trailing newline", `${token}\n`, "malformed"],
    ["a leading space", ` ${token}`, "malformed"],
    ["standard base64", `${head}.${body}.${signature.replace(/[-_]/, "/")}+`, "malformed"],
    ["another spelling of the signature", respell(token), "malformed"],
    ["more than the limit", `${head}.${"A".repeat(LIMITS.jwsCharsMax)}.${signature}`, "malformed"],
    ["a header that is no object", signedWith("[1]"), "malformed"],
    ["a header that is no JSON", signedWith("{"), "malformed"],
    [
      "an alg twice in the header",
      signedWith('{"alg":"none","alg":"EdDSA","typ":"sekisho-ticket+jwt","kid":"k1"}'),
      "malformed",
    ],
    ["no alg", signedWith({ typ: header.typ, kid: "k1" }), "malformed"],
    ["a list of algs", signedWith({ ...header, alg: ["EdDSA"] }), "malformed"],
    ["a number for kid", signedWith({ ...header, kid: 1 }), "malformed"],
    ["null for typ", signedWith({ ...header, typ: null }), "malformed"],
    ["alg none without signature", `${encode('{"alg":"none"}')}.${body}.`, "algorithm_refused"],
    ["alg none with the rest right", signedWith({ ...header, alg: "none" }), "algorithm_refused"],
    ["alg None", signedWith({ ...header, alg: "None" }), "algorithm_refused"],
    ["HS256 keyed with the public key", hs256, "algorithm_refused"],
    ["RS256", signedWith({ ...header, alg: "RS256" }), "algorithm_refused"],
    ["ES384", signedWith({ ...header, alg: "ES384" }), "algorithm_refused"],
    ["the alg name Ed25519", signedWith({ ...header, alg: "Ed25519" }), "algorithm_refused"],
    ["the alg in lower case", signedWith({ ...header, alg: "eddsa" }), "algorithm_refused"],
    ["ES256 by an Ed25519 key", signedWith({ ...header, alg: "ES256" }), "algorithm_refused"],
    ["EdDSA by a P-256 key", signedByEc({ ...header, kid: "e1" }), "algorithm_refused"],
    ["an embedded jwk", signedWith({ ...header, jwk: publicKey }), "header_unsupported"],
    ["jku", signedWith({ ...header, jku: "https://evil.test/jwks" }), "header_unsupported"],
    ["x5u", signedWith({ ...header, x5u: "https://evil.test/x" }), "header_unsupported"],
    ["x5c", signedWith({ ...header, x5c: [] }), "header_unsupported"],
    ["crit", signedWith({ ...header, crit: ["exp"] }), "header_unsupported"],
    ["b64", signedWith({ ...header, b64: true }), "header_unsupported"],
    ["zip", signedWith({ ...header, zip: "DEF" }), "header_unsupported"],
    ["cty", signedWith({ ...header, cty: "JWT" }), "header_unsupported"],
    ["an unknown member", signedWith({ ...header, x: 1 }), "header_unsupported"],
    ["a member named constructor", signedWith({ ...header, constructor: 1 }), "header_unsupported"],
    ["no typ", signedWith({ alg: "EdDSA", kid: "k1" }), "type_refused"],
    ["another typ", signedWith({ ...header, typ: "sekisho-approval+jwt" }), "type_refused"],
    [
      "the typ in another case",
      signedWith({ ...header, typ: "SEKISHO-TICKET+JWT" }),
      "type_refused",
    ],
    ["no kid", signedWith({ alg: "EdDSA", typ: header.typ }), "key_unknown"],
    ["an unknown kid", signedWith({ ...header, kid: "k2" }), "key_unknown"],
    [
      "a kid that names a member of every object",
      signedWith({ ...header, kid: "toString" }),
      "key_unknown",
    ],
    ["no signature", `${head}.${body}.`, "signature_invalid"],
    [
      "a signature of zeros",
      `${head}.${body}.${base64UrlEncode(new Uint8Array(64))}`,
      "signature_invalid",
    ],
    ["another payload", `${head}.${encode('{"n":2}')}.${signature}`, "signature_invalid"],
    [
      "the header members in another order",
      `${encode(JSON.stringify({ kid: "k1", typ: header.typ, alg: "EdDSA" }))}.${body}.${signature}`,
      "signature_invalid",
    ],
    ["a payload that is no JSON", signedWith(header, "foo"), "malformed"],
    ["a payload that is no object", signedWith(header, "[]"), "malformed"],
    ["a payload with a claim twice", signedWith(header, '{"a":1,"a":2}'), "malformed"],
    ["a payload with an unsafe number", signedWith(header, '{"a":9007199254740993}'), "malformed"],
    ["a payload with a byte order mark", signedWith(header, "\uFEFF{}"), "malformed"],
  ];

  test.each(cases)("%s", (_name, text, reason) => {
    expect(reasonOf(token)).toBe("verified");
    expect(reasonOf(text)).toBe(reason);
  });

  test("an algorithm the caller did not allow", () => {
    expect(reasonOf(token, { algs: ["ES256"] })).toBe("algorithm_refused");
    const es256 = signedByEc({ ...header, alg: "ES256", kid: "e1" });
    expect(reasonOf(es256, { algs: ["EdDSA"] })).toBe("algorithm_refused");
  });

  test("any single character changed", () => {
    const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ";
    for (let at = 0; at < token.length; at += 1) {
      for (const character of [characters[at % 64] ?? "", characters[(at * 7) % 67] ?? ""]) {
        if (character === token[at]) continue;
        expect(reasonOf(token.slice(0, at) + character + token.slice(at + 1))).not.toBe("verified");
      }
    }
  });

  test("nothing it is given makes it throw", () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ unit: "binary" }), (value, text) => {
        expect(reasonOf(value)).not.toBe("verified");
        expect(reasonOf(`${head}.${text}.${signature}`)).not.toBe("verified");
      }),
      LAW,
    );
  });
});

/** The same 64 signature bytes with stray trailing bits in the last character. */
function respell(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(text.at(-1) ?? "");
  return text.slice(0, -1) + (alphabet[last ^ 1] ?? "");
}
