/**
 * The text forms of Standard Webhooks keys: `whsk_`, `whpk_` and `whsec_` with the base64 of an Ed25519 seed,
 * its public key, and an HMAC secret. And the one rule by which an endpoint's keys come out of the
 * instance's root keys, so that no secret is stored. Refuses to compute a public key out of a seed
 * (worker/ does, because that takes the platform). Specification: Standard Webhooks 1.0.0, docs/webhooks.md.
 */
import {
  base64Decode,
  base64Encode,
  base64UrlDecode,
  base64UrlEncode,
  checkPublicJwk,
  deriveKeyBytes,
  type Ed25519PublicJwk,
} from "../crypto.ts";
import { invariant } from "../invariant.ts";

const PUBLIC_PREFIX = "whpk_";
const SECRET_PREFIX = "whsk_";
const SYMMETRIC_PREFIX = "whsec_";
const KEY_BYTES = 32;

/** `whpk_…`, as shown to those who register an endpoint. */
export function formatWebhookPublicKey(jwk: Ed25519PublicJwk): string {
  const bytes = base64UrlDecode(jwk.x);
  invariant(bytes?.length === KEY_BYTES, "an Ed25519 public key has 32 bytes");
  return PUBLIC_PREFIX + base64Encode(bytes);
}

/** `whsec_…`, as shown once to those who register or rotate an endpoint with a shared secret. */
export function formatWebhookSecret(secret: Uint8Array): string {
  invariant(secret.length === KEY_BYTES, "a webhook secret of ours has 32 bytes");
  return SYMMETRIC_PREFIX + base64Encode(secret);
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

/** What a derived key is for: one team's one endpoint, outgoing or incoming, in one generation. */
export interface KeyPurpose {
  readonly use: "webhook" | "hook";
  readonly team: string;
  readonly endpointId: string;
  /** From 1; each rotation is the next. */
  readonly generation: number;
}

/**
 * The 32 secret bytes of an endpoint in one generation: an Ed25519 seed or an HMAC secret. The purpose is
 * hashed as JSON, so no two purposes run into each other.
 */
export function endpointKeyBytes(root: Uint8Array, purpose: KeyPurpose): Uint8Array {
  const { use, team, endpointId, generation } = purpose;
  return deriveKeyBytes(root, JSON.stringify(["sekisho", use, team, endpointId, generation]));
}

function readKey(text: string, prefix: string): Uint8Array | null {
  if (!text.startsWith(prefix)) return null;
  const bytes = base64Decode(text.slice(prefix.length));
  return bytes?.length === KEY_BYTES ? bytes : null;
}
