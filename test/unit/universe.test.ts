/** The worst case over universes: hand-computed scores, and the laws that make it a worst case. */
import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  evaluateDecision,
  evaluateDecisionSchema,
  evaluateUniverses,
  type Universe,
} from "../../shared/universe/index.ts";
import { correlate, measureConflict } from "../../shared/universe/conflict.ts";
import { scoreUniverse } from "../../shared/universe/score.ts";
import { iso } from "../support/builders.ts";

const WHEN = { at: iso(0), reversibility: 0 };

function universe(id: string, overrides: Partial<Universe> = {}): Universe {
  return {
    id,
    risk: 0.2,
    budget: 0.6,
    constraints: [],
    evidence: 0.9,
    evidenceMin: 0.7,
    uncertainty: 0.1,
    uncertaintyMax: 0.3,
    overBudget: "block",
    ...overrides,
  };
}

const without = (id: string, member: "risk" | "evidence" | "uncertainty"): Universe => {
  const { [member]: _dropped, ...rest } = universe(id);
  return rest;
};

describe("one universe", () => {
  test.each([
    // The largest of 0.2/0.8, 0, 0.1/0.4 and 0.1/0.4.
    ["inside every border", universe("u"), "allow", 0.25, []],
    // 0.42/(0.42+0.60)
    ["risk under its budget", universe("u", { risk: 0.42 }), "allow", 0.42 / 1.02, []],
    ["risk exactly at its budget", universe("u", { risk: 0.6 }), "allow", 0.5, []],
    // 2 + 0.78/(0.78+0.50)
    [
      "risk over its budget",
      universe("u", { risk: 0.78, budget: 0.5 }),
      "block",
      2.609375,
      ["RISK_OVER_BUDGET"],
    ],
    [
      "risk over a budget that only pauses",
      universe("u", { risk: 0.78, budget: 0.5, overBudget: "pause" }),
      "pause",
      1.609375,
      ["RISK_OVER_BUDGET"],
    ],
    [
      "a constraint violated, whatever over budget would do",
      universe("u", { constraints: [{ id: "law", violated: true }], overBudget: "pause" }),
      "block",
      3,
      ["CONSTRAINT_VIOLATED"],
    ],
    [
      "a constraint kept",
      universe("u", { constraints: [{ id: "law", violated: false }] }),
      "allow",
      0.25,
      [],
    ],
    // 1 + 0.39/(0.39+0.30)
    [
      "evidence under its minimum",
      universe("u", { evidence: 0.61 }),
      "pause",
      1 + 0.39 / 0.69,
      ["EVIDENCE_INCOMPLETE"],
    ],
    ["evidence at its minimum", universe("u", { evidence: 0.7 }), "allow", 0.5, []],
    // 1 + 0.44/(0.44+0.30)
    [
      "uncertainty over its maximum",
      universe("u", { uncertainty: 0.44 }),
      "pause",
      1 + 0.44 / 0.74,
      ["UNCERTAINTY_HIGH"],
    ],
    ["no risk observed", without("u", "risk"), "pause", 2, ["UNIVERSE_UNKNOWN"]],
    ["no evidence observed", without("u", "evidence"), "pause", 2, ["UNIVERSE_UNKNOWN"]],
    ["no uncertainty observed", without("u", "uncertainty"), "pause", 2, ["UNIVERSE_UNKNOWN"]],
    [
      "a constraint that had to be observed",
      universe("u", { unobserved: ["law"] }),
      "pause",
      2,
      ["UNIVERSE_UNKNOWN"],
    ],
    [
      "an observation as old as it may be",
      universe("u", { observedAt: iso(-60), staleAfterMs: 60_000 }),
      "allow",
      0.5,
      [],
    ],
    // 1 + 180/(180+60)
    [
      "a stale observation",
      universe("u", { observedAt: iso(-180), staleAfterMs: 60_000 }),
      "pause",
      1.75,
      ["UNIVERSE_STALE"],
    ],
    [
      "an observation of no known time",
      universe("u", { staleAfterMs: 60_000 }),
      "pause",
      2,
      ["UNIVERSE_UNKNOWN"],
    ],
    [
      "an observation from the future",
      universe("u", { observedAt: iso(3600), staleAfterMs: 60_000 }),
      "pause",
      2,
      ["UNIVERSE_UNKNOWN"],
    ],
  ] as const)("%s", (_what, asked, decision, score, codes) => {
    const scored = scoreUniverse(asked, WHEN);
    expect(scored.decision).toBe(decision);
    expect(scored.score).toBeCloseTo(score, 12);
    expect(scored.reasons.map(({ code }) => code)).toEqual(codes);
  });

  test("an action that can be taken back weighs less and is decided the same", () => {
    const asked = universe("u", { risk: 0.78, budget: 0.5 });
    expect(scoreUniverse(asked, { at: iso(0), reversibility: 1 })).toMatchObject({
      decision: "block",
      score: 2 + 0.609375 / 2,
    });
    expect(scoreUniverse(asked, { at: iso(0), reversibility: 0.5 }).score).toBeCloseTo(
      2 + 0.609375 * 0.75,
      12,
    );
  });

  test("every reason says what would make it go away, in numbers", () => {
    const asked = universe("regulatory", { risk: 0.78, budget: 0.5, evidence: 0.615 });
    expect(scoreUniverse(asked, WHEN).reasons.map((reason) => reason.counterfactual)).toEqual([
      "regulatory risk 0.78 must fall to 0.50",
      "regulatory evidence 0.615 must rise to 0.70",
    ]);
  });
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const arbitrary = fc.record(
  {
    id: fc.string({ minLength: 1, maxLength: 4 }),
    risk: share,
    budget: share,
    constraints: fc.array(fc.record({ id: fc.constant("c"), violated: fc.boolean() }), {
      maxLength: 3,
    }),
    evidence: share,
    evidenceMin: share,
    uncertainty: share,
    uncertaintyMax: share,
    overBudget: fc.constantFrom("block" as const, "pause" as const),
  },
  { requiredKeys: ["id", "budget", "constraints", "evidenceMin", "uncertaintyMax", "overBudget"] },
);
const several = fc.uniqueArray(arbitrary, { selector: ({ id }) => id, maxLength: 6 });
const circumstance = fc.record({ at: fc.constant(iso(0)), reversibility: share });
const RANK = { allow: 0, pause: 1, block: 2 };

describe("the worst case is a law", () => {
  test("another universe never makes it better", () => {
    fc.assert(
      fc.property(several, arbitrary, circumstance, (universes, more, when) => {
        const before = evaluateUniverses(universes, when);
        const after = evaluateUniverses([...universes, { ...more, id: "one more" }], when);
        expect(RANK[after.decision]).toBeGreaterThanOrEqual(RANK[before.decision]);
        expect(after.score).toBeGreaterThanOrEqual(before.score);
      }),
    );
  });

  test("it is the maximum: each universe's own score is reached by one and passed by none", () => {
    fc.assert(
      fc.property(several, circumstance, (universes, when) => {
        const scores = universes.map((one) => scoreUniverse(one, when).score);
        expect(evaluateUniverses(universes, when).score).toBe(Math.max(0, ...scores));
      }),
    );
  });

  test("the order in which universes are given changes nothing", () => {
    fc.assert(
      fc.property(several, circumstance, (universes, when) => {
        expect(evaluateUniverses(universes.toReversed(), when)).toEqual(
          evaluateUniverses(universes, when),
        );
      }),
    );
  });

  test("the score says the decision: over 2 blocks, from 1 on pauses, at most 1/2 allows", () => {
    fc.assert(
      fc.property(arbitrary, circumstance, (one, when) => {
        const { decision, score } = scoreUniverse(one, when);
        expect(decision).toBe(score > 2 ? "block" : score >= 1 ? "pause" : "allow");
        if (decision === "allow") expect(score).toBeLessThanOrEqual(0.5);
      }),
    );
  });

  test("more risk, less evidence, more doubt or one violation more is never better", () => {
    const known = arbitrary.filter(
      (one) =>
        one.risk !== undefined && one.evidence !== undefined && one.uncertainty !== undefined,
    );
    fc.assert(
      fc.property(known, share, circumstance, (one, more, when) => {
        const { score } = scoreUniverse(one, when);
        const worse: readonly Universe[] = [
          { ...one, risk: Math.max(one.risk ?? 0, more) },
          { ...one, evidence: Math.min(one.evidence ?? 0, more) },
          { ...one, uncertainty: Math.max(one.uncertainty ?? 0, more) },
          { ...one, constraints: [...one.constraints, { id: "d", violated: true }] },
        ];
        for (const other of worse)
          expect(scoreUniverse(other, when).score).toBeGreaterThanOrEqual(score);
      }),
    );
  });

  test("ninety-nine harmless universes do not make up for a bad one", () => {
    const harmless = Array.from({ length: 99 }, (_, at) => universe(`u${at}`, { risk: 0 }));
    const bad = universe("bad", { constraints: [{ id: "law", violated: true }] });
    expect(evaluateUniverses([...harmless, bad], WHEN)).toMatchObject({
      decision: "block",
      topUniverse: "bad",
      score: 3,
    });
  });

  test("no universes at all decide nothing", () => {
    expect(evaluateUniverses([], WHEN)).toMatchObject({
      decision: "allow",
      score: 0,
      topUniverse: null,
    });
  });
});

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
    if (expected === null) expect(correlation).toBeNull();
    else expect(correlation).toBeCloseTo(expected, 12);
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
