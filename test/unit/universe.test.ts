/** The worst case over universes: hand-computed scores, and the laws that make it a worst case. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateUniverses, type Universe } from "../../shared/universe/index.ts";
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
        const said =
          score > 2 ? "block" : score >= 1 ? "pause" : score <= 0.5 ? "allow" : "neither";
        expect(said).toBe(decision);
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
