/**
 * The dry-run connector: performs nothing, so a mission can be rehearsed with its real tickets. The
 * receipt says so. Refuses to pretend an answer: there is no status and no response digest.
 */
import type { Performed } from "./http.ts";

export function performDryRun(): Performed {
  return {
    outcome: "succeeded",
    status: null,
    responseDigest: null,
    detail: "dry run: nothing was performed",
  };
}
