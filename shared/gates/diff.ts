/**
 * The diff gate: whether an amendment may join the plan. Asks the gates that can be asked of a change
 * (scope, policy, accountability, approval) and joins them like the entry pipeline does. Never seals.
 * From risk 2 on a person approves; below it too where the pinned policy does not speak of amendments.
 * Specification: docs/amendments.md.
 */
import { missingSeats, seatsOf } from "../approval/index.ts";
import { LIMITS } from "../limits.ts";
import type { ApprovalRequirement } from "../plan/index.ts";
import {
  readPolicyDocument,
  evaluatePolicy,
  looseningOf,
  type PinnedPolicy,
  type PolicyDecision,
  type PolicyDocument,
  type PolicyRule,
} from "../policy/index.ts";
import { askSafely, type GateResult, resultOf } from "./pipeline.ts";
import { type AskingAgent, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

/** An amendment that adds a node of this risk or more needs a person. */
const HUMAN_FROM_RISK = 2;

/** The action type an amendment goes by in digest, policy and inbox. */
export const AMEND_ACTION = "plan.amend";

export interface DiffQuestion {
  /** RFC 3339 with milliseconds. */
  readonly at: string;
  readonly authorizationExpiresAt: string | null;
  /** "operator" for a person; null: unknown to the directory. */
  readonly proposer: AskingAgent | "operator" | "unavailable" | null;
  /** The `sub` that proposed. */
  readonly by: string;
  /** The highest risk among the new nodes. */
  readonly risk: number;
  readonly nodes: number;
  readonly edges: number;
  readonly policy: PinnedPolicy;
  readonly gateDigest: string;
  /** From the third generation of rules on: undecided permits ask for their people (shared/policy). */
  readonly undecidedAsks?: true;
  /** Distinct people whose valid approval covers `gateDigest`. */
  readonly approvers: readonly string[];
  /** The groups of each of them; absent: none. */
  readonly groupsOf?: Readonly<Record<string, readonly string[]>>;
  /** Set when a person refused this very change to this very plan, or let its deadline pass. */
  readonly refused: "denied" | "expired" | null;
}

/** Evaluates the diff gate. Reasons come in the order of the gates. */
export function evaluateDiff(question: DiffQuestion): GateResult {
  const blocks =
    (reasons: (question: DiffQuestion) => readonly Reason[]) => (about: DiffQuestion) =>
      outcomeOf(reasons(about), "block");
  return resultOf([
    { gate: "scope", outcome: askSafely("scope", blocks(scopeReasons), question) },
    { gate: "policy", outcome: askSafely("policy", blocks(policyReasons), question) },
    {
      gate: "accountability",
      outcome: askSafely("accountability", blocks(accountabilityReasons), question),
    },
    { gate: "approval", outcome: askSafely("approval", approvalOutcome, question) },
  ]);
}

/**
 * Where one policy may let an amendment in that another would not, or with fewer people; null when it is
 * proven that it does not, for amendments of every risk. Source: docs/policy.md, "Re-pinning".
 */
export function amendmentLooseningOf(
  now: PolicyDocument,
  next: PolicyDocument,
): ReturnType<typeof looseningOf> {
  // Where a policy is silent a person may let anything in; only what asks nobody is looser than that.
  const spoken = (document: PolicyDocument): PolicyDocument => ({
    name: document.name,
    rules: isSilent(document) ? [ANY_BY_ONE_PERSON] : document.rules,
  });
  for (const risk of RISKS) {
    const subject = { kind: "amendment", actionType: AMEND_ACTION, zone: null, risk } as const;
    const found = looseningOf(spoken(now), spoken(next), subject);
    if (found) return found;
  }
  return null;
}

const RISKS = [0, 1, 2, 3, 4] as const;

const ANY_BY_ONE_PERSON: PolicyRule = {
  id: "amendment",
  effect: "permit",
  kinds: ["amendment"],
  when: [],
  approval: { quorum: 1 },
};

function isSilent({ rules }: PolicyDocument): boolean {
  return !rules.some((rule) => rule.kinds.includes("amendment"));
}

/** Who must approve the amendment, or null when nobody. */
export function diffRequirement(question: DiffQuestion): ApprovalRequirement | null {
  const decision = decisionOn(question);
  // The policy gate blocks; nobody is asked to approve what nobody could apply.
  if (decision === "unreadable") return null;
  const byRisk = question.risk >= HUMAN_FROM_RISK ? 1 : 0;
  // A policy that never heard of amendments permits none by itself; a person may.
  const permit = decision !== "silent" && decision.effect === "permit" ? decision : null;
  const quorum = Math.max(byRisk, decision === "silent" ? 1 : (permit?.quorum ?? 0));
  if (quorum === 0) return null;
  const all = permit?.all && [...permit.all];
  return { quorum, ...(all && { all }), deadlineMs: LIMITS.approvalDeadlineMs };
}

function decisionOn(question: DiffQuestion): PolicyDecision | "silent" | "unreadable" {
  const { policy, risk, nodes, edges, by } = question;
  const document = readPolicyDocument(policy.document);
  if (document === null) return "unreadable";
  if (isSilent(document)) return "silent";
  return evaluatePolicy(document, {
    kind: "amendment",
    actionType: AMEND_ACTION,
    args: { nodes, edges, risk },
    agent: by,
    zone: null,
    risk,
    ...(question.undecidedAsks && { undecidedAsks: true }),
  });
}

function scopeReasons({ proposer }: DiffQuestion): readonly Reason[] {
  if (proposer === "operator") return [];
  if (proposer === "unavailable")
    return [
      reasonOf(
        "scope",
        "GATE_FAILURE",
        "the agent directory could not be asked",
        "try again when the directory answers",
      ),
    ];
  if (proposer === null)
    return [
      reasonOf(
        "scope",
        "AGENT_UNKNOWN",
        "the directory knows no such agent",
        "an admin registers the agent",
      ),
    ];
  if (!proposer.banned) return [];
  return [
    reasonOf(
      "scope",
      "AGENT_BANNED",
      `agent ${proposer.id} is banned`,
      "an operator lifts the ban, or another agent proposes",
    ),
  ];
}

function policyReasons(question: DiffQuestion): readonly Reason[] {
  const decision = decisionOn(question);
  if (decision === "unreadable")
    return [
      reasonOf(
        "policy",
        "POLICY_UNREADABLE",
        `policy ${question.policy.version} cannot be read`,
        "open the mission again under a readable policy",
      ),
    ];
  if (decision === "silent" || decision.effect === "permit") return [];
  if (decision.effect === "forbid")
    return [
      reasonOf(
        "policy",
        "POLICY_FORBIDDEN",
        `rule ${decision.rule.id} forbids this amendment`,
        `an amendment that rule ${decision.rule.id} does not match`,
      ),
    ];
  return [
    reasonOf(
      "policy",
      "POLICY_NO_MATCH",
      "no rule of the pinned policy permits this amendment",
      "a rule of kind amendment that matches it",
    ),
  ];
}

function accountabilityReasons(question: DiffQuestion): readonly Reason[] {
  const { authorizationExpiresAt, at, by, approvers } = question;
  const reasons: Reason[] = [];
  if (authorizationExpiresAt !== null && authorizationExpiresAt <= at)
    reasons.push(
      reasonOf(
        "accountability",
        "AUTHORIZATION_EXPIRED",
        `the mission's authorization ended at ${authorizationExpiresAt}`,
        "open another mission with an authorization of its own",
      ),
    );
  if (approvers.includes(by))
    reasons.push(
      reasonOf(
        "accountability",
        "SEPARATION_OF_DUTIES",
        `${by} proposed and approved`,
        "another person approves",
      ),
    );
  return reasons;
}

function approvalOutcome(question: DiffQuestion) {
  const requirement = diffRequirement(question);
  if (!requirement) return outcomeOf([], "pause");
  const { refused, approvers, gateDigest } = question;
  if (refused !== null) {
    const code = refused === "denied" ? "APPROVAL_DENIED" : "APPROVAL_EXPIRED";
    const detail =
      refused === "denied"
        ? "a person refused exactly this"
        : "nobody approved exactly this in time";
    return outcomeOf([reasonOf("approval", code, detail, "propose another amendment")], "block");
  }
  const people = approvers.map((id) => ({ id, groups: question.groupsOf?.[id] ?? [] }));
  const missing = missingSeats(requirement, people);
  if (missing === 0) return outcomeOf([], "pause");
  const need = seatsOf(requirement).length;
  const counterfactual = `${missing} ${missing === 1 ? "approval" : "approvals"} by registered approvers over digest ${gateDigest}`;
  return outcomeOf(
    [
      reasonOf(
        "approval",
        "APPROVAL_MISSING",
        `${need - missing} of ${need} approvals`,
        counterfactual,
      ),
    ],
    "pause",
  );
}
