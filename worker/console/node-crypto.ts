/**
 * What shared/crypto.ts imports from node:crypto, for a browser: the same functions over @noble, which is
 * synchronous as the core needs it. The build puts this file in place of node:crypto (scripts/build-console.ts).
 * Refuses to sign: no private key is ever needed to fold a trace.
 * Specification: docs/decisions/0026-console.md.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const utf8 = new TextEncoder();

/** A public key as `verify` takes it. */
interface KeyObject {
  readonly curve: "Ed25519" | "P-256";
  /** The point: 32 bytes of Ed25519, or 65 bytes of P-256, uncompressed. */
  readonly point: Uint8Array;
}

type Input = string | Uint8Array;
interface PublicJwk {
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
}

/** A digest in one call; "buffer" gives its bytes. */
export function hash(name: string, input: Input, encoding: "hex" | "buffer"): string | Uint8Array {
  requireSha256(name);
  const digest = sha256(bytesOf(input));
  return encoding === "hex" ? toHex(digest) : digest;
}

/** A digest in steps. */
export function createHash(name: string) {
  requireSha256(name);
  return digester(sha256.create());
}

/** A keyed digest in steps. */
export function createHmac(name: string, key: Uint8Array) {
  requireSha256(name);
  return digester(hmac.create(sha256, key));
}

/** A public key from a JWK that has been checked before. */
export function createPublicKey({ key }: { readonly key: PublicJwk }): KeyObject {
  const x = fromBase64Url(key.x);
  if (key.crv === "Ed25519") return { curve: "Ed25519", point: x };
  return { curve: "P-256", point: Uint8Array.of(4, ...x, ...fromBase64Url(key.y ?? "")) };
}

/** Whether the signature is the key's: raw for Ed25519, DER over SHA-256 for P-256, as node:crypto has it. */
export function verify(
  _digest: string | null,
  message: Uint8Array,
  { curve, point }: KeyObject,
  signature: Uint8Array,
): boolean {
  // Strict, as OpenSSL is: RFC 8032 without the laxer rules of ZIP 215, and without a preference for low s.
  return curve === "Ed25519"
    ? ed25519.verify(signature, message, point, { zip215: false })
    : p256.verify(signature, message, point, { format: "der", lowS: false });
}

/** Signing is done by WebCrypto or a passkey, never here. */
export function createPrivateKey(): never {
  throw new Error("the console's core signs nothing");
}

/** As `createPrivateKey`. */
export function sign(): never {
  throw new Error("the console's core signs nothing");
}

/** No secret is ever derived or compared here: webhooks are the worker's. */
export function hkdfSync(): never {
  throw new Error("the console's core has no secrets");
}

/** As `hkdfSync`. */
export function timingSafeEqual(): never {
  throw new Error("the console's core has no secrets");
}

interface Hasher {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

function digester(hasher: Hasher) {
  const steps = {
    update(input: Input, _encoding?: "utf8") {
      hasher.update(bytesOf(input));
      return steps;
    },
    digest(encoding?: "hex"): string | Uint8Array {
      const bytes = hasher.digest();
      return encoding === "hex" ? toHex(bytes) : bytes;
    },
  };
  return steps;
}

function requireSha256(name: string): void {
  if (name !== "sha256") throw new Error(`no ${name} here`);
}

function bytesOf(input: Input): Uint8Array {
  return typeof input === "string" ? utf8.encode(input) : input;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

function fromBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.codePointAt(0) ?? 0);
}
