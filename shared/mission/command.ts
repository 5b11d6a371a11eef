/**
 * Commands: what someone wants of a mission. Imperative; each carries its time and the fresh
 * randomness it may need, so that `decide` reads no clock and draws no number.
 */
import type { ApproverFacts, DelegationFacts, SignedApproval } from "../approval/index.ts";
import type { EvidenceBundle, VerificationFacts } from "../evidence/index.ts";
import type { ZoneFacts } from "../architect/index.ts";
import type { LeaseFacts } from "../lease/index.ts";
import type { Amendment, CompiledPlan, FactorsSpec } from "../plan/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { Denial, Receipt } from "../ticket/index.ts";
import type { UnixMs } from "../time.ts";
import type { TrustFacts } from "../trust/index.ts";
import type { Actor } from "../trace/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { UniverseObservation } from "../universe/index.ts";
import type { Finding } from "./state.ts";

/** What the team's directory says of an agent at the moment it acts; recorded with its proposal. */
export interface AgentFacts {
  readonly id: string;
  readonly skills: readonly string[];
  readonly zone: string | null;
  readonly banned: boolean;
  /** Of which family of models or people it is; a verifier of its family counts for nothing. */
  readonly family?: string;
  /** Only with a proposal, and only where the team keeps trust; "unavailable": it could not be read. */
  readonly trust?: TrustFacts | "unavailable";
}

/** null: the directory knows no such agent. "unavailable": it could not be asked, which blocks. */
type AskedAgent = AgentFacts | null | "unavailable";

/** Who issues tickets and for whom, and for how long; configuration, the same for every mission. */
export interface TicketTerms {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlMs: number;
}

interface Base {
  readonly at: UnixMs;
  readonly actor: Actor;
  /** At least 128 random bits, hex; the ids of tickets issued by this command derive from it. */
  readonly entropy: string;
  readonly terms: TicketTerms;
  /** What the arbiters said of nodes that need slices; the object that runs the command asks them. */
  readonly leases?: LeaseFacts;
}

export interface OpenMission extends Base {
  readonly type: "OpenMission";
  readonly missionId: string;
  readonly team: string;
  readonly plan: CompiledPlan;
  readonly inputs: readonly EvidenceBundle[];
  /** Needed only where an input carries receipts. */
  readonly verification?: VerificationFacts;
  readonly policy: PinnedPolicy;
  /** The policy on trial, if there is one. */
  readonly shadow?: PinnedPolicy;
  /** A request that people must refuse: nothing in it ever runs. */
  readonly canary?: true;
}

export interface SubmitEvidence extends Base {
  readonly type: "SubmitEvidence";
  readonly nodeId: string;
  readonly agent: AskedAgent;
  readonly bundle: EvidenceBundle;
  /** Needed only where the bundle carries receipts; without it every receipt's key is unknown. */
  readonly verification?: VerificationFacts;
}

export interface Proposal {
  readonly id: string;
  readonly rationale: string;
  readonly action: { readonly type: string; readonly args: JsonObject } | null;
  /** What the proposer says speaks for a human; can raise the node's share, never lower it. */
  readonly factors?: FactorsSpec;
  /** What was observed of the node's universes. */
  readonly universes?: readonly UniverseObservation[];
  /** What the proposal is for: a dotted name. */
  readonly purpose?: string;
  /** The slices it will write, within the node's write-set. */
  readonly writeSet?: readonly string[];
}

export interface Propose extends Base {
  readonly type: "Propose";
  readonly nodeId: string;
  readonly proposal: Proposal;
  readonly agent: AskedAgent;
}

export interface DecideApproval extends Base {
  readonly type: "DecideApproval";
  readonly nodeId: string;
  /** The signed approval statement. */
  readonly statement: SignedApproval;
  /** null: the directory knows no such person. */
  readonly approver: ApproverFacts | null;
  /** Delegations to this person, as the directory has them; absent: none. */
  readonly delegations?: readonly DelegationFacts[];
}

export interface SubmitResult extends Base {
  readonly type: "SubmitResult";
  readonly nodeId: string;
  readonly agent: AskedAgent;
  readonly outputs: JsonObject;
  readonly tests: readonly {
    readonly id: string;
    readonly passed: boolean;
    readonly detail?: string | undefined;
  }[];
}

export interface RecordReceipt extends Base {
  readonly type: "RecordReceipt";
  readonly receipt: Receipt;
}

/** A person says what became of an action whose outcome is unknown. */
export interface ReconcileOutcome extends Base {
  readonly type: "ReconcileOutcome";
  readonly nodeId: string;
  readonly outcome: Finding;
  readonly reason: string;
  /** Hashes of bundles the mission holds that show it. */
  readonly evidence?: readonly string[];
}

export interface RecordDenial extends Base {
  readonly type: "RecordDenial";
  readonly denial: Denial;
}

export interface Intervene extends Base {
  readonly type: "Intervene";
  readonly kind: "pause" | "resume" | "stop" | "reset" | "ban";
  readonly reason: string;
  /** Of a reset: the one node; without it, every node that can be. */
  readonly nodeId?: string;
  /** Whom a ban is about; needed there. */
  readonly agent?: string;
}

export interface Amend extends Base {
  readonly type: "Amend";
  readonly amendment: Amendment;
  /** What the directory says of the agent; "operator" where a person with that role proposes. */
  readonly proposer: AgentFacts | "operator" | "unavailable" | null;
  /** What the team has registered of its zones, as far as it may concern the new nodes. */
  readonly zones: readonly ZoneFacts[];
}

/** Moves the running mission to a tighter policy that a person activated and another one signs for. */
export interface RepinPolicy extends Base {
  readonly type: "RepinPolicy";
  readonly policy: PinnedPolicy;
  /** What the team says of the version now; only `active` will do. */
  readonly policyState: string;
  readonly proposedBy: string;
  /** The signed re-pin statement, compact JWS. */
  readonly statement: string;
  /** What the directory knows of the caller; null for nobody. */
  readonly approver: ApproverFacts | null;
}

/** What the directory says of a person now, as far as their approvals depend on it. */
export interface PersonStanding {
  readonly kids: readonly string[];
  readonly groups: readonly string[];
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  /** Ids of the delegations by this person that are not revoked; there only where there is one. */
  readonly delegations?: readonly string[];
}

/** Look again at what this person approved; `actor` is who changed the directory. */
export interface ReviewApprovals extends Base {
  readonly type: "ReviewApprovals";
  readonly person: string;
  /** null: the directory no longer knows the person. */
  readonly standing: PersonStanding | null;
}

/** Time has passed: deadlines, lease expiry, work left over by a bounded cascade. */
export interface PassTime extends Base {
  readonly type: "PassTime";
}

/** Slices that somebody else held have come free: whoever waits for them is asked again. */
export interface LeaseFreed extends Base {
  readonly type: "LeaseFreed";
  readonly slices: readonly string[];
}

export type Command =
  | OpenMission
  | SubmitEvidence
  | Propose
  | DecideApproval
  | SubmitResult
  | RecordReceipt
  | ReconcileOutcome
  | RecordDenial
  | Intervene
  | RepinPolicy
  | Amend
  | ReviewApprovals
  | LeaseFreed
  | PassTime;
