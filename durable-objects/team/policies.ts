/**
 * A team's policy versions: proposing one, trying it, and activating it through the human gate. Each
 * runs inside the caller's transaction; what may become what is decided by shared/team.
 */
import { hashJson } from "../../shared/canonical.ts";
import { invariant } from "../../shared/invariant.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { decideActivation, moveShadow } from "../../shared/team/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import type { PolicyRecord, TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { readApprover } from "./approver-store.ts";
import { refuseWhenFull } from "./capacity.ts";
import {
  insertPolicy,
  readPolicy,
  readShadowPolicy,
  switchActivePolicy,
  writePolicyTrial,
} from "./policy-store.ts";

type Refusable = Result<PolicyRecord, TeamRejection>;

export function proposePolicy(sql: SqlStorage, request: TeamRequest<"proposePolicy">): Refusable {
  const { version, document, by, at } = request;
  const full = refuseWhenFull(sql, "policy");
  if (full) return err(full);
  invariant(readPolicy(sql, version) === null, "a policy version is made only once");
  const policy: PolicyRecord = {
    version,
    hash: hashJson(document),
    document,
    state: "proposed",
    proposedBy: by,
    proposedAt: unixMsToIso(at),
    activatedBy: null,
    activatedAt: null,
  };
  insertPolicy(sql, policy);
  return ok(policy);
}

/** The human gate of I13: the version before is retired in the same transaction. */
export function activatePolicy(
  sql: SqlStorage,
  team: string,
  request: TeamRequest<"activatePolicy">,
): Refusable {
  const { version, statement, sub, at } = request;
  const policy = readPolicy(sql, version);
  if (policy === null) return err({ reason: "policy_unknown", version });
  const approver = readApprover(sql, sub);
  const decided = decideActivation({ team, policy, sub, approver, statement, at });
  if (!decided.ok) return decided;
  const activatedAt = unixMsToIso(at);
  switchActivePolicy(sql, version, sub, activatedAt, statement);
  return ok({ ...policy, state: "active", activatedBy: sub, activatedAt });
}

/** Starts or ends the trial of a version; at most one is on trial, the one before goes back. */
export function tryPolicy(sql: SqlStorage, request: TeamRequest<"shadowPolicy">): Refusable {
  const { version, on } = request;
  const policy = readPolicy(sql, version);
  if (policy === null) return err({ reason: "policy_unknown", version });
  const moved = moveShadow(version, policy.state, on);
  if (!moved.ok) return moved;
  writePolicyTrial(sql, version, moved.value);
  return ok({ ...policy, state: moved.value });
}

/** What a mission that opens now pins: the active version, and the one on trial where there is one. */
export function pinsOf(
  sql: SqlStorage,
  active: PolicyRecord,
): { readonly policy: PinnedPolicy; readonly shadow?: PinnedPolicy } {
  const shadow = readShadowPolicy(sql);
  return { policy: pinnable(active), ...(shadow && { shadow: pinnable(shadow) }) };
}

function pinnable({ version, hash, document }: PolicyRecord): PinnedPolicy {
  return { version, hash, document };
}
