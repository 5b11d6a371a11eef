/** The face of the tickets: the permission for one side effect and what became of it. */
export { TICKET_JWS_TYPE, ticketClaimsSchema, type TicketClaims } from "./claims.ts";
export { signTicket } from "./issue.ts";
export { denialSchema, receiptSchema, type Denial, type Receipt } from "./receipt.ts";
export { verifyTicket, type TicketContext, type TicketRefusal } from "./verify.ts";
