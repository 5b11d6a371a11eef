/** Results of decision nodes: the exit gate, and what a failed test costs. */
import { describe, test } from "vitest";
import {
  agent,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  plan,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { given } from "../support/scenario.ts";

const WORK = plan([decisionNode("a", { outputs: ["report"], attemptsMax: 2 }), decisionNode("b")]);
const GOOD = { outputs: { report: "r" } };
const FAILED = { outputs: { report: "r" }, tests: [{ id: "accepted", passed: false }] };

describe("SubmitResult", () => {
  test("a good result completes the node and frees its successors", () => {
    given(openMission(WORK), propose(1, "a"))
      .when(submitResult(2, "a", GOOD))
      .yields(
        {
          type: "result.submitted",
          stateBefore: "RUNNING",
          data: { result: { outputs: { report: "r" }, by: "agent-a" } },
        },
        {
          type: "gate.evaluated",
          stateAfter: "DONE",
          data: { phase: "exit" },
          gateResult: { verdict: "allow" },
        },
        { type: "node.ready", nodeId: "b" },
      );
  });

  test("a join waits for its last predecessor", () => {
    const diamond = plan([decisionNode("a"), decisionNode("b"), decisionNode("c")], {
      edges: [
        { from: "a", to: "c" },
        { from: "b", to: "c" },
      ],
    });
    const history = [openMission(diamond), propose(1, "a"), propose(2, "b")];
    given(...history)
      .when(submitResult(3, "b"))
      .yields(
        { type: "result.submitted" },
        { type: "gate.evaluated", nodeId: "b", stateAfter: "DONE" },
      );
    given(...history, submitResult(3, "b"))
      .when(submitResult(4, "a"))
      .yields(
        { type: "result.submitted" },
        { type: "gate.evaluated" },
        { type: "node.ready", nodeId: "c" },
      );
  });

  test.each([
    ["an output", { outputs: {} }, "OUTPUT_MISSING", "submit output report"],
    ["a test", { ...GOOD, tests: [] }, "TEST_MISSING", "run test accepted and submit its result"],
  ])(
    "%s that is missing blocks at the exit gate, and a better result is DONE",
    (_what, result, code, counterfactual) => {
      given(openMission(WORK), propose(1, "a"))
        .when(submitResult(2, "a", result))
        .yields(
          { type: "result.submitted" },
          {
            type: "gate.evaluated",
            stateAfter: "BLOCKED",
            data: { phase: "exit" },
            gateResult: { verdict: "block", reasons: [{ code, counterfactual }] },
          },
        );
      given(openMission(WORK), propose(1, "a"), submitResult(2, "a", result))
        .when(submitResult(3, "a", GOOD))
        .yields(
          { type: "result.submitted", stateBefore: "BLOCKED" },
          { type: "node.unblocked" },
          { type: "gate.evaluated", stateAfter: "RUNNING", data: { phase: "entry" } },
          { type: "gate.evaluated", stateAfter: "DONE", data: { phase: "exit" } },
          { type: "node.ready" },
        );
    },
  );

  test("evidence the node promised and did not produce blocks at the exit gate", () => {
    const compiled = plan([decisionNode("a", { evidenceOut: ["report"] })]);
    const early = [openMission(compiled), propose(1, "a"), submitResult(2, "a")];
    given(openMission(compiled), propose(1, "a"))
      .when(submitResult(2, "a"))
      .yields(
        { type: "result.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { reasons: [{ code: "EVIDENCE_MISSING" }] },
        },
      );
    given(...early)
      .when(submitEvidence(3, "a", evidence("report", { claims: [claim("c1")] })))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });

  test("a failed test fails the attempt: the node alone is READY again, with nothing left of the attempt", () => {
    given(openMission(WORK), propose(1, "a"))
      .when(submitResult(2, "a", FAILED))
      .yields(
        { type: "result.submitted" },
        {
          type: "node.failed",
          stateBefore: "RUNNING",
          stateAfter: "READY",
          data: { attempt: 1, cause: "tests_failed", reasons: [{ code: "TEST_FAILED" }] },
        },
      );
    given(openMission(WORK), propose(1, "a"), submitResult(2, "a", FAILED))
      .when(submitResult(3, "a", GOOD))
      .rejects("node_not_running", { state: "READY" });
  });

  test("a failed test in the last attempt blocks and raises an incident, and no better result reopens it", () => {
    const history = [
      openMission(WORK),
      propose(1, "a"),
      submitResult(2, "a", FAILED),
      propose(3, "a"),
    ];
    given(...history)
      .when(submitResult(4, "a", FAILED))
      .yields(
        { type: "result.submitted" },
        { type: "node.failed", stateAfter: "BLOCKED", data: { attempt: 2 } },
        {
          type: "incident.raised",
          data: { kind: "attempts_exhausted", reasonCodes: ["ATTEMPTS_EXHAUSTED", "TEST_FAILED"] },
        },
      );
    given(...history, submitResult(4, "a", FAILED))
      .when(submitResult(5, "a", GOOD))
      .yields(
        { type: "result.submitted" },
        { type: "node.unblocked" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { verdict: "block", reasons: [{ code: "ATTEMPTS_EXHAUSTED" }] },
        },
      );
  });

  test("refuses a node that does not run, another agent's result, and nodes that take none", () => {
    given(openMission(WORK))
      .when(submitResult(1, "a"))
      .rejects("node_not_running", { state: "READY" });
    given(openMission(WORK))
      .when(submitResult(1, "b"))
      .rejects("node_not_running", { state: "NEW" });
    given(openMission(WORK), propose(1, "a"))
      .when(submitResult(2, "a", { by: "agent-b" }))
      .rejects("agent_not_permitted", { detail: "the node runs for agent-a" });
    const compiled = plan([executionNode("run")]);
    given(openMission(compiled), propose(1, "run", { action: vendorSwitch() }))
      .when(submitResult(2, "run"))
      .rejects("result_not_expected");
    given(openMission(WORK)).when(submitResult(1, "zz")).rejects("node_unknown");
    given(openMission(WORK), propose(1, "a"), intervene(2, "pause"))
      .when(submitResult(3, "a"))
      .rejects("mission_not_active");
  });

  test.each([
    ["banned since it proposed", agent("agent-a", { banned: true }), "agent agent-a is banned"],
    ["gone from the directory", null, "the directory knows no such agent"],
    ["not to be asked about", "unavailable", "the agent directory could not be asked"],
  ] as const)("an agent that is %s submits no result", (_what, facts, detail) => {
    given(openMission(WORK), propose(1, "a"))
      .when(submitResult(2, "a", { ...GOOD, agent: facts }))
      .rejects("agent_not_permitted", { nodeId: "a", detail });
  });

  test("a result that comes after the mission's authorization ended seals the mission", () => {
    const limited = plan([decisionNode("a"), decisionNode("b")], {
      authorizationExpiresAt: iso(10),
    });
    given(openMission(limited), propose(1, "a"))
      .when(submitResult(9, "a"))
      .yields(
        { type: "result.submitted" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "node.ready", nodeId: "b" },
      );
    for (const passed of [true, false])
      given(openMission(limited), propose(1, "a"))
        .when(submitResult(10, "a", { tests: [{ id: "accepted", passed }] }))
        .yields(
          { type: "result.submitted" },
          {
            type: "gate.evaluated",
            stateAfter: "BLOCKED",
            data: { phase: "exit" },
            gateResult: { verdict: "seal" },
          },
          { type: "mission.sealed", stateAfter: "stopped" },
          { type: "incident.raised", data: { kind: "mission_sealed" } },
        );
  });

  test("a node blocked at its entry gate takes no result", () => {
    const compiled = plan([decisionNode("a", { evidenceIn: ["brief"] })], {
      missionInputs: ["brief"],
    });
    given(openMission(compiled), propose(1, "a"))
      .when(submitResult(2, "a"))
      .rejects("node_not_running", { state: "BLOCKED" });
  });
});
