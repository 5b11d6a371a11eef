/** The gates: what each one asks, that the worst verdict wins, that failing means block, and who may seal. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateEntry, GATES, requirementOf } from "../../shared/gates/index.ts";
import { askSafely, resultOf, worse } from "../../shared/gates/pipeline.ts";
import type { Gate } from "../../shared/gates/question.ts";
import type { Verdict } from "../../shared/trace/index.ts";
import { iso, policy, rule } from "../support/builders.ts";
import { execution, question, RISKY, ROWS } from "../support/gate-questions.ts";
import { MORE_ROWS } from "../support/gate-more-rows.ts";
import { FULL_ROWS } from "../support/gate-rows.ts";

describe("the entry pipeline", () => {
  test("allows a question in which nothing is wrong", () => {
    for (const asked of [question(), execution()])
      expect(evaluateEntry(asked)).toMatchObject({ verdict: "allow", score: 0, reasons: [] });
  });

  test.each([...ROWS, ...FULL_ROWS, ...MORE_ROWS])(
    "%s: gate and verdict",
    (_what, asked, gate, verdict, codes) => {
      const result = evaluateEntry(asked);
      expect(result.gates.find((entry) => entry.gate === gate)?.verdict).toBe(verdict);
      expect(
        result.reasons.filter((reason) => reason.gate === gate).map((reason) => reason.code),
      ).toEqual(codes);
    },
  );

  test("every reason says what would clear it, or what must be done instead", () => {
    for (const [, asked] of [...ROWS, ...FULL_ROWS])
      for (const reason of evaluateEntry(asked).reasons)
        expect([reason.code, reason.counterfactual]).toEqual([
          reason.code,
          expect.stringMatching(/\S/),
        ]);
  });

  test("asks the gates in their fixed order, all of them, whatever the first ones say", () => {
    const { gates } = evaluateEntry(
      question({ missionStatus: "stopped", agent: null, policy: policy([]) }),
    );
    const numbers = gates.map(({ gate }) => GATES[gate]);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("the worst verdict wins, and its rank is the score", () => {
    const paused = { spec: RISKY, heldSlices: [{ slice: "a#b", holder: "other" }] };
    expect(evaluateEntry(question(paused))).toMatchObject({ verdict: "pause", score: 1 });
    expect(evaluateEntry(question({ ...paused, policy: policy([]) }))).toMatchObject({
      verdict: "block",
      score: 2,
    });
    expect(
      evaluateEntry(question({ ...paused, policy: policy([]), authorizationExpiresAt: iso(0) })),
    ).toMatchObject({ verdict: "seal", score: 3 });
  });

  test("verdicts form a join-semilattice with allow at the bottom and seal at the top", () => {
    const verdict = fc.constantFrom<Verdict>("allow", "pause", "block", "seal");
    fc.assert(
      fc.property(verdict, verdict, verdict, (a, b, c) => {
        expect(worse(a, b)).toBe(worse(b, a));
        expect(worse(a, worse(b, c))).toBe(worse(worse(a, b), c));
        expect([worse(a, a), worse(a, "allow"), worse(a, "seal")]).toEqual([a, a, "seal"]);
        expect(
          resultOf(
            [a, b, c].map((v) => ({
              gate: "ethics" as const,
              outcome: { verdict: v, reasons: [] },
            })),
          ).verdict,
        ).toBe(worse(a, worse(b, c)));
      }),
    );
  });

  test("a gate that throws, or answers with no verdict, blocks", () => {
    const throwing: Gate<Verdict> = () => {
      throw new Error("secret evidence");
    };
    const senseless = ["sure", "toString", "constructor", "__proto__"].map(
      (verdict) => (() => ({ verdict, reasons: [] })) as unknown as Gate<Verdict>,
    );
    for (const gate of [throwing, ...senseless]) {
      const outcome = askSafely("evidence", gate, question());
      expect(outcome).toMatchObject({
        verdict: "block",
        reasons: [{ code: "GATE_FAILURE", gate: "evidence" }],
      });
      expect(JSON.stringify(outcome)).not.toContain("secret");
    }
  });

  test("a fact that cannot be read blocks every gate that needs it, and lets none through", () => {
    const unreadable = question({ spec: RISKY, policy: { ...policy(), document: null as never } });
    const result = evaluateEntry(unreadable);
    expect(result.verdict).toBe("block");
    expect(result.reasons.map((reason) => reason.code)).toEqual([
      "POLICY_UNREADABLE",
      "GATE_FAILURE",
    ]);
  });

  test("a pinned policy is read once, and a document is never judged by what another one said", () => {
    let reads = 0;
    const pinned = policy();
    const watched = new Proxy(pinned.document, {
      get(target, key, receiver): unknown {
        if (key === "name") reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    const asked = question({ policy: { ...pinned, document: watched } });
    for (let times = 0; times < 3; times += 1) expect(evaluateEntry(asked).verdict).toBe("allow");
    const once = reads;
    expect(once).toBeGreaterThan(0);
    evaluateEntry(asked);
    expect(reads).toBe(once);
    const forged = { ...policy([]), hash: pinned.hash };
    expect(evaluateEntry(question({ policy: forged })).verdict).toBe("block");
    const others = Array.from({ length: 40 }, (_none, at) =>
      question({ policy: policy([rule({ id: `permit-${at}` })]) }),
    );
    for (const other of [...others, ...others, asked])
      expect(evaluateEntry(other).verdict).toBe("allow");
  });

  test("the approval required is the stricter of the plan's and the policy's", () => {
    const strict = policy([rule({ approval: { quorum: 3 } })]);
    expect(requirementOf(question())).toBeNull();
    expect(requirementOf(question({ spec: RISKY }))).toMatchObject({ quorum: 2, group: "board" });
    expect(requirementOf(question({ spec: RISKY, policy: strict }))).toMatchObject({
      quorum: 3,
      group: "board",
    });
    expect(requirementOf(question({ policy: strict }))).toMatchObject({
      quorum: 3,
      deadlineMs: 86_400_000,
    });
  });
});
