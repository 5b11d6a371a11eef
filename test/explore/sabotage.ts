/**
 * Planted bugs, one a gate: wherever the gate's verdict was not `allow`, the decision is rewritten to what the
 * core would have decided had that gate waved the node through. Shows that the exploration can see; the core
 * itself is never touched. Scope and lease are not in the list: docs/testing.md says why.
 */
import type { CompiledPlan } from "../../shared/plan/index.ts";
import type { EventDraft } from "../../shared/trace/index.ts";
import { decisionNode, executionNode, iso } from "../support/builders.ts";
import { type Bug, type Exploration, explore } from "./explore.ts";
import { compileSmall } from "./plans.ts";

/** A bug, and the smallest plan in which it shows. */
interface Planted {
  readonly gate: string;
  readonly plan: CompiledPlan | null;
}

const UNIVERSE = { id: "law", budget: 0.5, evidenceMin: 0.5, uncertaintyMax: 0.5 };

const PLANTED: readonly Planted[] = [
  { gate: "readiness", plan: compileSmall([decisionNode("n0", { attemptsMax: 1 })]) },
  {
    gate: "policy",
    plan: compileSmall([executionNode("n0", { action: { type: "other.thing" } })]),
  },
  { gate: "approval", plan: compileSmall([executionNode("n0", { risk: 3, ownerR: "human" })]) },
  { gate: "evidence", plan: compileSmall([decisionNode("n0", { evidenceOut: ["offer"] })]) },
  { gate: "consistency", plan: compileSmall([decisionNode("n0", { outputs: ["report"] })]) },
  {
    gate: "accountability",
    plan: compileSmall([decisionNode("n0")], { authorizationExpiresAt: iso(86_400) }),
  },
  {
    gate: "relativity",
    plan: compileSmall([
      decisionNode("n0", { criteria: [{ text: "it is nice", kind: "subjective" }] }),
    ]),
  },
  { gate: "universe", plan: compileSmall([decisionNode("n0", { universes: [UNIVERSE] })]) },
  {
    gate: "ethics",
    plan: compileSmall([decisionNode("n0", { purpose: "harm" })], { forbiddenPurposes: ["harm"] }),
  },
];

/** The bugs' names. */
export const GATES = PLANTED.map(({ gate }) => gate);

/** Explores the plan of a planted bug with the bug in place. */
export function sabotage(gate: string, depthMax = 6): Exploration {
  const plan = PLANTED.find((planted) => planted.gate === gate)?.plan;
  if (!plan) throw new Error(`no sound plan shows a bug of gate ${gate}`);
  return explore(plan, { depthMax, bug: waving(gate) });
}

/** Decisions as they would be if `gate` always allowed. */
function waving(gate: string): Bug {
  // The approval gate asks for people only because another gate paused: no pause, no question.
  const silent = gate === "relativity" || gate === "universe" ? [gate, "approval"] : [gate];
  return (drafts) => {
    const at = drafts.findIndex(
      ({ type, gateResult }) =>
        type === "gate.evaluated" &&
        gateResult?.gates.some((one) => one.gate === gate && one.verdict !== "allow") === true &&
        gateResult.gates.every((one) => silent.includes(one.gate) || one.verdict === "allow"),
    );
    const draft = drafts[at];
    // What came after the refusal would not have happened.
    return draft ? [...drafts.slice(0, at), allowed(draft)] : drafts;
  };
}

function allowed(draft: EventDraft): EventDraft {
  const gates = (draft.gateResult?.gates ?? []).map(({ gate }) => ({
    gate,
    verdict: "allow" as const,
  }));
  return {
    ...draft,
    stateAfter: draft.data["phase"] === "entry" ? "RUNNING" : "DONE",
    gateResult: { verdict: "allow", score: 0, reasons: [], gates },
  };
}
