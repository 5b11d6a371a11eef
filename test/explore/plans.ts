/**
 * The plans that are explored: every shape of a graph up to renaming of its nodes, and every way to give its nodes
 * a kind and a risk, of those that only differ in names one. Refuses nothing but what the compiler refuses: an
 * unsound plan is left out.
 */
import {
  type CompiledPlan,
  compilePlan,
  type PlanInput,
  planSchema,
} from "../../shared/plan/index.ts";
import { approvalNode, decisionNode, executionNode, type NodeInput } from "../support/builders.ts";

type Edges = readonly (readonly [number, number])[];

/** What differs between two nodes that are explored. */
export interface Profile {
  readonly kind: "decision" | "execution" | "approval";
  readonly risk: 0 | 2 | 3;
}

export const PROFILES: readonly Profile[] = (
  ["decision", "execution", "approval"] as const
).flatMap((kind) => ([0, 2, 3] as const).map((risk) => ({ kind, risk })));

/** One kind for each risk: what decides is of no risk, what acts of some, and people are asked about the most. */
export const PROFILE_PER_RISK: readonly Profile[] = [
  { kind: "decision", risk: 0 },
  { kind: "execution", risk: 2 },
  { kind: "approval", risk: 3 },
];

/** Acyclic graphs of `size` nodes, one of each shape: 1, 2, 6 and 31 of them. */
export function shapesOf(size: number): readonly Edges[] {
  const places = range(size).flatMap((to) => range(to).map((from) => [from, to] as const));
  const shapes = new Map<string, Edges>();
  for (const mask of range(2 ** places.length)) {
    const edges = places.filter((_place, at) => (mask >> at) % 2 === 1);
    const names = permutations(size).map((order) => nameOf(edges, order));
    const name = names.toSorted()[0] ?? "";
    if (!shapes.has(name)) shapes.set(name, edges);
  }
  return [...shapes.values()];
}

/**
 * The sound plans of a shape, each node with each of the profiles. Of assignments that a renaming of nodes which
 * leaves the shape as it is turns into each other, one.
 */
export function plansOf(
  size: number,
  edges: Edges,
  profiles: readonly Profile[],
  attemptsMax = 1,
): readonly CompiledPlan[] {
  return assignmentsOf(size, edges, profiles.length).flatMap((assignment) => {
    const nodes = assignment.flatMap((choice, at) => {
      const profile = profiles[choice];
      const before = edges.flatMap(([from, to]) => (to === at ? [assignment[from] ?? 0] : []));
      const isGiven = before.some((other) => owesEvidence(profiles[other]));
      return profile ? [nodeOf(at, profile, { attemptsMax, isGiven })] : [];
    });
    const named = edges.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` }));
    const compiled = compileSmall(nodes, { edges: named });
    return compiled ? [compiled] : [];
  });
}

/** Every way to give `size` nodes one of `choices` labels, up to automorphisms of the shape. */
export function assignmentsOf(
  size: number,
  edges: Edges,
  choices: number,
): readonly (readonly number[])[] {
  const same = nameOf(edges, range(size));
  const automorphisms = permutations(size).filter((order) => nameOf(edges, order) === same);
  return range(choices ** size).flatMap((code) => {
    const labels = range(size).map((at) => Math.floor(code / choices ** at) % choices);
    const codes = automorphisms.map((order) =>
      labels.reduce((sum, label, at) => sum + label * choices ** (order[at] ?? 0), 0),
    );
    return code === Math.min(...codes) ? [labels] : [];
  });
}

/** Compiles a plan of these nodes; null when it is unsound. */
export function compileSmall(
  nodes: readonly NodeInput[],
  rest: Partial<PlanInput> = {},
): CompiledPlan | null {
  const input = { title: "A small plan", phases: ["work"], nodes: [...nodes], ...rest };
  const compiled = compilePlan(planSchema.parse(input));
  return compiled.ok ? compiled.value : null;
}

/** From risk 2 on a decision owes evidence, which whoever follows it requires. */
function owesEvidence(profile: Profile | undefined): boolean {
  return profile?.kind === "decision" && profile.risk >= 2;
}

/** A risk of 3 needs a human owner. */
function nodeOf(
  at: number,
  profile: Profile,
  { attemptsMax, isGiven }: { readonly attemptsMax: number; readonly isGiven: boolean },
): NodeInput {
  const { kind, risk } = profile;
  const ownerR = kind === "approval" || risk === 3 ? "human" : "agent";
  const build = { decision: decisionNode, execution: executionNode, approval: approvalNode }[kind];
  return build(`n${at}`, {
    risk,
    ownerR,
    attemptsMax,
    ...(owesEvidence(profile) ? { evidenceOut: ["offer"] } : {}),
    ...(isGiven ? { evidenceIn: ["offer"] } : {}),
  });
}

function nameOf(edges: Edges, order: readonly number[]): string {
  return edges
    .map(([from, to]) => `${order[from]}>${order[to]}`)
    .toSorted()
    .join(" ");
}

function range(size: number): readonly number[] {
  return Array.from({ length: size }, (_none, at) => at);
}

/** Every order of the numbers below `size`. */
function permutations(size: number, taken: readonly number[] = []): readonly (readonly number[])[] {
  if (taken.length === size) return [taken];
  return range(size)
    .filter((one) => !taken.includes(one))
    .flatMap((one) => permutations(size, [...taken, one]));
}
