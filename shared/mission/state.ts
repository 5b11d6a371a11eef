/**
 * State: the fold of a mission's events. Never stored as truth; a snapshot is only a faster fold.
 *
 * Node records are immutable and replaced on change; the tables that hold them are changed in
 * place by `evolve`, on the fork that `decide` works on or on the object's own copy after commit.
 */
import type { Passages } from "../allocation/index.ts";
import type { ApprovalRequirement, CompiledPlan, FactorsSpec } from "../plan/index.ts";
import type { EvidenceSummary } from "../evidence/index.ts";
import type { NamedPause, RecordedReason } from "../gates/index.ts";
import type { ActionHistory, PinnedPolicy } from "../policy/index.ts";
import type { Receipt } from "../ticket/index.ts";
import type { Head, Verdict } from "../trace/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { UniverseObservation } from "../universe/index.ts";
import type { Amendments } from "./amendments.ts";
import type { AgentFacts } from "./command.ts";
import type { LoopCode, Refusals, ReturnedProposal } from "./loop.ts";
import type { Table } from "./table.ts";

export type NodeStatus = "NEW" | "READY" | "RUNNING" | "DONE" | "BLOCKED";
export type MissionStatus = "active" | "paused" | "stopped" | "completed";

/** The proposal a node carries: what its gate is asked about. */
export interface HeldProposal {
  readonly id: string;
  readonly agent: AgentFacts;
  readonly rationale: string;
  readonly action: {
    readonly type: string;
    readonly args: JsonObject;
    readonly argsHash: string;
  } | null;
  readonly factors?: FactorsSpec;
  readonly universes?: readonly UniverseObservation[];
  readonly purpose?: string;
  readonly writeSet?: readonly string[];
}

/** What a proposal may declare beside its action. */
export type Declarations = Pick<HeldProposal, "factors" | "universes" | "purpose" | "writeSet">;

