/**
 * Moves a running mission to a tighter policy: a recorded, signed act of a person. Refuses a policy
 * nobody activated and one that is not proven tighter for what is left of the mission.
 * Specification: docs/policy.md, "Re-pinning"; docs/decisions/0017-repinning.md.
 */
import * as z from "zod";
import { verifyJws } from "../../jws.ts";
import { LIMITS } from "../../limits.ts";
import { looseningForAny, looseningOf, readPolicyDocument } from "../../policy/index.ts";
import { amendmentLooseningOf } from "../../gates/index.ts";
import { err, ok, type Result } from "../../result.ts";
import { isoToUnixMs } from "../../time.ts";
import { reconsider } from "../advance.ts";
import { nextAmendmentId } from "../amendments.ts";
import { clearRequest } from "../approvals.ts";
import type { RepinPolicy } from "../command.ts";
import { expectedActionOf, heldAsking, questionOf } from "../question.ts";
import type { Rejection } from "../rejection.ts";
import type { NodeRecord } from "../state.ts";
import { emitMission, recordOf, specOf, type Turn } from "../turn.ts";

export const POLICY_REPIN_JWS_TYPE = "sekisho-policy-repin+jwt";

/** What the person signs: from which document to which, in which mission. */
const repinStatementSchema = z.strictObject({
  missionId: z.string().min(1).max(128),
  version: z.string().min(1).max(128),
  policyHash: z.string().regex(/^[0-9a-f]{64}$/),
  fromPolicyHash: z.string().regex(/^[0-9a-f]{64}$/),
  decision: z.literal("repin"),
  approver: z.string().min(1).max(128),
  reason: z.string().min(1).max(LIMITS.reasonTextCharsMax),
  issuedAt: z.iso.datetime({ precision: 3 }),
  expiresAt: z.iso.datetime({ precision: 3 }),
});

type RepinStatement = z.output<typeof repinStatementSchema>;

export function decideRepin(turn: Turn, command: RepinPolicy): Result<null, Rejection> {
  const { policy, actor, statement: signature } = command;
  const { version } = policy;
  if (command.policyState !== "active")
    return err({ reason: "policy_not_active", version, state: command.policyState });
  if (policy.hash === turn.state.policy.hash)
    return err({ reason: "policy_already_pinned", version });
  if ((turn.state.repins ?? 0) >= LIMITS.policyRepinsMax)
    return err({ reason: "policy_repins_exhausted", max: LIMITS.policyRepinsMax });
  const signed = signedBy(turn, command);
  if (!signed.ok) return signed;
  const misfit = statementMisfit(turn, command, signed.value.statement);
  if (misfit) return err(misfit);
  const looser = loosenings(turn, command);
  if (looser.length > 0) return err({ reason: "policy_not_tighter", version, nodes: looser });
  const { kid, jwk, statement } = signed.value;
  emitMission(
    turn,
    "mission.policy_repinned",
    {
      from: { version: turn.state.policy.version, hash: turn.state.policy.hash },
      policy,
      approver: statement.approver,
      kid,
      jwk,
      reason: statement.reason,
    },
    { actor, approvalSignature: signature },
  );
  voidWhatWasAsked(turn);
  return ok(null);
}

function signedBy(
  turn: Turn,
  { approver, actor, statement, proposedBy }: RepinPolicy,
): Result<
  { readonly statement: RepinStatement; readonly kid: string; readonly jwk: unknown },
  Rejection
> {
  if (!approver || approver.id !== actor.id)
    return err({ reason: "approver_unknown", approver: actor.id });
  const isValid =
    (approver.validFrom === null || approver.validFrom <= turn.at) &&
    (approver.validUntil === null || approver.validUntil > turn.at);
  if (!isValid)
    return err({ reason: "approver_not_permitted", detail: "the registration is not valid now" });
  if (proposedBy === approver.id)
    return err({
      reason: "approver_not_permitted",
      detail: "a policy is re-pinned by a person other than its proposer",
    });
  const verified = verifyJws(statement, {
    typ: POLICY_REPIN_JWS_TYPE,
    algs: ["EdDSA", "ES256"],
    keyByKid: (kid) => approver.keys.find((key) => key.kid === kid)?.jwk,
  });
  if (!verified.ok) return err({ reason: "approval_signature_invalid" });
  const parsed = repinStatementSchema.safeParse(verified.value.payload);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const detail = issue ? `/${issue.path.join("/")}: ${issue.message}` : "not a statement";
    return err({ reason: "approval_statement_malformed", detail });
  }
  const { kid } = verified.value.header;
  const jwk = approver.keys.find((key) => key.kid === kid)?.jwk ?? null;
  return ok({ statement: parsed.data, kid, jwk });
}

