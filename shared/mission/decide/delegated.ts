/**
 * Who sits when somebody signs for somebody else: the delegator's seat, with the delegator's groups of now, as
 * far as the delegation goes. Nothing here adds to what the delegator could do in person.
 * Specification: docs/approvals.md, "Delegation".
 */
import {
  type ApprovalStatement,
  type ApproverFacts,
  type DelegationFacts,
  delegationMisfit,
  verifyDelegation,
} from "../../approval/index.ts";
import { err, ok, type Result } from "../../result.ts";
import { isoToUnixMs } from "../../time.ts";
import type { DecideApproval } from "../command.ts";
import type { RecordedDelegation } from "../event.ts";
import type { Rejection } from "../rejection.ts";
import type { Turn } from "../turn.ts";

/** Who signs, as far as seats are concerned, and for whom. */
export interface Acting {
  /** The person who signs; with a delegation, with the delegator's groups and until whichever right ends first. */
  readonly approver: ApproverFacts;
  /** Both, where somebody signs for somebody: none of them has another seat, and none has proposed. */
  readonly people: readonly string[];
  readonly delegatedBy?: string;
  readonly delegation?: RecordedDelegation;
}

/** Errors: `delegation_not_permitted` where the statement names somebody and no delegation of theirs holds here. */
export function actingOf(
  turn: Turn,
  { delegations = [] }: DecideApproval,
  approver: ApproverFacts,
  { onBehalfOf, decision }: ApprovalStatement,
  risk: number,
): Result<Acting, Rejection> {
  if (onBehalfOf === undefined) return ok({ approver, people: [approver.id] });
  if (decision === "break-glass") return refuse("an emergency approval is nobody else's");
  const given = delegations.filter(({ delegator }) => delegator.id === onBehalfOf);
  let refused = refuse(`${onBehalfOf} has delegated nothing to ${approver.id}`);
  for (const facts of given) {
    const acting = actingBy(turn, facts, approver, risk);
    if (acting.ok) return acting;
    refused = acting;
  }
  return refused;
}

function actingBy(
  turn: Turn,
  { id, statement: signed, delegator }: DelegationFacts,
  approver: ApproverFacts,
  risk: number,
): Result<Acting, Rejection> {
  const verified = verifyDelegation(signed, delegator.keys);
  if (!verified.ok) return refuse("no key of the delegator's signed the delegation");
  const { statement, kid } = verified.value;
  const { team, missionId } = turn.state;
  const expected = { team, delegator, delegate: approver.id };
  const misfit = delegationMisfit(statement, expected, isoToUnixMs(turn.at) ?? 0);
  if (misfit) return err(misfit);
  const { groups: named, missions, riskMax, expiresAt } = statement;
  if (missions && !missions.includes(missionId)) return refuse("it is not for this mission");
  if (riskMax !== undefined && risk > riskMax) return refuse(`it goes up to risk ${riskMax}`);
  const groups = delegator.groups.filter((group) => named?.includes(group) ?? true);
  const ends = [approver.validUntil, delegator.validUntil, expiresAt].filter((end) => end !== null);
  const validUntil = ends.sort()[0] ?? expiresAt;
  const jwk = delegator.keys.find((key) => key.kid === kid)?.jwk ?? null;
  return ok({
    approver: { ...approver, groups, validUntil },
    people: [approver.id, delegator.id],
    delegatedBy: delegator.id,
    delegation: {
      id,
      statement: signed,
      kid,
      jwk,
      groups: delegator.groups,
      ...(delegator.validUntil === null ? {} : { validUntil: delegator.validUntil }),
    },
  });
}

function refuse(detail: string): Result<Acting, Rejection> {
  return err({ reason: "delegation_not_permitted", detail });
}
