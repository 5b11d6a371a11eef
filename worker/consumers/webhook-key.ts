/**
 * The key that signs webhooks: WEBHOOK_SIGNING_KEY, `whsk_` and the base64 of an Ed25519 seed, turned
 * into a key pair once per isolate. Refuses every other spelling; no message ever holds key material.
 */
import type { PrivateJwk } from "../../shared/crypto.ts";
import { base64UrlEncode } from "../../shared/crypto.ts";
import { invariant } from "../../shared/invariant.ts";
import { parseWebhookSeed } from "../../shared/webhook/index.ts";
import type { Env } from "../env.ts";

/** PKCS #8 of an Ed25519 private key up to its 32-byte seed (RFC 8410 section 7). */
const PKCS8_PREFIX = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32] as const;

let cached: { readonly text: string; readonly key: Promise<PrivateJwk> } | null = null;

/** The worker's webhook key pair. Throws when the secret is absent or malformed. */
export function webhookKey(env: Env): Promise<PrivateJwk> {
  const text = env.WEBHOOK_SIGNING_KEY;
  if (cached?.text === text) return cached.key;
  const key = deriveWebhookKey(text);
  cached = { text, key };
  return key;
}

/** Derives the pair; only the platform can compute a public key from a seed. */
export async function deriveWebhookKey(text: string): Promise<PrivateJwk> {
  const seed = parseWebhookSeed(text);
  invariant(seed !== null, "WEBHOOK_SIGNING_KEY is whsk_ and the base64 of 32 bytes");
  const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...seed);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "Ed25519" }, true, ["sign"]);
  const { x } = (await crypto.subtle.exportKey("jwk", key)) as { readonly x?: string };
  invariant(typeof x === "string", "an exported Ed25519 key names its public part");
  return { kty: "OKP", crv: "Ed25519", x, d: base64UrlEncode(seed) };
}
