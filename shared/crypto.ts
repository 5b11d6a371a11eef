/**
 * Hashes, signatures and keys, synchronous and deterministic, for Node and workerd alike.
 * The core's only door to node:crypto. Refuses to make keys or random numbers, and refuses public keys
 * under which a signature proves nothing (low order, off the curve, second spelling of a point).
 * Specification: RFC 8032 (Ed25519), RFC 7518 section 3.4 (ES256), RFC 7517/7638/8037 (JWK).
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  hkdfSync,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from "node:crypto";
import { base64UrlDecode, base64UrlEncode } from "./base64.ts";
import { ed25519PointFlaw, p256PointFlaw, type PointFlaw } from "./curve-point.ts";
import { err, ok, type Result } from "./result.ts";

export { base64Decode, base64Encode, base64UrlDecode, base64UrlEncode } from "./base64.ts";

export type SignatureAlg = "EdDSA" | "ES256";

export type Ed25519PublicJwk = {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
};

export type P256PublicJwk = {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
};

export type PublicJwk = Ed25519PublicJwk | P256PublicJwk;

/** An Ed25519 key pair; `d` is the secret seed and must never reach a log or an answer. */
export type PrivateJwk = Ed25519PublicJwk & { readonly d: string };

export type KeyReject = { readonly reason: PointFlaw | "key_has_private_part" };

/** Imported keys kept: enough for a team's approvers and issuers, small enough to forget. */
const KEYS_KEPT_MAX = 256;
const publicKeys = new Map<string, KeyObject | null>();
const privateKeys = new Map<string, KeyObject>();

/** SHA-256 in lower-case hex; a string is hashed as its UTF-8 bytes. */
export function sha256Hex(input: string | Uint8Array): string {
  return hash("sha256", input, "hex");
}

/** SHA-256 in lower-case hex over the UTF-8 bytes of all parts one after the other. */
export function sha256HexOfParts(parts: Iterable<string>): string {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part, "utf8");
  return digest.digest("hex");
}

/** SHA-256 as 32 bytes; a string is hashed as its UTF-8 bytes. */
export function sha256Bytes(input: string | Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", input, "buffer"));
}

/** HMAC-SHA-256 as 32 bytes. Compare tags with `equalInConstantTime`, never with `===`. */
export function hmacSha256(key: Uint8Array, message: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}

/** Whether two byte strings are equal, in a time that tells nothing but their lengths. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** HKDF-SHA-256 (RFC 5869) without a salt: 32 bytes for one purpose, which `info` names, out of a secret. */
export function deriveKeyBytes(secret: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), info, 32));
}

/** The 64-byte Ed25519 signature of a message. Throws when the key is not an Ed25519 private key. */
export function signEd25519(privateJwk: PrivateJwk, message: Uint8Array): Uint8Array {
  let key = privateKeys.get(privateJwk.d);
  if (key === undefined) {
    const { kty, crv, x, d } = privateJwk;
    key = createPrivateKey({ key: { kty, crv, x, d }, format: "jwk" });
    keep(privateKeys, d, key);
  }
  return new Uint8Array(sign(null, message, key));
}

/**
 * Whether the signature is the key's over exactly this message. Never throws: a key that
 * `checkPublicJwk` refuses, an alg that does not fit the key or a wrong length is false.
 * Shape: an ES256 signature is r and s, 32 bytes each (RFC 7518 section 3.4), never DER.
 */
export function verifySignature(
  publicJwk: PublicJwk,
  alg: SignatureAlg,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64 || alg !== algOf(publicJwk)) return false;
  try {
    const key = importedPublicKey(publicJwk);
    if (key === null) return false;
    return alg === "EdDSA"
      ? verify(null, message, key, signature)
      : verify("sha256", message, key, p1363ToDer(signature));
  } catch {
    // The library throws on some malformed signatures; for the caller that is simply no signature.
    return false;
  }
}

/** RFC 7638 thumbprint: SHA-256 over the required members, base64url. */
export function jwkThumbprint(publicJwk: PublicJwk): string {
  const { kty, crv, x } = publicJwk;
  const required = publicJwk.kty === "EC" ? { crv, kty, x, y: publicJwk.y } : { crv, kty, x };
  return base64UrlEncode(sha256Bytes(JSON.stringify(required)));
}

/**
 * Reads an unknown value as a public key that may be trusted to verify signatures.
 *
 * Shape: the answer holds the known members only; others (`ext`, `x5c`, ...) are dropped.
 * Errors: `key_has_private_part` for any `d`; `key_low_order` for the eight points of low order;
 * `key_non_canonical` for a coordinate that is not reduced; `key_malformed` for everything else,
 * an `alg`, `use` or `key_ops` that does not allow verifying included.
 */
