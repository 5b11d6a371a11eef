/**
 * Gate 6, policy: the pinned policy version says permit. No matching rule, or a policy that cannot
 * be read, is not permit. May block, never seal.
 */
import {
  evaluatePolicy,
  type PinnedPolicy,
  type PolicyDocument,
  policyDocumentSchema,
} from "../policy/index.ts";
import { type Gate, type GateQuestion, outcomeOf, reasonOf } from "./question.ts";

export const policy: Gate<"allow" | "block"> = (question) => {
  const document = readDocument(question.policy);
  if (document === null) {
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
  const decision = evaluatePolicy(document, subjectOf(question));
  switch (decision.effect) {
    case "permit":
      return { verdict: "allow", reasons: [] };
    case "forbid":
      return outcomeOf(
        [reasonOf("policy", "POLICY_FORBIDDEN", `rule ${decision.rule.id} forbids this`)],
        "block",
      );
    case "none": {
      const near = decision.nearest[0];
      const counterfactual = near
        ? `rule ${near.rule.id} would permit if ${near.failing.map((p) => `${p.path} ${p.op} ${JSON.stringify(p.value)}`).join(" and ")}`
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

/** Pinned policies remembered at once; a mission has one, so this is missions alive in one isolate. */
const READ_MAX = 32;

/** What reading gave, by hash; believed only for the very document it was read from. */
const readByHash = new Map<
  string,
  { readonly document: unknown; readonly read: PolicyDocument | null }
>();

/**
 * The document as its schema reads it, or null. A pinned policy never changes, so each is read once;
 * the memory cannot be told from its absence, because another document of the same hash is read anew.
 */
function readDocument({ hash, document }: PinnedPolicy): PolicyDocument | null {
  const known = readByHash.get(hash);
  if (known && known.document === document) return known.read;
  const parsed = policyDocumentSchema.safeParse(document);
  const read = parsed.success ? parsed.data : null;
  const oldest = readByHash.size >= READ_MAX ? readByHash.keys().next().value : undefined;
  if (oldest !== undefined) readByHash.delete(oldest);
  readByHash.set(hash, { document, read });
  return read;
}

/** Approvals the policy asks for on top of the plan's; 0 when it does not permit at all. */
export function policyQuorum(question: GateQuestion): number {
  const decision = evaluatePolicy(question.policy.document, subjectOf(question));
  return decision.effect === "permit" ? decision.quorum : 0;
}

function subjectOf({ spec, proposal, agent }: GateQuestion) {
  const known = agent !== null && agent !== "unavailable" && agent !== "system";
  return {
    kind: spec.kind,
    actionType: proposal?.action?.type ?? null,
    args: proposal?.action?.args ?? null,
    agent: known ? agent.id : agent === "system" ? "system" : "",
    zone: spec.zone ?? null,
    risk: spec.risk,
  };
}
