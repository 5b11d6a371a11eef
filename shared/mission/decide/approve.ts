/**
 * A person's signed decision on an open request. Everything the statement says must fit the
 * request; the signature is checked here, with registered keys only, inside the same turn.
 */
import {
  type ApprovalStatement,
  type ApproverFacts,
  verifyApprovalStatement,
} from "../../approval/index.ts";
import { LIMITS } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import { isoToUnixMs } from "../../time.ts";
import { reconsider } from "../advance.ts";
import type { DecideApproval } from "../command.ts";
import { countsAt } from "../question.ts";
import type { Rejection } from "../rejection.ts";
import type { OpenRequest } from "../state.ts";
import { emitNode, recordOf, type Turn } from "../turn.ts";

export function decideApproval(turn: Turn, command: DecideApproval): Result<null, Rejection> {
  const { nodeId, approver, actor } = command;
  const { request } = recordOf(turn, nodeId);
  if (!request) return err({ reason: "approval_not_requested", nodeId });
  if (!approver) return err({ reason: "approver_unknown", approver: actor.id });
  const verified = verifyApprovalStatement(command.statement, approver.keys);
  if (!verified.ok) return verified;
  const { statement, kid } = verified.value;
  const misfit =
    statementMisfit(turn, nodeId, request, statement, approver) ??
    personMisfit(turn, request, approver) ??
    (statement.decision === "approve" ? countMisfit(turn, nodeId, request, approver) : null);
  if (misfit) return err(misfit);
  const key = approver.keys.find((candidate) => candidate.kid === kid);
  const signed = { actor, approvalSignature: command.statement };
  if (statement.decision === "deny") {
    const { gateDigest, reason } = statement;
    emitNode(
      turn,
      "approval.denied",
      nodeId,
      { gateDigest, approver: approver.id, kid, jwk: key?.jwk ?? null, reason },
      {
        ...signed,
        gateResult: refusedResult("APPROVAL_DENIED", `${approver.id} denied: ${reason}`),
      },
    );
    return ok(null);
  }
  const before = givenFor(turn, nodeId, request);
  emitNode(
    turn,
    "approval.granted",
    nodeId,
    {
      gateDigest: request.gateDigest,
      approver: approver.id,
      groups: approver.groups,
      kid,
      jwk: key?.jwk ?? null,
      statementExpiresAt: statement.expiresAt,
      ...(approver.validUntil === null ? {} : { validUntil: approver.validUntil }),
      have: before.size + 1,
      need: request.requirement.quorum,
    },
    signed,
  );
  if (before.size + 1 >= request.requirement.quorum) reconsider(turn, nodeId, "approval");
  return ok(null);
}

/** The gate result that goes with a refused digest: block, with the code for it. */
export function refusedResult(code: "APPROVAL_DENIED" | "APPROVAL_EXPIRED", detail: string) {
  const reason = {
    code,
    gate: "approval",
    detail,
    counterfactual:
      code === "APPROVAL_DENIED"
        ? "propose something else; a new digest asks anew"
        : "an operator pauses and resumes the mission, which asks anew; or propose something else",
  } as const;
  return {
    verdict: "block",
    score: 2,
    reasons: [reason],
    gates: [{ gate: "approval", verdict: "block" }],
  } as const;
}

function givenFor(turn: Turn, nodeId: string, request: OpenRequest): Set<string> {
  const { approvals } = recordOf(turn, nodeId);
  return new Set(
    approvals
      .filter((a) => a.gateDigest === request.gateDigest && countsAt(a, turn.at))
      .map((a) => a.approver),
  );
}

function statementMisfit(
  turn: Turn,
  nodeId: string,
  request: OpenRequest,
  statement: ApprovalStatement,
  approver: ApproverFacts,
): Rejection | null {
  const expected: readonly (readonly [keyof ApprovalStatement, string])[] = [
    ["missionId", turn.state.missionId],
    ["nodeId", nodeId],
    ["approver", approver.id],
    ["attempt", String(recordOf(turn, nodeId).attempt)],
  ];
  for (const [member, value] of expected) {
    const actual = String(statement[member]);
    if (actual !== value)
      return { reason: "approval_statement_mismatch", member, expected: value, actual };
  }
  if (statement.gateDigest !== request.gateDigest) {
    return {
      reason: "approval_digest_stale",
      expected: request.gateDigest,
      actual: statement.gateDigest,
    };
  }
  return windowMisfit(turn, statement);
}

function windowMisfit(turn: Turn, { issuedAt, expiresAt }: ApprovalStatement): Rejection | null {
  const now = isoToUnixMs(turn.at);
  const issued = isoToUnixMs(issuedAt);
  const expires = isoToUnixMs(expiresAt);
  if (now === null || issued === null || expires === null)
    return {
      reason: "approval_statement_malformed",
      detail: "times are RFC 3339 UTC with milliseconds",
    };
  if (expires <= now) return { reason: "approval_statement_expired", expiresAt };
  if (issued > now + LIMITS.ticketLeewayMs) {
    return {
      reason: "approval_statement_mismatch",
      member: "issuedAt",
      expected: `at most ${turn.at}`,
      actual: issuedAt,
    };
  }
  if (expires - issued > LIMITS.approvalStatementMaxMs) {
    return {
      reason: "approval_statement_mismatch",
      member: "expiresAt",
      expected: `at most ${LIMITS.approvalStatementMaxMs} ms after issuedAt`,
      actual: expiresAt,
    };
  }
  return null;
}

function personMisfit(turn: Turn, request: OpenRequest, approver: ApproverFacts): Rejection | null {
  const refuse = (detail: string): Rejection => ({ reason: "approver_not_permitted", detail });
  if (approver.validFrom !== null && approver.validFrom > turn.at)
    return refuse(`${approver.id} may approve from ${approver.validFrom} on`);
  if (approver.validUntil !== null && approver.validUntil <= turn.at)
    return refuse(`${approver.id} could approve until ${approver.validUntil}`);
  const { group } = request.requirement;
  if (group !== undefined && !approver.groups.includes(group))
    return refuse(`${approver.id} is not in group ${group}`);
  return null;
}

/** Why an approval would not count. Not asked of a denial: whoever may decide here may always say no. */
function countMisfit(
  turn: Turn,
  nodeId: string,
  request: OpenRequest,
  approver: ApproverFacts,
): Rejection | null {
  if (recordOf(turn, nodeId).proposers.includes(approver.id)) {
    return {
      reason: "approver_not_permitted",
      detail: "a proposer never approves their own proposal",
    };
  }
  if (givenFor(turn, nodeId, request).has(approver.id))
    return { reason: "approval_already_given", approver: approver.id };
  return null;
}
