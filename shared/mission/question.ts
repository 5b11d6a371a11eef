/**
 * From state to the question a gate pipeline is asked: every fact, gathered before any gate looks.
 */
import { seatsOf } from "../approval/index.ts";
import { type EvidenceSummary, type GatheredEvidence, gatherEvidence } from "../evidence/index.ts";
import type { ExitQuestion, GateQuestion } from "../gates/index.ts";
import { requirementOf } from "../gates/index.ts";
import type { NodeSpec } from "../plan/index.ts";
import { type PinnedPolicy, readPolicyDocument } from "../policy/index.ts";
import { historyFor } from "./actions.ts";
import { withBan } from "./interventions.ts";
import { approvedBy } from "./approved.ts";
import type { AgentFacts } from "./command.ts";
import { type Signing, signingOf } from "./digest.ts";
import { escalationSteps } from "./due.ts";
import { isSelfAdvancing, nodeRecord } from "./evolve.ts";
import { outcomeOf } from "./outcome.ts";
import { shareOf } from "./share.ts";
import type { Declarations, HeldProposal, MissionState, NodeRecord } from "./state.ts";
import { specOf } from "./turn.ts";

const TRUST_FROM_RULES = 3;

/** Who asks: the agent of a proposal, the system, or an agent the directory could not vouch for. */
export interface Asking {
  readonly agent: AgentFacts | "system" | "unavailable" | null;
  readonly proposal: (Pick<HeldProposal, "rationale" | "action"> & Declarations) | null;
}

/** The asking side of a node's held proposal; the system's only where nobody needs to propose. */
export function heldAsking(state: MissionState, nodeId: string): Asking {
  const { proposal } = nodeRecord(state, nodeId);
  if (proposal) return { agent: proposal.agent, proposal };
  return { agent: isSelfAdvancing(state, nodeId) ? "system" : null, proposal: null };
}

/** Gathers every fact the entry pipeline may look at. O(in-degree + evidence of the predecessors). */
export function questionOf(
  state: MissionState,
  nodeId: string,
  asking: Asking,
  at: string,
): GateQuestion {
  const spec = specOf(state, nodeId);
  const record = nodeRecord(state, nodeId);
  const { current: evidence, all: allEvidence } = availableEvidence(state, spec);
  const share = shareOf(state, spec, record, asking.proposal);
  const unsigned: GateQuestion = {
    at,
    ...(state.rules !== undefined && { rules: state.rules }),
    missionStatus: state.status,
    authorizationExpiresAt: state.plan.plan.authorizationExpiresAt ?? null,
    spec,
    status: record.status,
    sealed: record.verdict === "seal" || state.sealed,
    attempt: record.attempt,
    ...((state.rules ?? 0) >= 3 && { undecidedAsks: true }),
    ...(record.attemptsForgiven !== undefined && { attemptsForgiven: record.attemptsForgiven }),
    outcomeUnknown: outcomeOf(record) === "unknown",
    waitingFor: record.waitingFor === 0 ? [] : unfinishedPredecessors(state, nodeId),
    agent: withBan(state, asking.agent),
    ...trustOf(state, asking.agent),
    proposal: asking.proposal,
    proposers: record.proposers,
    expectedAction: expectedActionOf(state, spec),
    evidence,
    allEvidence,
    policy: state.policy,
    mission: { id: state.missionId, done: state.doneCount, total: state.plan.order.length },
    history: historyFor(state, nodeId, at),
    gateDigest: "",
    approvers: [],
    refused: null,
    coverage: coverageOf(state, nodeId),
    ...(share === null ? {} : { share }),
    heldSlices: heldSlices(state, nodeId, spec),
    ...forbiddenPurposesOf(state, state.policy),
  };
  const signing = signingOf(state, unsigned, asking.proposal);
  const { gateDigest } = signing;
  const escalated = escalationSteps(record, gateDigest);
  return {
    ...unsigned,
    ...signing,
    ...approvedBy(isHeldBy(record, asking) ? record.approvals : [], gateDigest, at),
    ...(escalated > 0 && { escalated }),
    refused: refusedOf(record, signing),
  };
}

/** Missions of earlier generations know nothing of trust, whatever a proposal brings. */
function trustOf(state: MissionState, agent: Asking["agent"]): Pick<GateQuestion, "trust"> {
  if ((state.rules ?? 0) < TRUST_FROM_RULES || agent === null || typeof agent === "string")
    return {};
  return agent.trust === undefined ? {} : { trust: agent.trust };
}

/** Who refused has refused the subject, whichever pauses were open beside it. */
function refusedOf(
  { refusedDigests }: NodeRecord,
  { gateDigest, subjectDigest = gateDigest }: Signing,
): GateQuestion["refused"] {
  const refused = refusedDigests.find(
    (one) => (one.subjectDigest ?? one.gateDigest) === subjectDigest,
  );
  return refused?.cause ?? null;
}

/** People approve in the name of who proposed; to somebody else's proposal of the same they have said nothing. */
function isHeldBy({ proposal }: NodeRecord, { agent }: Asking): boolean {
  if (proposal === null) return true;
  return agent !== null && typeof agent === "object" && agent.id === proposal.agent.id;
}

