/** The face of the mission core. */
export type { Answer } from "./answer.ts";
export type { AgentFacts, Command, Proposal, TicketTerms } from "./command.ts";
export type { Rejection, RejectionReason } from "./rejection.ts";
export type { MissionState, MissionStatus, NodeRecord, NodeStatus } from "./state.ts";
export type { MissionView, NodeView } from "./view.ts";
