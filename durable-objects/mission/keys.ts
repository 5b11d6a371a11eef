/**
 * The ticket keys as a mission uses them: the first signs, and what any of them signed is believed, so
 * that snapshots outlive a rotation. The worker checks the whole set before it routes a request; here a
 * set that cannot sign throws, so that nothing is committed. Specification: SECURITY.md, "Keys".
 */
import type { PrivateJwk, PublicJwk } from "../../shared/crypto.ts";

export interface MissionKeys {
  readonly active: PrivateJwk;
  readonly published: readonly PublicJwk[];
}

let parsed: { readonly text: string; readonly keys: MissionKeys } | null = null;

/** The keys of TICKET_SIGNING_KEYS, parsed once per isolate. Throws when the first cannot sign. */
export function missionKeys(text: string): MissionKeys {
  if (parsed?.text === text) return parsed.keys;
  const { keys } = JSON.parse(text) as { keys: readonly PrivateJwk[] };
  const active = keys[0];
  if (!active || active.kty !== "OKP" || active.crv !== "Ed25519" || !active.d || !active.kid)
    throw new Error("TICKET_SIGNING_KEYS holds no usable key");
  const published = keys.map(({ kty, crv, x }) => ({ kty, crv, x }));
  parsed = { text, keys: { active, published } };
  return parsed.keys;
}
