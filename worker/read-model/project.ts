/**
 * From events to row changes: the pure projection of one mission into the read model.
 *
 * Takes the events that directly follow the row's head and answers rows that are absolute, never
 * increments, so that writing them twice, or after newer ones, changes nothing. Refuses to judge the
 * events: the caller has verified that they continue the chain. Specification: docs/read-model.md.
 */
import { invariant } from "../../shared/invariant.ts";
import { dataOf } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { IncidentRecord } from "../../shared/wire/rpc.ts";
import type {
  ApprovalRow,
  AskedRow,
  DecisionRow,
  IncidentRow,
  MissionRow,
  TraceEventRow,
  WithdrawnRow,
} from "./schema.ts";
import { askedRow, decisionRow } from "./signed.ts";

/** What happened to a request that an earlier batch has stored. */
export interface ApprovalPatch {
  readonly team: string;
  readonly missionId: string;
  readonly nodeId: string;
  /** The request it is about; one with another digest stays as it is. */
  readonly gateDigest: string;
  readonly state: ApprovalRow["state"];
  /** null: as it was. */
  readonly have: number | null;
  /** Whom it asks now, as JSON; null: as it was. */
  readonly requirement: string | null;
  readonly seq: number;
}

/** An incident the trace tells of, before the team has numbered it. */
export type RaisedIncident = Omit<IncidentRecord, "number" | "status" | "statusBy" | "statusAt">;

export interface MissionChanges {
  readonly mission: MissionRow;
  readonly events: readonly TraceEventRow[];
  readonly approvals: readonly ApprovalRow[];
  readonly patches: readonly ApprovalPatch[];
  /** Approvals that stopped counting, one row for each person who had given one. */
  readonly withdrawn: readonly WithdrawnRow[];
  readonly asked: readonly AskedRow[];
  readonly decisions: readonly DecisionRow[];
  readonly raised: readonly RaisedIncident[];
}

/**
 * Projects events onto a mission's row.
 * Shape: `base` is the stored row, or null before the first event; `events` continue it without a gap,
 * at least one. Breaches otherwise.
 */
export function projectEvents(
  team: string,
  base: MissionRow | null,
  events: readonly TraceEvent[],
): MissionChanges {
  let row = base;
  const approvals = new Map<string, ApprovalRow>();
  const patches = new Map<string, ApprovalPatch>();
  const raised: RaisedIncident[] = [];
  for (const event of events) {
    invariant(event.seq === (row?.headSeq ?? -1) + 1, "projected events have no gap");
    row = projectMission(team, row, event);
    projectApproval(team, event, approvals, patches);
    if (event.type === "incident.raised") raised.push(toRaised(event));
  }
  invariant(row !== null && row !== base, "a projection has at least one event");
  return {
    mission: row,
    events: events.map((event) => toEventRow(team, event)),
    approvals: [...approvals.values()],
    patches: [...patches.values()],
    withdrawn: events.flatMap((event) => withdrawnRows(team, event)),
    asked: events.flatMap((event) => askedRow(team, event) ?? []),
    decisions: events.flatMap((event) => decisionRow(team, event) ?? []),
    raised,
  };
}

/** The row of an incident as the team's object numbers it. */
export function toIncidentRow(team: string, record: IncidentRecord): IncidentRow {
  return { team, ...record, reasonCodes: JSON.stringify(record.reasonCodes) };
}

function projectMission(team: string, row: MissionRow | null, event: TraceEvent): MissionRow {
  if (row === null) return openedRow(team, event);
  const isMissionEvent = event.nodeId === null;
  const isDone = !isMissionEvent && event.stateAfter === "DONE" && event.stateBefore !== "DONE";
  const amended = event.type === "mission.amended" ? dataOf(event, "mission.amended") : null;
  const repinned =
    event.type === "mission.policy_repinned" ? dataOf(event, "mission.policy_repinned") : null;
  return {
    ...row,
    planHash: amended?.amendedPlanHash ?? row.planHash,
    total: row.total + (amended?.nodes.length ?? 0),
    policyVersion: repinned?.policy.version ?? row.policyVersion,
    state: isMissionEvent ? (event.stateAfter ?? row.state) : row.state,
    sealed: event.type === "mission.sealed" ? 1 : row.sealed,
    done: row.done + (isDone ? 1 : 0),
    headSeq: event.seq,
    headHash: event.hash,
    updatedAt: event.at,
  };
}

function openedRow(team: string, event: TraceEvent): MissionRow {
  invariant(event.type === "mission.opened", "a mission's first event is its opening");
  const { plan, planHash, policy, canary, team: owner } = dataOf(event, "mission.opened");
  invariant(owner === team, "a mission is projected for its own team");
  return {
    team,
    id: event.missionId,
    title: plan.title,
    state: event.stateAfter ?? "active",
    sealed: 0,
    openedAt: event.at,
    openedBy: event.actor.id,
    planHash,
    policyVersion: policy.version,
    done: 0,
    total: plan.nodes.length,
    headSeq: event.seq,
    headHash: event.hash,
    updatedAt: event.at,
    canary: canary ? 1 : 0,
  };
}

