/**
 * Limits made small for one test, so that what happens beyond them is tried with tens of events instead of
 * tens of thousands. Object and test share one isolate, so the object sees them too.
 */
import { afterEach } from "vitest";
import { LIMITS } from "../../shared/limits.ts";

const REAL = { ...LIMITS };

/** Replaces these limits until the end of the test. */
export function setLimits(limits: Partial<Record<keyof typeof LIMITS, number>>): void {
  Object.assign(LIMITS, limits);
}

afterEach(() => {
  Object.assign(LIMITS, REAL);
});
