/**
 * The face of the trace: its event type and the chain that makes it tamper-evident.
 */
export type {
  Actor,
  EventDraft,
  GateReasonRecord,
  GateResultRecord,
  TraceEvent,
  Verdict,
} from "./event.ts";
export {
  EMPTY_HEAD,
  GENESIS_HASH,
  encodeTrace,
  hashEvent,
  linkEvent,
  verifyTrace,
  verifyTraceText,
  type Head,
  type TraceFlaw,
  type VerifiedTrace,
  type VerifyTraceOptions,
} from "./chain.ts";