function statementMisfit(
  turn: Turn,
  { policy, actor }: RepinPolicy,
  statement: RepinStatement,
): Rejection | null {
  const expected = {
    missionId: turn.state.missionId,
    version: policy.version,
    policyHash: policy.hash,
    fromPolicyHash: turn.state.policy.hash,
    approver: actor.id,
  } as const;
  for (const [member, value] of Object.entries(expected)) {
    const actual = statement[member as keyof typeof expected];
    if (actual !== value)
      return { reason: "approval_statement_mismatch", member, expected: value, actual };
  }
  const [now, issued, expires] = [turn.at, statement.issuedAt, statement.expiresAt].map(
    isoToUnixMs,
  );
  if (now == null || issued == null || expires == null || expires <= issued)
    return { reason: "approval_statement_malformed", detail: "the window is empty" };
  if (expires <= now)
    return { reason: "approval_statement_expired", expiresAt: statement.expiresAt };
  if (issued > now + LIMITS.ticketLeewayMs || expires - issued > LIMITS.approvalStatementMaxMs)
    return { reason: "approval_statement_malformed", detail: "the window is ahead or too long" };
  return null;
}

/** Findings told in one refusal; a person mends no more before trying again. */
const LOOSENINGS_MAX = 20;

/** Missions of an earlier generation were re-pinned without a look at amendments. */
const AMENDMENTS_PROVEN_FROM_RULES = 3;

/**
 * Nodes still to be decided for which the new policy is not proven tighter, and the next amendment under its
 * id where it is not, or where it could add a node that the old policy would refuse. O(nodes x rules^2), and
 * for what could be added the bounded cost of `looseningForAny`.
 */
function loosenings(turn: Turn, { policy }: RepinPolicy) {
  const now = readPolicyDocument(turn.state.policy.document);
  const next = readPolicyDocument(policy.document);
  const found: { nodeId: string; rule: string; detail: string }[] = [];
  const isProven = (turn.state.rules ?? 0) >= AMENDMENTS_PROVEN_FROM_RULES;
  const amending = isProven && now && next ? amendmentLooseningOf(now, next) : null;
  if (amending) found.push({ nodeId: nextAmendmentId(turn.state), ...amending });
  // Nodes of one kind, action, zone and risk share their proof.
  const proofs = new Map<string, ReturnType<typeof looseningOf>>();
  for (const nodeId of turn.state.plan.order) {
    if (recordOf(turn, nodeId).status === "DONE" || found.length === LOOSENINGS_MAX) continue;
    const spec = specOf(turn.state, nodeId);
    const subject = {
      kind: spec.kind,
      actionType: expectedActionOf(turn.state, spec)?.type ?? null,
      zone: spec.zone ?? null,
      risk: spec.risk,
    };
    const key = JSON.stringify(subject);
    const proof =
      proofs.get(key) ??
      (now && next
        ? looseningOf(now, next, subject)
        : { rule: "", detail: "a policy cannot be read" });
    proofs.set(key, proof);
    if (proof) found.push({ nodeId, ...proof });
  }
  const adding = isProven && found.length === 0 && now && next ? looseningForAny(now, next) : null;
  if (adding) found.push({ nodeId: nextAmendmentId(turn.state), ...adding });
  return found;
}

/** Every digest is another one now. Whoever was being asked is asked again, under the new policy. */
function voidWhatWasAsked(turn: Turn): void {
  for (const nodeId of turn.state.plan.order) {
    const record = recordOf(turn, nodeId);
    const { status, request, approvals } = record;
    // What runs finishes under what it ran; what is done is done.
    if (status === "RUNNING" || status === "DONE" || isUnderWay(turn, record)) continue;
    if (!request && approvals.length === 0) continue;
    const { gateDigest } = questionOf(turn.state, nodeId, heldAsking(turn.state, nodeId), turn.at);
    clearRequest(turn, nodeId, gateDigest);
    if (request) reconsider(turn, nodeId, "policy");
  }
}

/**
 * Whether the attempt's action left the house, so that its exit still counts the approvals it ran with.
 * Before the third generation of rules a re-pin took them away.
 */
function isUnderWay({ state }: Turn, { receipt }: NodeRecord): boolean {
  return (state.rules ?? 0) >= 3 && (receipt?.outcome ?? "failed") !== "failed";
}
