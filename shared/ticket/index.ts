/** The face of the tickets: the permission for one side effect and what became of it. */
export { TICKET_JWS_TYPE, ticketClaimsSchema, type TicketClaims } from "./claims.ts";
export { signTicket } from "./issue.ts";
export {
  CLAIM_HOLD_MS,
  DISPATCH_GRACE_MS,
  decideClaim,
  decideDispatch,
  decideRefuse,
  decideRelease,
  decideReported,
  decideSettle,
  highestFences,
  type ClaimRequest,
  type ClaimResult,
  type Decision,
  type DispatchRequest,
  type DispatchResult,
  type LedgerRow,
  type LedgerRpc,
  type RefuseResult,
  type SeenFences,
  type TicketState,
} from "./ledger.ts";
export { denialSchema, endsTicket, receiptSchema, type Denial, type Receipt } from "./receipt.ts";
export { isTicketExpired, verifyTicket, type TicketContext, type TicketRefusal } from "./verify.ts";
