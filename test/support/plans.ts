/**
 * Builders of small plans: each gives a sound node, so that a test breaks or adds only what it is about.
 */
import { compilePlan, type PlanInput, planSchema } from "../../shared/plan/index.ts";

type NodeInput = PlanInput["nodes"][number];

export function decision(id: string, rest: Partial<NodeInput> = {}): NodeInput {
  return {
    id,
    kind: "decision",
    phase: "work",
    title: id,
    risk: 1,
    ownerR: "agent",
    ownerX: "agent",
    tests: [{ id: "ok", title: "it is ok" }],
    ...rest,
  };
}

export function execution(id: string, rest: Partial<NodeInput> = {}): NodeInput {
  return { ...decision(id), kind: "execution", tests: [], action: { type: "do.it" }, ...rest };
}

export function approval(id: string, rest: Partial<NodeInput> = {}): NodeInput {
  const owners = { ownerR: "human", ownerX: "human" } as const;
  return { ...decision(id), ...owners, kind: "approval", tests: [], risk: 3, ...rest };
}

export function system(id: string, rest: Partial<NodeInput> = {}): NodeInput {
  return { ...decision(id), ownerX: "system", tests: [], ...rest };
}

/** A plan over `nodes`; each edge is written `a b`. */
export function planOf(
  nodes: readonly NodeInput[],
  edges: readonly string[] = [],
  rest: Partial<Omit<PlanInput, "edges">> = {},
): PlanInput & { edges: { from: string; to: string }[] } {
  const edgeInputs = edges.map((edge) => {
    const [from = "", to = ""] = edge.split(" ");
    return { from, to };
  });
  return {
    title: "a plan",
    phases: ["work", "close"],
    nodes: [...nodes],
    edges: edgeInputs,
    ...rest,
  };
}

export function compile(input: PlanInput) {
  return compilePlan(planSchema.parse(input));
}

export function compiled(input: PlanInput) {
  const result = compile(input);
  if (!result.ok) throw new Error(JSON.stringify(result.error.violations.slice(0, 3)));
  return result.value;
}

/** What is wrong with a plan, each as `code pointer`. */
export function wrongs(input: PlanInput): readonly string[] {
  const result = compile(input);
  return result.ok ? [] : result.error.violations.map(({ code, pointer }) => `${code} ${pointer}`);
}
