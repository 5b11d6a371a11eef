/**
 * The example missions: each compiles, and its policy permits its work as planned and nothing beside it.
 * Source: docs/plan.md, docs/policy.md.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { compilePlan, type NodeSpec, type Plan, planSchema } from "../../shared/plan/index.ts";
import {
  evaluatePolicy,
  type PolicyFacts,
  policyDocumentSchema,
} from "../../shared/policy/index.ts";
import type { JsonObject } from "../../shared/strict-json.ts";

interface ExampleFile {
  readonly mission: { readonly plan: unknown };
  readonly policy: unknown;
  readonly agents: readonly { id: string; skills: readonly string[]; zone: string }[];
  readonly approvers: readonly { id: string; name: string; groups: readonly string[] }[];
}

/** What the agents of each example propose beyond the arguments its plan fixes. */
const PROPOSED: Readonly<Record<string, JsonObject>> = {
  "vendor-switch": { amountUsd: 240_000, startsOn: "2027-01-01" },
  "customer-refund": { amount: 84.5 },
  "database-migration": {},
  "parallel-checks": {},
};

const NAMES = Object.keys(PROPOSED);

function read(name: string) {
  const file = path.join(import.meta.dirname, "../../examples", `${name}.mission.json`);
  const { mission, policy, agents, approvers } = JSON.parse(
    readFileSync(file, "utf8"),
  ) as ExampleFile;
  const plan = planSchema.parse(mission.plan);
  return { plan, policy: policyDocumentSchema.parse(policy), agents, approvers };
}

/** What the policy gate asks about a node as planned, proposed by `agent`. */
function subjectOf(name: string, plan: Plan, node: NodeSpec, agent: string) {
  const about = node.approves === undefined ? node : plan.nodes.find((n) => n.id === node.approves);
  const args = about?.action ? { ...about.action.args, ...PROPOSED[name] } : null;
  const { kind, risk, zone = null } = node;
  const actionType = about?.action?.type ?? null;
  return { kind, risk, zone, agent, args, actionType, facts: factsOf(plan, node, agent) };
}

/** The circumstances as planned: everything before it done, its evidence there and sure, no action yet. */
function factsOf({ nodes }: Plan, node: NodeSpec, agent: string): PolicyFacts {
  const { id, kind, risk, phase, zone = "" } = node;
  const at = "2027-01-01T09:00:00.000Z";
  return {
    at,
    node: { id, kind, risk, phase, zone, attempt: 1 },
    mission: { id: "msn_1", state: "active", done: 0, total: nodes.length },
    agent: { id: agent, skills: [], zone },
    evidence: node.evidenceIn.map((one) => ({
      kind: one,
      confidence: 0.9,
      primary: true,
      claims: 1,
    })),
    history: { self: id, at, actions: new Map() },
  };
}

/** Who may propose the node; the system where it advances by itself. */
function proposersOf(node: NodeSpec): readonly string[] {
  return node.agents.length > 0 ? node.agents : ["system"];
}

