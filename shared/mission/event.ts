/**
 * Events: what happened to a mission, in the past tense. Once stored an event never changes; a new
 * member is a new event version (docs/event-log.md). `EventData` gives `data` by event type.
 */
import type { RecordedPasskey, SeatRequirement } from "../approval/index.ts";
import type { NodeShare } from "../allocation/index.ts";
import type { ZoneFacts } from "../architect/index.ts";
import type { EvidenceBundle, RecordedVerification } from "../evidence/index.ts";
import type { NamedPause, Reason } from "../gates/index.ts";
import type { LeaseFact } from "../lease/index.ts";
import type { Amendment, ApprovalRequirement, Plan } from "../plan/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { Denial, Receipt, TicketClaims } from "../ticket/index.ts";
import type { EventDraft, Verdict } from "../trace/index.ts";
import type { UniverseObservation } from "../universe/index.ts";
import type { Proposer } from "./amendments.ts";
import type { PersonStanding } from "./command.ts";
import type { LoopCode } from "./loop.ts";
import type { Finding, HeldLease, HeldProposal, HeldResult } from "./state.ts";

/**
 * The generation of the rules a mission opened under: rises when the same inputs may lead to other
 * events. A replay compares a trace of the same generation byte for byte (docs/replay.md).
 */
export const RULES_VERSION = 3;

/** Claims before their place in the trace is known; recording adds `trace_seq` and `trace_hash`. */
export type UnplacedClaims = Omit<TicketClaims, "trace_seq" | "trace_hash">;

/** A new part of the plan, with what the directory said of who proposed it. */
interface ProposedAmendment {
  /** `amendment.<n>`, the node id of its statement. */
  readonly id: string;
  readonly amendment: Amendment;
  readonly proposer: Proposer;
  /** What was registered of the zones it concerns; only there where something was. */
  readonly zones?: readonly ZoneFacts[];
  readonly risk: number;
  readonly gateDigest: string;
  readonly policyHash: string;
  readonly planHash: string;
  readonly amendedPlanHash: string;
}

/** Of an approval event about an amendment, whose `nodeId` is null: the amendment's id. */
interface OfAmendment {
  readonly amendment?: string;
}

/** Whose proposal the event is about, where somebody's; from the third generation on. */
interface OfProposer {
  readonly proposer?: string;
}

/** The delegation somebody acted under, so that an outsider can verify it offline. */
export interface RecordedDelegation {
  readonly id: string;
  /** The signed statement; `jwk` is the delegator's registered key that verifies it. */
  readonly statement: string;
  readonly kid: string;
  readonly jwk: unknown;
  /** The delegator's own groups then, and the end of their right, where there is one. */
  readonly groups: readonly string[];
  readonly validUntil?: string;
}

/** Of a decision on somebody else's behalf: whose, and by which right. */
interface OfDelegation {
  readonly delegatedBy?: string;
  readonly delegation?: RecordedDelegation;
}

interface OfProposal extends OfAmendment, OfProposer {}

/** What is signed, but for decision, approver, reason and the statement's own times. */
interface StatementParts {
  readonly missionId: string;
  readonly nodeId: string;
  readonly attempt: number;
  readonly gateDigest: string;
}

/** An open request told of again. */
interface StillAsked {
  readonly gateDigest: string;
  readonly attempt: number;
  readonly risk: number;
  readonly title: string;
  readonly deadlineAt: string;
  readonly statement: StatementParts;
}

