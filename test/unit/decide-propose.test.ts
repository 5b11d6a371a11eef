/** Proposals: adopted and judged, or refused without touching the node. */
import { describe, expect, test } from "vitest";
import {
  agent,
  approvalNode,
  decisionNode,
  evidence,
  executionNode,
  iso,
  plan,
  policy,
  receipt,
  rule,
  systemNode,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  recordReceipt,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { eventsOf, given, jtiOf, reports } from "../support/scenario.ts";

const DECIDE = plan([decisionNode("a"), decisionNode("b")]);
const ACT = plan([
  executionNode("run", { action: { type: "vendor.switch", args: { contract: "C-7" } } }),
]);
const ACTION = vendorSwitch({ contract: "C-7", amount: 5 });

describe("Propose", () => {
  test("a decision node's proposal is adopted, and the node runs when its gate allows", () => {
    given(openMission(DECIDE))
      .when(propose(1, "a"))
      .yields(
        {
          type: "proposal.submitted",
          stateBefore: "READY",
          stateAfter: "READY",
          data: { proposal: { agent: { id: "agent-a" }, action: null } },
        },
        {
          type: "gate.evaluated",
          stateAfter: "RUNNING",
          actor: { kind: "system" },
          data: { phase: "entry", attempt: 1, policyHash: policy().hash, lease: null },
          gateResult: {
            verdict: "allow",
            gates: [
              "readiness",
              "scope",
              "consistency",
              "relativity",
              "evidence",
              "policy",
              "universe",
              "ethics",
              "accountability",
              "approval",
              "lease",
            ].map((gate) => ({ gate, verdict: "allow" })),
          },
        },
      );
  });

  test("an execution's ticket is issued only behind an allowing gate, and says exactly what was allowed", () => {
    const { events } = given(openMission(ACT), propose(1, "run", { action: ACTION }));
    const [gate, ticket] = events.slice(-2);
    expect(gate).toMatchObject({ type: "gate.evaluated", gateResult: { verdict: "allow" } });
    expect(ticket).toMatchObject({
      type: "ticket.issued",
      data: {
        claims: {
          sub: "agent-a",
          node_id: "run",
          attempt: 1,
          action_type: "vendor.switch",
          risk_level: 2,
          gate_digest: gate?.data["gateDigest"],
          trace_seq: gate?.seq,
          trace_hash: gate?.hash,
          graph_hash: ACT.hash,
        },
      },
    });
  });

  test("no ticket where the policy does not permit, and the near rule says what would", () => {
    const small = rule({
      id: "small",
      kinds: ["execution"],
      actions: ["vendor.switch"],
      when: [{ path: "/amount", op: "lte", value: 4 }],
    });
    given(openMission(ACT, { policy: policy([small]) }))
      .when(propose(1, "run", { action: ACTION }))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            reasons: [
              {
                code: "POLICY_NO_MATCH",
                counterfactual: "rule small would permit if /amount lte 4",
              },
            ],
          },
        },
      );
  });

  test("a blocked node's better proposal unblocks it", () => {
    const small = rule({
      id: "small",
      kinds: ["execution"],
      actions: ["vendor.switch"],
      when: [{ path: "/amount", op: "lte", value: 4 }],
    });
    given(openMission(ACT, { policy: policy([small]) }), propose(1, "run", { action: ACTION }))
      .when(propose(2, "run", { action: vendorSwitch({ contract: "C-7", amount: 4 }) }))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked", data: { cause: "proposal" } },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
  });

  test.each([
    ["a node whose predecessors are not DONE", propose(1, "b"), "PREDECESSOR_NOT_DONE"],
    ["an agent the directory does not know", propose(1, "a", { agent: null }), "AGENT_UNKNOWN"],
    [
      "an agent when the directory could not be asked",
      propose(1, "a", { agent: "unavailable" }),
      "GATE_FAILURE",
    ],
    [
      "a banned agent",
      propose(1, "a", { agent: agent("agent-a", { banned: true }) }),
      "AGENT_BANNED",
    ],
    ["no rationale", propose(1, "a", { rationale: "  " }), "PROPOSAL_EMPTY"],
    [
      "an action where none is performed",
      propose(1, "a", { action: vendorSwitch() }),
      "ACTION_NOT_EXPECTED",
    ],
  ])("refuses %s without touching the node", (_what, command, code) => {
    given(openMission(DECIDE))
      .when(command)
      .yields({
        type: "proposal.refused",
        nodeId: command.nodeId,
        gateResult: { verdict: "block", reasons: [{ code }] },
      });
  });

  test.each([
    [
      "an agent that is not assigned",
      "AGENT_NOT_ASSIGNED",
      agent("agent-z", { skills: ["buy"], zone: "eu" }),
      ACTION,
    ],
    ["an agent without the skill", "SKILL_MISSING", agent("agent-a", { zone: "eu" }), ACTION],
    [
      "an agent of another zone",
      "ZONE_CROSSED",
      agent("agent-a", { skills: ["buy"], zone: "us" }),
      ACTION,
    ],
    ["no action", "ACTION_MISSING", agent("agent-a", { skills: ["buy"], zone: "eu" }), null],
    [
      "another action than the spec's",
      "ACTION_OUT_OF_SCOPE",
      agent("agent-a", { skills: ["buy"], zone: "eu" }),
      { type: "vendor.delete", args: { contract: "C-7" } },
    ],
    [
      "arguments that contradict the spec",
      "PROPOSAL_CONTRADICTS_SPEC",
      agent("agent-a", { skills: ["buy"], zone: "eu" }),
      vendorSwitch({ contract: "C-8" }),
    ],
  ])("refuses %s at a strict node", (_what, code, who, action) => {
    const strict = plan([
      executionNode("run", {
        agents: ["agent-a"],
        skill: "buy",
        zone: "eu",
        action: { type: "vendor.switch", args: { contract: "C-7" } },
      }),
    ]);
    given(openMission(strict))
      .when(propose(1, "run", { by: who.id, agent: who, action }))
      .yields({
        type: "proposal.refused",
        stateBefore: "READY",
        stateAfter: "READY",
        gateResult: { reasons: expect.arrayContaining([expect.objectContaining({ code })]) },
      });
  });

  test("a node whose attempts are used up is refused for good, and gets no further ticket", () => {
    const once = plan([executionNode("run", { attemptsMax: 1 })]);
    const { run, when } = given(
      openMission(once),
      propose(1, "run", { action: vendorSwitch() }),
      reports(2, "run", { outcome: "failed" }),
    );
    when(propose(3, "run", { action: vendorSwitch() })).yields({
      type: "proposal.refused",
      stateBefore: "BLOCKED",
      gateResult: { reasons: [{ code: "ATTEMPTS_EXHAUSTED" }] },
    });
    expect(eventsOf(run, "ticket.issued")).toHaveLength(1);
  });

  test("another agent's proposal does not inherit a result it did not produce", () => {
    const compiled = plan([decisionNode("a", { evidenceOut: ["report"] })]);
    const { when } = given(
      openMission(compiled),
      propose(1, "a"),
      submitResult(2, "a"),
      propose(3, "a", { by: "agent-b" }),
    );
    when(submitEvidence(4, "a", evidence("report"))).yields({
      type: "evidence.submitted",
      stateBefore: "RUNNING",
      stateAfter: "RUNNING",
    });
  });

  test("an expired authorization seals the mission", () => {
    const compiled = plan([decisionNode("a"), decisionNode("b")], {
      authorizationExpiresAt: iso(10),
    });
    given(openMission(compiled))
      .when(propose(10, "a"))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { verdict: "seal", score: 3 },
        },
        { type: "mission.sealed", stateBefore: "active", stateAfter: "stopped" },
        { type: "incident.raised", data: { kind: "mission_sealed" } },
      );
  });

  test("refuses what needs no proposal: system nodes, approvals of no action, running, DONE or unknown nodes", () => {
    const mixed = plan([approvalNode("sign"), decisionNode("a"), systemNode("auto")]);
    given(openMission(mixed)).when(propose(1, "sign")).rejects("proposal_not_expected");
    given(openMission(mixed)).when(propose(1, "auto")).rejects("proposal_not_expected");
    given(openMission(mixed)).when(propose(1, "zz")).rejects("node_unknown");
    given(openMission(DECIDE), propose(1, "a"))
      .when(propose(2, "a"))
      .rejects("node_not_open", { state: "RUNNING" });
    given(openMission(DECIDE), propose(1, "a"), submitResult(2, "a"))
      .when(propose(3, "a"))
      .rejects("node_not_open", { state: "DONE" });
  });

  test("refuses to propose again what has been performed", () => {
    const compiled = plan([executionNode("run", { evidenceOut: ["proof"] })]);
    given(openMission(compiled), propose(1, "run", { action: vendorSwitch() }), reports(2, "run"))
      .when(propose(3, "run", { action: vendorSwitch() }))
      .rejects("proposal_not_expected", {
        detail: "the action of this attempt has been performed",
      });
  });

  test("refuses while the mission is paused or stopped", () => {
    for (const [kind, state] of [
      ["pause", "paused"],
      ["stop", "stopped"],
    ] as const)
      given(openMission(DECIDE), intervene(1, kind))
        .when(propose(2, "a"))
        .rejects("mission_not_active", { state });
  });

  test("time never decreases, whatever the caller's clock says", () => {
    given(openMission(DECIDE), propose(50, "a"))
      .when(submitResult(3, "a"))
      .yields(
        { type: "result.submitted", at: iso(50) },
        { type: "gate.evaluated", at: iso(50) },
        { type: "node.ready", at: iso(50) },
      );
  });

  test("fencing numbers rise with every lease of a slice", () => {
    const writes = { writeSet: ["register#a"], evidenceOut: ["proof"] };
    const compiled = plan([
      executionNode("one", { ...writes }),
      executionNode("two", { ...writes }),
    ]);
    const { events } = given(
      openMission(compiled),
      propose(1, "one", { action: vendorSwitch() }),
      reports(2, "one", { outcome: "failed" }),
      propose(3, "one", { action: vendorSwitch() }),
      submitEvidence(4, "one", evidence("proof")),
      reports(5, "one"),
      propose(6, "two", { action: vendorSwitch() }),
    );
    const fences = events
      .filter((event) => event.type === "ticket.issued")
      .map((event) => (event.data["claims"] as { fence: object }).fence);
    expect(fences).toEqual([{ "register#a": 1 }, { "register#a": 2 }, { "register#a": 3 }]);
  });

  test("tickets of one mission have distinct ids", () => {
    const { run } = given(
      openMission(ACT),
      propose(1, "run", { action: ACTION }),
      reports(2, "run", { outcome: "failed" }),
      propose(3, "run", { action: ACTION }),
      passTime(4),
    );
    expect(jtiOf(run, "run", 0)).not.toBe(jtiOf(run, "run", 1));
    given(openMission(ACT))
      .when(recordReceipt(1, receipt(jtiOf(run, "run"))))
      .rejects("ticket_unknown");
  });
});
