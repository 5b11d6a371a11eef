/**
 * Rules of the verifier directory: which keys a verifier may have. A verifier's keys are held to the
 * same rules as a person's. Specification: docs/evidence.md, "Verifiers".
 */
import { err, type Result } from "../result.ts";
import { nameApproverKeys } from "./directory.ts";
import type { ApproverKey } from "../approval/index.ts";

export type VerifierReject = {
  readonly reason: "verifier_not_permitted";
  readonly detail: string;
};

/** Names a verifier's keys by their thumbprints. Errors: `verifier_not_permitted`, as `nameApproverKeys`. */
export function nameVerifierKeys(
  jwks: readonly unknown[],
): Result<readonly ApproverKey[], VerifierReject> {
  if (jwks.length === 0)
    return err({ reason: "verifier_not_permitted", detail: "a verifier has at least one key" });
  const named = nameApproverKeys(jwks);
  return named.ok ? named : err({ reason: "verifier_not_permitted", detail: named.error.detail });
}
