/** Conflict and the whole question: hand-computed correlations, recommendations, and the vendor switch. */
import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateDecision, evaluateDecisionSchema } from "../../shared/universe/index.ts";
import { correlate, measureConflict } from "../../shared/universe/conflict.ts";
import { iso } from "../support/builders.ts";

describe("conflict", () => {
  test.each([
    ["moving alike", [1, 2, 3], [2, 4, 6], 1],
    ["moving against each other", [1, 2, 3], [3, 2, 1], -1],
    // Means 2 and 3; sums of products 1, squares 2 and 2.
    ["half alike", [1, 2, 3], [2, 4, 3], 0.5],
    ["half against", [1, 2, 3], [3, 4, 2], -0.5],
    ["a constant series", [1, 1, 1], [1, 2, 3], null],
    ["a constant that rounding would spread", [0.1, 0.1, 0.1], [1, 2, 3], null],
  ] as const)("correlation of %s", (_what, xs, ys, expected) => {
    const correlation = correlate(xs, ys);
    const rounded = correlation === null ? null : Number(correlation.toFixed(12));
    expect(rounded).toBe(expected);
  });

  const affected = (id: string, utilityDeltas: readonly number[], weight = 1) => ({
    id,
    weight,
    utilityDeltas,
  });

  test("sums the weighted opposition over pairs, and pairs that move alike take nothing off", () => {
    const conflict = measureConflict([
      affected("a", [1, 2, 3], 2),
      affected("b", [3, 2, 1], 3),
      affected("c", [3, 4, 2]),
      affected("d", [2, 4, 6]),
    ]);
    // a-b: 6 x 1; a-c: 2 x 1/2; b-c: +1/2, nothing; a-d: +1, nothing; b-d: 3 x 1; c-d: 1 x 1/2.
    expect(conflict.score).toBeCloseTo(10.5, 12);
    expect(conflict.pairs.map(({ a, b }) => a + b)).toEqual(["ab", "bd", "ac", "cd"]);
    expect(conflict.pairs[0]).toMatchObject({ a: "a", b: "b", weight: 6 });
  });

  test("a pair's own weight replaces the product of its universes' weights", () => {
    const pair = [affected("a", [1, 2, 3], 2), affected("b", [3, 2, 1], 3)];
    expect(measureConflict(pair, [{ a: "b", b: "a", weight: 0.25 }]).score).toBeCloseTo(0.25, 12);
    expect(measureConflict(pair, [{ a: "a", b: "b", weight: 0 }])).toMatchObject({
      score: 0,
      pairs: [],
    });
  });

  test("a constant series is no part of the sum, and is named as undetermined", () => {
    const conflict = measureConflict([affected("a", [1, 1, 1]), affected("b", [1, 2, 3])]);
    expect(conflict).toMatchObject({ score: 0, pairs: [], undetermined: [{ a: "a", b: "b" }] });
  });

  test("the sign vector names who gains and who loses, and a missing effect is not zero", () => {
    const conflict = measureConflict([
      { id: "market", weight: 1, effect: 0.3 },
      { id: "regulatory", weight: 1, effect: -0.2 },
      { id: "talent", weight: 1 },
      affected("finance", [-1, 0.5, 0.5]),
    ]);
    expect(conflict.signs).toEqual([
      { universe: "finance", sign: 0 },
      { universe: "market", sign: 1 },
      { universe: "regulatory", sign: -1 },
      { universe: "talent", sign: null },
    ]);
    expect(conflict.contradictions).toEqual([{ gains: "market", loses: "regulatory" }]);
  });

  test("the order of universes changes nothing, and no universe lowers the conflict", () => {
    const series = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 5, maxLength: 5 });
    const many = fc
      .array(series, { minLength: 1, maxLength: 6 })
      .map((all) => all.map((deltas, at) => affected(`u${at}`, deltas, 1 + at)));
    fc.assert(
      fc.property(many, series, (universes, more) => {
        const conflict = measureConflict(universes);
        expect(measureConflict(universes.toReversed())).toEqual(conflict);
        const after = measureConflict([...universes, affected("v", more)]);
        expect(after.score).toBeGreaterThanOrEqual(conflict.score - 1e-9);
      }),
    );
  });
});

