/** The loop guard: proposals that come back without anything changing end at a person. */
import { describe, expect, test } from "vitest";
import { loopIn, LOOP_LIMITS, type ReturnedProposal } from "../../shared/mission/loop.ts";
import { agent, decisionNode, executionNode, person, plan } from "../support/builders.ts";
import { openMission, propose, reset, vendorSwitch } from "../support/commands.ts";
import { approves, eventsOf, given } from "../support/scenario.ts";

function came(gateDigest: string, codes = gateDigest, by = gateDigest): ReturnedProposal {
  return { agent: by, gateDigest, codes };
}

describe("a loop", () => {
  test.each([
    ["nothing came back", [], null],
    ["the same twice", [came("a"), came("a")], null],
    ["the same three times", [came("a"), came("a"), came("a")], "LOOP_UNCHANGED"],
    ["the same three times, but not in a row", [came("a"), came("a"), came("b"), came("a")], null],
    ["two in turns", [came("a"), came("b"), came("a"), came("b")], "LOOP_OSCILLATION"],
    [
      "two in turns after others",
      [came("c"), came("b"), came("a"), came("b"), came("a")],
      "LOOP_OSCILLATION",
    ],
    ["two, not in turns", [came("a"), came("b"), came("b"), came("a")], null],
    [
      "five for the same reasons",
      ["a", "b", "c", "d", "e"].map((digest) => came(digest, "X")),
      "LOOP_SAME_REASON",
    ],
    ["four for the same reasons", ["a", "b", "c", "d"].map((digest) => came(digest, "X")), null],
    [
      "eight of one agent",
      "abcdefgh".split("").map((digest) => came(digest, digest, "one")),
      "LOOP_SAME_AGENT",
    ],
    ["seven of one agent", "abcdefg".split("").map((digest) => came(digest, digest, "one")), null],
    [
      "twelve of anybody",
      "abcdefghijkl".split("").map((digest) => came(digest)),
      "LOOP_PROPOSALS_MAX",
    ],
    ["eleven of anybody", "abcdefghijk".split("").map((digest) => came(digest)), null],
  ] as const)("%s", (_what, returned, loop) => {
    expect(loopIn(returned)).toBe(loop);
  });
});

const ASKED = plan([executionNode("pay", { ownerR: "human", risk: 3 }), decisionNode("note")], {
  edges: [],
});
const pay = (seconds: number, amount: number) =>
  propose(seconds, "pay", { action: vendorSwitch({ amount }) });

describe("the loop guard", () => {
  test("holds the node for a person, once, and takes no further proposal", () => {
    const { when } = given(openMission(ASKED), pay(1, 1), pay(2, 1));
    when(pay(3, 1)).yields(
      { type: "proposal.submitted" },
      { type: "node.unblocked" },
      { type: "gate.evaluated", stateAfter: "BLOCKED" },
      { type: "loop.detected", nodeId: "pay", data: { code: "LOOP_UNCHANGED", agent: null } },
      { type: "incident.raised", data: { kind: "loop_detected", reasonCodes: ["LOOP_UNCHANGED"] } },
    );
    when(pay(4, 2)).rejects("loop_guarded", { nodeId: "pay", loop: "LOOP_UNCHANGED", agent: null });
    when(propose(5, "note")).yields({ type: "proposal.submitted" }, { type: "gate.evaluated" });
  });

  test("leaves what is open to a person, whose approval lets it run", () => {
    const { run, when } = given(openMission(ASKED), pay(1, 1), pay(2, 1), pay(3, 1));
    when(approves(4, "pay", person("ann")));
    expect(run.state?.nodes.get("pay")).toMatchObject({
      status: "RUNNING",
      loop: null,
      returned: [],
    });
  });

  test("starts over with a reset", () => {
    const { when } = given(openMission(ASKED), pay(1, 1), pay(2, 1), pay(3, 1), reset(4, "pay"));
    when(pay(5, 1)).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated" },
      { type: "approval.requested" },
    );
  });

  test("does not count what asks the gate again without a proposal", () => {
    const { run } = given(openMission(ASKED), pay(1, 1), approves(2, "pay", person("ann")));
    expect(run.state?.nodes.get("pay")?.status).toBe("RUNNING");
  });

  test("stops hearing an agent whose proposals are refused, at this node alone", () => {
    const banned = { agent: agent("agent-c", { banned: true }), by: "agent-c" };
    const refusals = Array.from({ length: LOOP_LIMITS.refusalsMax }, (_, index) =>
      propose(index + 1, "note", banned),
    );
    const { run, when } = given(openMission(ASKED), ...refusals);
    expect(eventsOf(run, "loop.detected")).toMatchObject([
      { nodeId: "note", data: { code: "LOOP_REFUSALS_MAX", agent: "agent-c" } },
    ]);
    when(propose(90, "note", banned)).rejects("loop_guarded", { agent: "agent-c" });
    when(propose(91, "pay", banned)).yields({ type: "proposal.refused" });
    when(propose(92, "note")).yields({ type: "proposal.submitted" }, { type: "gate.evaluated" });
  });
});
