/**
 * Sealed snapshots: a state as text with a signature, so that somebody who can write to the database
 * cannot put another state in its place. Refuses to say what a snapshot holds (shared/mission does), and
 * whether the journal knows it (load.ts). Specification: "Loading" in ARCHITECTURE.md.
 */
import { hashJson } from "../../shared/canonical.ts";
import {
  base64UrlDecode,
  base64UrlEncode,
  type PrivateJwk,
  type PublicJwk,
  sha256Hex,
  signEd25519,
  verifySignature,
} from "../../shared/crypto.ts";
import { type MissionState, snapshotToState, stateToSnapshot } from "../../shared/mission/index.ts";
import type { Head } from "../../shared/trace/index.ts";
import type { StoredSnapshot } from "./journal.ts";

/** What a snapshot takes from the mission's first event instead of carrying it. */
export type Origin = Pick<MissionState, "missionId" | "plan" | "policy">;

/** No ticket starts like this, so neither signature can stand for the other. */
const DOMAIN = "sekisho-snapshot";

/** The state's snapshot, signed with the active ticket key. O(state). */
export function sealSnapshot(state: MissionState, key: PrivateJwk): StoredSnapshot {
  const { head } = state;
  const body = stateToSnapshot(state);
  const signature = base64UrlEncode(signEd25519(key, signedMessage(state, head, body)));
  return { head, body, signature };
}

/**
 * The state of a snapshot that one of `keys` signed for this very mission, plan and policy; else null.
 * May throw on a body that does not parse: the caller falls back to the whole journal either way.
 */
export function openSnapshot(
  { head, body, signature }: StoredSnapshot,
  origin: Origin,
  keys: readonly PublicJwk[],
): MissionState | null {
  const message = signedMessage(origin, head, body);
  const bytes = base64UrlDecode(signature);
  if (bytes === null || !keys.some((key) => verifySignature(key, "EdDSA", message, bytes)))
    return null;
  return snapshotToState(body, origin.plan, origin.policy);
}

/** Plan and policy are not in the body, so the signature covers them here. */
function signedMessage({ missionId, plan, policy }: Origin, head: Head, body: string): Uint8Array {
  const { version, hash, document } = policy;
  const pinned = hashJson({ plan: plan.hash, policy: { version, hash, document } });
  const parts = [DOMAIN, missionId, `${head.seq}-${head.hash}`, pinned, sha256Hex(body)];
  return new TextEncoder().encode(parts.join("\n"));
}
