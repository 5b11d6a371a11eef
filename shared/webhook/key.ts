/**
 * The text forms of Standard Webhooks keys: `whsk_` and the base64 of a 32-byte Ed25519 seed, `whpk_`
 * and the base64 of the 32-byte public key. Refuses to derive one from the other (worker/ does, because
 * that takes the platform). Specification: Standard Webhooks 1.0.0, "Signature scheme".
 */
import {
  base64Decode,
  base64Encode,
  base64UrlDecode,
  base64UrlEncode,
  checkPublicJwk,
  type Ed25519PublicJwk,
} from "../crypto.ts";
import { invariant } from "../invariant.ts";

const PUBLIC_PREFIX = "whpk_";
const SECRET_PREFIX = "whsk_";
const KEY_BYTES = 32;

/** `whpk_…`, as shown to those who register an endpoint. */
export function formatWebhookPublicKey(jwk: Ed25519PublicJwk): string {
  const bytes = base64UrlDecode(jwk.x);
  invariant(bytes?.length === KEY_BYTES, "an Ed25519 public key has 32 bytes");
  return PUBLIC_PREFIX + base64Encode(bytes);
}

/** Reads `whpk_…`; null for any other spelling and for keys under which a signature proves nothing. */
export function parseWebhookPublicKey(text: string): Ed25519PublicJwk | null {
  const bytes = readKey(text, PUBLIC_PREFIX);
  if (bytes === null) return null;
  const jwk = { kty: "OKP", crv: "Ed25519", x: base64UrlEncode(bytes) } as const;
  return checkPublicJwk(jwk).ok ? jwk : null;
}

/** Reads the seed out of `whsk_…`; null for any other spelling. */
export function parseWebhookSeed(text: string): Uint8Array | null {
  return readKey(text, SECRET_PREFIX);
}

function readKey(text: string, prefix: string): Uint8Array | null {
  if (!text.startsWith(prefix)) return null;
  const bytes = base64Decode(text.slice(prefix.length));
  return bytes?.length === KEY_BYTES ? bytes : null;
}
