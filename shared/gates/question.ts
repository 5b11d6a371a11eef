/**
 * The question a gate pipeline is asked: every fact it may look at, gathered beforehand, so that a
 * gate is a pure function and a recorded question can be asked again.
 */
import type { NodeShare } from "../allocation/index.ts";
import type { EvidenceSummary } from "../evidence/index.ts";
import type { NodeSpec } from "../plan/index.ts";
import type { HistoryFacts, PinnedPolicy } from "../policy/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { TrustFacts } from "../trust/index.ts";
import type { UniverseObservation } from "../universe/index.ts";
import type { Verdict } from "../trace/index.ts";
import type { GateName, Reason, ReasonCode } from "./reasons.ts";

export interface AskingAgent {
  readonly id: string;
  readonly skills: readonly string[];
  readonly zone: string | null;
  readonly banned: boolean;
}

export interface ProposedAction {
  readonly type: string;
  readonly args: JsonObject;
  readonly argsHash: string;
}

/** What an agent proposes, as the gates look at it; optional members only where it gave them. */
export interface ProposalFacts {
  readonly rationale: string;
  readonly action: ProposedAction | null;
  readonly universes?: readonly UniverseObservation[];
  /** What it is for: a dotted name. */
  readonly purpose?: string;
  /** The slices it will write; absent: all of the node's write-set. */
  readonly writeSet?: readonly string[];
}

/** A gate that paused, with the codes it gave, sorted and each once: no wording, so it is the same at any time. */
export interface NamedPause {
  readonly gate: GateName;
  readonly codes: readonly ReasonCode[];
}

export interface GateQuestion {
  /** RFC 3339 with milliseconds. */
  readonly at: string;
  /** The generation of rules that the mission is decided by; absent before the third. */
  readonly rules?: number;
  readonly missionStatus: "active" | "paused" | "stopped" | "completed";
  readonly authorizationExpiresAt: string | null;
  readonly spec: NodeSpec;
  readonly status: "NEW" | "READY" | "RUNNING" | "DONE" | "BLOCKED";
  readonly sealed: boolean;
  readonly attempt: number;
  /** Attempts that a reset took off the count; absent where there was none. */
  readonly attemptsForgiven?: number;
  /** From the third generation of rules on: undecided permits ask for their people (shared/policy). */
  readonly undecidedAsks?: true;
  /** Whether the last outcome of this node is unknown and nobody has reconciled it. */
  readonly outcomeUnknown: boolean;
  /** Predecessors not yet DONE, in plan order. */
  readonly waitingFor: readonly string[];
  /** "system" for a node the system itself advances; null: unknown to the directory. */
  readonly agent: AskingAgent | "system" | "unavailable" | null;
  /** What the team said of the agent's trust; absent where it said nothing and before the third generation. */
  readonly trust?: TrustFacts | "unavailable";
  readonly proposal: ProposalFacts | null;
  /** Every agent whose proposal was adopted in this attempt. */
  readonly proposers: readonly string[];
  /** The action this node's permission is about: its own, or the one an approval node approves. */
  readonly expectedAction: NodeSpec["action"] | null;
  /** The bundles of required kinds that count for the node, in the order of the digest. */
  readonly evidence: readonly EvidenceSummary[];
  /** Those and the ones that the node's own supersede: what contradicts is looked for in all of them. */
  readonly allEvidence: readonly EvidenceSummary[];
  readonly policy: PinnedPolicy;
  /** What a policy's conditions may ask of the mission; without these two no condition is decided. */
  readonly mission?: { readonly id: string; readonly done: number; readonly total: number };
  readonly history?: HistoryFacts;
  readonly gateDigest: string;
  /**
   * The pauses that `gateDigest` names, in pipeline order: an approval clears these and no others. Absent
   * in missions of the second generation and before, whose approvals clear every pause of the digest.
   */
  readonly namedPauses?: readonly NamedPause[];
  /** With `namedPauses`: the digest as it would be with none, which the clock does not change. */
  readonly subjectDigest?: string;
  /** Distinct people whose valid approval covers `gateDigest`. */
  readonly approvers: readonly string[];
  /** The groups of each of them, as recorded with the approval; absent: none. */
  readonly groupsOf?: Readonly<Record<string, readonly string[]>>;
  /** For whom some of them signed: duties are kept apart from them, too. */
  readonly delegators?: readonly string[];
  /** Who of them approved alone in an emergency: that clears a pause like a whole quorum, and nothing else. */
  readonly brokenBy?: string;
  /** Steps of the requirement's escalation that people were told of for this digest; absent: none. */
  readonly escalated?: number;
  /** Set when a person refused this very digest, or let its deadline pass. */
  readonly refused: "denied" | "expired" | null;
  /** What the approval node covering this execution approved; null where there is none. */
  readonly coverage: {
    readonly nodeId: string;
    readonly approved: { readonly actionType: string; readonly argsHash: string } | null;
    /** The bundles that the approval node required and that were signed over. */
    readonly evidence: readonly Pick<EvidenceSummary, "id" | "hash" | "kind">[];
    /** Who approved it there. */
    readonly approvers: readonly string[];
  } | null;
  /** The human share of a node whose plan declares one; absent where it declares none. */
  readonly share?: NodeShare;
  /** Slices of the write-set that another node holds; with `missionId` where it is another mission's. */
  readonly heldSlices: readonly {
    readonly slice: string;
    readonly holder: string;
    readonly missionId?: string;
  }[];
  /** Set where the arbiters of the write-set did not answer, or were not asked. */
  readonly arbiters?: "unavailable" | "unasked";
  /** Purposes that the plan or the pinned policy forbids. */
  readonly forbiddenPurposes?: readonly string[];
  /** Set by the pipeline for gate 10: the gates whose pause a person's approval would clear. */
  readonly pausedGates?: readonly GateName[];
}

/** A gate's answer; `V` is as wide as the gate's right to refuse. */
export interface GateOutcome<V extends Verdict> {
  readonly verdict: V;
  readonly reasons: readonly Reason[];
}

/** A gate: one pure function. Its verdict type says what it may do (docs/reasons.md). */
export type Gate<V extends Verdict> = (question: GateQuestion) => GateOutcome<V>;

export type RefusableVerdict = "allow" | "pause" | "block";

/** Builds an outcome: allow when there are no reasons, `otherwise` when there are. */
export function outcomeOf<V extends Verdict>(
  reasons: readonly Reason[],
  otherwise: V,
): GateOutcome<V | "allow"> {
  return reasons.length === 0 ? { verdict: "allow", reasons } : { verdict: otherwise, reasons };
}

/** A reason of `gate`; `counterfactual` says what would make it allow, or what must be done instead. */
export function reasonOf(
  gate: GateName,
  code: Reason["code"],
  detail: string,
  counterfactual: string,
): Reason {
  return { code, gate, detail, counterfactual };
}