/** What the exit gate is asked of a running node. */
export function exitQuestionOf(state: MissionState, nodeId: string, at: string): ExitQuestion {
  const spec = specOf(state, nodeId);
  const record = nodeRecord(state, nodeId);
  const entry = questionOf(state, nodeId, heldAsking(state, nodeId), at);
  return {
    at,
    authorizationExpiresAt: entry.authorizationExpiresAt,
    spec,
    evidence: record.evidence,
    result: record.result,
    succeeded: spec.kind === "execution" ? outcomeOf(record) === "succeeded" : null,
    approvals: {
      // The statement's own expiry bounds when it may start something, not how long that may run.
      have: new Set(
        record.approvals.filter((a) => a.gateDigest === record.ranDigest).map((a) => a.approver),
      ).size,
      need: record.ranQuorum ?? needOf(entry),
    },
  };
}

function needOf(question: GateQuestion): number {
  const requirement = requirementOf(question);
  return requirement === null ? 0 : seatsOf(requirement).length;
}

/** What a node's gate looks at of evidence, in order of kind. */
export function evidenceFor(state: MissionState, nodeId: string): readonly EvidenceSummary[] {
  return availableEvidence(state, specOf(state, nodeId)).current;
}

/** What the node may look at of the kinds it requires: the mission's inputs, its predecessors' and its own. */
function availableEvidence(state: MissionState, spec: NodeSpec): GatheredEvidence {
  const before = (state.plan.predecessors.get(spec.id) ?? []).map(
    (id) => nodeRecord(state, id).evidence,
  );
  return gatherEvidence(
    spec.evidenceIn,
    [state.inputs, ...before],
    nodeRecord(state, spec.id).evidence,
  );
}

/** Every bundle of the mission's inputs, the node's predecessors and the node itself, oldest first in each. */
export function offeredEvidence(state: MissionState, nodeId: string): readonly EvidenceSummary[] {
  const bundles = [...state.inputs];
  for (const predecessor of state.plan.predecessors.get(nodeId) ?? []) {
    bundles.push(...nodeRecord(state, predecessor).evidence);
  }
  bundles.push(...nodeRecord(state, nodeId).evidence);
  return bundles;
}

function unfinishedPredecessors(state: MissionState, nodeId: string): readonly string[] {
  return (state.plan.predecessors.get(nodeId) ?? []).filter(
    (id) => nodeRecord(state, id).status !== "DONE",
  );
}

/** The action a node is about: its own, or the one it approves; null for none. */
export function expectedActionOf(state: MissionState, spec: NodeSpec): NodeSpec["action"] | null {
  if (spec.kind === "execution") return spec.action ?? null;
  return spec.approves === undefined ? null : (specOf(state, spec.approves).action ?? null);
}

function coverageOf(state: MissionState, nodeId: string): GateQuestion["coverage"] {
  const approver = state.plan.approverOf.get(nodeId);
  if (approver === undefined) return null;
  const { status, proposal, approvals, ranDigest } = nodeRecord(state, approver);
  const action = status === "DONE" ? proposal?.action : null;
  return {
    nodeId: approver,
    approved: action ? { actionType: action.type, argsHash: action.argsHash } : null,
    // A DONE node and its predecessors take no evidence, so this is what its digest named.
    evidence: availableEvidence(state, specOf(state, approver)).current,
    approvers: approvals
      .filter((a) => a.gateDigest === ranDigest)
      .flatMap((a) => (a.delegatedBy === undefined ? a.approver : [a.approver, a.delegatedBy])),
  };
}

function heldSlices(
  state: MissionState,
  nodeId: string,
  spec: NodeSpec,
): GateQuestion["heldSlices"] {
  return spec.writeSet.flatMap((slice) => {
    const holder = state.slices.get(slice)?.holder ?? null;
    return holder === null || holder === nodeId ? [] : [{ slice, holder }];
  });
}

/**
 * The same question under another policy than the pinned one: its rules, and what it forbids beside the
 * plan. Digest and approvals stay the recorded ones, as if people had approved under it.
 */
export function underPolicy(
  state: MissionState,
  question: GateQuestion,
  policy: PinnedPolicy,
): GateQuestion {
  const { forbiddenPurposes: _ofPinned, ...rest } = question;
  return { ...rest, policy, ...forbiddenPurposesOf(state, policy) };
}

function forbiddenPurposesOf(
  state: MissionState,
  policy: PinnedPolicy,
): Pick<GateQuestion, "forbiddenPurposes"> {
  const byPlan = state.plan.plan.forbiddenPurposes ?? [];
  // What cannot be read is the policy gate's to refuse; it must not break the gathering of facts.
  const byPolicy = readPolicyDocument(policy.document)?.forbiddenPurposes ?? [];
  const forbiddenPurposes = [...new Set([...byPlan, ...byPolicy])];
  return forbiddenPurposes.length > 0 ? { forbiddenPurposes } : {};
}
