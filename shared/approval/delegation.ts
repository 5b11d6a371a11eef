/**
 * Delegation: a person's signed word that another one may fill their seat for a while. Narrower only: it
 * carries at most what the delegator may do at the moment of use, and nothing of it can be handed on.
 * Specification: docs/approvals.md, "Delegation".
 */
import * as z from "zod";
import { sha256Hex } from "../crypto.ts";
import { delegationId, MISSION_ID } from "../ids.ts";
import { invariant } from "../invariant.ts";
import { parseJws, verifyJws } from "../jws.ts";
import { LIMITS } from "../limits.ts";
import { nameSchema, subjectSchema } from "../plan/index.ts";
import { err, ok, type Result } from "../result.ts";
import { isoToUnixMs, type UnixMs } from "../time.ts";
import type { ApproverFacts, ApproverKey, StatementReject } from "./statement.ts";

export const DELEGATION_JWS_TYPE = "sekisho-delegation+jwt";

export const delegationStatementSchema = z.strictObject({
  team: z.string().min(1).max(64),
  delegator: subjectSchema,
  delegate: subjectSchema,
  /** Absent: all groups that the delegator has when it is used. */
  groups: z.array(nameSchema).max(64).exactOptional(),
  /** Absent: every mission of the team. */
  missions: z.array(z.string().regex(MISSION_ID)).min(1).max(64).exactOptional(),
  /** Absent: every risk. */
  riskMax: z.int().min(0).max(4).exactOptional(),
  issuedAt: z.iso.datetime({ precision: 3 }),
  expiresAt: z.iso.datetime({ precision: 3 }),
  reason: z.string().min(1).max(LIMITS.reasonTextCharsMax),
});

export type DelegationStatement = z.output<typeof delegationStatementSchema>;

/** Why a delegation gives nothing here and now. */
export interface DelegationReject {
  readonly reason: "delegation_not_permitted";
  readonly detail: string;
}

/** A delegation that has not been revoked, with what the directory says of the delegator now. */
export interface DelegationFacts {
  readonly id: string;
  /** The signed statement, compact JWS. */
  readonly statement: string;
  readonly delegator: Pick<ApproverFacts, "id" | "groups" | "keys" | "validFrom" | "validUntil">;
}

/** Verifies a delegation with the delegator's registered keys; passkeys sign none. Errors: as of statements. */
export function verifyDelegation(
  jws: string,
  keys: readonly ApproverKey[],
): Result<{ readonly statement: DelegationStatement; readonly kid: string }, StatementReject> {
  const verified = verifyJws(jws, {
    typ: DELEGATION_JWS_TYPE,
    algs: ["EdDSA", "ES256"],
    keyByKid: (kid) => keys.find((key) => key.kid === kid && !key.passkey)?.jwk,
  });
  if (!verified.ok) return err({ reason: "approval_signature_invalid" });
  const parsed = delegationStatementSchema.safeParse(verified.value.payload);
  if (parsed.success) return ok({ statement: parsed.data, kid: verified.value.header.kid });
  const issue = parsed.error.issues[0];
  const detail = issue ? `/${issue.path.join("/")}: ${issue.message}` : "not a statement";
  return err({ reason: "approval_statement_malformed", detail });
}

/** What a delegation that was verified before says. Breaches on anything else. */
export function readDelegationStatement(jws: string): DelegationStatement {
  const parsed = parseJws(jws);
  invariant(parsed.ok, "a registered delegation is a JWS");
  return delegationStatementSchema.parse(parsed.value.payload);
}

/** The id of a signed delegation: the same one whenever it is registered. */
export function delegationIdOf(jws: string): string {
  return delegationId(sha256Hex(jws));
}

/** Why the statement is not one of this team, of these two people and of this time; null when it is. */
export function delegationMisfit(
  statement: DelegationStatement,
  expected: {
    readonly team: string;
    readonly delegator: ApproverWindow;
    readonly delegate: string;
  },
  at: UnixMs,
): DelegationReject | null {
  const { team, delegator, delegate, issuedAt, expiresAt } = statement;
  const refuse = (detail: string) => ({ reason: "delegation_not_permitted", detail }) as const;
  if (team !== expected.team) return refuse("the delegation is of another team");
  if (delegator !== expected.delegator.id || delegate !== expected.delegate)
    return refuse(`the delegation is by ${delegator} to ${delegate}`);
  if (delegator === delegate) return refuse("nobody delegates to themselves");
  const [issued, expires] = [isoToUnixMs(issuedAt), isoToUnixMs(expiresAt)];
  if (issued === null || expires === null) return refuse("its times cannot be read");
  if (issued > at + LIMITS.ticketLeewayMs) return refuse(`the delegation begins at ${issuedAt}`);
  if (expires <= at) return refuse(`the delegation ended at ${expiresAt}`);
  if (expires - issued > LIMITS.delegationMaxMs)
    return refuse("a delegation is for 30 days at most");
  return windowMisfit(expected.delegator, at);
}

type ApproverWindow = Pick<ApproverFacts, "id" | "validFrom" | "validUntil">;

function windowMisfit(
  { id, validFrom, validUntil }: ApproverWindow,
  at: UnixMs,
): DelegationReject | null {
  const refuse = (detail: string) => ({ reason: "delegation_not_permitted", detail }) as const;
  if (validFrom !== null && !((isoToUnixMs(validFrom) ?? Infinity) <= at))
    return refuse(`${id} may approve from ${validFrom} on`);
  if (validUntil !== null && !((isoToUnixMs(validUntil) ?? 0) > at))
    return refuse(`${id} could approve until ${validUntil}`);
  return null;
}
