/**
 * The exploration at its smallest, and what its reductions rest on: a recalled step is the step itself, and the
 * invariants of steps are those of whole traces. The rest of it is `npm run explore`: docs/testing.md.
 */
import { describe, expect, it } from "vitest";
import { PIPELINE } from "../../shared/gates/pipeline.ts";
import type { Alphabet } from "../explore/alphabet.ts";
import { explore } from "../explore/explore.ts";
import { createMemory } from "../explore/memory.ts";
import { placeTextOf } from "../explore/place.ts";
import {
  assignmentsOf,
  plansOf,
  type Profile,
  PROFILE_PER_RISK,
  PROFILES,
  shapesOf,
} from "../explore/plans.ts";
import { PLANTED, sabotage } from "../explore/sabotage.ts";
import { SCENES } from "../explore/scenes.ts";
import { exploreSlice } from "../explore/slice.ts";
import { exploreWhole } from "../explore/whole.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";

const DECISION: Profile = { kind: "decision", risk: 0 };
const EXECUTION: Profile = { kind: "execution", risk: 3 };
const CHAIN = [[0, 1]] as const;

function onlyPlan(plans: readonly CompiledPlan[]): CompiledPlan {
  const [plan, ...others] = plans;
  if (!plan || others.length > 0) throw new Error("one plan is meant");
  return plan;
}

/** What each exploration reaches, under the plan's own hash so that the states compare. */
function reached(plan: CompiledPlan, alphabet: Alphabet, isDirect = false) {
  const states = new Set<string>();
  const onPlace = (place: Parameters<typeof placeTextOf>[0]) => void states.add(placeTextOf(place));
  const found = explore(plan, { alphabet, isDirect, hasOwnHash: true, onPlace });
  expect(found.violation).toBeNull();
  return { ...found, texts: states };
}

describe("the plans of an exploration", () => {
  it("have every shape of up to four nodes once", () => {
    expect([1, 2, 3, 4].map((size) => shapesOf(size).length)).toEqual([1, 2, 6, 31]);
  });

  it("have every labelled shape once: as many as Burnside counts", () => {
    // Two unordered nodes with 3 labels: (9 + 3) / 2; three: (27 + 3 * 9 + 2 * 3) / 6.
    expect(assignmentsOf(2, [], 3)).toHaveLength(6);
    expect(assignmentsOf(2, CHAIN, 3)).toHaveLength(9);
    expect(assignmentsOf(3, [], 3)).toHaveLength(10);
  });
});

describe("a recalled step", () => {
  it.each(["core", "full"] as const)(
    "leads where working it out leads: single nodes, alphabet %s",
    (alphabet) => {
      for (const profile of alphabet === "core" ? PROFILES : [DECISION]) {
        const plan = onlyPlan(plansOf(1, [], [profile]));
        const [recalled, direct] = [reached(plan, alphabet), reached(plan, alphabet, true)];
        expect(recalled.texts).toEqual(direct.texts);
        expect(recalled.states).toBe(direct.states);
        expect(recalled.transitions).toBe(direct.transitions);
        expect(direct.steps).toBe(direct.transitions);
        expect(recalled.steps).toBeLessThan(direct.steps);
      }
    },
  );

  it.each([
    ["two decisions in a row", onlyPlan(plansOf(2, CHAIN, [DECISION]))],
    ["two decisions side by side", onlyPlan(plansOf(2, [], [DECISION]))],
  ])("leads where a mission that lives is led: %s", (_name, plan) => {
    const whole = exploreWhole(plan, "core");
    const { texts, states, transitions } = reached(plan, "core");
    expect(texts).toEqual(whole.states);
    expect(states).toBe(whole.states.size);
    expect(transitions).toBe(whole.transitions);
  });

  it.each(["amending", "intervening"] as const)(
    "leads where working it out leads when the mission is changed meanwhile: alphabet %s",
    (alphabet) => {
      const plan = onlyPlan(plansOf(1, [], [DECISION]));
      const run = (isDirect: boolean) => {
        const found = explore(plan, { alphabet, depthMax: 4, isDirect });
        return [found.states, found.transitions, found.violation];
      };
      expect(run(false)).toEqual(run(true));
    },
  );

  it("is the same under every plan of a round", () => {
    const memory = createMemory();
    for (const edges of shapesOf(2))
      for (const plan of plansOf(2, edges, PROFILE_PER_RISK)) {
        const [shared, alone] = [explore(plan, { memory }), explore(plan)];
        expect([shared.states, shared.transitions]).toEqual([alone.states, alone.transitions]);
        expect(shared.violation).toBeNull();
      }
  });
});

describe("the exploration", () => {
  it("finds no violation in two nodes of every kind and risk, three commands deep", () => {
    const plans = shapesOf(2).flatMap((edges) => plansOf(2, edges, PROFILES));
    const round = { name: "two", alphabet: "core", depthMax: 3, plans: () => plans } as const;
    const tally = exploreSlice(round, { first: 0, step: 1 });
    expect(tally.violation).toBeNull();
    expect(tally.plans).toBe(126);
    expect(tally.traces).toBe(8);
  });

  it("finds no violation where nodes share a slice, cover one another, or a pause is overridden", () => {
    const round = { name: "scenes", alphabet: "full", depthMax: 3, plans: () => SCENES } as const;
    expect(exploreSlice(round, { first: 0, step: 1 }).violation).toBeNull();
  });

  it("ends on an action that people are asked about", () => {
    const { states, transitions, violation } = explore(onlyPlan(plansOf(1, [], [EXECUTION])));
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(50);
    expect(transitions).toBeGreaterThan(states);
  });
});

describe("a planted bug", () => {
  it("is planted in each gate, in the order of the pipeline", () => {
    expect(PLANTED.map(({ gate }) => gate)).toEqual(PIPELINE.map(({ gate }) => gate));
  });

  it.each(PLANTED)("in gate $gate is found, as $invariant", (planted) => {
    const { violation } = sabotage(planted);
    expect(violation?.flaws.join("\n")).toMatch(new RegExp(`^${planted.invariant}: `, "m"));
    expect(violation?.path.length).toBeLessThanOrEqual(2);
  });

  it.each(PLANTED)("in gate $gate is all that is wrong there", (planted) => {
    expect(sabotage(planted, false).violation).toBeNull();
  });
});
