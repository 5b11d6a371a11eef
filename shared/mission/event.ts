/**
 * Events: what happened to a mission, in the past tense. Once stored an event never changes; a new
 * member is a new event version (docs/event-log.md). `EventData` gives `data` by event type.
 */
import type { EvidenceBundle } from "../evidence/index.ts";
import type { Reason } from "../gates/index.ts";
import type { ApprovalRequirement, Plan } from "../plan/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { Denial, Receipt, TicketClaims } from "../ticket/index.ts";
import type { EventDraft } from "../trace/index.ts";
import type { HeldProposal, HeldResult } from "./state.ts";

/** Claims before their place in the trace is known; recording adds `trace_seq` and `trace_hash`. */
export type UnplacedClaims = Omit<TicketClaims, "trace_seq" | "trace_hash">;

export interface EventData {
  "mission.opened": {
    readonly missionId: string;
    readonly team: string;
    readonly plan: Plan;
    readonly planHash: string;
    readonly inputs: readonly EvidenceBundle[];
    readonly policy: PinnedPolicy;
  };
  "mission.paused": { readonly reason: string };
  "mission.resumed": { readonly reason: string };
  "mission.stopped": { readonly reason: string };
  "mission.sealed": { readonly reasons: readonly Reason[] };
  "mission.completed": { readonly nodes: number };
  "node.ready": Record<string, never>;
  "node.unblocked": { readonly cause: "evidence" | "approval" | "proposal" | "resume" };
  "node.failed": {
    readonly attempt: number;
    readonly reasons: readonly Reason[];
    /** "in_doubt" never leads back to READY. */
    readonly cause:
      | "tests_failed"
      | "action_failed"
      | "ticket_unused"
      | "lease_expired"
      | "in_doubt";
  };
  "evidence.submitted": { readonly bundle: EvidenceBundle };
  "proposal.submitted": { readonly proposal: HeldProposal; readonly gateDigest: string };
  "proposal.refused": {
    readonly proposal: HeldProposal | null;
    readonly proposalId: string;
    readonly gateDigest: string;
  };
  "gate.evaluated": {
    readonly phase: "entry" | "exit";
    readonly attempt: number;
    readonly gateDigest: string;
    readonly policyHash: string;
    /** Set when the entry gate allowed a node that writes. */
    readonly lease: {
      readonly fence: Readonly<Record<string, number>>;
      readonly expiresAt: string | null;
    } | null;
  };
  "approval.requested": {
    readonly gateDigest: string;
    readonly attempt: number;
    readonly risk: number;
    readonly title: string;
    readonly summary: string;
    readonly requirement: ApprovalRequirement;
    readonly deadlineAt: string;
    readonly action: {
      readonly type: string;
      readonly args: unknown;
      readonly argsHash: string;
    } | null;
    readonly evidence: readonly string[];
    /** What is signed, but for decision, approver, reason and the statement's own times. */
    readonly statement: {
      readonly missionId: string;
      readonly nodeId: string;
      readonly attempt: number;
      readonly gateDigest: string;
    };
  };
  "approval.granted": {
    readonly gateDigest: string;
    readonly approver: string;
    readonly groups: readonly string[];
    readonly kid: string;
    /** The registered public key, so that an outsider can verify `approvalSignature` offline. */
    readonly jwk: unknown;
    readonly statementExpiresAt: string;
    /** Set where the directory ends the person's right to approve. */
    readonly validUntil?: string;
    readonly have: number;
    readonly need: number;
  };
  "approval.denied": {
    readonly gateDigest: string;
    readonly approver: string;
    readonly kid: string;
    readonly jwk: unknown;
    readonly reason: string;
  };
  "approval.expired": { readonly gateDigest: string; readonly deadlineAt: string };
  "approval.voided": {
    readonly gateDigest: string;
    readonly newGateDigest: string;
    readonly approvers: readonly string[];
  };
  "result.submitted": { readonly result: HeldResult };
  "ticket.issued": { readonly claims: TicketClaims | UnplacedClaims; readonly ticket?: string };
  "ticket.denied": { readonly denial: Denial };
  /** A re-sent ticket that the gateway had settled meanwhile: expected, no incident. */
  "ticket.duplicate": { readonly denial: Denial };
  "ticket.overdue": { readonly jti: string; readonly expiresAt: string };
  "receipt.recorded": {
    readonly receipt: Receipt;
    /** Re-sends made before it came. */ readonly resends: number;
  };
  "incident.raised": {
    readonly kind: IncidentKind;
    readonly severity: "low" | "medium" | "high" | "critical";
    readonly reasonCodes: readonly string[];
    readonly summary: string;
  };
}

export type IncidentKind =
  | "ticket_denied"
  | "outcome_unknown"
  | "mission_sealed"
  | "attempts_exhausted"
  | "ticket_unsettled"
  | "chain_broken"
  | "dead_letter";

export type EventType = keyof EventData;

/** The typed data of an event already known to be of type `type`. Trusts the verified chain. */
export function dataOf<T extends EventType>(event: EventDraft, _type: T): EventData[T] {
  return event.data as unknown as EventData[T];
}
