/**
 * The checkpoint key and what it signs: heads of missions' logs and of teams' logs, under one name, the API's
 * host. Parsed once per isolate; refuses an unsound key, and no message ever holds key material.
 * Specification: docs/transparency.md.
 */
import * as z from "zod";
import { checkPublicJwk, signEd25519, verifySignature, type PrivateJwk } from "../shared/crypto.ts";
import { invariant } from "../shared/invariant.ts";
import {
  formatVkey,
  hexToHash,
  missionOrigin,
  noteKey,
  signCheckpoint,
  teamOrigin,
  type LogHead,
} from "../shared/log/index.ts";
import type { Env } from "./env.ts";

const secretSchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  d: z.string(),
});
const PROBE = new TextEncoder().encode("sekisho key check");

let cached: { readonly text: string; readonly key: PrivateJwk } | null = null;

/** The key of this worker. Throws when the secret is absent or unsound. */
export function checkpointKey(env: Env): PrivateJwk {
  const text = env.CHECKPOINT_SIGNING_KEY;
  if (cached?.text === text) return cached.key;
  const key = parseKey(text);
  cached = { text, key };
  return key;
}

/** What auditors pin: one line for every log of this API. */
export function logVkey(env: Env): string {
  return formatVkey(noteKey(logHost(env), "signature", checkpointKey(env)));
}

/** A signed checkpoint and the origin it names. The same head gives the same text. */
export interface SignedHead {
  readonly origin: string;
  readonly note: string;
}

/** Signs a head of a mission's log. */
export function signMissionHead(
  env: Env,
  team: string,
  missionId: string,
  head: LogHead,
): SignedHead {
  return signHead(env, missionOrigin(logHost(env), team, missionId), head);
}

/** Signs a head of the team's log. */
export function signTeamHead(env: Env, team: string, head: LogHead): SignedHead {
  return signHead(env, teamOrigin(logHost(env), team), head);
}

function signHead(env: Env, origin: string, { size, root }: LogHead): SignedHead {
  const hash = hexToHash(root);
  invariant(hash !== null, "a head's root is a hash");
  const checkpoint = { origin, size, root: hash, extensions: [] };
  return { origin, note: signCheckpoint(checkpoint, logHost(env), checkpointKey(env)) };
}

/** The API's host, with its port where it has one: the name of the key, and where origins begin. */
function logHost(env: Env): string {
  return new URL(env.API_ORIGIN).host;
}

function parseKey(text: string): PrivateJwk {
  // The parser's own messages quote the text they choke on, so none of them may get out.
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const key = secretSchema.safeParse(value);
  invariant(key.success, "CHECKPOINT_SIGNING_KEY is a private Ed25519 key as a JWK");
  const { kty, crv, x } = key.data;
  const publicJwk = checkPublicJwk({ kty, crv, x });
  invariant(publicJwk.ok, "CHECKPOINT_SIGNING_KEY has a sound public point");
  let fits = false;
  try {
    fits = verifySignature(publicJwk.value, "EdDSA", PROBE, signEd25519(key.data, PROBE));
  } catch {
    fits = false;
  }
  invariant(fits, "CHECKPOINT_SIGNING_KEY is a pair that signs and verifies");
  return key.data;
}
