/** The face of approvals: the statement a human signs, its verification, the digest's short form. */
export { shortDigest } from "./short-digest.ts";
export { fitsAnySeat, joinGroups, missingSeats, seatPeople, seatsOf } from "./seats.ts";
export type { GroupQuorum, Seat, Seatable, SeatRequirement } from "./seats.ts";
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
