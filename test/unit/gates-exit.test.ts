/** The exit gate's table, and the proofs by type of which gate may give which verdict. */
import { describe, expect, test } from "vitest";
import { summarizeEvidence } from "../../shared/evidence/index.ts";
import { evaluateExit, type ExitQuestion, failedTests } from "../../shared/gates/index.ts";
import type { GateEntry } from "../../shared/gates/pipeline.ts";
import type { Gate } from "../../shared/gates/question.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import type { Verdict } from "../../shared/trace/index.ts";
import { decisionNode, evidence, executionNode, iso, systemNode } from "../support/builders.ts";

const WORK = nodeSchema.parse(decisionNode("a", { outputs: ["report"], evidenceOut: ["proof"] }));
const PASSED = [{ id: "accepted", passed: true }];

function leaving(overrides: Partial<ExitQuestion> = {}): ExitQuestion {
  return {
    at: iso(0),
    authorizationExpiresAt: null,
    spec: WORK,
    evidence: [summarizeEvidence(evidence("proof"))],
    result: { outputs: { report: 1 }, tests: PASSED },
    succeeded: null,
    approvals: { have: 0, need: 0 },
    ...overrides,
  };
}

const RUN = nodeSchema.parse(executionNode("run"));
const AUTO = nodeSchema.parse(systemNode("auto"));

describe("the exit gate", () => {
  test.each([
    ["everything promised", leaving(), []],
    ["no result", leaving({ result: null }), ["OUTPUT_MISSING"]],
    ["no output", leaving({ result: { outputs: {}, tests: PASSED } }), ["OUTPUT_MISSING"]],
    [
      "an output that only the prototype has",
      leaving({ spec: { ...WORK, outputs: ["tostring", "hasownproperty"] } }),
      ["OUTPUT_MISSING", "OUTPUT_MISSING"],
    ],
    [
      "no test result",
      leaving({ result: { outputs: { report: 1 }, tests: [] } }),
      ["TEST_MISSING"],
    ],
    [
      "a failed test",
      leaving({ result: { outputs: { report: 1 }, tests: [{ id: "accepted", passed: false }] } }),
      ["TEST_FAILED"],
    ],
    ["no evidence", leaving({ evidence: [] }), ["EVIDENCE_MISSING"]],
    ["an approval too few", leaving({ approvals: { have: 1, need: 2 } }), ["APPROVAL_MISSING"]],
    ["an action that succeeded", leaving({ spec: RUN, result: null, succeeded: true }), []],
    [
      "an action that did not",
      leaving({ spec: RUN, result: null, succeeded: false }),
      ["ACTION_FAILED"],
    ],
    ["a system node", leaving({ spec: AUTO, result: null }), []],
  ] as const)("%s", (_what, question, codes) => {
    const result = evaluateExit(question);
    expect(result.reasons.map((reason) => reason.code)).toEqual(codes);
    expect(result.verdict).toBe(codes.length === 0 ? "allow" : "block");
  });

  test("a decision whose authorization ran out seals, and a failed test beside it changes nothing", () => {
    const failed = { outputs: { report: 1 }, tests: [{ id: "accepted", passed: false }] };
    for (const [ends, verdict] of [
      [iso(0), "seal"],
      [iso(1), "allow"],
    ] as const)
      expect(evaluateExit(leaving({ authorizationExpiresAt: ends })).verdict).toBe(verdict);
    expect(evaluateExit(leaving({ authorizationExpiresAt: iso(0), result: failed }))).toMatchObject(
      {
        verdict: "seal",
        score: 3,
        reasons: [
          { code: "TEST_FAILED" },
          { code: "AUTHORIZATION_EXPIRED", gate: "accountability" },
        ],
      },
    );
  });

  test("an action that has been performed is noted, whatever ran out since", () => {
    const done = { spec: RUN, result: null, succeeded: true, authorizationExpiresAt: iso(0) };
    expect(evaluateExit(leaving(done)).verdict).toBe("allow");
  });

  test("a test that is reported both passed and failed counts as failed", () => {
    expect(failedTests(WORK, [...PASSED, { id: "accepted", passed: false }])).toEqual(["accepted"]);
  });

  test("a test that nobody asked for changes nothing", () => {
    expect(failedTests(WORK, [...PASSED, { id: "other", passed: false }])).toEqual([]);
  });
});

describe("the right to seal is a fact of the types", () => {
  const seals: Gate<Exclude<Verdict, "pause">> = () => ({ verdict: "seal", reasons: [] });
  const blocks: Gate<"allow" | "block"> = () => ({ verdict: "block", reasons: [] });
  const pauses: Gate<"allow" | "pause"> = () => ({ verdict: "pause", reasons: [] });

  test("ethics and accountability may hold a gate that seals, no other name may", () => {
    const entries: readonly GateEntry[] = [
      { gate: "ethics", ask: seals },
      { gate: "accountability", ask: seals },
      // @ts-expect-error -- readiness may not seal
      { gate: "readiness", ask: seals },
      // @ts-expect-error -- scope may not seal
      { gate: "scope", ask: seals },
      // @ts-expect-error -- consistency may not seal
      { gate: "consistency", ask: seals },
      // @ts-expect-error -- evidence may not seal
      { gate: "evidence", ask: seals },
      // @ts-expect-error -- policy may not seal
      { gate: "policy", ask: seals },
      // @ts-expect-error -- universe may not seal
      { gate: "universe", ask: seals },
      // @ts-expect-error -- approval may not seal
      { gate: "approval", ask: seals },
      // @ts-expect-error -- lease may not seal
      { gate: "lease", ask: seals },
      // @ts-expect-error -- relativity may not seal
      { gate: "relativity", ask: seals },
    ];
    expect(entries).toHaveLength(11);
  });

  test("relativity may pause and may not block; the other gates may do both", () => {
    const entries: readonly GateEntry[] = [
      { gate: "relativity", ask: pauses },
      // @ts-expect-error -- relativity may not block
      { gate: "relativity", ask: blocks },
      { gate: "lease", ask: pauses },
      { gate: "policy", ask: blocks },
    ];
    expect(entries).toHaveLength(4);
  });
});
