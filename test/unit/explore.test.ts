/**
 * The exploration at its smallest: single nodes to the end, two nodes one command deep, and a planted bug.
 * The rest of it is `npm run explore`: docs/testing.md.
 */
import { describe, expect, it } from "vitest";
import { PIPELINE } from "../../shared/gates/pipeline.ts";
import { explore } from "../explore/explore.ts";
import { plansOf, PROFILES, shapesOf } from "../explore/plans.ts";
import { PLANTED, sabotage } from "../explore/sabotage.ts";

describe("the exploration", () => {
  it("knows every shape of up to four nodes once", () => {
    expect([1, 2, 3, 4].map((size) => shapesOf(size).length)).toEqual([1, 2, 6, 31]);
  });

  it("ends on a single node without a violation", () => {
    const plan = plansOf(1, [], [{ kind: "decision", risk: 0 }], 1)[0];
    if (!plan) throw new Error("a single decision is a sound plan");
    const { states, transitions, violation } = explore(plan);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(20);
    expect(transitions).toBeGreaterThan(states);
  });

  it.each([0, 1])("finds no violation on two nodes with %i edges", (edges) => {
    const shape = shapesOf(2).find((one) => one.length === edges) ?? [];
    const plans = plansOf(2, shape, PROFILES, 1);
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) expect(explore(plan, { depthMax: 1 }).violation).toBeNull();
  });

  it("plants one bug a gate, in the order of the pipeline", () => {
    expect(PLANTED.map(({ gate }) => gate)).toEqual(PIPELINE.map(({ gate }) => gate));
  });

  it.each(PLANTED)("finds gate $gate waving everything through, as $invariant", (planted) => {
    const { violation } = sabotage(planted);
    expect(violation?.flaws.join("\n")).toMatch(new RegExp(`^${planted.invariant}: `, "m"));
    expect(violation?.path.length).toBeLessThanOrEqual(2);
  });

  it.each(PLANTED)("finds nothing where gate $gate does its work", (planted) => {
    expect(sabotage(planted, false, 2).violation).toBeNull();
  });
});
