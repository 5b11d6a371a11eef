/**
 * A person's signed decision on an open request. Everything the statement says must fit the
 * request; the signature is checked here, with registered keys only, inside the same turn.
 */
import {
  type ApprovalStatement,
  answerId,
  type ApproverFacts,
  escalatedTo,
  fitsAnySeat,
  groupsAsked,
  isCounted,
  isWithinHours,
  missingSeats,
  type Seatable,
  seatsOf,
  type VerifiedApproval,
  verifySignedApproval,
} from "../../approval/index.ts";
import { LIMITS } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import { isoToUnixMs } from "../../time.ts";
import { reconsider } from "../advance.ts";
import { approvedBy } from "../approved.ts";
import { raiseApproved, stopCanary } from "../canary.ts";
import type { DecideApproval } from "../command.ts";
import { escalationSteps } from "../due.ts";
import { evidenceFor } from "../question.ts";
import { apartNodeOf } from "../duties.ts";
import { type Acting, actingOf } from "./delegated.ts";
import type { Rejection } from "../rejection.ts";
import type { EventData } from "../event.ts";
import type { HeldApproval, OpenRequest } from "../state.ts";
import { proposerOf } from "../trust-outcomes.ts";
import { emitMission, emitNode, recordOf, specOf, type Turn } from "../turn.ts";

/** What a person is asked: a node's request, or an amendment's, which stands at the mission. */
interface Asked {
  readonly nodeId: string;
  readonly attempt: number;
  readonly request: OpenRequest | null;
  /** Steps of the escalation that were taken. */
  readonly steps?: number;
  readonly approvals: readonly HeldApproval[];
  /** Everybody who proposed it: none of them approves it. */
  readonly proposers: readonly string[];
  /** Who produced the evidence that is asked about. */
  readonly producers?: readonly string[];
  /** Taken before, of whomever. */
  readonly challenges?: readonly string[] | undefined;
  readonly isAmendment: boolean;
  readonly risk: number;
}

export function decideApproval(turn: Turn, command: DecideApproval): Result<null, Rejection> {
  const { nodeId, actor } = command;
  const record = recordOf(turn, nodeId);
  const { request, approvals, attempt, proposers, challenges } = record;
  const steps = request ? escalationSteps(record, request.gateDigest) : 0;
  const producers = evidenceFor(turn.state, nodeId).map((bundle) => bundle.producedBy);
  const people = { proposers, producers };
  const about = { nodeId, attempt, request, steps, approvals };
  const { risk } = specOf(turn.state, nodeId);
  const asked = { ...about, ...people, challenges, isAmendment: false, risk };
  const recorded = recordDecision(turn, command, asked);
  if (!recorded.ok) return recorded;
  if (turn.state.canary && recorded.value !== "denied") raiseApproved(turn, nodeId, actor.id);
  if (recorded.value !== "quorum") return ok(null);
  if (turn.state.canary) stopCanary(turn);
  else reconsider(turn, nodeId, "approval");
  return ok(null);
}

/** Checks and records one decision; answers whether it was a denial, or the approval that was still missing. */
export function recordDecision(
  turn: Turn,
  command: DecideApproval,
  asked: Asked,
): Result<"denied" | "waiting" | "quorum", Rejection> {
  const { approver: person, actor } = command;
  const { nodeId, request } = asked;
  if (!request) return err({ reason: "approval_not_requested", nodeId });
  if (!person) return err({ reason: "approver_unknown", approver: actor.id });
  const verified = verifySignedApproval(command.statement, person.keys);
  if (!verified.ok) return verified;
  const { statement, kid, passkey, signature } = verified.value;
  const acting = actingOf(turn, command, person, statement, asked.risk);
  if (!acting.ok) return acting;
  const { approver, delegatedBy, delegation } = acting.value;
  const misfit =
    statementMisfit(turn, asked, request, statement, approver) ??
    answeredMisfit(asked, verified.value, approver) ??
    personMisfit(turn, asked, request, approver, statement.decision) ??
    (statement.decision === "deny"
      ? null
      : countMisfit(turn, asked, request, acting.value, statement.decision));
  if (misfit) return err(misfit);
  const key = approver.keys.find((candidate) => candidate.kid === kid);
  const signed = { actor, approvalSignature: signature };
  const by = delegatedBy !== undefined && delegation ? { delegatedBy, delegation } : {};
  const proof = { kid, jwk: key?.jwk ?? null, ...(passkey && { passkey }), ...by };
  if (statement.decision === "deny") {
    const { gateDigest, reason } = statement;
    emitAbout(
      turn,
      asked,
      "approval.denied",
      { gateDigest, approver: approver.id, ...proof, reason },
      {
        ...signed,
        gateResult: refusedResult("APPROVAL_DENIED", `${approver.id} denied: ${reason}`),
      },
    );
    return ok("denied");
  }
  const given = [...givenFor(turn, asked, request), { id: approver.id, groups: approver.groups }];
  const breaksGlass = statement.decision === "break-glass";
  const requirement = escalatedTo(request.requirement, asked.steps ?? 0);
  const missing = breaksGlass ? 0 : missingSeats(requirement, given);
  const need = seatsOf(request.requirement).length;
  emitAbout(
    turn,
    asked,
    "approval.granted",
    {
      gateDigest: request.gateDigest,
      approver: approver.id,
      groups: approver.groups,
      ...proof,
      statementExpiresAt: statement.expiresAt,
      ...(approver.validUntil === null ? {} : { validUntil: approver.validUntil }),
      // Whoever comes on top of a plain quorum counts too; a seat is filled once.
      have: isCounted(requirement) ? given.length : need - missing,
      need,
      ...(breaksGlass && { breakGlass: true }),
    },
    signed,
  );
  if (breaksGlass) raiseBrokenGlass(turn, nodeId, approver.id, statement.reason);
  return ok(missing === 0 ? "quorum" : "waiting");
}

