/**
 * Trust for tests: facts with which an agent is authorized automatically to switch vendors, and what the
 * trace must show wherever that happened.
 */
import type { Grant, TrustFacts } from "../../shared/trust/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { agent, iso, policy, rule } from "./builders.ts";
import type { PolicyRule } from "../../shared/policy/index.ts";
import type { Model, ModelNode, Say } from "./mission-model.ts";

export function grantOf(changes: Partial<Grant> = {}): Grant {
  return {
    id: "grt_017f22e2-79b0-7cc3-98c4-dc0c0c073993",
    agent: "agent-a",
    actionType: "vendor.switch",
    riskMax: 2,
    expiresAt: iso(100_000),
    issuedBy: "ann",
    ...changes,
  };
}

/** High trust with a live grant, read at this second. */
export function trustAt(seconds: number, changes: Partial<TrustFacts> = {}): TrustFacts {
  return {
    score: 0.99,
    streak: 4,
    cooldownUntil: null,
    readAt: iso(seconds),
    grants: [grantOf()],
    ...changes,
  };
}

/** `agent-a` as the team's object describes it to a proposal. */
export function trusted(seconds: number, changes: Partial<TrustFacts> = {}) {
  return agent("agent-a", { trust: trustAt(seconds, changes) });
}

/** A policy that lets vendors be switched when people approve, one of them by default. */
export function askingPolicy(approval: NonNullable<PolicyRule["approval"]> = { quorum: 1 }) {
  return policy([
    rule({ id: "decide", kinds: ["decision", "approval"] }),
    rule({ id: "act", kinds: ["execution"], actions: ["vendor.switch"], approval }),
  ]);
}

const AUTO = "AUTO_AUTH_BY_TRUST_AND_GRANT";

/**
 * Whether the gate says that trust stood in for people, and if so, that it could: a live grant for exactly
 * this by another, high trust of now, no cooldown, low risk, nobody's refusal. By other code than the core's.
 */
export function isAuthorizedByTrust(
  model: Model,
  { spec, proposal, refused }: ModelNode,
  event: TraceEvent,
  digest: string,
  say: Say,
): boolean {
  if (!event.gateResult?.reasons.some(({ code }) => code === AUTO)) return false;
  const wrong = (detail: string) => say("I1", `seq ${event.seq}: authorized by trust ${detail}`);
  const trust = proposal?.agent.trust;
  if (!proposal || trust === undefined || trust === "unavailable") {
    wrong("that nobody knew");
    return true;
  }
  const now = Date.parse(event.at);
  const [read, cools] = [trust.readAt, trust.cooldownUntil ?? iso(0)].map((at) => Date.parse(at));
  if (!(now >= (read ?? NaN) && now - (read ?? NaN) <= 60_000)) wrong("of another time");
  if (!((cools ?? NaN) <= now)) wrong("while it cools down");
  if (!(trust.score >= 0.98 && trust.streak >= 2)) wrong("that is low");
  if (spec.risk > 2 || spec.kind !== "execution") wrong(`at risk ${spec.risk} of a ${spec.kind}`);
  if (spec.approval) wrong("against the plan's own approval");
  if (refused.has(digest)) wrong("against a refusal");
  const covers = trust.grants.some(
    (grant) =>
      grant.agent === proposal.agent.id &&
      grant.issuedBy !== proposal.agent.id &&
      grant.actionType === proposal.action?.type &&
      Date.parse(grant.expiresAt) > now &&
      grant.riskMax >= spec.risk &&
      [undefined, spec.zone].includes(grant.zone) &&
      [undefined, model.opened.missionId].includes(grant.missionId),
  );
  if (!covers) wrong("without a grant");
  return true;
}
