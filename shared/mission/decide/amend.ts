/**
 * An amendment: compiled against the running plan, asked of the diff gate, and applied, put before
 * people, or refused. One is open at a time. Once applied, everything that people were asked about
 * under the old plan is asked anew (I14).
 * Specification: docs/amendments.md.
 */
import { zonesConcerned } from "../../architect/index.ts";
import { hashJson } from "../../canonical.ts";
import {
  AMEND_ACTION,
  diffRequirement,
  evaluateDiff,
  type DiffQuestion,
  type GateResult,
} from "../../gates/index.ts";
import { LIMITS } from "../../limits.ts";
import { compileAmendment } from "../../plan/index.ts";
import { err, ok, type Result } from "../../result.ts";
import { isoToUnixMs, unixMsToIso } from "../../time.ts";
import { completeMission, reconsider } from "../advance.ts";
import {
  amendmentRisk,
  amendmentsOf,
  diffQuestionOf,
  isStaleAmendment,
  nextAmendmentId,
  type OpenAmendment,
} from "../amendments.ts";
import type { Amend, DecideApproval } from "../command.ts";
import type { Rejection } from "../rejection.ts";
import { emitMission, emitNode, recordOf, type Turn } from "../turn.ts";
import { recordDecision, refusedResult } from "./approve.ts";

export function decideAmend(turn: Turn, command: Amend): Result<null, Rejection> {
  const { state } = turn;
  const { open, applied } = amendmentsOf(state);
  if (state.canary) return err({ reason: "amendments_exhausted", amendmentsMax: 0 });
  if (open) return err({ reason: "amendment_open", amendment: open.id });
  if (applied.length >= LIMITS.amendmentsPerMissionMax)
    return err({ reason: "amendments_exhausted", amendmentsMax: LIMITS.amendmentsPerMissionMax });
  const { amendment, proposer, actor } = command;
  const zones = zonesConcerned([...state.plan.plan.nodes, ...amendment.nodes], command.zones);
  const compiled = compileAmendment(state.plan, amendment, zones);
  if (!compiled.ok) return compiled;
  const id = nextAmendmentId(state);
  const about = { id, amendment, proposer, by: actor.id, approvals: [] };
  const question = diffQuestionOf(state, about, turn.at);
  const gateResult = evaluateDiff(question);
  const data = {
    id,
    amendment,
    proposer,
    ...(zones.length > 0 && { zones }),
    risk: question.risk,
    gateDigest: question.gateDigest,
    policyHash: state.policy.hash,
    planHash: state.plan.hash,
    amendedPlanHash: compiled.value.hash,
  };
  const type = gateResult.verdict === "block" ? "amendment.refused" : "amendment.proposed";
  emitMission(turn, type, data, { actor, gateResult });
  if (gateResult.verdict !== "block") follow(turn, question, gateResult);
  return ok(null);
}

/** A person's signed decision on the open amendment. */
export function decideAmendmentApproval(
  turn: Turn,
  command: DecideApproval,
): Result<null, Rejection> {
  const { open } = amendmentsOf(turn.state);
  if (open?.id !== command.nodeId)
    return err({ reason: "approval_not_requested", nodeId: command.nodeId });
  const { id: nodeId, request, approvals, by, challenges } = open;
  const people = { approvals, proposers: [by], challenges };
  const risk = amendmentRisk(open.amendment);
  const asked = { nodeId, attempt: 1, request, ...people, isAmendment: true, risk };
  const recorded = recordDecision(turn, command, asked);
  if (!recorded.ok) return recorded;
  const now = amendmentsOf(turn.state).open;
  if (!now) completeMission(turn);
  else if (recorded.value === "quorum") reconsiderAmendment(turn, now);
  return ok(null);
}

/** Its deadline has passed, or what people were asked is no longer what would be applied (a policy pinned anew). */
export function passAmendment(turn: Turn): void {
  const { open } = amendmentsOf(turn.state);
  if (!open) return;
  const { request, id } = open;
  if (request && request.deadlineAt <= turn.at) {
    const { gateDigest, deadlineAt } = request;
    const detail = `nobody decided by ${deadlineAt}; silence denies`;
    emitMission(
      turn,
      "approval.expired",
      { amendment: id, gateDigest, deadlineAt },
      { gateResult: refusedResult("APPROVAL_EXPIRED", detail) },
    );
    completeMission(turn);
    return;
  }
  if (turn.state.status !== "active") return;
  if (isStaleAmendment(turn.state, open)) reconsiderAmendment(turn, open);
}

