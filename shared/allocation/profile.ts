/**
 * Industry profiles: the human share to start from where a node says nothing of its factors, and the
 * share at which the decay ends. A preset and nothing more. Specification: docs/allocation.md.
 */

/** Human shares. `start` is H0 without factors; `stable` is where the decay ends. */
export const PROFILES = {
  finance: { start: 0.7, stable: 0.4 },
  government: { start: 0.6, stable: 0.35 },
  manufacturing: { start: 0.5, stable: 0.2 },
  education: { start: 0.65, stable: 0.45 },
} as const;

export type ProfileName = keyof typeof PROFILES;
