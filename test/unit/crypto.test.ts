/**
 * Hashes, keys and signatures: known answers, and the keys under which a signature proves nothing.
 * The Wycheproof vectors run in wycheproof.test.ts.
 */
import fc from "fast-check";
import { calculateJwkThumbprint } from "jose";
import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  base64Decode,
  base64Encode,
  base64UrlDecode,
  base64UrlEncode,
  checkPublicJwk,
  hmacSha256,
  jwkThumbprint,
  sha256Bytes,
  sha256Hex,
  signEd25519,
  verifySignature,
  type PrivateJwk,
  type PublicJwk,
} from "../../shared/crypto.ts";

const LAW = { numRuns: 1_000, verbose: true } as const;

/** RFC 8037 appendix A.1. */
const privateJwk: PrivateJwk = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};
const ed25519Jwk: PublicJwk = { kty: "OKP", crv: "Ed25519", x: privateJwk.x };
/** RFC 7515 appendix A.3. */
const p256Jwk: PublicJwk = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function littleEndian(value: bigint, highBit: 0 | 1 = 0): Uint8Array {
  const bytes = fromHex(value.toString(16).padStart(64, "0")).reverse();
  bytes[31] = (bytes[31] ?? 0) | (highBit << 7);
  return bytes;
}

function ed25519(point: Uint8Array): PublicJwk {
  return { kty: "OKP", crv: "Ed25519", x: base64UrlEncode(point) };
}

function reasonOf(value: unknown): string {
  const result = checkPublicJwk(value);
  return result.ok ? "accepted" : result.error.reason;
}

describe("hashes", () => {
  test("SHA-256 gives the answers of FIPS 180-4, for text and for bytes", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(sha256Hex("abc")).toBe(abc);
    expect(sha256Hex(utf8("abc"))).toBe(abc);
    expect(sha256Bytes("abc")).toEqual(fromHex(abc));
    expect(sha256Hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });

  test("HMAC-SHA-256 gives the answer of RFC 4231 case 2", () => {
    expect(hmacSha256(utf8("Jefe"), "what do ya want for nothing?")).toEqual(
      fromHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    );
  });
});

describe("base64", () => {
  test("RFC 4648 section 10 comes out in both alphabets", () => {
    const answers = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
    for (const [length, expected] of answers.entries()) {
      const bytes = utf8("foobar".slice(0, length));
      expect(base64Encode(bytes)).toBe(expected);
      expect(base64UrlEncode(bytes)).toBe(expected.replaceAll("=", ""));
    }
    expect(base64UrlEncode(Uint8Array.of(0xfb, 0xff))).toBe("-_8");
    expect(base64Encode(Uint8Array.of(0xfb, 0xff))).toBe("+/8=");
  });

  test("bytes survive the round trip and agree with the platform", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const url = base64UrlEncode(bytes);
        const standard = base64Encode(bytes);
        expect(url).toBe(Buffer.from(bytes).toString("base64url"));
        expect(standard).toBe(Buffer.from(bytes).toString("base64"));
        expect(base64UrlDecode(url)).toEqual(bytes);
        expect(base64Decode(standard)).toEqual(bytes);
      }),
      LAW,
    );
  });

  test("a text is read only when it is the one spelling of its bytes", () => {
    const alphabet = fc.constantFrom(...Array.from("AQgwBZaz09-_+/= \n\u0100é."));
    let read = 0;
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 6 }), (characters) => {
        const text = characters.join("");
        const url = base64UrlDecode(text);
        const standard = base64Decode(text);
        expect(url === null ? text : base64UrlEncode(url)).toBe(text);
        expect(standard === null ? text : base64Encode(standard)).toBe(text);
        if (url !== null || standard !== null) read += 1;
      }),
      { ...LAW, numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test.each(["A", "Zg==", "Zh", "Zm9=", "Zm 8", "Zm8\n", "+/8", "Zm9vYg=", "Zm9v.", "é"])(
    "%j is not canonical base64url",
    (text) => expect(base64UrlDecode(text)).toBeNull(),
  );

  test.each(["Zg", "Zg=", "Zh==", "Zg===", "=", "====", "-_8=", "Zg==\n", "Zg==Zg=="])(
    "%j is not canonical base64",
    (text) => expect(base64Decode(text)).toBeNull(),
  );
});