export function checkPublicJwk(value: unknown): Result<PublicJwk, KeyReject> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return malformed();
  const jwk = value as Readonly<Record<string, unknown>>;
  if (jwk["d"] !== undefined) return err({ reason: "key_has_private_part" });
  const labels = readLabels(jwk);
  if (labels === null) return malformed();
  const { kty, crv, x, y } = jwk;
  const xBytes = typeof x === "string" ? base64UrlDecode(x) : null;
  if (typeof x !== "string" || xBytes === null) return malformed();

  if (kty === "OKP" && crv === "Ed25519" && y === undefined) {
    const flaw = ed25519PointFlaw(xBytes);
    if (flaw !== null) return err({ reason: flaw });
    return labels.alg === undefined || labels.alg === "EdDSA"
      ? ok({ kty, crv, x, ...labels })
      : malformed();
  }
  if (kty === "EC" && crv === "P-256" && typeof y === "string") {
    const yBytes = base64UrlDecode(y);
    if (yBytes === null) return malformed();
    const flaw = p256PointFlaw(xBytes, yBytes);
    if (flaw !== null) return err({ reason: flaw });
    return labels.alg === undefined || labels.alg === "ES256"
      ? ok({ kty, crv, x, y, ...labels })
      : malformed();
  }
  return malformed();
}

function algOf(publicJwk: PublicJwk): SignatureAlg {
  return publicJwk.kty === "EC" ? "ES256" : "EdDSA";
}

type KeyLabels = { readonly kid?: string; readonly alg?: string; readonly use?: string };

/** The optional members, or null when one has the wrong type or forbids verifying. */
function readLabels(jwk: Readonly<Record<string, unknown>>): KeyLabels | null {
  const { kid, alg, use, key_ops: operations } = jwk;
  if (kid !== undefined && typeof kid !== "string") return null;
  if (alg !== undefined && typeof alg !== "string") return null;
  if (use !== undefined && use !== "sig") return null;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return null;
  }
  return {
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg }),
    ...(use === undefined ? {} : { use }),
  };
}

function malformed(): Result<never, KeyReject> {
  return err({ reason: "key_malformed" });
}

/** Checks before importing, so a key that slipped past registration still verifies nothing. */
function importedPublicKey(publicJwk: PublicJwk): KeyObject | null {
  const point =
    publicJwk.kty === "EC" ? `P-256 ${publicJwk.x} ${publicJwk.y}` : `Ed25519 ${publicJwk.x}`;
  const kept = publicKeys.get(point);
  if (kept !== undefined) return kept;
  const { kty, crv, x } = publicJwk;
  const bare = publicJwk.kty === "EC" ? { kty, crv, x, y: publicJwk.y } : { kty, crv, x };
  const key = checkPublicJwk(bare).ok ? createPublicKey({ key: bare, format: "jwk" }) : null;
  keep(publicKeys, point, key);
  return key;
}

/** workerd takes no KeyObject beside `dsaEncoding`, so the raw r and s are spelled as DER for both runtimes. */
function p1363ToDer(signature: Uint8Array): Uint8Array {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].flatMap((bytes) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const magnitude = bytes.subarray(first === -1 ? bytes.length - 1 : first);
    // A set top bit would read as a minus sign.
    const padding = (magnitude[0] ?? 0) >= 0x80 ? [0] : [];
    return [0x02, padding.length + magnitude.length, ...padding, ...magnitude];
  });
  return Uint8Array.from([0x30, integers.length, ...integers]);
}

/**
 * An ECDSA signature in DER as r and s, 32 bytes each; null unless it is the one DER spelling of two positive
 * integers that fit. Authenticators sign in DER (WebAuthn Level 3 section 6.5.5).
 */
export function derToP1363(der: Uint8Array): Uint8Array | null {
  const [tag, length] = der;
  if (tag !== 0x30 || length !== der.length - 2) return null;
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const bytes = der[at] === 0x02 ? (der[at + 1] ?? 0) : 0;
    const integer = der.subarray(at + 2, at + 2 + bytes);
    if (bytes === 0 || bytes > 33 || integer.length !== bytes) return null;
    raw.set(integer.subarray(bytes === 33 ? 1 : 0), end - Math.min(bytes, 32));
    at += 2 + bytes;
  }
  // Written again it must be the same text: no padding, no minus sign, nothing behind.
  const again = p1363ToDer(raw);
  return again.length === der.length && again.every((byte, index) => byte === der[index])
    ? raw
    : null;
}

function keep<V>(map: Map<string, V>, name: string, value: V): void {
  if (map.size >= KEYS_KEPT_MAX) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(name, value);
}
