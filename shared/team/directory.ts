/**
 * Rules of the approver directory: which keys may be registered and when a person counts.
 * Refuses to know where the directory is stored. Specification: docs/approvals.md.
 */
import type { ApprovalHours, ApproverFacts, ApproverKey } from "../approval/index.ts";
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
 * Shape: 0 to 8 keys, no key twice; a `kid` of the caller's is replaced by the thumbprint.
 * Errors: `approver_not_permitted` for a wrong number, a repeated key, and any key that
 * `checkPublicJwk` refuses (private part, low order, not on the curve, not canonical).
 */
export function nameApproverKeys(
  jwks: readonly unknown[],
): Result<readonly ApproverKey[], DirectoryReject> {
  if (jwks.length > TEAM_LIMITS.keysPerApproverMax) return refuse(TOO_MANY);
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

const TOO_MANY = `a person has at most ${TEAM_LIMITS.keysPerApproverMax} keys, passkeys among them`;

/** What may be changed of a person; a member left out stays as it is. */
export interface ApproverChanges {
  readonly name?: string;
  readonly groups?: readonly string[];
  readonly validFrom?: string | null;
  readonly validUntil?: string | null;
  /** null: at any time. */
  readonly hours?: ApprovalHours | null;
  readonly breakGlass?: boolean;
  readonly addKeys?: readonly unknown[];
  /** Thumbprints; passkeys have one too. */
  readonly removeKeys?: readonly string[];
}

/** One line of the directory's audit trail: who changed what of whom, when; `after` null for a removal. */
export interface DirectoryChange {
  readonly number: number;
  readonly at: string;
  readonly by: string;
  readonly kind: "agent" | "approver" | "delegation" | "grant" | "verifier" | "zone";
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * The person with the changes made. A rotation adds one key and removes another in one step.
 * Errors: `approver_not_permitted` for a key that is refused, that they do not have, or that is one too many.
 */
export function changeApprover(
  known: ApproverFacts,
  { addKeys = [], removeKeys = [], hours, breakGlass, ...simple }: ApproverChanges,
): Result<ApproverFacts, DirectoryReject> {
  const missing = removeKeys.find((kid) => !known.keys.some((key) => key.kid === kid));
  if (missing !== undefined) return refuse(`${known.id} has no key ${missing}`);
  const added = nameApproverKeys(addKeys);
  if (!added.ok) return added;
  const kept = known.keys.filter(({ kid }) => !removeKeys.includes(kid));
  const twice = added.value.find(({ kid }) => kept.some((key) => key.kid === kid));
  if (twice) return refuse(`${known.id} has the key ${twice.kid} already`);
  const keys = [...kept, ...added.value];
  if (keys.length > TEAM_LIMITS.keysPerApproverMax) return refuse(TOO_MANY);
  const { hours: knownHours, breakGlass: knownBreakGlass, ...rest } = known;
  const hoursNow = hours === undefined ? knownHours : hours;
  return ok({
    ...rest,
    ...simple,
    keys,
    ...(hoursNow && { hours: hoursNow }),
    ...((breakGlass ?? knownBreakGlass) && { breakGlass: true }),
  });
}

function refuse(detail: string): Result<never, DirectoryReject> {
  return err({ reason: "approver_not_permitted", detail });
}
