/** The face of the mission core: decide, evolve, and what is read from a state. */
export { answerOf, type Answer } from "./answer.ts";
export type { AgentFacts, Command, Proposal, TicketTerms } from "./command.ts";
export { confirmTicket, type ConfirmRefusal } from "./confirm.ts";
export { decide, isGrowing } from "./decide/index.ts";
export { nextDueMs, nextResendMs, outstandingTickets, resendsBetween } from "./due.ts";
export { dataOf, type EventData, type EventType, type IncidentKind } from "./event.ts";
export { evolve } from "./evolve.ts";
export { explainGate, type Wondering } from "./explain.ts";
export { recordEvents, type SignTicket } from "./record.ts";
export type { Rejection, RejectionReason } from "./rejection.ts";
export { foldTrace, type Replayed, type ReplayRefusal, replayTrace } from "./replay.ts";
export { snapshotToState, stateToSnapshot } from "./snapshot.ts";
export type { HeldTicket, MissionState, MissionStatus, NodeRecord, NodeStatus } from "./state.ts";
export {
  type MissionView,
  type NodeView,
  stateHash,
  viewMission,
  viewNode,
  viewReady,
} from "./view.ts";
