/**
 * Human shares against values worked out by hand from the formulas of docs/allocation.md, the laws
 * that hold for every input, and the draw against three literal digests.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  agentShare,
  decayedShare,
  humanShare,
  initialShare,
  riskFloor,
  totalShare,
} from "../../shared/allocation/formula.ts";
import { evidenceQuality, nodeShare, type ShareQuestion } from "../../shared/allocation/share.ts";
import { PROFILES } from "../../shared/allocation/profile.ts";
import { reviewDraw } from "../../shared/allocation/selection.ts";
import { summarizeEvidence } from "../../shared/evidence/index.ts";
import { claim, evidence, MISSION } from "../support/builders.ts";

const factors = (
  risk: number,
  uncertainty: number,
  impact: number,
  audit: number,
  reversibility: number,
) => ({ risk, uncertainty, impact, audit, reversibility });

function share(overrides: Partial<ShareQuestion> = {}) {
  return nodeShare({
    missionId: MISSION,
    nodeId: "pay",
    attempt: 1,
    risk: 1,
    allocation: {},
    profile: null,
    proposed: null,
    passages: { count: 0, quality: 0 },
    ...overrides,
  });
}

describe("the floor", () => {
  test.each([
    [0, 0],
    [1, 0],
    [2, 0.2],
    [3, 0.6],
    [4, 1],
  ])("at risk %d is %d", (risk, floor) => expect(riskFloor(risk)).toBe(floor));

  test("of a risk that there is not is everything", () => {
    for (const risk of [5, -1, 1.5, Number.NaN]) expect(riskFloor(risk)).toBe(1);
  });
});

describe("H0", () => {
  test.each([
    // 0.35*0.5 + 0.25*0.4 + 0.25*0.6 + 0.20*0.5 - 0.20*0.5 = 0.175 + 0.1 + 0.15 + 0.1 - 0.1
    [factors(0.5, 0.4, 0.6, 0.5, 0.5), 0.425],
    // 0.35 + 0.15 + 0.25 + 0.10 - 0.05: the 0.8 of the document's contract approval
    [factors(1, 0.6, 1, 0.5, 0.25), 0.8],
    // 1.05 is over 1
    [factors(1, 1, 1, 1, 0), 1],
    // -0.2 is under 0
    [factors(0, 0, 0, 0, 1), 0],
    [factors(0, 0, 0, 0, 0), 0],
    [factors(0, 1, 0, 0, 0), 0.25],
    [factors(0, 0, 0, 1, 0), 0.2],
  ])("of %j is %d", (of, h0) => expect(initialShare(of)).toBe(h0));
});

describe("Hk", () => {
  test.each([
    // e^-0.9 = 0.406569660, e^-1.8 = 0.165298888
    [0.7, 0, 0, 0.7],
    [0.7, 0.9, 0, 0.284598762],
    [0.7, 1.8, 0, 0.115709222],
    [0.7, 0.9, 0.4, 0.4],
    [0.3, 5, 0.4, 0.3],
  ])("of H0 %d after EQk %d with stable share %d is %d", (h0, eqk, stable, hk) =>
    expect(decayedShare(h0, eqk, stable)).toBe(hk),
  );
});

describe("h", () => {
  test("is the highest of floor, what the Architect fixed, and Hk", () => {
    expect(humanShare(2, 0, 0.1)).toBe(0.2);
    expect(humanShare(2, 0.5, 0.1)).toBe(0.5);
    expect(humanShare(2, 0.5, 0.7)).toBe(0.7);
    expect(agentShare(0.7)).toBe(0.3);
  });

  test("of the document's contract approval is 1, not the 0.8 it shows: the floor of risk 4 stands over it", () => {
    const contract = { factors: factors(1, 0.6, 1, 0.5, 0.25) };
    expect(share({ risk: 4, allocation: contract })).toMatchObject({ h0: 0.8, h: 1, a: 0 });
    expect(share({ risk: 3, allocation: contract })).toMatchObject({ h0: 0.8, h: 0.8, a: 0.2 });
  });

  test("of a node that names no factor comes from its risk class alone", () => {
    // 0.35 * 2/4
    expect(share({ risk: 2 })).toMatchObject({ h0: 0.175, hk: 0.175, h: 0.2 });
  });
});

describe("a profile", () => {
  test.each([
    ["finance", 0.7, 0.4],
    ["government", 0.6, 0.35],
    ["manufacturing", 0.5, 0.2],
    ["education", 0.65, 0.45],
  ] as const)("%s starts at %d and is stable at %d", (profile, start, stable) => {
    expect(PROFILES[profile]).toEqual({ start, stable });
    expect(share({ profile })).toMatchObject({ h0: start, h: start });
    expect(share({ profile, passages: { count: 9, quality: 8 } })).toMatchObject({ h: stable });
  });

  test("of the node goes before the plan's, and its factors before any start", () => {
    expect(share({ profile: "finance", allocation: { profile: "education" } }).h0).toBe(0.65);
    const own = { factors: { risk: 0.2 } };
    expect(share({ profile: "finance", allocation: own })).toMatchObject({ h0: 0.07, h: 0.07 });
  });
});

describe("a proposal's factors", () => {
  test("raise the share and cannot lower it", () => {
    const allocation = { factors: factors(0.4, 0.4, 0.4, 0.4, 0.4) };
    const planned = share({ allocation }).h;
    const modest = share({ allocation, proposed: factors(0, 0, 0, 0, 1) }).h;
    const alarmed = share({ allocation, proposed: factors(1, 1, 1, 1, 0) }).h;
    expect([planned, modest, alarmed]).toEqual([0.34, 0.34, 1]);
    expect(share({ profile: "finance", proposed: { risk: 0 } }).h).toBe(0.7);
  });
});

describe("H_total", () => {
  test("is the weighted mean", () => {
    // (1*0.2 + 3*0.6) / 4
    const parts = [
      { weight: 1, h: 0.2 },
      { weight: 3, h: 0.6 },
    ];
    expect(totalShare(parts)).toBe(0.5);
    expect(totalShare([])).toBe(0);
  });
});

describe("the evidence quality of a passage", () => {
  const bundle = (kind: string, ...confidences: readonly number[]) =>
    summarizeEvidence(
      evidence(kind, {
        claims: confidences.map((confidence, at) => claim(`c${at}`, { confidence })),
      }),
    );

  test("is the mean of each bundle's least sure claim, and 0 without evidence", () => {
    expect(evidenceQuality([bundle("a", 0.9, 0.6), bundle("b", 0.8)])).toBeCloseTo(0.7, 12);
    expect(evidenceQuality([])).toBe(0);
  });
});

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const anyQuestion = fc.record({
  risk: fc.integer({ min: 0, max: 4 }),
  allocation: fc.record({
    factors: fc.record({
      risk: unit,
      uncertainty: unit,
      impact: unit,
      audit: unit,
      reversibility: unit,
    }),
    humanMin: unit,
  }),
  profile: fc.constantFrom(null, "finance" as const, "manufacturing" as const),
  passages: fc.record({ count: fc.nat(50), quality: fc.double({ min: 0, max: 50, noNaN: true }) }),
});

describe("for every node", () => {
  test("the share is in [floor, 1], never below what the Architect fixed, and h + a = 1", () => {
    fc.assert(
      fc.property(anyQuestion, (question) => {
        const { h, a } = share(question);
        expect(h).toBeGreaterThanOrEqual(riskFloor(question.risk));
        expect(h).toBeGreaterThanOrEqual(question.allocation.humanMin);
        expect(h).toBeLessThanOrEqual(1);
        expect(h + a).toBeCloseTo(1, 8);
      }),
    );
  });

  test("more evidence never raises the share, and a higher risk class never lowers it", () => {
    fc.assert(
      fc.property(anyQuestion, unit, (question, more) => {
        const { count, quality } = question.passages;
        const later = share({ ...question, passages: { count, quality: quality + more } });
        expect(later.h).toBeLessThanOrEqual(share(question).h);
        const riskier = share({ ...question, risk: Math.min(4, question.risk + 1) });
        expect(riskier.h).toBeGreaterThanOrEqual(share(question).h);
      }),
    );
  });
});

describe("the draw", () => {
  test("is the first four bytes of SHA-256 over mission, node and attempt, known for three", () => {
    // printf '%s' msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398fpay1 | sha256sum
    expect(reviewDraw(MISSION, "pay", 1)).toBe(0x33b44963 / 2 ** 32);
    expect(reviewDraw(MISSION, "pay", 2)).toBe(0xc21d5490 / 2 ** 32);
    expect(reviewDraw(MISSION, "review", 1)).toBe(0xe2baf882 / 2 ** 32);
  });

  test("selects about the share of nodes, everything at 1 and nothing at 0", () => {
    const draws = Array.from({ length: 10_000 }, (_, at) => reviewDraw(MISSION, `node-${at}`, 1));
    for (const h of [0.2, 0.5, 0.8]) {
      const selected = draws.filter((draw) => draw < h).length;
      // Four standard deviations of 10,000 draws are at most 200.
      expect(Math.abs(selected - h * 10_000)).toBeLessThan(200);
    }
    expect(draws.every((draw) => draw < 1 && draw >= 0)).toBe(true);
    expect(share({ risk: 4 }).selected).toBe(true);
    expect(share({ risk: 0 }).selected).toBe(false);
  });
});
