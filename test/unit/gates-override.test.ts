/**
 * The full pipeline of eleven: what people may override and what nobody may, the bound on work, and
 * by type which of the real gates can hold which verdict.
 */
import { describe, expect, test } from "vitest";
import { accountability } from "../../shared/gates/accountability.ts";
import { approval } from "../../shared/gates/approval.ts";
import { consistency } from "../../shared/gates/consistency.ts";
import { ethics } from "../../shared/gates/ethics.ts";
import { evidence } from "../../shared/gates/evidence.ts";
import { evaluateEntry, GATES, type GateQuestion, requestOf } from "../../shared/gates/index.ts";
import { lease } from "../../shared/gates/lease.ts";
import { PIPELINE } from "../../shared/gates/pipeline.ts";
import { policy as policyGate } from "../../shared/gates/policy.ts";
import type { Gate } from "../../shared/gates/question.ts";
import { readiness } from "../../shared/gates/readiness.ts";
import { relativity } from "../../shared/gates/relativity.ts";
import { relativeWords } from "../../shared/gates/relative-words.ts";
import { scope } from "../../shared/gates/scope.ts";
import { universe } from "../../shared/gates/universe.ts";
import { stepsOf } from "../../shared/gates/work.ts";
import { LIMITS } from "../../shared/limits.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import { decisionNode, iso, policy } from "../support/builders.ts";
import { question, RISKY } from "../support/gate-questions.ts";
import { FULL_ROWS } from "../support/gate-rows.ts";

type VerdictOf<G> = G extends Gate<infer V> ? V : never;
type Can<V extends string, G> = V extends VerdictOf<G> ? true : false;
type Rights<G> = { pause: Can<"pause", G>; block: Can<"block", G>; seal: Can<"seal", G> };

describe("the pipeline of eleven", () => {
  test("is the gates of the codebook, in the order of their numbers", () => {
    expect(PIPELINE.map(({ gate }) => gate)).toEqual(Object.keys(GATES));
    expect(PIPELINE.map(({ ask }) => ask)).toEqual([
      readiness,
      scope,
      consistency,
      relativity,
      evidence,
      policyGate,
      universe,
      ethics,
      accountability,
      approval,
      lease,
    ]);
  });

  test("by type, relativity cannot block and only ethics and accountability can seal", () => {
    // Each line compiles only while the gate's own type says exactly this.
    const rights = {
      readiness: { pause: false, block: true, seal: false } satisfies Rights<typeof readiness>,
      scope: { pause: false, block: true, seal: false } satisfies Rights<typeof scope>,
      consistency: { pause: false, block: true, seal: false } satisfies Rights<typeof consistency>,
      relativity: { pause: true, block: false, seal: false } satisfies Rights<typeof relativity>,
      evidence: { pause: true, block: true, seal: false } satisfies Rights<typeof evidence>,
      policy: { pause: false, block: true, seal: false } satisfies Rights<typeof policyGate>,
      universe: { pause: true, block: true, seal: false } satisfies Rights<typeof universe>,
      ethics: { pause: false, block: true, seal: true } satisfies Rights<typeof ethics>,
      accountability: { pause: false, block: true, seal: true } satisfies Rights<
        typeof accountability
      >,
      approval: { pause: true, block: true, seal: false } satisfies Rights<typeof approval>,
      lease: { pause: true, block: false, seal: false } satisfies Rights<typeof lease>,
    };
    // @ts-expect-error -- relativity may not be said to block
    const wrong = { pause: true, block: true, seal: false } satisfies Rights<typeof relativity>;
    expect(wrong.block).not.toBe(rights.relativity.block);
    const sealing = Object.entries(rights).filter(([, { seal }]) => seal);
    expect(sealing.map(([gate]) => gate)).toEqual(["ethics", "accountability"]);
  });

  test("no answer of the table goes beyond its gate's right", () => {
    const worst = new Map<string, Set<string>>();
    for (const [, asked] of FULL_ROWS)
      for (const { gate, verdict } of evaluateEntry(asked).gates)
        worst.set(gate, (worst.get(gate) ?? new Set()).add(verdict));
    expect(worst.get("relativity")).toEqual(new Set(["allow", "pause"]));
    expect(worst.get("universe")).toEqual(new Set(["allow", "pause", "block"]));
    const sealing = [...worst].filter(([, verdicts]) => verdicts.has("seal"));
    expect(sealing.map(([gate]) => gate)).toEqual(["ethics"]);
  });
});

const SUBJECTIVE = nodeSchema.parse(
  decisionNode("a", { criteria: [{ text: "fits our culture", kind: "subjective" }] }),
);
const paused = (overrides: Partial<GateQuestion> = {}) =>
  question({ spec: SUBJECTIVE, ...overrides });
const codesOf = (asked: GateQuestion) => evaluateEntry(asked).reasons.map(({ code }) => code);
const verdictsOf = (asked: GateQuestion) =>
  Object.fromEntries(evaluateEntry(asked).gates.map(({ gate, verdict }) => [gate, verdict]));

