/**
 * The keys of webhook endpoints and hooks, made anew from the root keys whenever they are needed and kept
 * nowhere: WEBHOOK_SIGNING_KEY holds one or more `whsk_` seeds parted by spaces, the first for new keys, the
 * others for keys made before. Refuses every other spelling; no message ever holds key material.
 * Specification: docs/webhooks.md, docs/decisions/0023-webhook-keys-are-derived.md.
 */
import { base64UrlEncode, jwkThumbprint, type PrivateJwk } from "../shared/crypto.ts";
import { invariant } from "../shared/invariant.ts";
import {
  endpointKeyBytes,
  formatWebhookPublicKey,
  formatWebhookSecret,
  liveKeys,
  parseWebhookPublicKey,
  parseWebhookSeed,
  type EndpointKey,
  type SignatureKind,
  type WebhookSigner,
  type WebhookVerifier,
} from "../shared/webhook/index.ts";
import type { HookEndpoint, WebhookEndpoint } from "../shared/wire/rpc.ts";
import type { Env } from "./env.ts";

/** PKCS #8 of an Ed25519 private key up to its 32-byte seed (RFC 8410 section 7). */
const PKCS8_PREFIX = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32] as const;
/** The one before and the one before that: who keeps more does not rotate, but collects. */
const ROOTS_MAX = 3;
/** Pairs kept: every endpoint of a few teams, with both keys of a rotation. */
const PAIRS_KEPT_MAX = 256;

/** A root key: signs for endpoints older than keys of their own, and is what the others are derived from. */
export interface RootKey {
  /** Thumbprint of its public half; what endpoints remember. */
  readonly id: string;
  readonly seed: Uint8Array;
  readonly pair: PrivateJwk;
}

type Use = "webhook" | "hook";
type Endpoint = Pick<WebhookEndpoint | HookEndpoint, "id" | "signature" | "keys">;

let cached: { readonly text: string; readonly roots: Promise<readonly RootKey[]> } | null = null;
const pairs = new Map<string, PrivateJwk>();

/** The worker's root keys, the one for new keys first. Throws when the secret is absent or malformed. */
export function rootKeys(env: Env): Promise<readonly RootKey[]> {
  const text = env.WEBHOOK_SIGNING_KEY;
  if (cached?.text === text) return cached.roots;
  const roots = parseRootKeys(text);
  cached = { text, roots };
  return roots;
}

/** The root key that new keys are derived from. */
export async function newestRoot(env: Env): Promise<RootKey> {
  const [root] = await rootKeys(env);
  invariant(root !== undefined, "there is at least one root key");
  return root;
}

/** Reads the secret's text; only the platform can compute a public key from a seed. */
export async function parseRootKeys(text: string): Promise<readonly RootKey[]> {
  const seeds = text.split(" ").map(parseWebhookSeed);
  invariant(
    seeds.length <= ROOTS_MAX,
    `WEBHOOK_SIGNING_KEY holds at most ${ROOTS_MAX} keys, parted by one space each`,
  );
  return Promise.all(
    seeds.map(async (seed) => {
      invariant(seed !== null, "WEBHOOK_SIGNING_KEY is whsk_ and the base64 of 32 bytes");
      const pair = await keyPairOf(seed);
      return { id: jwkThumbprint(pair), seed, pair };
    }),
  );
}

/**
 * What signs for an outgoing endpoint now, the newest key first: two signatures while a rotation's overlap
 * lasts. Throws when none of its keys can be made any more.
 */
export async function signersOf(
  env: Env,
  team: string,
  endpoint: Endpoint,
  nowMs: number,
): Promise<readonly WebhookSigner[]> {
  const roots = await rootKeys(env);
  const signers = await Promise.all(
    liveKeys(endpoint.keys, nowMs).map((key) => signersOfKey(roots, team, endpoint, key)),
  );
  const all = signers.flat();
  invariant(all.length > 0, "the root key of a webhook endpoint is still in WEBHOOK_SIGNING_KEY");
  return all;
}

