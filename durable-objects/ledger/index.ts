/** The object class of the gateway; the only file of this folder that the gateway may import. */
export { TicketLedger } from "./object.ts";
