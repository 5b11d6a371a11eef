/**
 * What a mission knows of its amendments: the open one, those applied, those refused; how events change
 * that, and the question the diff gate is asked. Holds no rule of its own.
 * Specification: docs/amendments.md.
 */
import { hashJson } from "../canonical.ts";
import { AMEND_ACTION, type DiffQuestion } from "../gates/index.ts";
import { invariant } from "../invariant.ts";
import { type Amendment, amendmentId, compileAmendment } from "../plan/index.ts";
import { approvedBy } from "./approved.ts";
import { withBan } from "./interventions.ts";
import type { AgentFacts } from "./command.ts";
import { dataOf } from "./event.ts";
import { answeredChange, heldApproval, withoutRevoked } from "./evolve-approval.ts";
import type { Evolving } from "./evolve.ts";
import type { HeldApproval, MissionState, OpenRequest } from "./state.ts";

/** Who proposed: what the directory said of an agent, or a person with the operator's role. */
export type Proposer = AgentFacts | "operator" | "unavailable" | null;

/** The amendment that waits for people. At most one at a time. */
export interface OpenAmendment {
  /** `amendment.<n>`: where a node's id is expected, in statement, inbox and address. */
  readonly id: string;
  readonly amendment: Amendment;
  readonly proposer: Proposer;
  readonly by: string;
  readonly gateDigest: string;
  readonly request: OpenRequest | null;
  readonly approvals: readonly HeldApproval[];
  /** As of a node. */
  readonly challenges?: readonly string[];
}

export interface AppliedAmendment {
  readonly id: string;
  readonly title: string;
  readonly by: string;
  /** Of the plan with the amendment in it. */
  readonly planHash: string;
  readonly nodes: readonly string[];
}

export interface Amendments {
  /** Proposed so far, refused ones included; the next is number `count + 1`. */
  readonly count: number;
  readonly open: OpenAmendment | null;
  readonly applied: readonly AppliedAmendment[];
  /** Changes a person denied or let lapse: final for that change to that plan under that policy. */
  readonly refused: readonly {
    readonly changeHash: string;
    readonly cause: "denied" | "expired";
  }[];
}

const NONE: Amendments = { count: 0, open: null, applied: [], refused: [] };

export function amendmentsOf(state: MissionState): Amendments {
  return state.amendments ?? NONE;
}

/** The id the next amendment will have. */
export function nextAmendmentId(state: MissionState): string {
  return amendmentId(state.plan, amendmentsOf(state).count + 1);
}

/** The highest risk among the new nodes; what the amendment touches. */
export function amendmentRisk({ nodes }: Amendment): number {
  return nodes.reduce((risk, node) => Math.max(risk, node.risk), 0);
}

/** Everything the diff gate may look at, now. */
export function diffQuestionOf(
  state: MissionState,
  about: Pick<OpenAmendment, "id" | "amendment" | "proposer" | "by" | "approvals">,
  at: string,
): DiffQuestion {
  const { amendment, proposer, by, approvals } = about;
  const gateDigest = amendmentDigest(state, about.id, amendment);
  const changeHash = changeHashOf(state, amendment);
  const refused = amendmentsOf(state).refused.find((entry) => entry.changeHash === changeHash);
  return {
    at,
    authorizationExpiresAt: state.plan.plan.authorizationExpiresAt ?? null,
    proposer: withBan(state, proposer),
    by,
    risk: amendmentRisk(amendment),
    nodes: amendment.nodes.length,
    edges: amendment.edges.length,
    policy: state.policy,
    gateDigest,
    ...((state.rules ?? 0) >= 3 && { undecidedAsks: true }),
    ...approvedBy(asOfRules(state, approvals), gateDigest, at),
    refused: refused?.cause ?? null,
  };
}

/** Before the third generation of rules the end of a person's right did not count here. */
function asOfRules(state: MissionState, approvals: readonly HeldApproval[]) {
  if ((state.rules ?? 0) >= 3) return approvals;
  return approvals.map((approval) => ({ ...approval, validUntil: null }));
}

/** Whether people were asked about something else than what would be applied now. */
export function isStaleAmendment(state: MissionState, open: OpenAmendment): boolean {
  return amendmentDigest(state, open.id, open.amendment) !== open.gateDigest;
}

