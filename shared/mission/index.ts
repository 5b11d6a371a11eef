/** The face of the mission core: decide, evolve, and what is read from a state. */
export { type ApprovalView, approvedRequestSeq, viewApproval } from "./approval-view.ts";
export { answerOf, type Answer } from "./answer.ts";
export { BLOCKED_LIST_MAX, type BlockedNode, type BlockedView, viewBlocked } from "./blocked.ts";
export type { AgentFacts, Command, Proposal, TicketTerms } from "./command.ts";
export {
  type Certification,
  type Certifier,
  type CertifyOptions,
  certifyReplay,
  createCertifier,
} from "./certify.ts";
export type { KeysById, Pins } from "./certify-pins.ts";
export { confirmTicket, type ConfirmRefusal } from "./confirm.ts";
export { approversWaiting } from "./decide/review.ts";
export { LOOP_CODES } from "./loop.ts";
export { decide, decideAsking, type Decided, isGrowing } from "./decide/index.ts";
export { nextDueMs, nextResendMs, outstandingTickets, resendsBetween } from "./due.ts";
export { dataOf, type EventData, type EventType, type IncidentKind } from "./event.ts";
export { evolve } from "./evolve.ts";
export { type EndedGrant, endingGrants, holdsSlice, waitedSlices } from "./leases.ts";
export { explainGate, type Wondering } from "./explain.ts";
export {
  createPolicyRun,
  type PolicyContradiction,
  type PolicyFlip,
  type PolicyRun,
  redecideMission,
} from "./policy-diff.ts";
export { createHistory, type History } from "./history.ts";
export { recordEvents, type SignTicket } from "./record.ts";
export type { Rejection, RejectionReason } from "./rejection.ts";
export { foldTrace, type Replayed, type ReplayRefusal, replayTrace } from "./replay.ts";
export { trustOutcomesIn } from "./trust-outcomes.ts";
export { createShadowRun, readShadow, type ShadowRun } from "./shadow-run.ts";
export { snapshotToState, stateToSnapshot } from "./snapshot.ts";
export { evidenceIn, seqOfEvidence, type StoredEvidence } from "./stored-evidence.ts";
export type { HeldTicket, MissionState, MissionStatus, NodeRecord, NodeStatus } from "./state.ts";
export {
  type MissionView,
  type NodeView,
  stateHash,
  viewMission,
  viewNode,
  viewReady,
} from "./view.ts";