describe("known answers", () => {
  test("RFC 8032 section 7.1 test 3 signs and verifies", () => {
    const seed = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    const point = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    const signature =
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
    const key = { ...ed25519Jwk, x: base64UrlEncode(fromHex(point)) } as const;
    const d = base64UrlEncode(fromHex(seed));
    const message = fromHex("af82");
    expect(signEd25519({ ...privateJwk, x: key.x, d }, message)).toEqual(fromHex(signature));
    expect(verifySignature(key, "EdDSA", message, fromHex(signature))).toBe(true);
  });

  test("RFC 8037 appendix A.3 and RFC 9449 section 6.1 thumbprints", () => {
    expect(jwkThumbprint(ed25519Jwk)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    const dpop: PublicJwk = {
      kty: "EC",
      crv: "P-256",
      x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
      y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
      kid: "labels do not count",
    };
    expect(jwkThumbprint(dpop)).toBe("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  });

  test("thumbprints agree with jose", async () => {
    for (const key of [ed25519Jwk, p256Jwk]) {
      expect(jwkThumbprint(key)).toBe(await calculateJwkThumbprint({ ...key }));
    }
  });
});

describe("verifying", () => {
  test("a signature is good for its message, key and algorithm only", () => {
    const message = utf8("message");
    const signature = signEd25519(privateJwk, message);
    const other = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const otherJwk = { ...ed25519Jwk, x: other.x ?? "" };
    expect(verifySignature(ed25519Jwk, "EdDSA", message, signature)).toBe(true);
    expect(verifySignature(ed25519Jwk, "EdDSA", utf8("messagf"), signature)).toBe(false);
    expect(verifySignature(otherJwk, "EdDSA", message, signature)).toBe(false);
    expect(verifySignature(ed25519Jwk, "ES256", message, signature)).toBe(false);
    expect(verifySignature(p256Jwk, "EdDSA", message, signature)).toBe(false);
    expect(verifySignature(p256Jwk, "ES256", message, signature)).toBe(false);
  });

  test("every flipped bit of a signature spoils it", () => {
    const message = utf8("message");
    const signature = signEd25519(privateJwk, message);
    for (let bit = 0; bit < 512; bit += 1) {
      const flipped = Uint8Array.from(signature);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifySignature(ed25519Jwk, "EdDSA", message, flipped)).toBe(false);
    }
  });

  test("fresh P-256 keys verify in raw form, and never in DER", () => {
    for (let round = 0; round < 50; round += 1) {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const checked = checkPublicJwk(publicKey.export({ format: "jwk" }));
      if (!checked.ok) throw new Error(checked.error.reason);
      const message = utf8(`message ${round}`);
      const raw = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
      const der = sign("sha256", message, privateKey);
      expect(verifySignature(checked.value, "ES256", message, new Uint8Array(raw))).toBe(true);
      expect(verifySignature(checked.value, "ES256", message, new Uint8Array(der))).toBe(false);
    }
  });

  test("nothing it is given makes it throw", () => {
    const message = utf8("message");
    for (const length of [0, 1, 63, 64, 65, 128]) {
      expect(verifySignature(ed25519Jwk, "EdDSA", message, new Uint8Array(length))).toBe(false);
      expect(verifySignature(p256Jwk, "ES256", message, new Uint8Array(length))).toBe(false);
    }
    for (const x of ["", "!", "AA", base64UrlEncode(new Uint8Array(33))]) {
      const sixtyFour = new Uint8Array(64);
      expect(verifySignature({ ...ed25519Jwk, x }, "EdDSA", message, sixtyFour)).toBe(false);
      expect(verifySignature({ ...p256Jwk, x }, "ES256", message, sixtyFour)).toBe(false);
    }
  });

  test("the forgery that verifies every message under the neutral point verifies none", () => {
    // R = A = (0, 1) and S = 0 solve the equation for all messages; workerd's own verify says true.
    const neutral = littleEndian(1n);
    const forged = new Uint8Array(64);
    forged.set(neutral);
    for (const message of ["pay alice", "pay mallory"]) {
      expect(verifySignature(ed25519(neutral), "EdDSA", utf8(message), forged)).toBe(false);
    }
  });

  test("more keys than are kept in memory still verify, first and last", () => {
    const message = utf8("message");
    const pairs = Array.from({ length: 300 }, () => {
      const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({
        format: "jwk",
      });
      return { ...privateJwk, x, d };
    });
    const signatures = pairs.map((pair) => signEd25519(pair, message));
    for (const again of [0, 1]) {
      for (const [index, pair] of pairs.entries()) {
        const signature = signatures[index] ?? new Uint8Array();
        const key = { ...ed25519Jwk, x: pair.x };
        expect(verifySignature(key, "EdDSA", message, signature), `round ${again}`).toBe(true);
      }
    }
  });
});

describe("public keys", () => {
  const p = 2n ** 255n - 19n;
  /** The y of the points of order 8, as published with RFC 7748 and in libsodium's list. */
  const y8 = BigInt("0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826");

  test("each canonical encoding of the eight points of low order is refused as such", () => {
    const ys = [0n, 1n, p - 1n, y8, p - y8];
    for (const y of ys) {
      expect(reasonOf(ed25519(littleEndian(y, 0))), `y ${y}`).toBe("key_low_order");
      expect(reasonOf(ed25519(littleEndian(y, 1))), `y ${y}, sign`).toBe("key_low_order");
    }
  });

  test("every y from p to 2^255 - 1 is refused as non-canonical", () => {
    for (let y = p; y < 2n ** 255n; y += 1n) {
      expect(reasonOf(ed25519(littleEndian(y, 0)))).toBe("key_non_canonical");
      expect(reasonOf(ed25519(littleEndian(y, 1)))).toBe("key_non_canonical");
    }
  });

  test("half of all encodings are no point, and what is accepted the platform can use", () => {
    let accepted = 0;
    let refused = 0;
    for (let y = 2n; y < 102n; y += 1n) {
      const key = ed25519(littleEndian(y));
      const reason = reasonOf(key);
      expect(reason).toMatch(/^(?:accepted|key_malformed)$/);
      if (reason === "accepted") accepted += 1;
      else refused += 1;
    }
    expect(Math.min(accepted, refused)).toBeGreaterThan(25);
  });

  test("fresh keys of both kinds are accepted, and only the known members come back", () => {
    for (let round = 0; round < 20; round += 1) {
      const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
      const full = { ...jwk, kid: "k", alg: "EdDSA", use: "sig", key_ops: ["verify"], ext: true };
      expect(checkPublicJwk(full)).toEqual({
        ok: true,
        value: { kty: "OKP", crv: "Ed25519", x: jwk.x, kid: "k", alg: "EdDSA", use: "sig" },
      });
      const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      expect(reasonOf(publicKey.export({ format: "jwk" }))).toBe("accepted");
    }
  });

  const p256P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const bigEndian = (value: bigint) => base64UrlEncode(littleEndian(value).reverse());
  const cases: readonly [string, unknown, string][] = [
    ["null", null, "key_malformed"],
    ["a string", "key", "key_malformed"],
    ["an array", [ed25519Jwk], "key_malformed"],
    ["an empty object", {}, "key_malformed"],
    ["a private key", privateJwk, "key_has_private_part"],
    ["a private P-256 key", { ...p256Jwk, d: "AA" }, "key_has_private_part"],
    ["a secret", { kty: "oct", k: "AAAA" }, "key_malformed"],
    ["an RSA key", { kty: "RSA", n: "AQAB", e: "AQAB" }, "key_malformed"],
    ["X25519", { ...ed25519Jwk, crv: "X25519" }, "key_malformed"],
    ["Ed448", { ...ed25519Jwk, crv: "Ed448" }, "key_malformed"],
    ["secp256k1", { ...p256Jwk, crv: "secp256k1" }, "key_malformed"],
    ["kty and crv of two kinds", { ...p256Jwk, kty: "OKP" }, "key_malformed"],
    ["an Ed25519 key with y", { ...ed25519Jwk, y: p256Jwk.y }, "key_malformed"],
    ["31 bytes", ed25519(new Uint8Array(31).fill(9)), "key_malformed"],
    ["33 bytes", ed25519(new Uint8Array(33).fill(9)), "key_malformed"],
    ["padding", { ...ed25519Jwk, x: `${ed25519Jwk.x}=` }, "key_malformed"],
    ["stray trailing bits", { ...ed25519Jwk, x: `${ed25519Jwk.x.slice(0, -1)}p` }, "key_malformed"],
    ["a number for x", { ...ed25519Jwk, x: 9 }, "key_malformed"],
    ["a number for kid", { ...ed25519Jwk, kid: 9 }, "key_malformed"],
    ["the other algorithm", { ...ed25519Jwk, alg: "ES256" }, "key_malformed"],
    ["an unknown algorithm", { ...p256Jwk, alg: "ES384" }, "key_malformed"],
    ["a key for encryption", { ...p256Jwk, use: "enc" }, "key_malformed"],
    ["a key for signing only", { ...p256Jwk, key_ops: ["sign"] }, "key_malformed"],
    ["P-256 without y", { ...p256Jwk, y: undefined }, "key_malformed"],
    ["P-256 off the curve", { ...p256Jwk, y: p256Jwk.x }, "key_malformed"],
    ["P-256 zero", { ...p256Jwk, x: bigEndian(0n), y: bigEndian(0n) }, "key_malformed"],
    ["P-256 with x not reduced", { ...p256Jwk, x: bigEndian(p256P) }, "key_non_canonical"],
    ["P-256 with y not reduced", { ...p256Jwk, y: bigEndian(p256P + 1n) }, "key_non_canonical"],
    ["P-256 with a short x", { ...p256Jwk, x: "AQAB" }, "key_malformed"],
  ];

  test.each(cases)("%s is refused", (_name, value, reason) => {
    expect(reasonOf(value)).toBe(reason);
  });
});
