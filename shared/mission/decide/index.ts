/**
 * Decide: command x state -> events or a rejection. Reads no clock, draws no number, changes
 * nothing it was given. Specification: docs/event-log.md; who may send what is the worker's question.
 */
import type { WantedLease } from "../../lease/index.ts";
import { LIMITS } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import type { EventDraft } from "../../trace/index.ts";
import { advanceSystem } from "../advance.ts";
import { amendmentsOf } from "../amendments.ts";
import type { Command, OpenMission } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import type { MissionState } from "../state.ts";
import { createTurn, type Turn } from "../turn.ts";
import { decideAmend, decideAmendmentApproval } from "./amend.ts";
import { decideApproval } from "./approve.ts";
import { decideEvidence } from "./evidence.ts";
import { decideIntervention } from "./intervene.ts";
import { decideLeaseFreed, serveFreed } from "./lease.ts";
import { decideOpen } from "./open.ts";
import { decidePropose } from "./propose.ts";
import { decideDenial, decideReceipt } from "./receipt.ts";
import { decideReconciliation } from "./reconcile.ts";
import { decideRepin } from "./repin.ts";
import { decideResult } from "./result.ts";
import { decideReview } from "./review.ts";
import { passTime } from "./time.ts";

/** What a command means, and the leases it would mean more with. */
export interface Decided {
  /** In commit order; empty when the command changes nothing. */
  readonly drafts: readonly EventDraft[];
  /** Nodes that only the arbiters can let in; each once. In `drafts` they count as held. */
  readonly wanted: readonly WantedLease[];
}

/** Decides what a command means for a mission: `decideAsking` for callers that ask no arbiters. */
export function decide(
  state: MissionState | null,
  command: Command,
): Result<readonly EventDraft[], Rejection> {
  const decided = decideAsking(state, command);
  return decided.ok ? ok(decided.value.drafts) : decided;
}

/**
 * Decides what a command means for a mission, and says which leases nobody has asked for. The caller asks
 * the arbiters and decides again with their answers in `command.leases`, or commits the drafts as they are.
 *
 * Shape: deadlines that passed before the command come first. Errors: see rejection.ts; a rejected command
 * leaves no event.
 */
export function decideAsking(
  state: MissionState | null,
  command: Command,
): Result<Decided, Rejection> {
  if (command.type === "OpenMission")
    return state ? err({ reason: "mission_exists" }) : decideOpen(command);
  if (!state) return err({ reason: "mission_unknown" });
  if (isFull(state) && isGrowing(command))
    return err({ reason: "mission_full", eventsMax: LIMITS.eventsPerMissionMax });
  const turn = createTurn(state, command);
  const blocked = whyNot(turn, command);
  if (blocked) return err(blocked);
  passTime(turn);
  const decided = decideOn(turn, command);
  if (!decided.ok) return decided;
  serveFreed(turn, state);
  advanceSystem(turn);
  return ok({ drafts: turn.events, wanted: turn.wanted });
}

/** What the gateway, the arbiters and the clock report is always heard; everything else stops at the limit. */
export function isGrowing(command: Command): boolean {
  return (
    command.type !== "RecordReceipt" &&
    command.type !== "RecordDenial" &&
    command.type !== "ReconcileOutcome" &&
    command.type !== "PassTime" &&
    command.type !== "ReviewApprovals" &&
    command.type !== "LeaseFreed" &&
    command.type !== "Intervene"
  );
}

function isFull(state: MissionState): boolean {
  return state.head.seq + 1 >= LIMITS.eventsPerMissionMax;
}

function whyNot({ state }: Turn, command: Exclude<Command, OpenMission>): Rejection | null {
  switch (command.type) {
    case "SubmitEvidence":
    case "Propose":
    case "DecideApproval":
    case "SubmitResult":
      if (!state.plan.specById.has(command.nodeId) && !isAmendmentAsked(state, command))
        return { reason: "node_unknown", nodeId: command.nodeId };
      return state.status === "active"
        ? null
        : { reason: "mission_not_active", state: state.status };
    case "ReconcileOutcome":
      if (!state.plan.specById.has(command.nodeId))
        return { reason: "node_unknown", nodeId: command.nodeId };
      return state.status === "active" || state.status === "paused"
        ? null
        : { reason: "mission_not_active", state: state.status };
    case "Amend":
      return state.status === "active"
        ? null
        : { reason: "mission_not_active", state: state.status };
    case "RepinPolicy":
      return state.status === "active"
        ? null
        : { reason: "mission_not_active", state: state.status };
    case "RecordReceipt":
    case "RecordDenial":
    case "Intervene":
    case "ReviewApprovals":
    case "LeaseFreed":
    case "PassTime":
      return null;
  }
}

/** Whether an approval names an amendment where others name a node. */
function isAmendmentAsked(state: MissionState, command: { type: string; nodeId: string }): boolean {
  if (command.type !== "DecideApproval" || state.plan.specById.has(command.nodeId)) return false;
  const { open, applied } = amendmentsOf(state);
  return [open, ...applied].some((amendment) => amendment?.id === command.nodeId);
}

function decideOn(turn: Turn, command: Exclude<Command, OpenMission>): Result<null, Rejection> {
  switch (command.type) {
    case "SubmitEvidence":
      return decideEvidence(turn, command);
    case "Propose":
      return decidePropose(turn, command);
    case "DecideApproval":
      return isAmendmentAsked(turn.state, command)
        ? decideAmendmentApproval(turn, command)
        : decideApproval(turn, command);
    case "SubmitResult":
      return decideResult(turn, command);
    case "RecordReceipt":
      return decideReceipt(turn, command);
    case "RecordDenial":
      return decideDenial(turn, command);
    case "ReconcileOutcome":
      return decideReconciliation(turn, command);
    case "Intervene":
      return decideIntervention(turn, command);
    case "RepinPolicy":
      return decideRepin(turn, command);
    case "Amend":
      return decideAmend(turn, command);
    case "ReviewApprovals":
      return decideReview(turn, command);
    case "LeaseFreed":
      return decideLeaseFreed(turn, command);
    case "PassTime":
      return ok(null);
  }
}
