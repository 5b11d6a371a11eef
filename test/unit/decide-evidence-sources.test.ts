/** Evidence of several sources: all of it counts, a node's own improves on it, and nothing silences it. */
import { describe, expect, test } from "vitest";
import type { EvidenceBundle } from "../../shared/evidence/index.ts";
import { claim, decisionNode, evidence, plan, source } from "../support/builders.ts";
import { openMission, propose, submitEvidence, submitResult } from "../support/commands.ts";
import { eventsOf, given, requestOf, type Step } from "../support/scenario.ts";

/** Two nodes report on one thing, a third decides on what they report. */
const JOIN = plan(
  [
    decisionNode("left", { evidenceOut: ["report"] }),
    decisionNode("right", { evidenceOut: ["report"] }),
    decisionNode("judge", { risk: 3, ownerR: "human", evidenceIn: ["report"] }),
  ],
  {
    edges: [
      { from: "left", to: "judge" },
      { from: "right", to: "judge" },
    ],
  },
);

const about = claim("price", { subject: "vendor north", predicate: "price" });
const report = (value: number, extra: Partial<typeof about> = {}) =>
  evidence("report", { claims: [{ ...about, value, ...extra }] });

function reported(left: EvidenceBundle, right: EvidenceBundle): readonly Step[] {
  return [
    openMission(JOIN),
    ...[left, right].flatMap((bundle, at) => {
      const id = at === 0 ? "left" : "right";
      const start = at * 3 + 1;
      return [
        propose(start, id),
        submitEvidence(start + 1, id, bundle),
        submitResult(start + 2, id),
      ];
    }),
  ];
}

const SECONDARY = { sources: [source({ kind: "secondary" })] };

describe("evidence of several sources", () => {
  test("all of it counts: people sign the hashes of every bundle, in order of hash", () => {
    const [left, right] = [report(1), report(1, { confidence: 0.8 })];
    const hashes = [left.hash, right.hash].sort();
    for (const [first, second] of [
      [left, right],
      [right, left],
    ] as const) {
      const { run } = given(...reported(first, second), propose(9, "judge"));
      expect(eventsOf(run, "approval.requested")[0]?.data["evidence"]).toEqual(hashes);
    }
  });

  test("the same bundle from two sources counts once", () => {
    const { run } = given(...reported(report(1), report(1)), propose(9, "judge"));
    expect(eventsOf(run, "approval.requested")[0]?.data["evidence"]).toEqual([report(1).hash]);
  });

  test.each([
    ["first", report(1, SECONDARY), report(1)],
    ["last", report(1), report(1, SECONDARY)],
  ])("a weak bundle of the %s source is not outdone by the other's", (_which, left, right) => {
    given(...reported(left, right))
      .when(propose(9, "judge"))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { verdict: "block", reasons: [{ code: "PRIMARY_SOURCE_REQUIRED" }, {}] },
        },
      );
  });

  test("sources that contradict each other block, and the reason tells the bundles apart", () => {
    const [left, right] = [report(1), report(2)];
    const { run } = given(...reported(left, right), propose(9, "judge"));
    const [contradiction] = run.events.at(-1)?.gateResult?.reasons ?? [];
    expect(contradiction).toMatchObject({
      code: "EVIDENCE_CONTRADICTION",
      detail: `claims report/price of ${left.id} and report/price of ${right.id} contradict each other`,
    });
  });

  test("the node's own bundle improves on weaker ones and then stands alone in the digest", () => {
    const own = report(1, { confidence: 0.95 });
    const weak = reported(report(1, SECONDARY), report(1, SECONDARY));
    const { run } = given(...weak, propose(9, "judge"), submitEvidence(10, "judge", own));
    expect(requestOf(run, "judge")).not.toBeNull();
    expect(eventsOf(run, "approval.requested")[0]?.data["evidence"]).toEqual([own.hash]);
  });

  test.each([
    ["says one thing of two", report(1), report(2), report(1)],
    ["says a third thing", report(1), report(1), report(3)],
  ])("the node's own bundle that %s silences nobody", (_what, left, right, own) => {
    given(...reported(left, right), propose(9, "judge"))
      .when(submitEvidence(10, "judge", own))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        ...(left.hash === right.hash ? [{ type: "approval.voided" }] : []),
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            verdict: "block",
            reasons: expect.arrayContaining([
              expect.objectContaining({ code: "EVIDENCE_CONTRADICTION" }),
            ]),
          },
        },
      );
  });

  test("a source may correct itself before it is DONE", () => {
    const history = [
      openMission(JOIN),
      propose(1, "left"),
      submitEvidence(2, "left", report(2)),
      submitEvidence(3, "left", report(1)),
      submitResult(4, "left"),
      propose(5, "right"),
      submitEvidence(6, "right", report(1)),
      submitResult(7, "right"),
    ];
    given(...history)
      .when(propose(9, "judge"))
      .yields(
        { type: "proposal.submitted" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });
});
