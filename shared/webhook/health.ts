/**
 * Whether an endpoint is still worth sending to: disabled at once when the receiver says it is gone, and
 * after days without a success. Refuses to enable one again: a person does. Specification: docs/webhooks.md.
 */
import { isoToUnixMs } from "../time.ts";

/** Why an endpoint takes nothing: the receiver answered 410, failed for days, or an admin said so. */
export const DISABLED_REASONS = ["gone", "failing", "admin"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

export interface EndpointHealth {
  readonly disabledAt: string | null;
  readonly disabledReason: DisabledReason | null;
  /** The first failure since the last success. */
  readonly failingSince: string | null;
}

/** What started a delivery: an event, a person who wants it again, or a person who tries the endpoint. */
export const DELIVERY_CAUSES = ["event", "redelivery", "test"] as const;
export type DeliveryCause = (typeof DELIVERY_CAUSES)[number];

interface AttemptFacts {
  readonly cause: DeliveryCause;
  readonly outcome: "delivered" | "failed";
  readonly status: number | null;
  readonly at: string;
}

/** Longer than the attempts of one delivery go on, so a single lost event disables nothing. */
export const FAILING_MAX_MS = 5 * 24 * 3_600_000;

const GONE = 410;

/** A healthy, enabled endpoint. */
export const HEALTHY: EndpointHealth = {
  disabledAt: null,
  disabledReason: null,
  failingSince: null,
};

/** The endpoint's health after an attempt. A test counts for nothing, and a disabled endpoint stays disabled. */
export function healthAfter(health: EndpointHealth, attempt: AttemptFacts): EndpointHealth {
  if (attempt.cause === "test" || health.disabledAt !== null) return health;
  if (attempt.outcome === "delivered") return HEALTHY;
  const failingSince = health.failingSince ?? attempt.at;
  const failingMs = (isoToUnixMs(attempt.at) ?? 0) - (isoToUnixMs(failingSince) ?? 0);
  const reason = attempt.status === GONE ? "gone" : failingMs >= FAILING_MAX_MS ? "failing" : null;
  return {
    disabledAt: reason === null ? null : attempt.at,
    disabledReason: reason,
    failingSince,
  };
}
