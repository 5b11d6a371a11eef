/**
 * The ticket keys: parsed once per isolate from TICKET_SIGNING_KEYS into the key that signs and the
 * public set that is published. Refuses to work with a malformed, weak or duplicate key; nothing starts
 * without a sound one. Specification: RFC 7517, RFC 8037; rotation in SECURITY.md.
 */
import { checkPublicJwk, signEd25519, verifySignature } from "../shared/crypto.ts";
import type { Ed25519PublicJwk, PrivateJwk } from "../shared/crypto.ts";
import * as z from "zod";
import { invariant } from "../shared/invariant.ts";
import type { Env } from "./env.ts";

export interface TicketKeys {
  /** The first key of the secret; its `kid` stands in every new ticket. */
  readonly active: PrivateJwk & { readonly kid: string };
  /** The public parts of all keys, in the secret's order. */
  readonly published: { readonly keys: readonly (Ed25519PublicJwk & { readonly kid: string })[] };
}

const privateJwkSchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  d: z.string(),
  kid: z.string().min(1).max(128),
});
const secretSchema = z.object({ keys: z.array(privateJwkSchema).min(1).max(16) });
const PROBE = new TextEncoder().encode("sekisho key check");

let cached: { readonly text: string; readonly keys: TicketKeys } | null = null;

/** The keys of this worker. Throws when the secret is absent or unsound; the message never holds key material. */
export function ticketKeys(env: Env): TicketKeys {
  const text = env.TICKET_SIGNING_KEYS;
  if (cached?.text === text) return cached.keys;
  const keys = parseTicketKeys(text);
  cached = { text, keys };
  return keys;
}

/** Parses the secret's text. Breaches on anything unsound. */
function parseTicketKeys(text: string): TicketKeys {
  const { keys } = readSecret(text);
  const [active] = keys;
  invariant(active !== undefined, "TICKET_SIGNING_KEYS holds at least one key");
  const kids = new Set(keys.map((key) => key.kid));
  invariant(kids.size === keys.length, "TICKET_SIGNING_KEYS names every key once");
  for (const key of keys) assertSound(key);
  return { active, published: { keys: keys.map(publicPart) } };
}

function readSecret(text: string): z.output<typeof secretSchema> {
  // The parser's own messages quote the text they choke on, so none of them may get out.
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = secretSchema.safeParse(value);
  invariant(parsed.success, "TICKET_SIGNING_KEYS is a JWKS of private Ed25519 keys with kid");
  return parsed.data;
}

function publicPart({ kty, crv, x, kid }: z.output<typeof privateJwkSchema>) {
  return { kty, crv, x, kid, alg: "EdDSA", use: "sig" };
}

/** A pair whose halves do not belong together would sign tickets that nobody accepts. */
function assertSound(key: z.output<typeof privateJwkSchema>): void {
  const publicJwk = checkPublicJwk(publicPart(key));
  invariant(publicJwk.ok, "TICKET_SIGNING_KEYS holds sound public points only");
  let fits = false;
  try {
    fits = verifySignature(publicJwk.value, "EdDSA", PROBE, signEd25519(key, PROBE));
  } catch {
    fits = false;
  }
  invariant(fits, "each key of TICKET_SIGNING_KEYS is a pair that signs and verifies");
}
