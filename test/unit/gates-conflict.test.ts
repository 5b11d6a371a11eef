/**
 * Conflict inside gate 7: where a node weighs its universes, contradictions are named and pause; nothing is
 * averaged away and nothing becomes better. Source: docs/universes.md, "Conflict".
 */
import { describe, expect, test } from "vitest";
import { evaluateEntry, type GateQuestion } from "../../shared/gates/index.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import { observationsSchema, type UniverseObservation } from "../../shared/universe/index.ts";
import { decisionNode, executionNode, person, plan } from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { question } from "../support/gate-questions.ts";
import { approves, given } from "../support/scenario.ts";

type Seen = Partial<UniverseObservation> & { readonly id: string };

const WEIGHED = [
  { id: "market", budget: 0.9, weight: 2 },
  { id: "regulatory", budget: 0.5, weight: 3 },
  { id: "operations", budget: 0.9 },
];
const calm = (seen: Seen) => ({ risk: 0.1, constraints: [], evidence: 1, uncertainty: 0, ...seen });

/** Market and regulatory as given; operations unaffected. */
function asked(market: Partial<Seen>, regulatory: Partial<Seen>): GateQuestion {
  const spec = nodeSchema.parse(decisionNode("a", { universes: WEIGHED }));
  const universes = [
    calm({ id: "market", ...market }),
    calm({ id: "regulatory", ...regulatory }),
    calm({ id: "operations" }),
  ];
  return question({ spec, proposal: { rationale: "because", action: null, universes } });
}

function universeGate(about: GateQuestion) {
  const { gates, reasons } = evaluateEntry(about);
  const own = reasons.filter(({ gate }) => gate === "universe");
  return {
    verdict: gates.find(({ gate }) => gate === "universe")?.verdict,
    codes: own.map(({ code }) => code),
    details: own.map(({ detail }) => detail),
    fixes: own.map(({ counterfactual }) => counterfactual),
  };
}

describe("gate 7 and conflict", () => {
  // The price cut of the document: growth +0.30, compliance -0.20.
  test("who gains and who loses pauses, with both named and what is recommended", () => {
    expect(universeGate(asked({ effect: 0.3 }, { effect: -0.2 }))).toEqual({
      verdict: "pause",
      codes: ["UNIVERSES_CONFLICT"],
      details: ["market gains and regulatory loses; conflict score 0.0000"],
      fixes: [
        "SPLIT_SCOPE, REQUEST_HUMAN_APPROVAL: an action that does not set them against each other, or an approval of the digest",
      ],
    });
  });

  test("all who gain, or lose, or are not moved, are no contradiction", () => {
    for (const [market, regulatory] of [
      [0.3, 0.2],
      [-0.3, -0.2],
      [0.3, 0],
    ] as const)
      expect(universeGate(asked({ effect: market }, { effect: regulatory })).verdict).toBe("allow");
  });

  test("samples that oppose each other score the product of the weights times the correlation", () => {
    // Sums 6 and 6: both gain. Correlation -1, weights 2 and 3.
    const opposed = asked({ utilityDeltas: [1, 2, 3] }, { utilityDeltas: [3, 2, 1] });
    expect(universeGate(opposed).details).toEqual([
      "market and regulatory move against each other (correlation -1.0000); conflict score 6.0000",
    ]);
    // Means 2 and 3, sums of products -1, squares 2 and 2: correlation -1/2.
    const half = asked({ utilityDeltas: [1, 2, 3] }, { utilityDeltas: [3, 4, 2] });
    expect(universeGate(half).details[0]).toContain("(correlation -0.5000); conflict score 3.0000");
  });

  test("a pair that contradicts and opposes is named once, with the score", () => {
    const both = asked({ utilityDeltas: [1, 2, 3] }, { utilityDeltas: [-1, -2, -3] });
    expect(universeGate(both).details).toEqual([
      "market gains and regulatory loses; conflict score 6.0000",
    ]);
  });

  test("samples that move alike, and a constant series, are no conflict", () => {
    const alike = asked({ utilityDeltas: [1, 2, 3] }, { utilityDeltas: [2, 4, 6] });
    expect(universeGate(alike).verdict).toBe("allow");
    const flat = asked({ utilityDeltas: [1, 2, 3] }, { utilityDeltas: [0, 0, 0] });
    expect(universeGate(flat).verdict).toBe("allow");
  });

  test("what the action does to a weighted universe is unknown until it is observed", () => {
    expect(universeGate(asked({ effect: 0.3 }, {}))).toMatchObject({
      verdict: "pause",
      codes: ["UNIVERSE_UNKNOWN"],
      details: ["not known of regulatory: what the action does to it"],
    });
  });

  test("never makes a worst case better: a block stays a block, and the conflict is named beside it", () => {
    const worse = universeGate(asked({ effect: 0.3 }, { effect: -0.2, risk: 0.78 }));
    expect(worse.verdict).toBe("block");
    expect(worse.codes).toEqual(["RISK_OVER_BUDGET", "UNIVERSES_CONFLICT"]);
    expect(worse.fixes[1]).toMatch(/^SPLIT_SCOPE:/);
  });

  test("a node that weighs nothing is asked what it always was", () => {
    const plain = WEIGHED.map(({ weight: _weight, ...rest }) => rest);
    const spec = nodeSchema.parse(decisionNode("a", { universes: plain }));
    const about = { ...asked({ effect: 0.3 }, { effect: -0.2 }), spec };
    expect(universeGate(about)).toMatchObject({ verdict: "allow", codes: [] });
  });

  test("samples of different lengths are refused before any gate", () => {
    const parsed = observationsSchema.safeParse([
      { id: "a", utilityDeltas: [1, 2, 3] },
      { id: "b", utilityDeltas: [1, 2, 3, 4] },
    ]);
    expect(parsed.success).toBe(false);
  });
});

test("in a mission the conflict is shown to a person, who may approve it and nothing else", () => {
  const opening = openMission(plan([executionNode("run", { universes: WEIGHED.slice(0, 2) })]));
  const usual = propose(1, "run", { action: vendorSwitch({ contract: "C-7" }) });
  const universes = [calm({ id: "market", effect: 0.3 }), calm({ id: "regulatory", effect: -0.2 })];
  const proposing = { ...usual, proposal: { ...usual.proposal, universes } };
  const { events } = given(opening, proposing);
  expect(events.at(-1)).toMatchObject({
    type: "approval.requested",
    data: {
      pauses: [{ gate: "universe", codes: ["UNIVERSES_CONFLICT"] }],
      summary: expect.stringContaining("market gains and regulatory loses") as string,
    },
  });
  const { run } = given(opening, proposing, approves(2, "run", person("ann")));
  expect(run.state?.nodes.get("run")?.status).toBe("RUNNING");
});
