/**
 * Views: a mission and its nodes as plain JSON, for the wire. The state hash of a replay is taken
 * over the mission view, so a member added here is a change of the state hash (docs/event-log.md).
 */
import type { NodeShare } from "../allocation/index.ts";
import {
  escalatedTo,
  isCounted,
  missingSeats,
  type SeatRequirement,
  seatsOf,
} from "../approval/index.ts";
import { hashJson } from "../canonical.ts";
import { type EvidenceSummary, shownEvidence } from "../evidence/index.ts";
import type { NamedPause, RecordedReason } from "../gates/index.ts";
import type { ApprovalRequirement, FactorsSpec, NodeSpec } from "../plan/index.ts";
import { unixMsToIso } from "../time.ts";
import { amendmentRisk, type Amendments, type AppliedAmendment } from "./amendments.ts";
import { nodeRecord } from "./evolve.ts";
import type { LoopCode } from "./loop.ts";
import type { HeldReceipt, MissionState, MissionStatus, NodeRecord, NodeStatus } from "./state.ts";
import { shareOf, totalOf } from "./share.ts";
import { specOf } from "./turn.ts";
import type { JsonObject } from "../strict-json.ts";
import type { UniverseObservation } from "../universe/index.ts";

export interface NodeView {
  readonly id: string;
  readonly title: string;
  readonly kind: NodeSpec["kind"];
  readonly phase: string;
  readonly risk: number;
  readonly ownerR: NodeSpec["ownerR"];
  readonly ownerX: NodeSpec["ownerX"];
  readonly approves: string | null;
  readonly state: NodeStatus;
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Attempts before the last reset, which no longer count; only there after one. */
  readonly attemptsForgiven?: number;
  /** Resets by people; only there after one. */
  readonly resets?: number;
  /** The loop that ends at a person; only there while the loop guard holds the node. */
  readonly loop?: LoopCode;
  readonly verdict: "pause" | "block" | "seal" | null;
  readonly reasons: readonly RecordedReason[];
  readonly proposal: {
    readonly id: string;
    readonly agent: string;
    readonly rationale: string;
    readonly action: {
      readonly type: string;
      readonly args: JsonObject;
      readonly argsHash: string;
    } | null;
    /** There only where the proposal gave them. */
    readonly universes?: readonly UniverseObservation[];
    readonly factors?: FactorsSpec;
    readonly purpose?: string;
    readonly writeSet?: readonly string[];
  } | null;
  readonly evidence: readonly EvidenceSummary[];
  readonly approvals: readonly { readonly approver: string; readonly gateDigest: string }[];
  readonly request: {
    readonly gateDigest: string;
    /** Only there where gates paused; `subjectDigest` is the digest without them. */
    readonly pauses?: readonly NamedPause[];
    readonly subjectDigest?: string;
    readonly requirement: ApprovalRequirement;
    /** Who fills which seat now; only there after a step of the escalation. */
    readonly askedNow?: SeatRequirement;
    /** The last reminder's number; only there after one. */
    readonly reminded?: number;
    readonly have: number;
    readonly deadlineAt: string;
  } | null;
  readonly ticket: {
    readonly jti: string;
    readonly issuedAt: string;
    readonly expiresAt: string;
  } | null;
  readonly receipt: HeldReceipt | null;
  readonly result: {
    readonly outputs: JsonObject;
    readonly tests: readonly { readonly id: string; readonly passed: boolean }[];
    readonly by: string;
  } | null;
  readonly lease: {
    readonly fence: Readonly<Record<string, number>>;
    readonly expiresAt: string | null;
    /** Absent in missions that count their fences by themselves. */
    readonly scope?: "team";
  } | null;
  readonly ranDigest: string | null;
  /** Only of a node whose plan declares a human share. */
  readonly share?: NodeShare;
}

