/**
 * Step 4 of the Planner, a gate for every judgement: what its risk asks of owners, evidence, approvals
 * and tests, as the plan's own node. Looks at one judgement at a time and at no edge.
 * Specification: docs/planner.md, "Gates by risk".
 */
import type { NodeSpec } from "../plan/index.ts";
import { approvalRequirementSchema } from "../plan/index.ts";
import { LIMITS } from "../limits.ts";
import type { Judgement } from "./brief.ts";
import { kindOf } from "./flow.ts";
import { gateTemplate, riskOfFactors } from "./risk.ts";
import type { BriefReport } from "./violation.ts";

type Draft = { -readonly [Member in keyof NodeSpec]: NodeSpec[Member] };

/** Shared by every node that has none: 100,000 nodes hold one empty list, not seven each. */
const NO_NAMES: string[] = [];
const NO_TESTS: NodeSpec["tests"] = [];

/** The risk of a judgement: as stated, never below what its factors amount to. */
export function riskOf(judgement: Judgement, pointer: string, report: BriefReport): number {
  const { id, risk, factors } = judgement;
  const least = factors === undefined ? undefined : riskOfFactors(factors);
  if (risk === undefined && least === undefined) {
    report("risk_missing", pointer, `${id} says neither its risk nor its factors`);
    return 0;
  }
  if (risk !== undefined && least !== undefined && risk < least)
    report("risk_understated", `${pointer}/risk`, `${id} states ${risk}, its factors say ${least}`);
  return risk ?? least ?? 0;
}

/** The node of a judgement, with what its risk asks for where the brief says nothing. */
export function nodeOf(judgement: Judgement, phase: string, risk: number): NodeSpec {
  const kind = kindOf(judgement);
  const template = gateTemplate(risk);
  const ownerX = judgement.ownerX ?? (kind === "approval" ? "human" : "agent");
  const isSubmitted = kind === "decision" && ownerX !== "system";
  const evidenceIn = judgement.evidenceIn ?? NO_NAMES;
  const node: Draft = {
    id: judgement.id,
    kind,
    phase,
    title: judgement.title,
    risk,
    ownerR: judgement.ownerR ?? accountable(kind, risk, ownerX),
    ownerX,
    agents: judgement.agents ?? NO_NAMES,
    inputs: judgement.inputs ?? NO_NAMES,
    // What an execution, a person or the system gives is a receipt, a signature, its turn: no result.
    outputs: isSubmitted ? (judgement.outputs ?? NO_NAMES) : NO_NAMES,
    evidenceIn,
    evidenceOut: judgement.evidenceOut ?? NO_NAMES,
    confidenceMin:
      judgement.confidenceMin ?? (evidenceIn.length === 0 ? 0.5 : template.confidenceMin),
    writeSet: judgement.writeSet ?? NO_NAMES,
    tests: judgement.tests ?? NO_TESTS,
    attemptsMax: judgement.attemptsMax ?? LIMITS.attemptsDefault,
  };
  if (judgement.zone !== undefined) node.zone = judgement.zone;
  if (judgement.skill !== undefined) node.skill = judgement.skill;
  if (judgement.factors !== undefined && kind !== "approval" && ownerX !== "system")
    node.allocation = { factors: judgement.factors };
  if (judgement.action !== undefined) node.action = judgement.action;
  if (judgement.approves !== undefined) node.approves = judgement.approves;
  if (judgement.approval !== undefined) node.approval = judgement.approval;
  else if (kind === "approval" || template.quorum > 0) node.approval = approvalOf(risk);
  return node;
}

/** Reports a decision whose exit gate would accept anything: from risk 2 on it has tests. */
export function checkExit(node: NodeSpec, pointer: string, report: BriefReport): void {
  if (node.kind !== "decision" || node.ownerX === "system") return;
  const { testsMin } = gateTemplate(node.risk);
  if (node.tests.length >= testsMin) return;
  const detail = `${node.id} has risk ${node.risk} and ${node.tests.length} of ${testsMin} tests`;
  report("exit_test_missing", `${pointer}/tests`, detail);
}

/** The approval node before an execution: same evidence, same proposer, a person signs the exact action. */
export function approvalFor(execution: NodeSpec, id: string): NodeSpec {
  const node: Draft = {
    ...blankApproval(id, execution.phase, execution.risk),
    title: `Approve: ${execution.title}`.slice(0, LIMITS.reasonTextCharsMax),
    agents: execution.agents,
    inputs: execution.inputs,
    evidenceIn: execution.evidenceIn,
    confidenceMin: execution.confidenceMin,
    approves: execution.id,
  };
  if (execution.zone !== undefined) node.zone = execution.zone;
  if (execution.skill !== undefined) node.skill = execution.skill;
  if (execution.approval !== undefined) node.approval = execution.approval;
  return node;
}

/** The approval node between two writers that no stronger pattern keeps apart. */
export function arbitrationBetween(before: NodeSpec, after: NodeSpec, id: string): NodeSpec {
  return {
    ...blankApproval(id, after.phase, Math.max(before.risk, after.risk)),
    title: `Decide that ${after.id} may write after ${before.id}`,
  };
}

function blankApproval(id: string, phase: string, risk: number): NodeSpec {
  return {
    id,
    kind: "approval",
    phase,
    title: id,
    risk,
    ownerR: "human",
    ownerX: "human",
    agents: NO_NAMES,
    inputs: NO_NAMES,
    outputs: NO_NAMES,
    evidenceIn: NO_NAMES,
    evidenceOut: NO_NAMES,
    confidenceMin: 0.5,
    approval: approvalOf(risk),
    writeSet: NO_NAMES,
    tests: NO_TESTS,
    attemptsMax: LIMITS.attemptsDefault,
  };
}

function accountable(
  kind: NodeSpec["kind"],
  risk: number,
  ownerX: NodeSpec["ownerX"],
): NodeSpec["ownerR"] {
  if (kind === "approval" || gateTemplate(risk).quorum > 0) return "human";
  return ownerX;
}

/** By risk: nodes of one risk share one object. */
const APPROVALS = [0, 1, 2, 3, 4].map((risk) =>
  approvalRequirementSchema.parse({ quorum: Math.max(1, gateTemplate(risk).quorum) }),
);

function approvalOf(risk: number): NonNullable<NodeSpec["approval"]> {
  return APPROVALS[risk] ?? approvalRequirementSchema.parse({ quorum: gateTemplate(4).quorum });
}
