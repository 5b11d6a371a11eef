/**
 * A team's approvers: the directory's rules over the approver store, inside the caller's transaction.
 */
import type { ApproverFacts } from "../../shared/approval/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { nameApproverKeys } from "../../shared/team/index.ts";
import type { TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { readApprover, readKeyOwner, writeApprover } from "./approver-store.ts";
import { refuseWhenFull } from "./capacity.ts";

/**
 * Adds the person or replaces what was known, keys included. A key stays bound to the first person it
 * was ever registered for, even after that person gave it up: an old signature must not change hands.
 */
export function registerApprover(
  sql: SqlStorage,
  approver: TeamRequest<"putApprover">["approver"],
): Result<ApproverFacts, TeamRejection> {
  const keys = nameApproverKeys(approver.keys);
  if (!keys.ok) return keys;
  for (const { kid } of keys.value) {
    const owner = readKeyOwner(sql, kid);
    if (owner !== null && owner !== approver.id) return err({ reason: "key_in_use", kid });
  }
  const isNew = readApprover(sql, approver.id) === null;
  const full = isNew ? refuseWhenFull(sql, "approver") : null;
  if (full) return err(full);
  const facts = { ...approver, keys: keys.value };
  writeApprover(sql, facts);
  return ok(facts);
}