/** The declarations that are there, and no others: an absent one must stay absent in what is hashed. */
export function declarationsOf(proposal: Declarations): Declarations {
  const { factors, universes, purpose, writeSet } = proposal;
  return {
    ...(factors && { factors }),
    ...(universes && { universes }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(writeSet && { writeSet }),
  };
}

/** One human's recorded approval; counts only while its digest is the node's current one, once a person. */
export interface HeldApproval {
  readonly approver: string;
  readonly groups: readonly string[];
  readonly kid: string;
  readonly gateDigest: string;
  readonly statementExpiresAt: string;
  /** When the person's right to approve ends, as the directory said then; null: open. */
  readonly validUntil: string | null;
  /** Stands for the whole quorum; only there where it does. */
  readonly breakGlass?: true;
  /** Whose seat it fills, where not the approver's own, and the delegation with the key that signed it. */
  readonly delegatedBy?: string;
  readonly delegation?: { readonly id: string; readonly kid: string };
}

export interface OpenRequest {
  readonly gateDigest: string;
  /** Only there where the digest names pauses: they, and the digest it would be without them. */
  readonly pauses?: readonly NamedPause[];
  readonly subjectDigest?: string;
  readonly requirement: ApprovalRequirement;
  readonly deadlineAt: string;
  /** The last point of time at which people were reminded; only there after one. */
  readonly reminded?: number;
  /** Its event, once that is recorded. Not in views. */
  readonly seq?: number;
}

export interface HeldTicket {
  readonly jti: string;
  readonly seq: number;
  readonly attempt: number;
  readonly gateDigest: string;
  readonly actionType: string;
  readonly argsHash: string;
  /** Hash of the plan it was issued under, which an amendment may have replaced since. */
  readonly graphHash?: string;
  /** Version of the policy it was issued under, which a re-pin may have replaced since. */
  readonly policyVersion?: string;
  readonly issuedAt: string;
  /** The ticket's `exp`, whole seconds since the epoch. */
  readonly expSeconds: number;
  /** Whether an incident has been raised because no receipt came. */
  readonly overdue: boolean;
}

/** What a person found of an action whose outcome the gateway did not know. */
export type Finding = "done" | "not_done";

/** The gateway's receipt; where it does not know the outcome, also what a person found. */
export type HeldReceipt = Receipt & {
  readonly reconciled?: { readonly outcome: Finding; readonly by: string };
};

/** What is remembered of every ticket ever issued. */
export interface TicketRecord {
  readonly nodeId: string;
  /** Where the outcome was unknown: `open` until a person finds it out. */
  readonly doubt?: "open" | Finding;
  /** The definite outcome that the gateway reported after it had been unknown. */
  readonly late?: Receipt["outcome"];
  /** Re-sends made before the receipt came; that many duplicates are no replay. */
  readonly resends: number;
  readonly duplicates: number;
}

export interface HeldResult {
  readonly outputs: JsonObject;
  readonly tests: readonly { readonly id: string; readonly passed: boolean }[];
  readonly by: string;
}

export interface HeldLease {
  readonly fence: Readonly<Record<string, number>>;
  /** null while an execution's ticket is unsettled: the fence, not the clock, protects it. */
  readonly expiresAt: string | null;
  /** `team` where the arbiters gave the numbers; absent where the mission counted them by itself. */
  readonly scope?: "team";
}

export interface NodeRecord {
  readonly status: NodeStatus;
  /** Starts at 1; the attempt under way or to come. One more than the node may have when all failed. */
  readonly attempt: number;
  /** Predecessors not yet DONE; READY when it reaches 0. */
  readonly waitingFor: number;
  /** Attempts made before the last reset, which do not count against the node; only there after one. */
  readonly attemptsForgiven?: number;
  /** Resets by people; only there after one. */
  readonly resets?: number;
  /** Proposals that came back since the node last ran or was reset, oldest first; from the third generation on. */
  readonly returned?: readonly ReturnedProposal[];
  /** By agent, proposals refused without touching the node; from the third generation on. */
  readonly refusals?: readonly Refusals[];
  /** The loop that ends at a person: the node takes no proposal until one decides. */
  readonly loop?: LoopCode | null;
  readonly verdict: Exclude<Verdict, "allow"> | null;
  readonly reasons: readonly RecordedReason[];
  readonly proposal: HeldProposal | null;
  /** Every agent whose proposal was adopted in this attempt; none of them may approve in it. */
  readonly proposers: readonly string[];
  readonly result: HeldResult | null;
  readonly receipt: HeldReceipt | null;
  /** Bundles submitted to this node, oldest first. */
  readonly evidence: readonly EvidenceSummary[];
  readonly approvals: readonly HeldApproval[];
  /** The event of the last request that somebody approved; only there once there was one. */
  readonly approvedSeq?: number;
  /** What was taken of people at this node (`answerId`), none of it again; only there once there was one. */
  readonly challenges?: readonly string[];
  /** Digests a human denied or let lapse: final for that digest. */
  readonly refusedDigests: readonly {
    readonly gateDigest: string;
    /** Where the refused digest named pauses: it is refused with and without them. */
    readonly subjectDigest?: string;
    readonly cause: "denied" | "expired";
    readonly by: string | null;
  }[];
  readonly request: OpenRequest | null;
  /** Steps of the escalation taken for a digest: they outlive a request that is asked anew. */
  readonly escalated?: { readonly gateDigest: string; readonly steps: number } | null;
  readonly ticket: HeldTicket | null;
  readonly lease: HeldLease | null;
  /** The digest the node last ran under; null before it first ran. */
  readonly ranDigest: string | null;
  /** The policy it last ran under, and the people that policy and the plan asked for. */
  readonly ranPolicyHash?: string;
  readonly ranQuorum?: number;
}

export interface SliceRecord {
  /** The highest fencing number used in this mission; rises strictly. 0: none yet. */
  readonly fence: number;
  readonly holder: string | null;
  /** Nodes paused for want of it, oldest first; absent where none is. */
  readonly waiting?: readonly string[];
}

export interface MissionState {
  missionId: string;
  team: string;
  status: MissionStatus;
  sealed: boolean;
  openedAt: string;
  openedBy: string;
  /** The generation of the rules it opened under, where that is 3 or later. */
  rules?: number;
  plan: CompiledPlan;
  policy: PinnedPolicy;
  inputs: readonly EvidenceSummary[];
  nodes: Table<NodeRecord>;
  /** READY nodes, and those the system itself must advance when it next gets a turn. */
  ready: Table<true>;
  advance: Table<true>;
  slices: Table<SliceRecord>;
  /** Every ticket ever issued, by jti. */
  tickets: Table<TicketRecord>;
  /** `<jti> <reason>` of every recorded denial: the first of its kind raises an incident. */
  denials: Table<true>;
  /** Nodes with something that a clock can end: request, ticket, lease. */
  timed: Table<true>;
  /**
   * No deadline of a timed node lies before it; null: there is none. Only a bound, so that a turn need not
   * look at every node that waits. Absent in older snapshots: look.
   */
  dueFloorMs?: number | null;
  /** Permitted actions by type, for the conditions of policies: docs/policy.md, "History". */
  history: Table<ActionHistory>;
  /** Actions ever permitted; numbers the entries of `history`. */
  actionCount: number;
  /** The policy on trial since the mission opened; only there where there was one. */
  shadow?: PinnedPolicy;
  /** Planted as a canary: approving it is an incident, and nothing in it runs; only there where it is. */
  canary?: true;
  /** Times the mission moved to a tighter policy; only there once it did. */
  repins?: number;
  /** Times a person reset the whole mission; only there after one. */
  resets?: number;
  /** Agents banned from this mission, oldest first; only there once one was. */
  bannedAgents?: readonly string[];
  /** Exit gates passed so far by nodes with a human share, by class (share.ts). */
  passages: Table<Passages>;
  doneCount: number;
  /** Recorded denials of tickets whose signature held, and of others; each kind has its own limit. */
  deniedVerifiedCount: number;
  deniedUnverifiedCount: number;
  /** Only there once an amendment has been proposed. */
  amendments?: Amendments;
  head: Head;
  lastAt: string;
}
