/** The face of the gates. */
export { CODEBOOK_VERSION, GATES, REASON_CODES } from "./reasons.ts";
export type { GateName, Reason, ReasonCode } from "./reasons.ts";
