/** The face of approvals: the statement a human signs, its verification, the digest's short form. */
export { shortDigest } from "./short-digest.ts";
export {
  APPROVAL_JWS_TYPE,
  approvalStatementSchema,
  verifyApprovalStatement,
} from "./statement.ts";
export type {
  ApprovalStatement,
  ApproverFacts,
  ApproverKey,
  StatementReject,
} from "./statement.ts";