export interface EventData {
  "mission.opened": {
    /** Absent in missions opened before there was a second generation. */
    readonly rules?: number;
    readonly missionId: string;
    readonly team: string;
    readonly plan: Plan;
    readonly planHash: string;
    readonly inputs: readonly EvidenceBundle[];
    /** By bundle hash; only of inputs with receipts. */
    readonly verifications?: Readonly<Record<string, RecordedVerification>>;
    readonly policy: PinnedPolicy;
    /** A policy on trial when the mission opened; it is asked beside the pinned one and decides nothing. */
    readonly shadow?: PinnedPolicy;
    /** Planted to see whether people refuse it (docs/attention.md); who approves is not shown this. */
    readonly canary?: true;
  };
  "mission.policy_repinned": {
    readonly from: { readonly version: string; readonly hash: string };
    readonly policy: PinnedPolicy;
    readonly approver: string;
    readonly kid: string;
    readonly jwk: unknown;
    readonly reason: string;
  };
  "mission.paused": { readonly reason: string };
  "mission.resumed": { readonly reason: string };
  "mission.stopped": { readonly reason: string };
  /** A person resets one node, or every node that can be; each follows as `node.reset`. */
  "mission.reset": {
    readonly reason: string;
    /** The one node; absent where it is the whole mission. */
    readonly nodeId?: string;
    /** Resets of this node, or of the whole mission, so far; this one included. */
    readonly resets: number;
  };
  /** A person bans an agent from this mission; what rests on its proposals follows as `node.reset`. */
  "agent.banned": { readonly agent: string; readonly reason: string };
  "mission.sealed": { readonly reasons: readonly Reason[] };
  "mission.completed": { readonly nodes: number };
  "amendment.proposed": ProposedAmendment;
  "amendment.refused": ProposedAmendment;
  "mission.amended": {
    readonly id: string;
    readonly gateDigest: string;
    readonly policyHash: string;
    /** Of the plan before and with the amendment. */
    readonly planHash: string;
    readonly amendedPlanHash: string;
    readonly nodes: readonly string[];
  };
  "node.ready": Record<string, never>;
  "node.unblocked": {
    readonly cause:
      | "evidence"
      | "approval"
      | "proposal"
      | "resume"
      | "amendment"
      | "policy"
      | "lease";
    /** With cause `lease`, where it was another mission that gave them free. */
    readonly freed?: readonly string[];
  };
  "node.failed": OfProposer & {
    readonly attempt: number;
    readonly reasons: readonly Reason[];
    /** "in_doubt" never leads back to READY. */
    readonly cause:
      | "tests_failed"
      | "action_failed"
      | "ticket_unused"
      | "lease_expired"
      | "not_done"
      | "in_doubt";
  };
  /** The node starts over: nobody's proposal, nobody's approval, all its attempts. */
  "node.reset": {
    readonly cause: "reset" | "ban";
    /** The attempt to come; no attempt before it had this number. */
    readonly attempt: number;
    /** Resets of this node by people so far. */
    readonly resets: number;
  };
  "evidence.submitted": {
    readonly bundle: EvidenceBundle;
    /** Of a bundle with receipts: what they came to, and the keys to check them with again. */
    readonly verification?: RecordedVerification;
  };
  "proposal.submitted": { readonly proposal: HeldProposal; readonly gateDigest: string };
  "proposal.refused": {
    readonly proposal: HeldProposal | null;
    readonly proposalId: string;
    readonly gateDigest: string;
    /** Where `proposal` is null: what was proposed, and that the directory vouched for nobody. */
    readonly asked?: Omit<HeldProposal, "agent"> & { readonly agent: null | "unavailable" };
  };
  /** Proposals go round in circles: the whole node waits for a person, or one agent is not heard at it. */
  "loop.detected": {
    readonly code: LoopCode;
    /** Whose refused proposals they are; null where the node waits. */
    readonly agent: string | null;
  };
  "gate.evaluated": OfProposer & {
    readonly phase: "entry" | "exit";
    readonly attempt: number;
    readonly gateDigest: string;
    readonly policyHash: string;
    /** At the entry of a node with a human share. */
    readonly share?: NodeShare;
    /** At the passed exit of such a node: what nodes of its class learn from it. */
    readonly passage?: { readonly class: string; readonly quality: number };
    /** Set when the entry gate allowed a node that writes. */
    readonly lease: HeldLease | null;
    /** What the arbiters said where they did not grant; asked only when every other gate allowed. */
    readonly leaseFact?: Exclude<LeaseFact, { readonly state: "granted" }>;
    /** People the entry gate asked for, where it allowed; what the exit gate counts against. */
    readonly quorum?: number;
    /** What the policy on trial would have said; `differs` from the verdict that counts. */
    readonly shadow?: {
      readonly version: string;
      readonly hash: string;
      readonly verdict: Verdict;
      readonly differs: boolean;
    };
  };
  "approval.requested": {
    readonly gateDigest: string;
    readonly attempt: number;
    readonly risk: number;
    readonly title: string;
    readonly summary: string;
    readonly requirement: ApprovalRequirement;
    readonly deadlineAt: string;
    /** The pauses that the digest names and an approval of it clears; only there where gates paused. */
    readonly pauses?: readonly NamedPause[];
    /** With `pauses`: the digest without them. A refusal is final for both. */
    readonly subjectDigest?: string;
    readonly action: {
      readonly type: string;
      readonly args: unknown;
      readonly argsHash: string;
    } | null;
    readonly evidence: readonly string[];
    /** There only where the proposal observed some: the digest covers them. */
    readonly universes?: readonly UniverseObservation[];
    /** Steps of the escalation that this digest has behind it; only there where it has. */
    readonly escalated?: number;
    readonly statement: StatementParts;
  };
  /** A step of the escalation has come: this group is asked too, or instead. */
  "approval.escalated": StillAsked & {
    /** Counted from 1. */
    readonly step: number;
    readonly group: string;
    readonly instead?: boolean;
    /** Who fills which seat from now on. */
    readonly requirement: SeatRequirement;
  };
  /** People are still asked. */
  "approval.reminded": StillAsked & {
    /** Which of the points of time it stands for, counted from 1; points that nobody saw pass are skipped. */
    readonly reminder: number;
    readonly have: number;
    readonly need: number;
  };
  "approval.granted": OfProposal &
    OfDelegation & {
      readonly gateDigest: string;
      readonly approver: string;
      readonly groups: readonly string[];
      readonly kid: string;
      /** The registered public key, so that an outsider can verify `approvalSignature` offline. */
      readonly jwk: unknown;
      /** Set where it was signed with a passkey; `approvalSignature` is then the assertion's signature. */
      readonly passkey?: RecordedPasskey;
      readonly statementExpiresAt: string;
      /** Set where the directory ends the person's right to approve. */
      readonly validUntil?: string;
      readonly have: number;
      readonly need: number;
      /** Alone, in an emergency; an incident follows at once. */
      readonly breakGlass?: true;
    };
  "approval.denied": OfProposal &
    OfDelegation & {
      readonly gateDigest: string;
      readonly approver: string;
      readonly kid: string;
      readonly jwk: unknown;
      readonly passkey?: RecordedPasskey;
      readonly reason: string;
    };
  "approval.expired": OfAmendment & { readonly gateDigest: string; readonly deadlineAt: string };
  "approval.voided": OfAmendment & {
    readonly gateDigest: string;
    readonly newGateDigest: string;
    readonly approvers: readonly string[];
  };
  /** The person, their key or their group is not what it was when they approved. */
  "approval.revoked": OfAmendment & {
    readonly gateDigest: string;
    readonly approver: string;
    readonly kid: string;
    readonly cause:
      | "person_removed"
      | "key_removed"
      | "not_valid"
      | "group_left"
      | "delegation_ended";
    /** Whose standing it is, where that is the delegator's. */
    readonly person?: string;
    /** What the directory said; null where it no longer knew the person. */
    readonly standing: PersonStanding | null;
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
  /** A definite outcome of a ticket that was settled as unknown before; it moves nothing. */
  "receipt.late": {
    readonly receipt: Receipt;
    /** Whether a person had found the opposite by then. */
    readonly contradicts: boolean;
  };
  /** A person says what became of an action whose outcome is unknown. */
  "outcome.reconciled": {
    readonly jti: string;
    readonly attempt: number;
    readonly outcome: Finding;
    readonly reason: string;
    /** Hashes of bundles the mission holds; only there where some were named. */
    readonly evidence?: readonly string[];
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
  | "outcome_contradicted"
  | "mission_sealed"
  | "break_glass"
  | "canary_approved"
  | "attempts_exhausted"
  | "resets_repeated"
  | "loop_detected"
  | "ticket_unsettled"
  | "verifier_unavailable"
  | "chain_broken"
  | "dead_letter";

export type EventType = keyof EventData;

/** The typed data of an event already known to be of type `type`. Trusts the verified chain. */
export function dataOf<T extends EventType>(event: EventDraft, _type: T): EventData[T] {
  return event.data as unknown as EventData[T];
}
