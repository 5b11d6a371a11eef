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

const APPROVAL_FROM_RISK = 3;

export const approval: Gate<RefusableVerdict> = (question) => {
  const uncovered = coverageReason(question);
  if (uncovered) return outcomeOf([uncovered], "block");
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

function coverageReason({ coverage, proposal }: GateQuestion) {
  if (!coverage) return null;
  const { approved, nodeId } = coverage;
  const action = proposal?.action;
  if (
    approved &&
    action &&
    approved.actionType === action.type &&
    approved.argsHash === action.argsHash
  )
    return null;
  return reasonOf(
    "approval",
    "APPROVAL_NOT_FOR_THIS_ACTION",
    `node ${nodeId} did not approve exactly this action`,
    approved
      ? `propose ${approved.actionType} with the approved arguments (hash ${approved.argsHash})`
      : `have node ${nodeId} approve the action first`,
  );
}
