/**
 * Rules of the approver directory: which keys may be registered and when a person counts.
 * Refuses to know where the directory is stored. Specification: docs/approvals.md.
 */
import type { ApproverFacts, ApproverKey } from "../approval/index.ts";
import { checkPublicJwk, jwkThumbprint } from "../crypto.ts";
import { err, ok, type Result } from "../result.ts";
import { isoToUnixMs, type UnixMs } from "../time.ts";
import { TEAM_LIMITS } from "./limits.ts";

export type DirectoryReject = {
  readonly reason: "approver_not_permitted";
  readonly detail: string;
};

/**
 * Names the keys of a person by their RFC 7638 thumbprints.
 * Shape: 1 to 8 keys, no key twice; a `kid` of the caller's is replaced by the thumbprint.
 * Errors: `approver_not_permitted` for a wrong number, a repeated key, and any key that
 * `checkPublicJwk` refuses (private part, low order, not on the curve, not canonical).
 */
export function nameApproverKeys(
  jwks: readonly unknown[],
): Result<readonly ApproverKey[], DirectoryReject> {
  if (jwks.length < 1 || jwks.length > TEAM_LIMITS.keysPerApproverMax) {
    return refuse(`a person has 1 to ${TEAM_LIMITS.keysPerApproverMax} keys`);
  }
  const keys: ApproverKey[] = [];
  for (const [index, value] of jwks.entries()) {
    const checked = checkPublicJwk(value);
    if (!checked.ok) return refuse(`key ${index}: ${checked.error.reason}`);
    const kid = jwkThumbprint(checked.value);
    if (keys.some((key) => key.kid === kid)) return refuse(`key ${index}: given twice`);
    keys.push({ kid, jwk: { ...checked.value, kid } });
  }
  return ok(keys);
}

/** Whether the person may act at this moment; a bound that cannot be read counts as passed. */
export function isApproverValidAt(approver: ApproverFacts, at: UnixMs): boolean {
  const from = approver.validFrom === null ? -Infinity : isoToUnixMs(approver.validFrom);
  const until = approver.validUntil === null ? Infinity : isoToUnixMs(approver.validUntil);
  return from !== null && until !== null && from <= at && at < until;
}

function refuse(detail: string): Result<never, DirectoryReject> {
  return err({ reason: "approver_not_permitted", detail });
}
