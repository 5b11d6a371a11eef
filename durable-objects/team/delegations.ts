/**
 * A team's delegations: registered by who signed them, revoked by them or an admin, inside the caller's
 * transaction, each in the audit trail. What one is worth at a node is the mission's to decide.
 */
import {
  type DelegationFacts,
  delegationIdOf,
  delegationMisfit,
  readDelegationStatement,
  verifyDelegation,
} from "../../shared/approval/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import type {
  DecidingFacts,
  DelegationRecord,
  TeamRejection,
  TeamRequest,
} from "../../shared/wire/rpc.ts";
import { readApprover } from "./approver-store.ts";
import { refuseWhenFull } from "./capacity.ts";
import { appendChange } from "./change-store.ts";
import {
  readDelegation,
  readDelegations,
  readDelegationsTo,
  type StoredDelegation,
  writeDelegation,
} from "./delegation-store.ts";

/** Both people must be in the directory, and no group may be named that the delegator does not have. */
export function addDelegation(
  sql: SqlStorage,
  team: string,
  { statement: signed, by, at }: TeamRequest<"addDelegation">,
): Result<DelegationRecord, TeamRejection> {
  const delegator = readApprover(sql, by);
  if (delegator === null) return err({ reason: "approver_unknown", approver: by });
  const verified = verifyDelegation(signed, delegator.keys);
  if (!verified.ok) return verified;
  const { statement } = verified.value;
  const { delegate, expiresAt, groups = [] } = statement;
  const misfit = delegationMisfit(statement, { team, delegator, delegate }, at);
  if (misfit) return err(misfit);
  if (readApprover(sql, delegate) === null) return refuse(`${delegate} is no approver`);
  const foreign = groups.find((group) => !delegator.groups.includes(group));
  if (foreign !== undefined) return refuse(`${by} is not in group ${foreign}`);
  const id = delegationIdOf(signed);
  const known = readDelegation(sql, id);
  if (known !== null) return ok(toRecord(known));
  const full = refuseWhenFull(sql, "delegation");
  if (full) return err(full);
  const kept = { id, delegator: by, delegate, statement: signed, expiresAt, revoked: null };
  writeDelegation(sql, kept);
  const after = toRecord(kept);
  appendChange(sql, { by, at }, { kind: "delegation", subject: id, before: null, after });
  return ok(after);
}

/** What waits on it at open gates is revoked there when they are next asked. */
export function revokeDelegation(
  sql: SqlStorage,
  { id, by, isAdmin, at }: TeamRequest<"revokeDelegation">,
): Result<DelegationRecord, TeamRejection> {
  const known = readDelegation(sql, id);
  if (known === null) return err({ reason: "delegation_unknown", id });
  if (!isAdmin && known.delegator !== by) return refuse("its delegator revokes it, or an admin");
  if (known.revoked !== null) return ok(toRecord(known));
  const kept = { ...known, revoked: { by, at: unixMsToIso(at) } };
  writeDelegation(sql, kept);
  const [before, after] = [toRecord(known), toRecord(kept)];
  appendChange(sql, { by, at }, { kind: "delegation", subject: id, before, after });
  return ok(after);
}

export function listDelegations(sql: SqlStorage): readonly DelegationRecord[] {
  return readDelegations(sql).map(toRecord);
}

/** A delegator whom the directory no longer knows has delegated nothing. */
export function findDeciding(sql: SqlStorage, personId: string, at: number): DecidingFacts {
  const kept = readDelegationsTo(sql, personId, unixMsToIso(at));
  const delegations: readonly DelegationFacts[] = kept.flatMap(({ id, statement, delegator }) => {
    const facts = readApprover(sql, delegator);
    if (facts === null) return [];
    const { groups, keys, validFrom, validUntil } = facts;
    return { id, statement, delegator: { id: delegator, groups, keys, validFrom, validUntil } };
  });
  return { approver: readApprover(sql, personId), delegations };
}

function toRecord({ id, statement, revoked }: StoredDelegation): DelegationRecord {
  const { team: _own, ...said } = readDelegationStatement(statement);
  return { id, ...said, statement, revoked };
}

function refuse(detail: string): Result<never, TeamRejection> {
  return err({ reason: "delegation_not_permitted", detail });
}