/** The gate digest of an amendment: the same members as a node's (docs/approvals.md). */
function amendmentDigest(state: MissionState, id: string, amendment: Amendment): string {
  return hashJson({
    missionId: state.missionId,
    nodeId: id,
    planHash: state.plan.hash,
    actionType: AMEND_ACTION,
    argsHash: hashJson(amendment),
    evidenceHashes: [],
    policyHash: state.policy.hash,
    risk: amendmentRisk(amendment),
    attempt: 1,
  });
}

function changeHashOf(state: MissionState, amendment: Amendment): string {
  const [planHash, policyHash] = [state.plan.hash, state.policy.hash];
  return hashJson({ planHash, policyHash, amendment });
}

/** Folds an event about an amendment. Those of `mission.amended` in the node table are evolve's. */
export function evolveAmendment(state: MissionState, event: Evolving): void {
  const held = amendmentsOf(state);
  switch (event.type) {
    case "amendment.proposed": {
      const { id, amendment, proposer, gateDigest } = dataOf(event, "amendment.proposed");
      invariant(held.open === null, "one amendment is open at a time");
      const by = event.actor.id;
      const request = null;
      const open = { id, amendment, proposer, by, gateDigest, request, approvals: [] };
      state.amendments = { ...held, count: held.count + 1, open };
      return;
    }
    case "amendment.refused": {
      const isOpen = held.open?.id === dataOf(event, "amendment.refused").id;
      state.amendments = isOpen ? { ...held, open: null } : { ...held, count: held.count + 1 };
      return;
    }
    case "mission.amended":
      applyAmendment(state, event);
      return;
    default:
      evolveApproval(state, event);
  }
}

function openOf(state: MissionState): OpenAmendment {
  const { open } = amendmentsOf(state);
  invariant(open, "an amendment is open");
  return open;
}

function evolveApproval(state: MissionState, event: Evolving): void {
  const held = amendmentsOf(state);
  const open = openOf(state);
  switch (event.type) {
    case "approval.requested": {
      const { gateDigest, requirement, deadlineAt } = dataOf(event, "approval.requested");
      const request = { gateDigest, requirement, deadlineAt };
      state.amendments = { ...held, open: { ...open, gateDigest, request } };
      return;
    }
    case "approval.granted": {
      const approval = heldApproval(dataOf(event, "approval.granted"));
      const answered = answeredChange(state.rules ?? 0, open.challenges, event);
      const approvals = [...open.approvals, approval];
      state.amendments = { ...held, open: { ...open, ...answered, approvals } };
      return;
    }
    case "approval.revoked": {
      const approvals = withoutRevoked(open.approvals, event);
      state.amendments = { ...held, open: { ...open, approvals } };
      return;
    }
    case "approval.voided":
      state.amendments = { ...held, open: { ...open, request: null, approvals: [] } };
      return;
    default: {
      const cause = event.type === "approval.denied" ? "denied" : "expired";
      const changeHash = changeHashOf(state, open.amendment);
      const refused = [...held.refused, { changeHash, cause } as const];
      state.amendments = { ...held, open: null, refused };
    }
  }
}

function applyAmendment(state: MissionState, event: Evolving): void {
  const data = dataOf(event, "mission.amended");
  const held = amendmentsOf(state);
  const open = openOf(state);
  invariant(
    state.plan.hash === data.planHash,
    "an amendment is applied to the plan it was made for",
  );
  const compiled = compileAmendment(state.plan, open.amendment, "recorded");
  invariant(compiled.ok, "a recorded amendment compiles");
  const plan = compiled.value;
  invariant(plan.hash === data.amendedPlanHash, "a recorded amendment gives its recorded hash");
  const nodes = open.amendment.nodes.map((node) => node.id);
  state.plan = plan;
  const applied = {
    id: open.id,
    title: open.amendment.title,
    by: open.by,
    planHash: plan.hash,
    nodes,
  };
  state.amendments = { ...held, open: null, applied: [...held.applied, applied] };
}

/** How many predecessors of a node are not DONE. O(in-degree). */
export function countUnfinished(state: MissionState, nodeId: string): number {
  let unfinished = 0;
  for (const before of state.plan.predecessors.get(nodeId) ?? [])
    if (state.nodes.get(before)?.status !== "DONE") unfinished += 1;
  return unfinished;
}
