/** The face of approvals: the statement a human signs, its verification, the digest's short form. */
export { shortDigest } from "./short-digest.ts";
export {
  DELEGATION_JWS_TYPE,
  delegationIdOf,
  delegationMisfit,
  delegationStatementSchema,
  readDelegationStatement,
  verifyDelegation,
} from "./delegation.ts";
export type { DelegationFacts, DelegationReject, DelegationStatement } from "./delegation.ts";
export { type EscalationStep, escalatedTo, stepsDue } from "./escalation.ts";
export {
  fitsAnySeat,
  groupsAsked,
  isCounted,
  joinGroups,
  missingSeats,
  seatPeople,
  seatsOf,
} from "./seats.ts";
export type { GroupQuorum, Seat, Seatable, SeatRequirement } from "./seats.ts";
export { challengeOf, isHashOf, passkeyAssertionSchema } from "./assertion.ts";
export type { PasskeyAssertion, PasskeySigned } from "./assertion.ts";
export { type AuthenticatorData, parseAuthenticatorData } from "./authenticator-data.ts";
export { checkClientData } from "./client-data.ts";
export type { CeremonyReject, RelyingParty } from "./client-data.ts";
export { diffJson, type JsonChange } from "./json-diff.ts";
export { approvalHoursSchema, isWithinHours } from "./hours.ts";
export type { ApprovalHours } from "./hours.ts";
export { answerId, recordedApproval, verifySignedApproval } from "./verify.ts";
export type { RecordedPasskey, SignedApproval, VerifiedApproval } from "./verify.ts";
export {
  APPROVAL_JWS_TYPE,
  approvalStatementSchema,
  verifyApprovalStatement,
} from "./statement.ts";
export type {
  ApprovalStatement,
  ApproverFacts,
  ApproverKey,
  SignedReject,
  StatementReject,
} from "./statement.ts";
