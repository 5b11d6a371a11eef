/**
 * The keys of an endpoint over time: which of them sign or verify now, and what a rotation leaves.
 * Refuses to hold a secret: a generation and the root key it is derived from name one.
 */
import { isoToUnixMs, unixMsToIso, type UnixMs } from "../time.ts";

/** One key of an endpoint, outgoing or incoming. */
export interface EndpointKey {
  /** Counts from 1. Generation 0 is the instance's own key, of endpoints older than keys of their own. */
  readonly generation: number;
  /** Thumbprint of the root key it is derived from; null where it is not derived. */
  readonly root: string | null;
  /** `whpk_…` of a sender who has the private half; null where the key is ours. */
  readonly publicKey: string | null;
  readonly createdAt: string;
  /** null for the newest. */
  readonly expiresAt: string | null;
}

/** How long the key before goes on beside the new one, where nobody says otherwise. */
export const OVERLAP_DEFAULT_MS = 24 * 3_600_000;
/** Longer than a delivery is tried, with room for a receiver's owner on holiday. */
export const OVERLAP_MAX_MS = 7 * 24 * 3_600_000;

/** The keys in use at this moment, the newest first; a bound that cannot be read counts as passed. */
export function liveKeys(keys: readonly EndpointKey[], atMs: UnixMs): readonly EndpointKey[] {
  return keys
    .filter(({ expiresAt }) => expiresAt === null || (isoToUnixMs(expiresAt) ?? 0) > atMs)
    .toSorted((a, b) => b.generation - a.generation);
}

/** The first key of a new endpoint. */
export function firstKey(
  material: Pick<EndpointKey, "root" | "publicKey">,
  atMs: UnixMs,
): EndpointKey {
  return { ...material, generation: 1, createdAt: unixMsToIso(atMs), expiresAt: null };
}

/**
 * The keys after a rotation: a new one, and the one before it until the overlap ends. Anything older ends
 * now, so that never more than two are in use. An overlap of 0 is for a secret that leaked.
 */
export function rotateKeys(
  keys: readonly EndpointKey[],
  material: Pick<EndpointKey, "root" | "publicKey">,
  atMs: UnixMs,
  overlapMs: number,
): readonly EndpointKey[] {
  const [newest] = liveKeys(keys, atMs);
  const generation = Math.max(0, ...keys.map((key) => key.generation)) + 1;
  const fresh = { ...firstKey(material, atMs), generation };
  if (newest === undefined || overlapMs === 0) return [fresh];
  return [fresh, { ...newest, expiresAt: unixMsToIso(atMs + overlapMs) }];
}
