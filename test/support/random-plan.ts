/**
 * Random plans and policies that compile: genes in, a sound plan out, so that shrinking a gene
 * shrinks the plan. Repairs what chance breaks instead of throwing plans away.
 */
import fc from "fast-check";
import {
  compilePlan,
  type CompiledPlan,
  type PlanInput,
  planSchema,
} from "../../shared/plan/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { iso, type NodeInput, policy, rule } from "./builders.ts";

export const ACTION = "do.it";
export const GROUP = "board";
export const OTHER_GROUP = "finance";

/** Two zones without a handover: what a plan of zones lies in, and where it may not go. */
export const HERE = "acme/core/eu/pay";
export const THERE = "acme/core/eu/audit";

export interface NodeGene {
  /** 0-3 decision, 4-6 execution, 7 approval, 8 approval of an execution, 9 system. */
  readonly kind: number;
  readonly risk: number;
  readonly preds: number;
  readonly evidence: number;
  readonly quorum: number;
  readonly write: number;
  readonly attempts: number;
  readonly traits: number;
  /** What the node says beyond the usual: a share, a purpose, a skill, an evidence policy, a criterion. */
  readonly extra: number;
}

export interface PlanGene {
  readonly nodes: readonly NodeGene[];
  readonly policy: number;
  readonly authorization: number;
  /** What holds of the whole plan: 0 a profile, 1 forbidden purposes, 2 a zone, 3 leased slices. */
  readonly frame: number;
}

const nodeGene: fc.Arbitrary<NodeGene> = fc.record({
  kind: fc.integer({ min: 0, max: 9 }),
  risk: fc.integer({ min: 0, max: 4 }),
  preds: fc.nat({ max: 4095 }),
  evidence: fc.nat({ max: 63 }),
  quorum: fc.integer({ min: 1, max: 2 }),
  write: fc.nat({ max: 7 }),
  attempts: fc.integer({ min: 1, max: 3 }),
  traits: fc.nat({ max: 15 }),
  extra: fc.nat({ max: 63 }),
});

/** Plans of 1 to 12 nodes. */
export const planGene: fc.Arbitrary<PlanGene> = fc.record({
  nodes: fc.array(nodeGene, { minLength: 1, maxLength: 12, size: "max" }),
  policy: fc.nat({ max: 5 }),
  authorization: fc.nat({ max: 9 }),
  frame: fc.nat({ max: 6 }),
});

/** The plan of a gene: always sound. */
export function planOf(gene: PlanGene): CompiledPlan {
  const edges: { from: string; to: string }[] = [];
  const nodes = gene.nodes.map((node, at) => {
    for (let before = 0; before < at; before += 1)
      // Two bits for an edge keep the graph sparse enough to finish.
      if ((node.preds >> before) & 1 && (before + node.preds) % 3 === 0)
        edges.push({ from: idOf(before), to: idOf(at) });
    return nodeOf(node, at);
  });
  pairApprovals(gene, nodes, edges);
  for (const [at, node] of nodes.entries()) nodes[at] = observedOnly(node);
  giveEvidence(gene, nodes, edges);
  const isZoned = gene.frame === 2;
  const authorizationExpiresAt =
    gene.authorization === 0 ? { authorizationExpiresAt: iso(300) } : {};
  return repaired({
    title: "A random plan",
    phases: ["work"],
    nodes: isZoned ? nodes.map((node) => ({ ...node, zone: HERE })) : nodes,
    edges,
    missionInputs: ["input"],
    ...authorizationExpiresAt,
    ...frameOf(gene),
  });
}

function frameOf({ frame }: PlanGene): Partial<PlanInput> {
  if (frame === 0) return { allocationProfile: "manufacturing" };
  if (frame === 1) return { forbiddenPurposes: ["surveillance"] };
  if (frame === 2) return { zones: [{ zone: HERE, skills: ["act"] }, { zone: THERE }] };
  return frame === 3 ? { leased: SLICES } : {};
}

const SLICES = [0, 1, 2].map((part) => `artifact#part${part}`);

function idOf(at: number): string {
  return `n${at}`;
}

function nodeOf(
  { kind, risk, quorum, write, attempts, traits, extra }: NodeGene,
  at: number,
): NodeInput {
  const base = { id: idOf(at), phase: "work", title: `Node ${at}`, attemptsMax: attempts };
  if (kind === 9)
    return {
      ...base,
      kind: "decision",
      risk: Math.min(risk, 2),
      ownerR: "system",
      ownerX: "system",
    };
  const writeSet = SLICES.filter((_slice, bit) => (write >> bit) & 1 && traits & 1);
  const group = traits & 2 ? groupsOf(traits) : {};
  const deadlineMs = traits & 4 ? 60_000 : 3_600_000;
  const approval = risk >= 3 || kind >= 7 ? { approval: { quorum, deadlineMs, ...group } } : {};
  const agents = traits & 8 ? { agents: ["agent-a", "agent-b"] } : {};
  const pausing = traits & 1 ? {} : watched(write);
  const more = extraOf(extra);
  const common = {
    ...base,
    risk,
    ownerR: risk >= 3 ? "human" : "agent",
    writeSet,
    ...approval,
    ...agents,
    ...more,
    ...pausing,
  } as const;
  if (kind >= 7) return { ...common, kind: "approval", ownerX: "human" };
  if (kind >= 4)
    return {
      ...common,
      kind: "execution",
      ownerX: "agent",
      action: { type: ACTION, args: { currency: "EUR" } },
    };
  const outputs = traits & 4 ? ["report"] : [];
  return {
    ...common,
    kind: "decision",
    ownerX: "agent",
    outputs,
    tests: [{ id: "accepted", title: "Accepted" }],
  };
}