describe("overriding a pause", () => {
  test("a gate that pauses for people makes the approval gate ask for one of them", () => {
    const result = evaluateEntry(paused());
    expect(result.verdict).toBe("pause");
    expect(result.reasons.map(({ code }) => code)).toEqual([
      "CRITERION_SUBJECTIVE",
      "APPROVAL_MISSING",
    ]);
    expect(requestOf(paused(), result.gates)).toMatchObject({ quorum: 1, deadlineMs: 86_400_000 });
  });

  test("the approval of this digest clears it, and the result says who overrode what", () => {
    const result = evaluateEntry(paused({ approvers: ["ann"] }));
    expect(result).toMatchObject({ verdict: "allow", score: 0 });
    expect(result.reasons).toEqual([
      {
        code: "PAUSE_OVERRIDDEN",
        gate: "relativity",
        detail: "CRITERION_SUBJECTIVE overridden by ann",
        counterfactual: "nothing is left to do; the gate allows under this digest",
      },
    ]);
    expect(verdictsOf(paused({ approvers: ["ann"] }))).toMatchObject({ relativity: "allow" });
  });

  test("the quorum is the node's own where it has one", () => {
    const spec = { ...RISKY, criteria: SUBJECTIVE.criteria };
    expect(codesOf(question({ spec, approvers: ["ann"] }))).toEqual([
      "CRITERION_SUBJECTIVE",
      "APPROVAL_MISSING",
    ]);
    expect(evaluateEntry(question({ spec, approvers: ["ann", "ben"] })).verdict).toBe("allow");
  });

  test("never a block: an approval changes nothing about a universe that blocks", () => {
    const blocked = FULL_ROWS.filter(
      ([, , gate, verdict]) => gate === "universe" && verdict === "block",
    );
    expect(blocked).not.toEqual([]);
    for (const [, asked] of blocked)
      expect(evaluateEntry({ ...asked, approvers: ["ann", "ben"] }).verdict).toBe("block");
  });

  test("never a seal, and never a pause beside a block", () => {
    const sealed = paused({ approvers: ["ann"], authorizationExpiresAt: iso(0) });
    expect(verdictsOf(sealed)).toMatchObject({ relativity: "pause", accountability: "seal" });
    const forbidden = paused({ approvers: ["ann"], policy: policy([]) });
    expect(verdictsOf(forbidden)).toMatchObject({ relativity: "pause", policy: "block" });
  });

  test("never a lease: a slice that another node holds does not come free by a signature", () => {
    const held = paused({ approvers: ["ann"], heldSlices: [{ slice: "a#b", holder: "other" }] });
    expect(verdictsOf(held)).toMatchObject({ relativity: "allow", lease: "pause" });
    expect(evaluateEntry(held).verdict).toBe("pause");
    const only = question({ heldSlices: [{ slice: "a#b", holder: "other" }] });
    expect(requestOf(only, evaluateEntry(only).gates)).toBeNull();
  });

  test.each(["denied", "expired"] as const)("a %s digest stays refused", (refused) => {
    const asked = paused({ approvers: ["ann"], refused });
    expect(verdictsOf(asked)).toMatchObject({ relativity: "pause", approval: "block" });
  });

  test("every pause that people may clear is cleared by them", () => {
    const pausing = FULL_ROWS.filter(([, , , verdict]) => verdict === "pause");
    expect(pausing.length).toBeGreaterThan(8);
    for (const [what, asked] of pausing)
      expect([what, evaluateEntry({ ...asked, approvers: ["ann"] }).verdict]).toEqual([
        what,
        "allow",
      ]);
  });
});

describe("the bound on work", () => {
  test("a question larger than a gate may look at is a failure of every gate, and blocks", () => {
    const many = Array.from({ length: LIMITS.gateStepsMax + 1 }, (_, at) => `n${at}`);
    const result = evaluateEntry(question({ waitingFor: many }));
    expect(result.verdict).toBe("block");
    expect(result.reasons.map(({ code, gate }) => [code, gate])).toEqual(
      Object.keys(GATES).map((gate) => ["GATE_FAILURE", gate]),
    );
  });

  test("counts what a question holds, and the usual ones are far below it", () => {
    expect(stepsOf(question())).toBeLessThan(100);
    expect(stepsOf(question({ waitingFor: ["x", "y"] }))).toBe(stepsOf(question()) + 2);
  });
});

describe("the lexicon", () => {
  test.each([
    ["", [], []],
    ["PROBABLY fine, probably.", ["probably", "fine"], []],
    ["ｂｅｓｔ", [], ["best"]],
    ["goodness, bestowed", [], []],
    ["better than the old one; the safest", [], ["safest"]],
    ["version 1.2 is faster vs 1.1", [], []],
    ["おそらく妥当", ["おそらく", "妥当"], []],
  ] as const)("%j", (text, unbounded, unreferenced) => {
    expect(relativeWords(text)).toEqual({ unbounded, unreferenced });
  });

  test.each(["prob\u00adably", "prob\u200bably", "prob\u{e0061}ably", "prob\u2060\ufe0fably"])(
    "sees through letters that nobody sees: %j",
    (rationale) => {
      const criteria = [{ text: "the price is at most 10 EUR", kind: "objective" as const }];
      const spec = nodeSchema.parse(decisionNode("a", { criteria }));
      const about = question({ spec, proposal: { rationale, action: null } });
      const codes = relativity({ ...about, rules: 3 }).reasons.map(({ code }) => code);
      expect(codes).toEqual(["REL_BOUNDARY_UNSTABLE"]);
      expect(relativity({ ...about, rules: 2 }).verdict).toBe("allow");
    },
  );

  test("names at most eight words, each once", () => {
    const text = "good nice fine fair soon maybe perhaps likely probably good good";
    expect(relativeWords(text).unbounded).toHaveLength(8);
  });
});
