/**
 * Planted bugs, one a gate: in the real pipeline, for as long as an exploration lasts, one gate allows whatever it
 * is asked; everything else is the core as it is. Shows that the exploration can see. docs/testing.md, "Exploration".
 */
import type { GateName } from "../../shared/gates/index.ts";
import { PIPELINE } from "../../shared/gates/pipeline.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import { decisionNode, executionNode, iso } from "../support/builders.ts";
import { type Exploration, explore } from "./explore.ts";
import { compileSmall } from "./plans.ts";

/** A gate, the smallest plan in which its bug shows, and the invariant that names it. */
interface Planted {
  readonly gate: GateName;
  readonly invariant: string;
  readonly plan: CompiledPlan | null;
}

const UNIVERSE = { id: "law", budget: 0.5, evidenceMin: 0.5, uncertaintyMax: 0.5 };
const SLICE = "report#text";

/** In the order of the pipeline. */
export const PLANTED: readonly Planted[] = [
  {
    gate: "readiness",
    invariant: "I4",
    plan: compileSmall([decisionNode("n0"), decisionNode("n1")], {
      edges: [{ from: "n0", to: "n1" }],
    }),
  },
  { gate: "scope", invariant: "I8", plan: compileSmall([decisionNode("n0")]) },
  {
    gate: "consistency",
    invariant: "I5",
    plan: compileSmall([
      executionNode("n0", { action: { type: "vendor.switch", args: { to: 1 } } }),
    ]),
  },
  {
    gate: "relativity",
    invariant: "I8",
    plan: compileSmall([
      decisionNode("n0", { criteria: [{ text: "it is nice", kind: "subjective" }] }),
    ]),
  },
  {
    gate: "evidence",
    invariant: "I2",
    plan: compileSmall([decisionNode("n0", { evidenceIn: ["offer"] })], {
      missionInputs: ["offer"],
    }),
  },
  {
    gate: "policy",
    invariant: "I13",
    plan: compileSmall([executionNode("n0", { action: { type: "other.thing" } })]),
  },
  {
    gate: "universe",
    invariant: "I8",
    plan: compileSmall([decisionNode("n0", { universes: [UNIVERSE] })]),
  },
  {
    gate: "ethics",
    invariant: "I8",
    plan: compileSmall([decisionNode("n0", { purpose: "harm" })], { forbiddenPurposes: ["harm"] }),
  },
  {
    gate: "accountability",
    invariant: "I8",
    plan: compileSmall([decisionNode("n0")], { authorizationExpiresAt: iso(86_400) }),
  },
  {
    gate: "approval",
    invariant: "I1",
    plan: compileSmall([executionNode("n0", { risk: 3, ownerR: "human" })]),
  },
  {
    gate: "lease",
    invariant: "I10",
    plan: compileSmall(
      [decisionNode("n0", { writeSet: [SLICE] }), decisionNode("n1", { writeSet: [SLICE] })],
      { leased: [SLICE] },
    ),
  },
];

/** Explores the plan of a gate's planted bug, with the bug in place or, for comparison, without it. */
export function sabotage({ gate, plan }: Planted, isPlanted = true, depthMax = 3): Exploration {
  if (!plan) throw new Error(`no sound plan shows a bug of gate ${gate}`);
  const run = () => explore(plan, { depthMax, alphabet: "full" });
  return isPlanted ? withBug(gate, run) : run();
}

/** Runs with one gate allowing everything; the pipeline is whole again afterwards, whatever happens. */
function withBug<T>(gate: GateName, run: () => T): T {
  const entry = PIPELINE.find((one) => one.gate === gate) as { ask: unknown } | undefined;
  if (!entry) throw new Error(`gate ${gate} is in the pipeline`);
  const { ask } = entry;
  entry.ask = () => ({ verdict: "allow", reasons: [] });
  try {
    return run();
  } finally {
    entry.ask = ask;
  }
}