const EXAMPLE = JSON.parse(
  readFileSync(
    path.join(import.meta.dirname, "../../examples/vendor-switch.universes.json"),
    "utf8",
  ),
) as { readonly universes: readonly { readonly id: string }[] };

function vendorSwitch(overBudget: "block" | "pause") {
  const universes = EXAMPLE.universes.map((one) => ({ ...one, overBudget }));
  return evaluateDecision(evaluateDecisionSchema.parse({ ...EXAMPLE, universes }), iso(0));
}

describe("the vendor switch", () => {
  test("by the formula the regulatory universe blocks it", () => {
    const evaluation = evaluateDecision(evaluateDecisionSchema.parse(EXAMPLE), iso(0));
    expect(evaluation).toEqual(vendorSwitch("block"));
    expect(evaluation).toMatchObject({ decision: "block", topUniverse: "regulatory" });
    expect(evaluation.universes.map(({ id, score }) => [id, Number(score.toFixed(6))])).toEqual([
      ["regulatory", 2.609375],
      ["hr", 1.528302],
      ["finance", 0.411765],
      ["operations", 0.306931],
    ]);
    expect(evaluation.recommendations).toEqual([
      "SPLIT_SCOPE",
      "RUN_SANDBOX",
      "GATHER_MORE_EVIDENCE",
    ]);
  });

  test("where over budget pauses, it is the picture of the document", () => {
    const evaluation = vendorSwitch("pause");
    expect(evaluation).toMatchObject({ decision: "pause", topUniverse: "regulatory" });
    expect(evaluation.reasons.map(({ code, universe: where }) => [code, where])).toEqual([
      ["RISK_OVER_BUDGET", "regulatory"],
      ["EVIDENCE_INCOMPLETE", "regulatory"],
      ["UNCERTAINTY_HIGH", "hr"],
    ]);
    expect(evaluation.recommendations).toContain("REQUEST_HUMAN_APPROVAL");
  });

  test("nothing is recommended where nothing is wrong, and a constant series asks for evidence", () => {
    const calm = { risk: 0, budget: 1, evidence: 1, uncertainty: 0 };
    const ask = (universes: readonly unknown[]) =>
      evaluateDecision(evaluateDecisionSchema.parse({ universes }), iso(0));
    expect(ask([{ id: "a", ...calm }]).recommendations).toEqual([]);
    expect(
      ask([
        { id: "a", ...calm, utilityDeltas: [1, 1, 1] },
        { id: "b", ...calm, utilityDeltas: [1, 2, 3] },
      ]).recommendations,
    ).toEqual(["GATHER_MORE_EVIDENCE"]);
    expect(
      ask([
        { id: "a", ...calm, effect: 1 },
        { id: "b", ...calm, effect: -1 },
      ]),
    ).toMatchObject({
      decision: "allow",
      recommendations: ["SPLIT_SCOPE", "REQUEST_HUMAN_APPROVAL"],
    });
  });

  test.each([
    ["a universe twice", { universes: [EXAMPLE.universes[0], EXAMPLE.universes[0]] }],
    ["no universe", { universes: [] }],
    ["an unknown member", { ...EXAMPLE, average: true }],
    ["a pair of strangers", { ...EXAMPLE, pairWeights: [{ a: "hr", b: "mars", weight: 1 }] }],
    ["a pair of one", { ...EXAMPLE, pairWeights: [{ a: "hr", b: "hr", weight: 1 }] }],
    [
      "series of two lengths",
      {
        universes: [
          { id: "a", budget: 1, utilityDeltas: [1, 2, 3] },
          { id: "b", budget: 1, utilityDeltas: [1, 2, 3, 4] },
        ],
      },
    ],
  ])("%s is refused", (_what, question) => {
    expect(evaluateDecisionSchema.safeParse(question).success).toBe(false);
  });
});
