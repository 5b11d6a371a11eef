/** The face of approvals: the statement a human signs, and its verification. */
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
