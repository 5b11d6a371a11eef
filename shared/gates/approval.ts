/**
 * Gate 10, approval: enough valid human approvals over the current gate digest. A digest that a
 * person refused blocks for good; a changed proposal has another digest. Never seals.
 */
import {
  escalatedTo,
  isCounted,
  joinGroups,
  missingSeats,
  seatPeople,
  type SeatRequirement,
} from "../approval/index.ts";
import { LIMITS } from "../limits.ts";
import type { ApprovalRequirement } from "../plan/index.ts";
import { authorizationReasons, isAuthorized } from "./authorization.ts";
import { policyAsks } from "./policy.ts";
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
  if (!requirement && !isRefusedForGood(question))
    return { verdict: "allow", reasons: liftedReasons(question) };
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
  if (!requirement || isSatisfied(question, requirement)) return { verdict: "allow", reasons: [] };
  const asked = escalatedTo(requirement, question.escalated ?? 0);
  const [have, need] = progressOf(question, asked);
  return outcomeOf(
    [
      reasonOf(
        "approval",
        "APPROVAL_MISSING",
        `${have} of ${need} approvals`,
        `${wantedOf(question, asked)} over digest ${question.gateDigest}`,
      ),
      ...selectionReasons(question),
      ...(isAskedByRule(question) ? authorizationReasons(question) : []),
    ],
    "pause",
  );
};

/**
 * Whether somebody has said no to exactly this: final also where nobody would be asked any more, because a rule's
 * condition over time has passed. Before the third generation of rules only who was asked could be refused.
 */
function isRefusedForGood({ refused, subjectDigest }: GateQuestion): boolean {
  return refused !== null && subjectDigest !== undefined;
}

/** Where only an automatic authorization keeps people from being asked: by which grant. */
function liftedReasons(question: GateQuestion): readonly Reason[] {
  return isAskedByRule(question) ? authorizationReasons(question) : [];
}

/** Whether people are asked for a reason that trust may answer: by the policy or a review, not by the plan. */
function isAskedByRule(question: GateQuestion): boolean {
  return Math.max(policyAsks(question).quorum, reviewQuorum(question)) > 0;
}

/** What approval this node needs, or null when none: approval nodes, risk 3 and up, where the policy asks, and where a review does; null too where trust stands in. */
export function requirementOf(question: GateQuestion): ApprovalRequirement | null {
  const { spec } = question;
  const paused = (question.pausedGates ?? []).length > 0 ? 1 : 0;
  const byPolicy = policyAsks(question);
  const asked = Math.max(byPolicy.quorum, reviewQuorum(question), paused);
  if (spec.kind !== "approval" && spec.risk < APPROVAL_FROM_RISK && asked === 0) return null;
  if (isAuthorized(question)) return null;
  const own: ApprovalRequirement = spec.approval ?? {
    quorum: 1,
    deadlineMs: LIMITS.approvalDeadlineMs,
  };
  const all = joinGroups(own.all ?? [], byPolicy.all ?? []);
  return {
    ...own,
    quorum: Math.max(own.quorum, asked),
    ...(all.length > 0 && { all: [...all] }),
  };
}

/** Whether the people who approved fill every seat. */
export function isSatisfied(question: GateQuestion, requirement: ApprovalRequirement): boolean {
  const asked = escalatedTo(requirement, question.escalated ?? 0);
  return question.brokenBy !== undefined || missingSeats(asked, peopleOf(question)) === 0;
}

function peopleOf({ approvers, groupsOf = {} }: GateQuestion) {
  return approvers.map((id) => ({ id, groups: groupsOf[id] ?? [] }));
}

function progressOf(
  question: GateQuestion,
  requirement: SeatRequirement,
): readonly [have: number, need: number] {
  if (isCounted(requirement)) return [question.approvers.length, requirement.quorum];
  const seats = seatPeople(requirement, peopleOf(question));
  return [seats.filter(({ person }) => person !== null).length, seats.length];
}

/** Who is still missing, for a person to read: "1 approval by people of group finance". */
function wantedOf(question: GateQuestion, requirement: SeatRequirement): string {
  const { quorum, group, also = [] } = requirement;
  if (isCounted(requirement)) return wanted(quorum - question.approvers.length, group ?? null);
  const empty = seatPeople(requirement, peopleOf(question)).filter(({ person }) => person === null);
  const groups = [...new Set(empty.map((seat) => seat.group))];
  return groups
    .map((name) => {
      const missing = empty.filter((seat) => seat.group === name).length;
      return wanted(missing, name === null ? null : [name, ...also].join(" or "));
    })
    .join(" and ");
}

function wanted(missing: number, group: string | null): string {
  const people = group === null ? "registered approvers" : `people of group ${group}`;
  return `${missing} ${missing === 1 ? "approval" : "approvals"} by ${people}`;
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
