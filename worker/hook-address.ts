/**
 * The address of a hook: the team's name sealed with the root key (AES-256-GCM), so that a request without a
 * token finds its team, nobody reads the team in the address, and an address that was not given out leads to no
 * object at all. It proves nothing else. Specification: docs/decisions/0023-webhook-keys-are-derived.md.
 */
import { base64UrlDecode, base64UrlEncode, deriveKeyBytes } from "../shared/crypto.ts";
import { HOOK_ID, TEAM_NAME } from "../shared/ids.ts";
import { invariant } from "../shared/invariant.ts";
import type { Env } from "./env.ts";
import { newestRoot, rootKeys, type RootKey } from "./webhook-keys.ts";

const PREFIX = "hok_";
const NONCE_BYTES = 12;
/** A team's name has at most 63 characters; all addresses are of one length, so that none tells how many. */
const PLAIN_BYTES = 64;
const PURPOSE = "sekisho hook address 1";

/** A new address of the team; the nonce, of chance, makes it one of its own. */
export async function sealHookAddress(env: Env, team: string): Promise<string> {
  const plain = new Uint8Array(PLAIN_BYTES);
  const { written } = new TextEncoder().encodeInto(team, plain);
  invariant(written === team.length && written < PLAIN_BYTES, "a team's name is short ASCII");
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await addressKey(await newestRoot(env));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, plain);
  return PREFIX + base64UrlEncode(Uint8Array.of(...nonce, ...new Uint8Array(sealed)));
}

/** The team of an address that was given out by this instance; null for every other text. */
export async function openHookAddress(env: Env, address: string): Promise<string | null> {
  const bytes = HOOK_ID.test(address) ? base64UrlDecode(address.slice(PREFIX.length)) : null;
  if (bytes === null) return null;
  for (const root of await rootKeys(env)) {
    const team = await openWith(root, bytes);
    if (team !== null) return team;
  }
  return null;
}

async function openWith(root: RootKey, bytes: Uint8Array): Promise<string | null> {
  const iv = bytes.slice(0, NONCE_BYTES);
  const sealed = bytes.slice(NONCE_BYTES);
  try {
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv },
      await addressKey(root),
      sealed,
    );
    const team = new TextDecoder().decode(plain).replace(/\0+$/, "");
    return TEAM_NAME.test(team) ? team : null;
  } catch {
    // What does not open is not ours; there is nothing more to tell.
    return null;
  }
}

function addressKey({ seed }: RootKey): Promise<CryptoKey> {
  const bytes = deriveKeyBytes(seed, PURPOSE);
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