/** One group for everybody, or a seat each for two groups that share people. */
function groupsOf(traits: number) {
  if (!(traits & 8)) return { group: GROUP };
  const all = [GROUP, OTHER_GROUP].map((group) => ({ group, quorum: 1 }));
  return { all };
}

/** Universes, or a subjective criterion, where the gene says so. */
function watched(write: number): Pick<NodeInput, "universes" | "criteria"> {
  if (write === 2) return { criteria: [{ text: "it fits", kind: "subjective" }] };
  if (write > 3) return {};
  const overBudget = write === 3 ? "pause" : "block";
  return write === 0
    ? {}
    : {
        universes: [
          {
            id: "law",
            budget: 0.5,
            evidenceMin: 0.5,
            uncertaintyMax: 0.5,
            overBudget,
            ...(write === 3 && { staleAfterMs: 60_000, constraints: ["cash"] }),
          },
        ],
      };
}

/** One in two nodes says nothing more. */
function extraOf(extra: number): Partial<NodeInput> {
  const eighth = Math.floor(extra / 8) / 8;
  const extras: readonly Partial<NodeInput>[] = [
    { allocation: { factors: { risk: eighth, impact: eighth } } },
    { allocation: { humanMin: eighth / 2, weight: 2 } },
    { purpose: eighth === 0 ? "surveillance.people" : "sales.offer" },
    { skill: "act" },
    { evidencePolicy: { receiptsMin: 1, sourcesMin: 1, independent: false } },
    { criteria: [{ text: "the total is under 100 EUR", kind: "objective" }] },
  ];
  return extras[extra % 12] ?? {};
}

/** At an approval of no action nobody proposes, so nobody observes. */
function observedOnly(node: NodeInput): NodeInput {
  if (node.kind !== "approval" || node.approves !== undefined) return node;
  const { universes: _unobserved, ...rest } = node;
  return rest;
}

function pairApprovals(
  gene: PlanGene,
  nodes: NodeInput[],
  edges: { from: string; to: string }[],
): void {
  const approved = new Set<string>();
  for (const [at, { kind }] of gene.nodes.entries()) {
    const node = nodes[at];
    if (kind !== 8 || !node) continue;
    const target = nodes
      .slice(at + 1)
      .find((other) => other.kind === "execution" && !approved.has(other.id));
    if (!target) continue;
    approved.add(target.id);
    nodes[at] = { ...node, approves: target.id };
    if (!edges.some((edge) => edge.from === node.id && edge.to === target.id))
      edges.push({ from: node.id, to: target.id });
  }
}

function giveEvidence(
  gene: PlanGene,
  nodes: NodeInput[],
  edges: readonly { from: string; to: string }[],
): void {
  for (const [at, { evidence, kind }] of gene.nodes.entries()) {
    const node = nodes[at];
    if (!node) continue;
    const before = edges.filter((edge) => edge.to === node.id).map((edge) => edge.from);
    const supplied = new Set([
      "input",
      ...nodes
        .filter((other) => before.includes(other.id))
        .flatMap((other) => other.evidenceOut ?? []),
    ]);
    const evidenceIn = [...supplied].filter((_kind, index) => (evidence >> index) & 1 && index < 3);
    const evidenceOut = kind !== 9 && evidence & 8 ? [`e${evidence % 3}`] : [];
    // A policy for evidence that nothing requires is refused.
    const { evidencePolicy, ...plain } = node;
    const held = evidencePolicy && evidenceIn.length > 0 ? { evidencePolicy } : {};
    nodes[at] = { ...plain, ...held, evidenceIn, evidenceOut };
  }
}

/** Takes away leases and write-sets that clash until the plan compiles; nothing else can be wrong with it. */
function repaired(input: PlanInput): CompiledPlan {
  const { leased: _leased, ...unleased } = input;
  let { nodes } = input;
  let rest: PlanInput = input;
  for (;;) {
    const compiled = compilePlan(planSchema.parse({ ...rest, nodes }));
    if (compiled.ok) return compiled.value;
    if (compiled.error.violations.some(({ code }) => code === "lease_not_sufficient")) {
      rest = unleased;
      continue;
    }
    const clash = compiled.error.violations.find(
      (violation) => violation.code === "write_conflict",
    );
    if (!clash) throw new Error(`a random plan is unsound: ${JSON.stringify(compiled.error)}`);
    const at = Number(clash.pointer.split("/")[2]);
    nodes = nodes.map((node, index) => (index === at ? { ...node, writeSet: [] } : node));
  }
}

/** Policies that permit most things: by amount, with a quorum of their own, or with a forbidden agent. */
export function policyOf({ policy: variant }: PlanGene): PinnedPolicy {
  const decide = rule({ id: "decide", kinds: ["decision", "approval"] });
  const small = { path: "/amount", op: "lte", value: 100 } as const;
  const act = rule({ id: "act", kinds: ["execution"], actions: [ACTION], when: [small] });
  if (variant === 1) return policy([decide, { ...act, approval: { quorum: 1 } }]);
  if (variant === 2)
    return policy([decide, act, rule({ id: "not-b", effect: "forbid", agents: ["agent-b"] })]);
  if (variant === 3) return policy([{ ...decide, riskMax: 3 }, act]);
  const amending = rule({ id: "amend", kinds: ["amendment"] });
  if (variant === 4) return policy([decide, act, amending]);
  if (variant === 5) return policy([decide, act, { ...amending, approval: { quorum: 2 } }]);
  return policy([decide, act]);
}
