/**
 * Gate 10, approval: enough valid human approvals over the current gate digest. A digest that a
 * person refused blocks for good; a changed proposal has another digest. Never seals.
 */
import { LIMITS } from "../limits.ts";
import type { ApprovalRequirement } from "../plan/index.ts";
import { policyQuorum } from "./policy.ts";
import { reviewQuorum, selectionReasons } from "./review.ts";
import {
  type Gate,
  type GateQuestion,
  type RefusableVerdict,
  outcomeOf,
  reasonOf,
} from "./question.ts";

import type { Reason } from "./reasons.ts";

const APPROVAL_FROM_RISK = 3;

export const approval: Gate<RefusableVerdict> = (question) => {
  const uncovered = coverageReasons(question);
  if (uncovered.length > 0) return outcomeOf(uncovered, "block");
  const requirement = requirementOf(question);
  if (!requirement) return { verdict: "allow", reasons: [] };
  if (question.refused !== null) {
    const code = question.refused === "denied" ? "APPROVAL_DENIED" : "APPROVAL_EXPIRED";
    const detail =
      question.refused === "denied"
        ? "a person refused exactly this"
        : "nobody approved exactly this in time";
    return outcomeOf(
      [reasonOf("approval", code, detail, "propose something else; a new digest asks anew")],
      "block",
    );
  }
  const have = question.approvers.length;
  if (have >= requirement.quorum) return { verdict: "allow", reasons: [] };
  const missing = requirement.quorum - have;
  const people = `${missing} ${missing === 1 ? "approval" : "approvals"} by ${requirement.group ? `people of group ${requirement.group}` : "registered approvers"}`;
  return outcomeOf(
    [
      reasonOf(
        "approval",
        "APPROVAL_MISSING",
        `${have} of ${requirement.quorum} approvals`,
        `${people} over digest ${question.gateDigest}`,
      ),
      ...selectionReasons(question),
    ],
    "pause",
  );
};

/** What approval this node needs, or null when none: approval nodes, risk 3 and up, where the policy asks, and where a review does. */
export function requirementOf(question: GateQuestion): ApprovalRequirement | null {
  const { spec } = question;
  const paused = (question.pausedGates ?? []).length > 0 ? 1 : 0;
  const asked = Math.max(policyQuorum(question), reviewQuorum(question), paused);
  if (spec.kind !== "approval" && spec.risk < APPROVAL_FROM_RISK && asked === 0) return null;
  const own = spec.approval ?? { quorum: 1, deadlineMs: LIMITS.approvalDeadlineMs };
  return { ...own, quorum: Math.max(own.quorum, asked) };
}

function coverageReasons(question: GateQuestion): readonly Reason[] {
  const { coverage, proposal } = question;
  if (!coverage) return [];
  const { approved, nodeId } = coverage;
  const action = proposal?.action;
  const isApproved =
    approved && action?.type === approved.actionType && action.argsHash === approved.argsHash;
  if (isApproved) return evidenceReasons(question, coverage);
  return [
    reasonOf(
      "approval",
      "APPROVAL_NOT_FOR_THIS_ACTION",
      `node ${nodeId} did not approve exactly this action`,
      approved
        ? `propose ${approved.actionType} with the approved arguments (hash ${approved.argsHash})`
        : `have node ${nodeId} approve the action first`,
    ),
  ];
}

/** Of every kind that both nodes require, the action rests on exactly the bundles it was approved on (I14). */
function evidenceReasons(
  { spec, evidence }: GateQuestion,
  coverage: NonNullable<GateQuestion["coverage"]>,
): readonly Reason[] {
  return [...new Set(spec.evidenceIn)].flatMap((kind) => {
    const approved = coverage.evidence.filter((bundle) => bundle.kind === kind);
    if (approved.length === 0) return [];
    const held = evidence.filter((bundle) => bundle.kind === kind);
    const isSame =
      held.length === approved.length &&
      held.every(({ hash }) => approved.some((bundle) => bundle.hash === hash));
    if (isSame) return [];
    return reasonOf(
      "approval",
      "APPROVAL_NOT_FOR_THIS_ACTION",
      `node ${coverage.nodeId} approved on other evidence of kind ${kind}`,
      `let the evidence of kind ${kind} be the approved one again: ${approved.map(({ id }) => id).join(", ")}`,
    );
  });
}
