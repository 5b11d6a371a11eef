/**
 * The human gate of a policy (I13): a proposed version becomes active only through a statement that a
 * registered person other than its proposer signed over exactly this version and content.
 * Refuses to change anything; whoever stores policies applies the answer. Specification: docs/policy.md.
 */
import * as z from "zod";
import type { ApproverFacts, SignedReject } from "../approval/index.ts";
import { verifyJws } from "../jws.ts";
import { LIMITS } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { isoToUnixMs, type UnixMs } from "../time.ts";
import { isApproverValidAt } from "./directory.ts";
import { TEAM_LIMITS } from "./limits.ts";

export const POLICY_ACTIVATION_JWS_TYPE = "sekisho-policy-activation+jwt";

/** What the person signs. `policyHash` ties the signature to the document, not only to its name. */
export const policyActivationStatementSchema = z.strictObject({
  team: z.string().min(1).max(128),
  version: z.string().min(1).max(128),
  policyHash: z.string().regex(/^[0-9a-f]{64}$/),
  decision: z.literal("activate"),
  approver: z.string().min(1).max(128),
  reason: z.string().min(1).max(LIMITS.reasonTextCharsMax),
  issuedAt: z.iso.datetime({ precision: 3 }),
  expiresAt: z.iso.datetime({ precision: 3 }),
});

export type PolicyActivationStatement = z.output<typeof policyActivationStatementSchema>;

export type ActivationReject =
  | { readonly reason: "policy_not_proposed"; readonly version: string; readonly state: string }
  | SignedReject;

export interface ActivationRequest {
  readonly team: string;
  readonly policy: {
    readonly version: string;
    readonly hash: string;
    readonly state: string;
    readonly proposedBy: string;
  };
  /** The caller of the request; the signer must be the same person. */
  readonly sub: string;
  /** What the directory says of `sub`; null when it knows no such person. */
  readonly approver: ApproverFacts | null;
  readonly statement: string;
  readonly at: UnixMs;
}

/**
 * Decides whether the policy may become active, and answers the verified statement.
 * Errors in this order: state of the policy, the person, the signature, the statement's shape, its
 * members against the policy, its window.
 */
export function decideActivation(
  request: ActivationRequest,
): Result<PolicyActivationStatement, ActivationReject> {
  const { policy, sub, approver } = request;
  if (policy.state !== "proposed" && policy.state !== "shadow") {
    return err({ reason: "policy_not_proposed", version: policy.version, state: policy.state });
  }
  if (approver === null || approver.id !== sub) {
    return err({ reason: "approver_unknown", approver: sub });
  }
  if (!isApproverValidAt(approver, request.at)) {
    return err({ reason: "approver_not_permitted", detail: "the registration is not valid now" });
  }
  if (policy.proposedBy === sub) {
    return err({
      reason: "approver_not_permitted",
      detail: "a policy is activated by a person other than its proposer",
    });
  }
  const verified = verifyJws(request.statement, {
    typ: POLICY_ACTIVATION_JWS_TYPE,
    algs: ["EdDSA", "ES256"],
    keyByKid: (kid) => approver.keys.find((key) => key.kid === kid)?.jwk,
  });
  if (!verified.ok) return err({ reason: "approval_signature_invalid" });
  const parsed = policyActivationStatementSchema.safeParse(verified.value.payload);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const detail = issue ? `/${issue.path.join("/")}: ${issue.message}` : "not a statement";
    return err({ reason: "approval_statement_malformed", detail });
  }
  return checkStatement(parsed.data, request);
}

function checkStatement(
  statement: PolicyActivationStatement,
  request: ActivationRequest,
): Result<PolicyActivationStatement, ActivationReject> {
  const expected = {
    team: request.team,
    version: request.policy.version,
    policyHash: request.policy.hash,
    approver: request.sub,
  } as const;
  for (const [member, value] of Object.entries(expected)) {
    const actual = statement[member as keyof typeof expected];
    if (actual !== value) {
      return err({ reason: "approval_statement_mismatch", member, expected: value, actual });
    }
  }
  const issuedAt = isoToUnixMs(statement.issuedAt);
  const expiresAt = isoToUnixMs(statement.expiresAt);
  if (issuedAt === null || expiresAt === null || expiresAt <= issuedAt) {
    return malformed("the window from issuedAt to expiresAt is empty");
  }
  if (expiresAt - issuedAt > LIMITS.approvalStatementMaxMs) {
    return malformed("the window from issuedAt to expiresAt is longer than the limit");
  }
  if (issuedAt > request.at + TEAM_LIMITS.statementLeewayMs) {
    return malformed("issuedAt lies in the future");
  }
  if (expiresAt <= request.at) {
    return err({ reason: "approval_statement_expired", expiresAt: statement.expiresAt });
  }
  return ok(statement);
}

function malformed(detail: string): Result<never, ActivationReject> {
  return err({ reason: "approval_statement_malformed", detail });
}
