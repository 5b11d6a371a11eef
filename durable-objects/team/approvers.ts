/**
 * A team's approvers: the directory's rules over the approver store, inside the caller's transaction. Every
 * change stands in the audit trail with who made it.
 */
import type { ApproverFacts, ApproverKey } from "../../shared/approval/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { changeApprover, nameApproverKeys, TEAM_LIMITS } from "../../shared/team/index.ts";
import type { Standing, TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { deleteApprover, readApprover, readKeyOwner, writeApprover } from "./approver-store.ts";
import { refuseWhenFull } from "./capacity.ts";
import { appendChange, readLastChanger } from "./change-store.ts";
import { readDelegationsBy } from "./delegation-store.ts";

/**
 * Adds the person or replaces what was known, signing keys included; passkeys stay. A key stays bound to the
 * first person it was ever registered for, even after that person gave it up: an old signature must not
 * change hands.
 */
export function registerApprover(
  sql: SqlStorage,
  { approver, by, at }: TeamRequest<"putApprover">,
): Result<ApproverFacts, TeamRejection> {
  const named = nameApproverKeys(approver.keys);
  if (!named.ok) return named;
  const before = readApprover(sql, approver.id);
  const passkeys = before?.keys.filter(({ passkey }) => passkey) ?? [];
  const keys = [...named.value, ...passkeys];
  const misfit = keysMisfit(sql, approver.id, keys);
  if (misfit) return err(misfit);
  const full = before === null ? refuseWhenFull(sql, "approver") : null;
  if (full) return err(full);
  const facts = { ...approver, keys };
  writeApprover(sql, facts);
  const change = { kind: "approver", subject: approver.id, before, after: facts } as const;
  appendChange(sql, { by, at }, change);
  return ok(facts);
}

/** Changes what is named and nothing else: a rotation, a group, the hours. */
export function patchApprover(
  sql: SqlStorage,
  { id, changes, by, at }: TeamRequest<"patchApprover">,
): Result<ApproverFacts, TeamRejection> {
  const before = readApprover(sql, id);
  if (before === null) return err({ reason: "approver_not_found", approver: id });
  const changed = changeApprover(before, changes);
  if (!changed.ok) return changed;
  const misfit = keysMisfit(sql, id, changed.value.keys);
  if (misfit) return err(misfit);
  writeApprover(sql, changed.value);
  appendChange(sql, { by, at }, { kind: "approver", subject: id, before, after: changed.value });
  return ok(changed.value);
}

/** Removes the person. Their keys stay bound to them, and what they approved stops counting at open gates. */
export function removeApprover(
  sql: SqlStorage,
  { id, by, at }: TeamRequest<"removeApprover">,
): Result<ApproverFacts, TeamRejection> {
  const before = readApprover(sql, id);
  if (before === null) return err({ reason: "approver_not_found", approver: id });
  deleteApprover(sql, id);
  appendChange(sql, { by, at }, { kind: "approver", subject: id, before, after: null });
  return ok(before);
}

/** What the directory says of these people now, and who said so last. */
export function standingOf(sql: SqlStorage, ids: readonly string[]): readonly Standing[] {
  return ids.map((id) => ({
    id,
    facts: readApprover(sql, id),
    delegations: readDelegationsBy(sql, id),
    changedBy: readLastChanger(sql, id),
  }));
}

function keysMisfit(
  sql: SqlStorage,
  id: string,
  keys: readonly ApproverKey[],
): TeamRejection | null {
  if (keys.length > TEAM_LIMITS.keysPerApproverMax)
    return {
      reason: "approver_not_permitted",
      detail: `a person has at most ${TEAM_LIMITS.keysPerApproverMax} keys, passkeys among them`,
    };
  for (const { kid } of keys) {
    const owner = readKeyOwner(sql, kid);
    if (owner !== null && owner !== id) return { reason: "key_in_use", kid };
  }
  return null;
}
