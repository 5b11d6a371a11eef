/**
 * Gate 6, policy: the pinned policy version says permit. No matching rule, or a policy that cannot
 * be read, is not permit. May block, never seal. Specification: docs/policy.md.
 */
import { invariant } from "../invariant.ts";
import {
  type AskedPeople,
  evaluatePolicy,
  type NearRule,
  type PolicyDecision,
  type PolicyFacts,
  type PolicyRule,
  type PolicySubject,
  readPolicyDocument,
} from "../policy/index.ts";
import { type Gate, type GateQuestion, outcomeOf, reasonOf } from "./question.ts";

export const policy: Gate<"allow" | "block"> = (question) => {
  const decision = decisionOn(question);
  if (decision === null) {
    return outcomeOf(
      [
        reasonOf(
          "policy",
          "POLICY_UNREADABLE",
          `policy ${question.policy.version} cannot be read`,
          "open the mission again under a readable policy",
        ),
      ],
      "block",
    );
  }
  switch (decision.effect) {
    case "permit":
      return { verdict: "allow", reasons: [] };
    case "forbid":
      return outcomeOf([forbiddenBy(decision.rule)], "block");
    case "none": {
      const near = decision.nearest[0];
      const counterfactual = near
        ? `rule ${near.rule.id} would permit if ${missingOf(near)}`
        : "a policy version with a rule that names this, activated by a human";
      return outcomeOf(
        [
          reasonOf(
            "policy",
            "POLICY_NO_MATCH",
            "no rule of the pinned policy permits this",
            counterfactual,
          ),
        ],
        "block",
      );
    }
  }
};

/** Whom the policy asks for on top of the plan; nobody when it does not permit. Throws when unreadable. */
export function policyAsks(question: GateQuestion): AskedPeople {
  const decision = decisionOn(question);
  invariant(decision, "who must approve is known of a readable policy");
  return decision.effect === "permit" ? decision : { quorum: 0 };
}

/** Decisions by question: gates 6 and 10 and the request for approval ask about the same one. */
const DECIDED = new WeakMap<GateQuestion, PolicyDecision | null>();

/** What the pinned policy says; null when it cannot be read. */
function decisionOn(question: GateQuestion): PolicyDecision | null {
  const known = DECIDED.get(question);
  if (known !== undefined) return known;
  const document = readPolicyDocument(question.policy.document);
  const decision = document && evaluatePolicy(document, subjectOf(question));
  DECIDED.set(question, decision);
  return decision;
}

function forbiddenBy(rule: PolicyRule) {
  const detail = `rule ${rule.id} forbids this`;
  if (rule.condition === undefined) {
    const fix = `propose something that rule ${rule.id} does not forbid`;
    return reasonOf("policy", "POLICY_FORBIDDEN", detail, fix);
  }
  return reasonOf(
    "policy",
    "POLICY_FORBIDDEN",
    detail,
    `rule ${rule.id} would not forbid if this were decided and false: ${rule.condition}`,
  );
}

function missingOf({ rule, failing, condition }: NearRule): string {
  const missing = failing.map((p) => `${p.path} ${p.op} ${JSON.stringify(p.value)}`);
  if (condition === "fails") missing.push(`this were true: ${rule.condition}`);
  if (condition === "undecided")
    missing.push(`this could be decided and were true: ${rule.condition}`);
  return missing.join(" and ");
}

function subjectOf(question: GateQuestion): PolicySubject {
  const { spec, proposal } = question;
  const facts = factsOf(question);
  return {
    kind: spec.kind,
    actionType: proposal?.action?.type ?? null,
    args: proposal?.action?.args ?? null,
    agent: agentOf(question).id,
    zone: spec.zone ?? null,
    risk: spec.risk,
    ...(facts ? { facts } : {}),
    ...(question.undecidedAsks && { undecidedAsks: true }),
  };
}

function agentOf({ agent }: GateQuestion): PolicyFacts["agent"] {
  if (agent === "system") return { id: "system", skills: [], zone: "" };
  if (agent === null || agent === "unavailable") return { id: "", skills: [], zone: "" };
  return { id: agent.id, skills: agent.skills, zone: agent.zone ?? "" };
}

function factsOf(question: GateQuestion): PolicyFacts | null {
  const { spec, mission, history, at } = question;
  if (!mission || !history) return null;
  return {
    at,
    node: {
      id: spec.id,
      kind: spec.kind,
      risk: spec.risk,
      phase: spec.phase,
      zone: spec.zone ?? "",
      attempt: question.attempt,
    },
    mission: { ...mission, state: question.missionStatus },
    agent: agentOf(question),
    evidence: question.evidence.map(({ kind, claims }) => ({
      kind,
      confidence: claims.length === 0 ? 0 : Math.min(...claims.map((claim) => claim.confidence)),
      primary: claims.length > 0 && claims.every((claim) => claim.primarySources > 0),
      claims: claims.length,
    })),
    history,
  };
}
