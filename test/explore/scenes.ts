/**
 * Plans of two nodes that the plain shapes do not have: a slice that both write, an action that another node
 * approves, a pause that a person may override.
 */
import type { CompiledPlan } from "../../shared/plan/index.ts";
import { approvalNode, decisionNode, executionNode } from "../support/builders.ts";
import { compileSmall } from "./plans.ts";

const SLICE = "report#text";
const CHAIN = [{ from: "n0", to: "n1" }];

const COMPILED: readonly (CompiledPlan | null)[] = [
  compileSmall(
    [
      decisionNode("n0", { writeSet: [SLICE], attemptsMax: 2 }),
      decisionNode("n1", { writeSet: [SLICE], attemptsMax: 1 }),
    ],
    { leased: [SLICE] },
  ),
  compileSmall(
    [
      executionNode("n0", { writeSet: [SLICE], attemptsMax: 1 }),
      decisionNode("n1", { writeSet: [SLICE], attemptsMax: 1 }),
    ],
    { leased: [SLICE] },
  ),
  compileSmall(
    [
      approvalNode("n0", { approves: "n1", attemptsMax: 1 }),
      executionNode("n1", { risk: 3, ownerR: "human", attemptsMax: 1 }),
    ],
    { edges: CHAIN },
  ),
  compileSmall(
    [
      decisionNode("n0", {
        criteria: [{ text: "it is nice", kind: "subjective" }],
        attemptsMax: 1,
      }),
      executionNode("n1", { attemptsMax: 1 }),
    ],
    { edges: CHAIN },
  ),
];

export const SCENES: readonly CompiledPlan[] = COMPILED.map((compiled) => {
  if (!compiled) throw new Error("every scene is a sound plan");
  return compiled;
});