/** Asks the diff gate again, over what would be applied now. */
function reconsiderAmendment(turn: Turn, open: OpenAmendment): void {
  const question = diffQuestionOf(turn.state, open, turn.at);
  const stale = open.gateDigest !== question.gateDigest;
  if (stale && open.request)
    emitMission(turn, "approval.voided", {
      amendment: open.id,
      gateDigest: open.gateDigest,
      newGateDigest: question.gateDigest,
      approvers: [...new Set(open.approvals.map((approval) => approval.approver))],
    });
  const gateResult = evaluateDiff(question);
  if (gateResult.verdict === "block") refuse(turn, open, question, gateResult);
  else follow(turn, question, gateResult);
}

function refuse(
  turn: Turn,
  { id, amendment, proposer }: OpenAmendment,
  { risk, gateDigest }: DiffQuestion,
  gateResult: GateResult,
): void {
  const { plan, policy } = turn.state;
  const compiled = compileAmendment(plan, amendment, "recorded");
  const data = {
    id,
    amendment,
    proposer,
    risk,
    gateDigest,
    policyHash: policy.hash,
    planHash: plan.hash,
    amendedPlanHash: compiled.ok ? compiled.value.hash : "",
  };
  emitMission(turn, "amendment.refused", data, { gateResult });
  completeMission(turn);
}

/** The gate allowed or paused: apply, or ask people once per digest. */
function follow(turn: Turn, question: DiffQuestion, gateResult: GateResult): void {
  const { open } = amendmentsOf(turn.state);
  if (!open) return;
  if (gateResult.verdict === "allow") apply(turn, open, question, gateResult);
  else if (open.request?.gateDigest !== question.gateDigest) request(turn, open, question);
}

function request(turn: Turn, open: OpenAmendment, question: DiffQuestion): void {
  const requirement = diffRequirement(question);
  if (!requirement) return;
  const { id, amendment, by } = open;
  const { gateDigest, risk } = question;
  const added = `${amendment.nodes.length} nodes and ${amendment.edges.length} edges`;
  const { title, reason, nodes, edges } = amendment;
  emitMission(turn, "approval.requested", {
    gateDigest,
    attempt: 1,
    risk,
    title,
    summary: `${by} asks to add ${added} to the plan: "${title}". Reason given: ${reason}`,
    requirement,
    deadlineAt: unixMsToIso((isoToUnixMs(turn.at) ?? 0) + requirement.deadlineMs),
    action: {
      type: AMEND_ACTION,
      args: { title, reason, nodes, edges },
      argsHash: hashJson(amendment),
    },
    evidence: [],
    statement: { missionId: turn.state.missionId, nodeId: id, attempt: 1, gateDigest },
  });
}

function apply(
  turn: Turn,
  open: OpenAmendment,
  question: DiffQuestion,
  gateResult: GateResult,
): void {
  const { state } = turn;
  const compiled = compileAmendment(state.plan, open.amendment, "recorded");
  if (!compiled.ok) return;
  const nodes = open.amendment.nodes.map((node) => node.id);
  const data = {
    id: open.id,
    gateDigest: question.gateDigest,
    policyHash: state.policy.hash,
    planHash: state.plan.hash,
    amendedPlanHash: compiled.value.hash,
    nodes,
  };
  emitMission(turn, "mission.amended", data, { gateResult });
  for (const nodeId of nodes)
    if (recordOf(turn, nodeId).waitingFor === 0)
      emitNode(turn, "node.ready", nodeId, {}, { stateAfter: "READY" });
  askAnew(turn);
}

/** Another plan is another digest: every open request is void and its gate asked again, in plan order. */
function askAnew(turn: Turn): void {
  const { indexById } = turn.state.plan;
  const asked = [...turn.state.timed.keys()]
    .filter((nodeId) => recordOf(turn, nodeId).request !== null)
    .sort((a, b) => (indexById.get(a) ?? 0) - (indexById.get(b) ?? 0));
  for (const nodeId of asked) reconsider(turn, nodeId, "amendment");
}