export interface MissionView {
  readonly id: string;
  readonly team: string;
  readonly title: string;
  readonly state: MissionStatus;
  readonly sealed: boolean;
  readonly openedAt: string;
  readonly openedBy: string;
  readonly planHash: string;
  readonly policy: { readonly version: string; readonly hash: string };
  readonly inputs: readonly EvidenceSummary[];
  readonly progress: { readonly done: number; readonly total: number };
  /** In the plan's topological order. */
  readonly nodes: readonly NodeView[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Only where some node has a human share: H_total over all nodes. */
  readonly allocation?: { readonly hTotal: number };
  /** Resets of the whole mission; only there after one. */
  readonly resets?: number;
  /** Only there once an agent was banned from the mission. */
  readonly bannedAgents?: readonly string[];
  /** Only there once an amendment has been proposed. */
  readonly amendments?: AmendmentsView;
}

export interface AmendmentsView {
  readonly open: {
    readonly id: string;
    readonly title: string;
    readonly reason: string;
    readonly by: string;
    readonly risk: number;
    /** Whole, so that nobody signs what they cannot read. */
    readonly nodes: readonly NodeSpec[];
    readonly edges: readonly { readonly from: string; readonly to: string }[];
    readonly request: NodeView["request"];
  } | null;
  readonly applied: readonly AppliedAmendment[];
}

/** The mission as plain JSON. O(nodes + edges). */
export function viewMission(state: MissionState): MissionView {
  const { plan } = state;
  const nodes = plan.order.map((nodeId) => viewNode(state, nodeId));
  const allocation = totalOf(state, nodes);
  return {
    id: state.missionId,
    team: state.team,
    title: plan.plan.title,
    state: state.status,
    sealed: state.sealed,
    openedAt: state.openedAt,
    openedBy: state.openedBy,
    planHash: plan.hash,
    policy: { version: state.policy.version, hash: state.policy.hash },
    inputs: state.inputs.map(shownEvidence),
    progress: { done: state.doneCount, total: plan.order.length },
    nodes,
    edges: plan.plan.edges,
    ...(state.resets !== undefined && { resets: state.resets }),
    ...(state.bannedAgents && { bannedAgents: state.bannedAgents }),
    ...(allocation && { allocation }),
    ...(state.amendments && { amendments: viewAmendments(state.amendments) }),
  };
}

function viewAmendments({ open, applied }: Amendments): AmendmentsView {
  if (!open) return { open, applied };
  const { id, amendment, by } = open;
  const { title, reason, nodes, edges } = amendment;
  return {
    open: {
      id,
      title,
      reason,
      by,
      risk: amendmentRisk(amendment),
      nodes,
      edges,
      request: viewRequest(open),
    },
    applied,
  };
}

/** One node as plain JSON. */
export function viewNode(state: MissionState, nodeId: string): NodeView {
  const spec = specOf(state, nodeId);
  const record = nodeRecord(state, nodeId);
  const { proposal, ticket } = record;
  const share = shareOf(state, spec, record, proposal);
  return {
    id: nodeId,
    title: spec.title,
    kind: spec.kind,
    phase: spec.phase,
    risk: spec.risk,
    ownerR: spec.ownerR,
    ownerX: spec.ownerX,
    approves: spec.approves ?? null,
    state: record.status,
    attempt: record.attempt,
    attemptsMax: spec.attemptsMax,
    ...(record.attemptsForgiven !== undefined && { attemptsForgiven: record.attemptsForgiven }),
    ...(record.resets !== undefined && { resets: record.resets }),
    ...(record.loop && { loop: record.loop }),
    verdict: record.verdict,
    reasons: record.reasons,
    proposal: proposal && {
      id: proposal.id,
      agent: proposal.agent.id,
      rationale: proposal.rationale,
      action: proposal.action,
      ...(proposal.universes && { universes: proposal.universes }),
      ...(proposal.factors && { factors: proposal.factors }),
      ...(proposal.purpose === undefined ? {} : { purpose: proposal.purpose }),
      ...(proposal.writeSet && { writeSet: proposal.writeSet }),
    },
    evidence: record.evidence.map(shownEvidence),
    approvals: record.approvals.map(({ approver, gateDigest }) => ({ approver, gateDigest })),
    request: viewRequest(record),
    ticket: ticket && {
      jti: ticket.jti,
      issuedAt: ticket.issuedAt,
      expiresAt: unixMsToIso(ticket.expSeconds * 1000),
    },
    receipt: record.receipt,
    result: record.result,
    lease: record.lease,
    ranDigest: record.ranDigest,
    ...(share && { share }),
  };
}

function viewRequest({
  request,
  approvals,
  escalated,
}: Pick<NodeRecord, "request" | "approvals" | "escalated">): NodeView["request"] {
  if (!request) return null;
  const given = approvals
    .filter((approval) => approval.gateDigest === request.gateDigest)
    .map(({ approver: id, groups }) => ({ id, groups }));
  const { seq: _seq, ...shown } = request;
  const steps = escalated?.gateDigest === request.gateDigest ? escalated.steps : 0;
  const requirement = escalatedTo(request.requirement, steps);
  const have = isCounted(requirement)
    ? new Set(given.map(({ id }) => id)).size
    : seatsOf(requirement).length - missingSeats(requirement, given);
  return { ...shown, ...(steps > 0 && { askedNow: requirement }), have };
}

/** READY nodes in plan order, which is deterministic. O(ready log ready). */
export function viewReady(state: MissionState): readonly NodeView[] {
  const { indexById } = state.plan;
  return [...state.ready.keys()]
    .sort((a, b) => (indexById.get(a) ?? 0) - (indexById.get(b) ?? 0))
    .map((nodeId) => viewNode(state, nodeId));
}

/** The state hash: same plan and same trace give the same one, here, offline and in any replay. */
export function stateHash(state: MissionState): string {
  return hashJson(viewMission(state));
}
