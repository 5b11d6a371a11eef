/**
 * Signing as an approver does: the approval of a node, and the activation of a policy. Refuses to decide
 * anything; the statement is signed as given, over its canonical bytes.
 * Specification: docs/approvals.md, docs/policy.md.
 */
import {
  APPROVAL_JWS_TYPE,
  type ApprovalStatement,
  DELEGATION_JWS_TYPE,
  type DelegationStatement,
} from "../../shared/approval/index.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import type { PrivateJwk } from "../../shared/crypto.ts";
import { signJws } from "../../shared/jws.ts";
import {
  POLICY_ACTIVATION_JWS_TYPE,
  type PolicyActivationStatement,
} from "../../shared/team/index.ts";

export type { ApprovalStatement };
export type ApproverPrivateKey = PrivateJwk & { readonly kid: string };

/** An approval statement as the compact JWS that the API takes. */
export function signApprovalStatement(
  statement: ApprovalStatement,
  key: ApproverPrivateKey,
): string {
  return signJws({ typ: APPROVAL_JWS_TYPE, kid: key.kid }, canonicalJson(statement), key);
}

/** A delegation as the compact JWS that the API takes. */
export function signDelegation(statement: DelegationStatement, key: ApproverPrivateKey): string {
  return signJws({ typ: DELEGATION_JWS_TYPE, kid: key.kid }, canonicalJson(statement), key);
}

/** A policy activation statement as the compact JWS that the API takes. */
export function signPolicyActivation(
  statement: PolicyActivationStatement,
  key: ApproverPrivateKey,
): string {
  return signJws({ typ: POLICY_ACTIVATION_JWS_TYPE, kid: key.kid }, canonicalJson(statement), key);
}