/** Always an incident: somebody answers for it afterwards, however right it was. */
function raiseBrokenGlass(turn: Turn, nodeId: string, person: string, reason: string): void {
  emitNode(turn, "incident.raised", nodeId, {
    kind: "break_glass",
    severity: "critical",
    reasonCodes: ["BREAK_GLASS"],
    summary: `${person} approved node ${nodeId} alone in an emergency: ${reason}`,
  });
}

function emitAbout<T extends "approval.granted" | "approval.denied">(
  turn: Turn,
  { nodeId, isAmendment }: Asked,
  type: T,
  data: EventData[T],
  extras: Parameters<typeof emitMission>[3],
): void {
  if (isAmendment) emitMission(turn, type, { amendment: nodeId, ...data }, extras);
  else emitNode(turn, type, nodeId, { ...data, ...proposerOf(turn.state, nodeId) }, extras);
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

function givenFor(turn: Turn, { approvals }: Asked, request: OpenRequest): readonly Seatable[] {
  const { approvers, groupsOf } = approvedBy(approvals, request.gateDigest, turn.at);
  return approvers.map((id) => ({ id, groups: groupsOf[id] ?? [] }));
}

function statementMisfit(
  turn: Turn,
  { nodeId, attempt }: Asked,
  request: OpenRequest,
  statement: ApprovalStatement,
  approver: ApproverFacts,
): Rejection | null {
  const expected: readonly (readonly [keyof ApprovalStatement, string])[] = [
    ["missionId", turn.state.missionId],
    ["nodeId", nodeId],
    ["approver", approver.id],
    ["attempt", String(attempt)],
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

/**
 * What a person has said is taken once. The trace shows it whole, so after a voiding or a revocation anybody
 * who reads there could say it again in their name, through a hook.
 */
function answeredMisfit(
  { challenges = [] }: Asked,
  { signature, passkey }: VerifiedApproval,
  { id: approver }: ApproverFacts,
): Rejection | null {
  if (!challenges.includes(answerId(signature, passkey))) return null;
  if (passkey === null) return { reason: "approval_already_given", approver };
  return { reason: "passkey_refused", detail: "this challenge has been answered before" };
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

function personMisfit(
  turn: Turn,
  { steps = 0 }: Asked,
  { requirement }: OpenRequest,
  approver: ApproverFacts,
  decision: ApprovalStatement["decision"],
): Rejection | null {
  const refuse = (detail: string): Rejection => ({ reason: "approver_not_permitted", detail });
  if (approver.validFrom !== null && approver.validFrom > turn.at)
    return refuse(`${approver.id} may approve from ${approver.validFrom} on`);
  if (approver.validUntil !== null && approver.validUntil <= turn.at)
    return refuse(`${approver.id} could approve until ${approver.validUntil}`);
  const asked = escalatedTo(requirement, steps);
  // Who was asked once may always say no, whoever was asked instead since.
  if (decision === "deny" && fitsAnySeat(requirement, approver.groups)) return null;
  // Who breaks the glass needs no seat: that right is theirs alone, and it is looked at in countMisfit.
  if (decision === "break-glass" || fitsAnySeat(asked, approver.groups)) return null;
  return refuse(`${approver.id} is not in group ${groupsAsked(asked).join(" or ")}`);
}

/** Why an approval would not count. Not asked of a denial: whoever may decide here may always say no. */
function countMisfit(
  turn: Turn,
  asked: Asked,
  request: OpenRequest,
  { approver, people }: Acting,
  decision: ApprovalStatement["decision"],
): Rejection | null {
  const refuse = (detail: string): Rejection => ({ reason: "approver_not_permitted", detail });
  const breaksGlass = decision === "break-glass";
  if (breaksGlass && approver.breakGlass !== true)
    return refuse(`${approver.id} may not approve alone in an emergency`);
  if (breaksGlass && asked.isAmendment) return refuse("a change of the plan is no emergency");
  if (people.some((id) => asked.proposers.includes(id))) {
    return refuse("a proposer never approves their own proposal");
  }
  if (people.some((id) => asked.producers?.includes(id)))
    return refuse("who produced the evidence never approves what rests on it");
  if (!breaksGlass && approver.hours && !isWithinHours(approver.hours, isoToUnixMs(turn.at) ?? 0)) {
    const { days, from, to, timeZone } = approver.hours;
    return refuse(
      `${approver.id} approves on days ${days.join(", ")} from ${from} to ${to} ${timeZone}`,
    );
  }
  const [apart = null] = asked.isAmendment
    ? []
    : people.flatMap((id) => apartNodeOf(turn.state, asked.nodeId, id) ?? []);
  if (apart !== null)
    return refuse(`who approved ${apart} stays apart from ${asked.nodeId}: the plan says so`);
  // A person fills one seat: their own, or one they sit in for somebody; and a seat is one person's either way.
  const { approvers, delegators = [] } = approvedBy(asked.approvals, request.gateDigest, turn.at);
  const seated = people.find((id) => approvers.includes(id) || delegators.includes(id));
  if (!breaksGlass && seated !== undefined)
    return { reason: "approval_already_given", approver: seated };
  return null;
}
