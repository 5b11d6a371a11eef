/**
 * The approval statement a human signs, and its verification (docs/approvals.md).
 *
 * Verifies the signature and the statement's own window; whether the statement fits the node
 * and the person belongs to the quorum is decided by the mission core.
 */
import * as z from "zod";
import { type PublicJwk } from "../crypto.ts";
import { type ApprovalHours } from "./hours.ts";
import { MISSION_ID } from "../ids.ts";
import { verifyJws } from "../jws.ts";
import { nameSchema, subjectSchema } from "../plan/index.ts";
import { type Result, err, ok } from "../result.ts";

export const APPROVAL_JWS_TYPE = "sekisho-approval+jwt";

export const approvalStatementSchema = z.strictObject({
  missionId: z.string().regex(MISSION_ID),
  nodeId: nameSchema,
  attempt: z.int().min(1),
  gateDigest: z.string().regex(/^[0-9a-f]{64}$/),
  decision: z.enum(["approve", "deny", "break-glass"]),
  approver: subjectSchema,
  /** Whose seat it fills by a delegation; absent: one's own. */
  onBehalfOf: subjectSchema.exactOptional(),
  reason: z.string().min(1).max(2000),
  issuedAt: z.iso.datetime({ precision: 3 }),
  expiresAt: z.iso.datetime({ precision: 3 }),
});

export type ApprovalStatement = z.output<typeof approvalStatementSchema>;

/** A registered key of an approver; `kid` is its RFC 7638 thumbprint. */
export interface ApproverKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
  /** Set where the key lives in a passkey: then it signs assertions and nothing else. */
  readonly passkey?: { readonly credentialId: string };
}

/** A person of the team's approver directory, as handed to a decision. */
export interface ApproverFacts {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly keys: readonly ApproverKey[];
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  /** When they approve; absent: at any time. */
  readonly hours?: ApprovalHours;
  /** Whether they may approve alone in an emergency; docs/approvals.md, "Break-glass". */
  readonly breakGlass?: true;
}

export type StatementReject =
  | { readonly reason: "approval_signature_invalid" }
  | { readonly reason: "approval_statement_malformed"; readonly detail: string };

/** Why a signed statement does not count for what a person sent it for: who, its signature, what it says, or when. */
export type SignedReject =
  | StatementReject
  | { readonly reason: "approver_unknown"; readonly approver: string }
  | { readonly reason: "approver_not_permitted"; readonly detail: string }
  | {
      readonly reason: "approval_statement_mismatch";
      readonly member: string;
      readonly expected: string;
      readonly actual: string;
    }
  | { readonly reason: "approval_statement_expired"; readonly expiresAt: string };

/** Verifies a signed statement with the approver's registered keys only; a key inside the JWS is refused. */
export function verifyApprovalStatement(
  jws: string,
  keys: readonly ApproverKey[],
): Result<{ statement: ApprovalStatement; kid: string }, StatementReject> {
  const verified = verifyJws(jws, {
    typ: APPROVAL_JWS_TYPE,
    algs: ["EdDSA", "ES256"],
    keyByKid: (kid) => keys.find((key) => key.kid === kid && !key.passkey)?.jwk,
  });
  if (!verified.ok) return err({ reason: "approval_signature_invalid" });
  const statement = readStatement(verified.value.payload);
  if (!statement.ok) return statement;
  return ok({ statement: statement.value, kid: verified.value.header.kid });
}

/** Reads anything as a statement. Errors: `approval_statement_malformed`, naming the first member. */
export function readStatement(value: unknown): Result<ApprovalStatement, StatementReject> {
  const statement = approvalStatementSchema.safeParse(value);
  if (statement.success) return ok(statement.data);
  const issue = statement.error.issues[0];
  const detail = issue ? `/${issue.path.join("/")}: ${issue.message}` : "not a statement";
  return err({ reason: "approval_statement_malformed", detail });
}
