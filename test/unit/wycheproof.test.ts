/**
 * The Wycheproof vectors (C2SP), where they are at hand: raw signatures, tags and JSON web signatures.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  base64UrlDecode,
  base64UrlEncode,
  checkPublicJwk,
  hmacSha256,
  verifySignature,
  type PublicJwk,
} from "../../shared/crypto.ts";
import { verifyJws } from "../../shared/jws.ts";
import { parseStrictJson } from "../../shared/strict-json.ts";

const vectors = path.resolve(import.meta.dirname, "../../../shared/vectors/wycheproof");
const present = existsSync(vectors);
const absent = present ? "" : " (skipped: ../shared/vectors/wycheproof is absent)";
/** RFC 8037 appendix A.2. */
const ed25519Jwk: PublicJwk = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
};

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(vectors, name), "utf8")) as T;
}

function reasonOf(jws: unknown, typ: string, key: PublicJwk): string {
  const result = verifyJws(jws, { typ, algs: ["EdDSA", "ES256"], keyByKid: () => key });
  return result.ok ? "verified" : result.error.reason;
}

describe.skipIf(!present)(`raw signatures and tags${absent}`, () => {
  type VerifyCase = {
    readonly tcId: number;
    readonly msg: string;
    readonly sig: string;
    readonly result: "valid" | "invalid";
  };
  type VerifyFile = {
    readonly testGroups: readonly {
      readonly publicKeyJwk?: unknown;
      readonly publicKey: { readonly wx?: string; readonly wy?: string };
      readonly tests: readonly VerifyCase[];
    }[];
  };

  /** Some groups give no JWK; their coordinates carry a sign byte or lack leading zeros. */
  function p256FromHex({ wx = "", wy = "" }: { wx?: string; wy?: string }): unknown {
    const [x, y] = [wx, wy].map((hex) =>
      base64UrlEncode(fromHex(hex.padStart(64, "0").slice(-64))),
    );
    return { kty: "EC", crv: "P-256", x, y };
  }

  /** Answers how many cases ended as recorded; throws on the first that did not. */
  function runFile(name: string, alg: "EdDSA" | "ES256"): { valid: number; invalid: number } {
    const counts = { valid: 0, invalid: 0 };
    for (const group of readVectors<VerifyFile>(name).testGroups) {
      const key = checkPublicJwk(group.publicKeyJwk ?? p256FromHex(group.publicKey));
      for (const { tcId, msg, sig, result } of group.tests) {
        const good = key.ok && verifySignature(key.value, alg, fromHex(msg), fromHex(sig));
        if (good !== (result === "valid"))
          throw new Error(`${name} ${tcId}: ${result}, got ${good}`);
        counts[result] += 1;
      }
    }
    return counts;
  }

  test("Ed25519 verification: 151 cases end as recorded", () => {
    expect(runFile("ed25519_test.json", "EdDSA")).toEqual({ valid: 88, invalid: 63 });
  });

  test("ES256 verification: 262 cases end as recorded", () => {
    const counts = runFile("ecdsa_secp256r1_sha256_p1363_test.json", "ES256");
    expect(counts).toEqual({ valid: 173, invalid: 89 });
  });

  test("HMAC-SHA-256: 174 tags end as recorded", () => {
    type HmacCase = VerifyCase & { readonly key: string; readonly tag: string };
    type HmacFile = {
      readonly testGroups: readonly { readonly tests: readonly HmacCase[] }[];
    };
    const file = readVectors<HmacFile>("hmac_sha256_test.json");
    const cases = file.testGroups.flatMap((group) => group.tests);
    for (const { tcId, key, msg, tag, result } of cases) {
      const full = Buffer.from(hmacSha256(fromHex(key), fromHex(msg))).toString("hex");
      expect(full.slice(0, tag.length) === tag, `tcId ${tcId}`).toBe(result === "valid");
    }
    expect(cases).toHaveLength(174);
  });
});

/**
 * Stricter than the vectors on purpose: a header must name typ and kid and nothing beside alg, the payload
 * must be a strict JSON object, and only EdDSA and ES256 exist. No recorded token meets all of that, so
 * each is refused whole, and the ES256 signatures are checked one level below as well.
 */
describe.skipIf(!present)(`JSON web signatures${absent}`, () => {
  type Group = {
    readonly comment: string;
    readonly public?: unknown;
    readonly private?: unknown;
    readonly tests: readonly {
      readonly tcId: number;
      readonly jws: unknown;
      readonly result: string;
    }[];
  };
  const groups = present
    ? readVectors<{ readonly testGroups: readonly Group[] }>("json_web_signature_test.json")
        .testGroups
    : [];

  test("all 401 tokens are refused, whatever key their kid would find", () => {
    let refused = 0;
    for (const group of groups) {
      const checked = checkPublicJwk(group.public);
      const found = checked.ok ? checked.value : ed25519Jwk;
      for (const { tcId, jws } of group.tests) {
        for (const typ of ["JWT", "JOSE", "sekisho-ticket+jwt"]) {
          expect(reasonOf(jws, typ, found), `tcId ${tcId}`).not.toBe("verified");
        }
        refused += 1;
      }
    }
    expect(refused).toBe(401);
  });

  test("tokens of every other algorithm are refused for their algorithm or their form", () => {
    const others = groups.filter((group) => !/es256|ec_key/i.test(group.comment));
    const reasons = new Map<string, number>();
    for (const { jws } of others.flatMap((group) => group.tests)) {
      const reason = reasonOf(jws, "JWT", ed25519Jwk);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    expect([...reasons.keys()].sort()).toEqual(["algorithm_refused", "malformed"]);
    expect(reasons.get("algorithm_refused")).toBeGreaterThan(250);
  });

  test("a P-256 key published for encryption is no signature key", () => {
    const encryption = groups.filter((group) => group.comment === "ec_key_for_encryption");
    expect(encryption).toHaveLength(2);
    for (const group of encryption) {
      expect(checkPublicJwk(group.public)).toEqual({
        ok: false,
        error: { reason: "key_malformed" },
      });
    }
  });

  test("an ES256 signature is good exactly when its token is recorded as valid", () => {
    const counts = { valid: 0, invalid: 0 };
    for (const group of groups) {
      const checked = checkPublicJwk(group.public);
      if (!checked.ok || checked.value.kty !== "EC") continue;
      for (const { tcId, jws, result } of group.tests) {
        const good = typeof jws === "string" && es256SignatureIsGood(jws, checked.value);
        expect(good, `tcId ${tcId}`).toBe(result === "valid");
        counts[result === "valid" ? "valid" : "invalid"] += 1;
      }
    }
    expect(counts.valid).toBeGreaterThanOrEqual(2);
    expect(counts.invalid).toBeGreaterThanOrEqual(35);
  });

  /** Only what the recorded token claims: its own header says ES256 and the three parts are base64url. */
  function es256SignatureIsGood(jws: string, found: PublicJwk): boolean {
    const parts = jws.split(".");
    const [head = "", , tail = ""] = parts;
    const headBytes = base64UrlDecode(head);
    const signature = base64UrlDecode(tail);
    if (parts.length !== 3 || headBytes === null || signature === null) return false;
    const claimed = parseStrictJson(new TextDecoder().decode(headBytes));
    if (!claimed.ok || (claimed.value as { alg?: unknown } | null)?.alg !== "ES256") return false;
    const input = new TextEncoder().encode(jws.slice(0, jws.lastIndexOf(".")));
    return verifySignature(found, "ES256", input, signature);
  }
});
