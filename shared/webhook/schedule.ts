/**
 * When a delivery is tried again: pure arithmetic, so that the schedule is a table one can read and test.
 * Attempts are counted in the delivery's own message; what a queue retries by itself is a fault of ours.
 */

/**
 * Least seconds after each failed attempt, at most a fifth more: quickly first, for a restart, then for three
 * days and two hours, for a weekend. The platform delays a message 12 hours at most, 10 and its fifth.
 */
const DELAYS_S = [
  5, 60, 300, 1_800, 3_600, 10_800, 36_000, 36_000, 36_000, 36_000, 36_000, 36_000, 36_000,
] as const;

/** The share of a delay that is added by chance, so that what failed together does not return together. */
const JITTER = 0.2;

/** The first attempt and one after each delay. */
export const WEBHOOK_ATTEMPTS_MAX = DELAYS_S.length + 1;

/** Whole seconds to wait after the given failed attempt (from 1), or null after the last. `random` is in [0, 1). */
export function webhookDelaySeconds(attempt: number, random: number): number | null {
  const planned = DELAYS_S[attempt - 1];
  return planned === undefined ? null : Math.round(planned * (1 + JITTER * random));
}