function toEventRow(team: string, event: TraceEvent): TraceEventRow {
  return {
    team,
    missionId: event.missionId,
    seq: event.seq,
    type: event.type,
    nodeId: event.nodeId,
    actorKind: event.actor.kind,
    actorId: event.actor.id,
    at: event.at,
    stateBefore: event.stateBefore,
    stateAfter: event.stateAfter,
    verdict: event.gateResult?.verdict ?? null,
    reasonCodes: JSON.stringify(reasonCodesOf(event)),
    hash: event.hash,
  };
}

function reasonCodesOf(event: TraceEvent): readonly string[] {
  if (event.type === "incident.raised") return dataOf(event, "incident.raised").reasonCodes;
  return [...new Set(event.gateResult?.reasons.map((reason) => reason.code))];
}

function toRaised(event: TraceEvent): RaisedIncident {
  const { kind, severity, reasonCodes, summary } = dataOf(event, "incident.raised");
  const { missionId, nodeId, seq, at } = event;
  return { missionId, nodeId, seq, kind, severity, reasonCodes, summary, openedAt: at };
}

function projectApproval(
  team: string,
  event: TraceEvent,
  approvals: Map<string, ApprovalRow>,
  patches: Map<string, ApprovalPatch>,
): void {
  const { missionId, seq } = event;
  const nodeId = event.nodeId ?? amendmentOf(event);
  if (nodeId === null) return;
  if (event.type === "approval.requested") {
    approvals.set(nodeId, requestedRow(team, nodeId, event));
    return;
  }
  const change = approvalChange(event);
  if (change === null) return;
  const { gateDigest, state } = change;
  const held = approvals.get(nodeId);
  if (held !== undefined) {
    if (held.gateDigest !== gateDigest) return;
    const requirement = change.requirement ?? held.requirement;
    approvals.set(nodeId, { ...held, state, have: change.have ?? held.have, requirement, seq });
    return;
  }
  const key = `${nodeId} ${gateDigest}`;
  const have = change.have ?? patches.get(key)?.have ?? null;
  const requirement = change.requirement ?? patches.get(key)?.requirement ?? null;
  patches.set(key, { team, missionId, nodeId, gateDigest, state, have, requirement, seq });
}

/** The id of the amendment that an approval event without a node is about. */
function amendmentOf(event: TraceEvent): string | null {
  if (event.type === "approval.requested") return dataOf(event, event.type).statement.nodeId;
  switch (event.type) {
    case "approval.granted":
    case "approval.denied":
    case "approval.expired":
    case "approval.voided":
    case "approval.revoked":
      return dataOf(event, event.type).amendment ?? null;
    default:
      return null;
  }
}

function withdrawnRows(team: string, event: TraceEvent): readonly WithdrawnRow[] {
  const { missionId, seq, at } = event;
  const nodeId = event.nodeId ?? amendmentOf(event);
  if (nodeId === null) return [];
  const row = { team, missionId, seq, nodeId, at };
  if (event.type === "approval.voided") {
    const { gateDigest, newGateDigest, approvers } = dataOf(event, event.type);
    const cause = "voided";
    return approvers.map((approver) => ({ ...row, approver, gateDigest, newGateDigest, cause }));
  }
  if (event.type !== "approval.revoked") return [];
  const { gateDigest, approver, cause } = dataOf(event, event.type);
  return [{ ...row, approver, gateDigest, newGateDigest: null, cause }];
}

interface ApprovalChange {
  readonly gateDigest: string;
  readonly state: string;
  readonly have: number | null;
  readonly requirement?: string;
}

function approvalChange(event: TraceEvent): ApprovalChange | null {
  switch (event.type) {
    case "approval.granted": {
      const { gateDigest, have, need } = dataOf(event, "approval.granted");
      return { gateDigest, state: have >= need ? "granted" : "pending", have };
    }
    case "approval.escalated": {
      const { gateDigest, requirement } = dataOf(event, "approval.escalated");
      return { gateDigest, state: "pending", have: null, requirement: JSON.stringify(requirement) };
    }
    case "approval.denied": {
      const { gateDigest } = dataOf(event, "approval.denied");
      return { gateDigest, state: "denied", have: null };
    }
    case "approval.expired": {
      const { gateDigest } = dataOf(event, "approval.expired");
      return { gateDigest, state: "expired", have: null };
    }
    case "approval.voided": {
      const { gateDigest } = dataOf(event, "approval.voided");
      return { gateDigest, state: "voided", have: null };
    }
    default:
      return null;
  }
}

function requestedRow(team: string, nodeId: string, event: TraceEvent): ApprovalRow {
  const data = dataOf(event, "approval.requested");
  return {
    team,
    missionId: event.missionId,
    nodeId,
    gateDigest: data.gateDigest,
    attempt: data.attempt,
    risk: data.risk,
    title: data.title,
    summary: data.summary,
    quorum: data.requirement.quorum,
    groupName: data.requirement.group ?? null,
    requirement: JSON.stringify(data.requirement),
    have: 0,
    deadlineAt: data.deadlineAt,
    action: data.action === null ? null : JSON.stringify(data.action),
    evidence: JSON.stringify(data.evidence),
    statement: JSON.stringify(data.statement),
    requestedAt: event.at,
    state: "pending",
    seq: event.seq,
  };
}
