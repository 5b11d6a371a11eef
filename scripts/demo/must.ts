/**
 * The demo's assertions. A difference ends the run with the step's name, so every claim the story makes
 * is a claim it checked. Refuses to continue after a difference.
 */
import { isDeepStrictEqual } from "node:util";

/** Ends the run unless `condition` holds; `claim` is the sentence that should have been true. */
export function must(condition: boolean, claim: string, found?: unknown): asserts condition {
  if (condition) return;
  throw new Error(found === undefined ? claim : `${claim}; found ${show(found)}`);
}

/** Ends the run unless both are the same value, member by member. */
export function mustEqual(actual: unknown, expected: unknown, claim: string): void {
  must(isDeepStrictEqual(actual, expected), `${claim}: expected ${show(expected)}`, actual);
}

/** The value, or the end of the run when there is none. */
export function mustHave<T>(value: T | null | undefined, claim: string): T {
  must(value !== null && value !== undefined, claim);
  return value;
}

/**
 * Asks again until an answer fits, and gives it back. Ends the run at the deadline, saying what the last
 * answer was: an awaited thing that does not come is a difference like any other.
 */
export async function mustCome<T>(
  claim: string,
  ask: () => Promise<T>,
  fits: (value: T) => boolean,
  deadlineMs = 15_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await ask();
    if (fits(value)) return value;
    must(performance.now() < end, `${claim} within ${deadlineMs / 1000} s`, value);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
