/**
 * The plans that are explored: every shape of a graph up to renaming of its nodes, and every sound way to give
 * its nodes a kind and a risk. Refuses nothing but what the compiler refuses: an unsound plan is left out.
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

/** Acyclic graphs of `size` nodes, one of each shape: 1, 2, 6 and 31 of them. */
export function shapesOf(size: number): readonly Edges[] {
  const places = range(size).flatMap((to) => range(to).map((from) => [from, to] as const));
  const shapes = new Map<string, Edges>();
  for (const mask of range(2 ** places.length)) {
    const edges = places.filter((_place, at) => (mask >> at) % 2 === 1);
    const names = permutations(range(size)).map((order) =>
      edges
        .map(([from, to]) => `${order[from]}>${order[to]}`)
        .sort()
        .join(" "),
    );
    const name = names.sort()[0] ?? "";
    if (!shapes.has(name)) shapes.set(name, edges);
  }
  return [...shapes.values()];
}

/** The sound plans of a shape; each node takes each of the profiles. */
export function plansOf(
  size: number,
  edges: Edges,
  profiles: readonly Profile[],
  attemptsMax: number,
): readonly CompiledPlan[] {
  return range(profiles.length ** size).flatMap((choice) => {
    const nodes = range(size).flatMap((at) => {
      const profile = profiles[Math.floor(choice / profiles.length ** at) % profiles.length];
      return profile ? [nodeOf(at, profile, attemptsMax)] : [];
    });
    const named = edges.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` }));
    const compiled = compileSmall(nodes, { edges: named });
    return compiled ? [compiled] : [];
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

/** From risk 2 on a decision owes evidence; a risk of 3 needs a human owner. */
function nodeOf(at: number, { kind, risk }: Profile, attemptsMax: number): NodeInput {
  const ownerR = kind === "approval" || risk === 3 ? "human" : "agent";
  const owes = kind === "decision" && risk >= 2 ? { evidenceOut: ["offer"] } : {};
  const build = { decision: decisionNode, execution: executionNode, approval: approvalNode }[kind];
  return build(`n${at}`, { risk, ownerR, attemptsMax, ...owes });
}

function range(size: number): readonly number[] {
  return Array.from({ length: size }, (_none, at) => at);
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}
