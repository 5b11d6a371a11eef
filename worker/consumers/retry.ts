/**
 * How long a message waits before it is tried again: pure arithmetic, so that the schedule is a table
 * one can read and test. Refuses to know what failed.
 */

export interface Backoff {
  readonly firstSeconds: number;
  readonly factor: number;
  readonly maxSeconds: number;
}

/** Five tries within about ten minutes: an outage of D1 is a matter of minutes, and the mission re-sends. */
export const INDEX_BACKOFF: Backoff = { firstSeconds: 5, factor: 3, maxSeconds: 600 };

/** Eight tries within about a day, for faults of ours; what a receiver answers has its own schedule (shared/webhook). */
export const WEBHOOK_BACKOFF: Backoff = { firstSeconds: 5, factor: 4, maxSeconds: 43_200 };

/** A dead letter has nowhere further to go: slow, steady, up to its queue's 50 tries. */
export const DEAD_LETTER_BACKOFF: Backoff = { firstSeconds: 60, factor: 1.2, maxSeconds: 3_600 };

/** Share of the delay that is left to chance, so that what failed together does not return together. */
const JITTER = 0.2;

/**
 * Seconds to wait after the given failed attempt.
 * Shape: `attempts` counts from 1; `random` is in [0, 1); the answer is whole, at least 1, and within
 * 20 % of `first * factor^(attempts-1)`, never above the maximum.
 */
export function retryDelaySeconds(backoff: Backoff, attempts: number, random: number): number {
  const { firstSeconds, factor, maxSeconds } = backoff;
  const planned = Math.min(maxSeconds, firstSeconds * factor ** (attempts - 1));
  const jittered = planned * (1 - JITTER + 2 * JITTER * random);
  return Math.max(1, Math.min(maxSeconds, Math.round(jittered)));
}
