/**
 * Answers: what a command's caller is told. An answer is a function of the command's own events
 * alone, so the stored answer of an idempotent retry is recomputed from its journal row.
 */
import { summarizeEvidence } from "../evidence/index.ts";
import { invariant } from "../invariant.ts";
import { unixMsToIso } from "../time.ts";
import type { EventDraft, GateResultRecord } from "../trace/index.ts";
import { dataOf, type EventType } from "./event.ts";
import type { Finding, MissionStatus, NodeStatus } from "./state.ts";

export type Answer =
  | {
      readonly type: "opened";
      readonly missionId: string;
      readonly state: MissionStatus;
      readonly planHash: string;
      readonly policyVersion: string;
      readonly ready: readonly string[];
    }
  | {
      readonly type: "evidence";
      readonly id: string;
      readonly hash: string;
      /** The bundle's content fits its hash; claims without a source, and without a primary one. */
      readonly verification: {
        readonly state: "hash_verified";
        readonly claims: number;
        readonly unsourced: readonly string[];
        readonly withoutPrimary: readonly string[];
      };
      readonly nodeState: NodeStatus;
    }
  | {
      readonly type: "gate";
      readonly proposalId: string;
      /** False when the proposal was refused without touching the node (not ready, not your node). */
      readonly adopted: boolean;
      readonly nodeState: NodeStatus;
      readonly gateDigest: string;
      readonly gateResult: GateResultRecord;
      readonly ticket: { readonly jti: string; readonly expiresAt: string } | null;
    }
  | {
      readonly type: "approval";
      readonly decision: "approve" | "deny";
      readonly approver: string;
      readonly gateDigest: string;
      readonly nodeState: NodeStatus;
      readonly gateResult: GateResultRecord | null;
    }
  | {
      readonly type: "result";
      readonly nodeState: NodeStatus;
      readonly gateResult: GateResultRecord;
    }
  | {
      readonly type: "amendment";
      /** `amendment.<n>`: the node id of its statement. */
      readonly id: string;
      readonly state: "applied" | "waiting" | "refused";
      readonly gateDigest: string;
      /** Of the plan the mission now runs. */
      readonly planHash: string;
      readonly ready: readonly string[];
      readonly gateResult: GateResultRecord;
    }
  | {
      readonly type: "intervention";
      /** The mission's, when everything that follows has happened. */
      readonly state: MissionStatus;
      /** Nodes that start over. */
      readonly reset: readonly string[];
    }
  | {
      readonly type: "repinned";
      readonly policyVersion: string;
      readonly policyHash: string;
      /** Nodes whose requests and approvals were voided. */
      readonly voided: readonly string[];
    }
  | {
      readonly type: "reconciled";
      readonly outcome: Finding;
      readonly nodeState: NodeStatus;
      readonly gateResult: GateResultRecord;
    }
  | { readonly type: "recorded"; readonly events: number };

/** What the caller of the command that yielded `events` is told; `recorded` when there is nothing special to tell. */
export function answerOf(events: readonly EventDraft[]): Answer {
  const own = events.find((event) => ANSWERING.has(event.type as EventType));
  if (!own) return { type: "recorded", events: events.length };
  switch (own.type) {
    case "mission.opened":
      return openedAnswer(own, events);
    case "evidence.submitted":
      return evidenceAnswer(own, events);
    case "proposal.submitted":
    case "proposal.refused":
      return gateAnswer(own, events);
    case "approval.granted":
    case "approval.denied":
      return approvalAnswer(own, events);
    case "amendment.proposed":
    case "amendment.refused":
      return amendmentAnswer(own, events);
    case "result.submitted":
      return {
        type: "result",
        nodeState: stateAfter(own, events),
        gateResult: required(lastWord(own, events)),
      };
    case "outcome.reconciled":
      return {
        type: "reconciled",
        outcome: dataOf(own, "outcome.reconciled").outcome,
        nodeState: stateAfter(own, events),
        gateResult: required(lastWord(own, events)),
      };
    case "mission.policy_repinned":
      return repinnedAnswer(own, events);
    default:
      return interventionAnswer(own, events);
  }
}

const ANSWERING = new Set<EventType>([
  "mission.opened",
  "evidence.submitted",
  "proposal.submitted",
  "proposal.refused",
  "approval.granted",
  "approval.denied",
  "result.submitted",
  "outcome.reconciled",
  "amendment.proposed",
  "amendment.refused",
  "mission.policy_repinned",
  "mission.reset",
  "agent.banned",
  "mission.paused",
  "mission.resumed",
  "mission.stopped",
]);

function repinnedAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const { version, hash } = dataOf(own, "mission.policy_repinned").policy;
  const voided = events.filter((event) => event.type === "approval.voided");
  return {
    type: "repinned",
    policyVersion: version,
    policyHash: hash,
    voided: [...new Set(voided.flatMap(({ nodeId }) => nodeId ?? []))],
  };
}

function interventionAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const last = events.findLast(({ nodeId }) => nodeId === null) ?? own;
  const reset = events.filter(({ type }) => type === "node.reset");
  return {
    type: "intervention",
    state: last.stateAfter as MissionStatus,
    reset: reset.flatMap(({ nodeId }) => nodeId ?? []),
  };
}

function openedAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const { missionId, planHash, policy } = dataOf(own, "mission.opened");
  const last = events.findLast((event) => event.nodeId === null);
  return {
    type: "opened",
    missionId,
    state: last?.stateAfter as MissionStatus,
    planHash,
    policyVersion: policy.version,
    ready: readyAfter(events),
  };
}

function readyAfter(events: readonly EventDraft[]): readonly string[] {
  const ready = new Set<string>();
  for (const { nodeId, stateAfter: state } of events) {
    if (nodeId === null) continue;
    if (state === "READY") ready.add(nodeId);
    else ready.delete(nodeId);
  }
  return [...ready];
}

function evidenceAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const { bundle } = dataOf(own, "evidence.submitted");
  const { claims } = summarizeEvidence(bundle);
  const verification = {
    state: "hash_verified",
    claims: claims.length,
    unsourced: claims.filter((claim) => claim.sources === 0).map((claim) => claim.id),
    withoutPrimary: claims.filter((claim) => claim.primarySources === 0).map((claim) => claim.id),
  } as const;
  return {
    type: "evidence",
    id: bundle.id,
    hash: bundle.hash,
    verification,
    nodeState: stateAfter(own, events),
  };
}

function gateAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const adopted = own.type === "proposal.submitted";
  const issued = events.find(
    (event) => event.type === "ticket.issued" && event.nodeId === own.nodeId,
  );
  const claims = issued ? dataOf(issued, "ticket.issued").claims : null;
  const data = own.data as {
    readonly proposalId?: string;
    readonly gateDigest: string;
    readonly proposal?: { readonly id: string } | null;
  };
  return {
    type: "gate",
    proposalId: data.proposalId ?? data.proposal?.id ?? "",
    adopted,
    nodeState: stateAfter(own, events),
    gateDigest: data.gateDigest,
    gateResult: required(adopted ? lastWord(own, events) : own.gateResult),
    ticket: claims && { jti: claims.jti, expiresAt: unixMsToIso(claims.exp * 1000) },
  };
}

function amendmentAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const { id, gateDigest, planHash, amendedPlanHash } = dataOf(own, "amendment.proposed");
  const isApplied = events.some((event) => event.type === "mission.amended");
  const state = isApplied ? "applied" : "waiting";
  return {
    type: "amendment",
    id,
    state: own.type === "amendment.refused" ? "refused" : state,
    gateDigest,
    planHash: isApplied ? amendedPlanHash : planHash,
    ready: readyAfter(events),
    gateResult: required(own.gateResult),
  };
}

function approvalAnswer(own: EventDraft, events: readonly EventDraft[]): Answer {
  const amended = events.find((event) => event.type === "mission.amended");
  const data = own.data as { readonly approver: string; readonly gateDigest: string };
  return {
    type: "approval",
    decision: own.type === "approval.granted" ? "approve" : "deny",
    approver: data.approver,
    gateDigest: data.gateDigest,
    // An amendment reads like an approval node: BLOCKED until people have decided, DONE when applied.
    nodeState: own.nodeId === null ? (amended ? "DONE" : "BLOCKED") : stateAfter(own, events),
    gateResult: own.gateResult ?? lastWord(own, events) ?? amended?.gateResult ?? null,
  };
}

/**
 * The last word on the node that the command was about: that of the entry gate, of the exit gate when
 * the node went on to it, or a failed attempt as a block; null when no gate was asked.
 */
function lastWord(own: EventDraft, events: readonly EventDraft[]): GateResultRecord | null {
  const last = events
    .slice(events.indexOf(own) + 1)
    .findLast(
      ({ type, nodeId }) =>
        nodeId === own.nodeId && (type === "gate.evaluated" || type === "node.failed"),
    );
  if (last?.type !== "node.failed") return last?.gateResult ?? null;
  const { reasons } = dataOf(last, "node.failed");
  return {
    verdict: "block",
    score: 2,
    reasons,
    gates: [{ gate: "consistency", verdict: "block" }],
  };
}

function required(result: GateResultRecord | null): GateResultRecord {
  invariant(result, "a gate that was asked has a result");
  return result;
}

function stateAfter(own: EventDraft, events: readonly EventDraft[]): NodeStatus {
  const last = events.findLast((event) => event.nodeId === own.nodeId);
  return (last ?? own).stateAfter as NodeStatus;
}