describe.each(NAMES)("%s", (name) => {
  const { plan, policy, agents, approvers } = read(name);

  test("compiles", () => {
    const result = compilePlan(plan);
    expect(result.ok ? [] : result.error.violations).toEqual([]);
  });

  test("has every agent its nodes name, with the zone and skill they ask for", () => {
    const asked = plan.nodes.flatMap((node) => node.agents.map((id) => ({ id, node })));
    expect(asked.length).toBeGreaterThan(0);
    for (const { id, node } of asked) {
      const agent = agents.find((known) => known.id === id);
      expect(agent?.zone, `${id} at ${node.id}`).toBe(node.zone ?? agent?.zone);
      const missing = [node.skill].filter((skill) => skill && !agent?.skills.includes(skill));
      expect(missing, `${id} at ${node.id}`).toEqual([]);
    }
  });

  test("has enough people of the group for every approval, and one to activate its policy", () => {
    expect(approvers.length).toBeGreaterThan(0);
    for (const { id, approval } of plan.nodes) {
      const { quorum, group } = approval ?? { quorum: 0, group: undefined };
      const people = approvers.filter((p) => group === undefined || p.groups.includes(group));
      expect(people.length, id).toBeGreaterThanOrEqual(quorum);
    }
  });

  test("has a policy that permits every node as planned", () => {
    for (const node of plan.nodes) {
      for (const agent of proposersOf(node)) {
        const decision = evaluatePolicy(policy, subjectOf(name, plan, node, agent));
        expect(decision.effect, `${node.id} by ${agent}`).toBe("permit");
      }
    }
  });

  test("has a policy that permits no node to an agent it is not for, and no other action", () => {
    for (const node of plan.nodes) {
      const mine = subjectOf(name, plan, node, proposersOf(node)[0] ?? "");
      const stranger = evaluatePolicy(policy, { ...mine, agent: "agent.stranger" });
      expect(stranger.effect, node.id).toBe("none");
      const riskier = evaluatePolicy(policy, {
        ...mine,
        kind: "execution",
        actionType: "other.act",
      });
      expect(riskier.effect, node.id).toBe("none");
    }
  });
});

test.each([
  ["vendor-switch", "execute", { amountUsd: 250_001 }, "none"],
  ["vendor-switch", "approve", { amountUsd: "240000" }, "none"],
  ["vendor-switch", "execute", { to: "blackfin-trading" }, "forbid"],
  ["database-migration", "apply-schema", { mode: "offline" }, "none"],
  ["database-migration", "archive-orders", { database: "customers-prod" }, "forbid"],
  ["customer-refund", "refund", { amount: 100.01 }, "none"],
  ["customer-refund", "refund", { amount: 0 }, "none"],
  ["parallel-checks", "order-screening", { country: "US" }, "none"],
] as const)("%s: %s with %o is not permitted", (name, nodeId, changed, effect) => {
  const { plan, policy } = read(name);
  const node = plan.nodes.find(({ id }) => id === nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  const subject = subjectOf(name, plan, node, proposersOf(node)[0] ?? "");
  expect(evaluatePolicy(policy, subject).effect).toBe("permit");
  const bent = { ...subject, args: { ...subject.args, ...changed } };
  expect(evaluatePolicy(policy, bent).effect).toBe(effect);
});

test("customer-refund: a second refund of the order, one too much in all, or none without its report", () => {
  const { plan, policy } = read("customer-refund");
  const node = plan.nodes.find(({ id }) => id === "refund");
  if (!node) throw new Error("no node refund");
  const subject = subjectOf("customer-refund", plan, node, "agent.cashier");
  const { facts } = subject;
  const after = (args: Record<string, string | number>) => {
    const entry = { order: 0, at: facts.at, nodeId: "other", jti: "tkt_1", args };
    const actions = new Map([["refund.issue", { entries: [entry], isFull: false }]]);
    const history = { ...facts.history, actions };
    return evaluatePolicy(policy, { ...subject, facts: { ...facts, history } }).effect;
  };
  expect(after({ order: "81724", amount: 15.5 })).toBe("permit");
  expect(after({ order: "81723", amount: 1 })).toBe("none");
  expect(after({ order: "81724", amount: 15.51 })).toBe("none");
  expect(evaluatePolicy(policy, { ...subject, facts: { ...facts, evidence: [] } }).effect).toBe(
    "none",
  );
});

test("vendor-switch is a chain of six nodes of the owners and risks it is known for", () => {
  const { plan } = read("vendor-switch");
  const compiled = compilePlan(plan);
  expect(compiled.ok && compiled.value.order).toEqual(plan.nodes.map(({ id }) => id));
  expect(plan.edges).toHaveLength(5);
  expect(plan.nodes.map(({ id, risk, ownerX }) => `${id} ${risk} ${ownerX}`)).toEqual([
    "propose 1 agent",
    "validate 2 agent",
    "approve 4 human",
    "execute 2 agent",
    "complete 1 system",
    "audit 3 human",
  ]);
  expect(compiled.ok && [...compiled.value.approverOf]).toEqual([["execute", "approve"]]);
});