/** What a message to a hook may be signed with now; empty when its keys cannot be made any more. */
export async function verifiersOf(
  env: Env,
  team: string,
  hook: HookEndpoint,
  nowMs: number,
): Promise<readonly WebhookVerifier[]> {
  const roots = await rootKeys(env);
  return liveKeys(hook.keys, nowMs).flatMap((key): readonly WebhookVerifier[] => {
    if (hook.signature === "v1a") {
      const publicKey = parseWebhookPublicKey(key.publicKey ?? "");
      return publicKey === null ? [] : [{ kind: "v1a", key: publicKey }];
    }
    const secret = secretOf(roots, "hook", team, hook.id, key);
    return secret === null ? [] : [{ kind: "v1", secret }];
  });
}

/** A key as an admin sees it: never the secret. */
export interface ShownKey {
  /** `whpk_…`; null where both sides hold the same secret, and where its root key is gone. */
  readonly publicKey: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

/** The keys of an endpoint that are in use, the newest first. */
export async function shownKeys(
  env: Env,
  team: string,
  use: Use,
  endpoint: Endpoint,
  nowMs: number,
): Promise<readonly ShownKey[]> {
  const roots = await rootKeys(env);
  return Promise.all(
    liveKeys(endpoint.keys, nowMs).map(async (key) => ({
      publicKey: key.publicKey ?? (await publicKeyOf(roots, team, use, endpoint, key)),
      createdAt: key.createdAt,
      expiresAt: key.expiresAt,
    })),
  );
}

/** `whsec_…` of an endpoint's newest key: for the one answer that hands it over. null where there is none. */
export async function newestSecret(
  env: Env,
  team: string,
  use: Use,
  endpoint: Endpoint,
): Promise<string | null> {
  const [newest] = endpoint.keys;
  if (endpoint.signature !== "v1" || newest === undefined) return null;
  const secret = secretOf(await rootKeys(env), use, team, endpoint.id, newest);
  return secret === null ? null : formatWebhookSecret(secret);
}

async function signersOfKey(
  roots: readonly RootKey[],
  team: string,
  { id, signature }: Pick<Endpoint, "id" | "signature">,
  key: EndpointKey,
): Promise<readonly WebhookSigner[]> {
  // Generation 0 is the instance's key; while that is being replaced, it is all of them.
  if (key.generation === 0) return roots.map(({ pair }) => ({ kind: "v1a", key: pair }));
  const secret = secretOf(roots, "webhook", team, id, key);
  if (secret === null) return [];
  return [await signerOf(signature, secret)];
}

async function signerOf(kind: SignatureKind, secret: Uint8Array): Promise<WebhookSigner> {
  return kind === "v1" ? { kind, secret } : { kind, key: await keyPairOf(secret) };
}

async function publicKeyOf(
  roots: readonly RootKey[],
  team: string,
  use: Use,
  { id, signature }: Pick<Endpoint, "id" | "signature">,
  key: EndpointKey,
): Promise<string | null> {
  if (signature === "v1") return null;
  const [root] = roots;
  if (key.generation === 0) return root ? formatWebhookPublicKey(root.pair) : null;
  const seed = secretOf(roots, use, team, id, key);
  return seed === null ? null : formatWebhookPublicKey(await keyPairOf(seed));
}

function secretOf(
  roots: readonly RootKey[],
  use: Use,
  team: string,
  endpointId: string,
  { root, generation }: EndpointKey,
): Uint8Array | null {
  const found = roots.find(({ id }) => id === root);
  return found ? endpointKeyBytes(found.seed, { use, team, endpointId, generation }) : null;
}

async function keyPairOf(seed: Uint8Array): Promise<PrivateJwk> {
  const d = base64UrlEncode(seed);
  const kept = pairs.get(d);
  if (kept !== undefined) return kept;
  const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...seed);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "Ed25519" }, true, ["sign"]);
  const { x } = (await crypto.subtle.exportKey("jwk", key)) as { readonly x?: string };
  invariant(typeof x === "string", "an exported Ed25519 key names its public part");
  const pair = { kty: "OKP", crv: "Ed25519", x, d } as const;
  if (pairs.size >= PAIRS_KEPT_MAX) pairs.clear();
  pairs.set(d, pair);
  return pair;
}
