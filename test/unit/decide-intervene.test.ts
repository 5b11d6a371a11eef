/** Interventions: an operator pauses, resumes or stops the whole mission. */
import { describe, expect, test } from "vitest";
import {
  approvalNode,
  decisionNode,
  evidence,
  executionNode,
  iso,
  person,
  plan,
  systemNode,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, denies, given, reports } from "../support/scenario.ts";

const PLAN = plan([decisionNode("a", { evidenceOut: ["e"] }), systemNode("b")]);

describe("Intervene", () => {
  test("pause and resume are recorded with who and why", () => {
    given(openMission(PLAN))
      .when(intervene(1, "pause", "the market is closed"))
      .yields({
        type: "mission.paused",
        nodeId: null,
        stateBefore: "active",
        stateAfter: "paused",
        actor: { kind: "human", id: "operator" },
        data: { reason: "the market is closed" },
      });
    given(openMission(PLAN), intervene(1, "pause"))
      .when(intervene(2, "resume"))
      .yields({ type: "mission.resumed", stateBefore: "paused", stateAfter: "active" });
  });

  test("stop is recorded from active and from paused, and is not a seal", () => {
    given(openMission(PLAN))
      .when(intervene(1, "stop"))
      .yields({ type: "mission.stopped", stateBefore: "active", stateAfter: "stopped" });
    const { run, when } = given(openMission(PLAN), intervene(1, "pause"));
    when(intervene(2, "stop")).yields({
      type: "mission.stopped",
      stateBefore: "paused",
      stateAfter: "stopped",
    });
    expect(run.state?.sealed).toBe(false);
  });

  test("resuming starts what became READY meanwhile", () => {
    const compiled = plan([executionNode("run"), systemNode("next")]);
    given(
      openMission(compiled),
      propose(1, "run", { action: vendorSwitch() }),
      intervene(2, "pause"),
      reports(3, "run"),
    )
      .when(intervene(4, "resume"))
      .yields(
        { type: "mission.resumed" },
        { type: "gate.evaluated", nodeId: "next", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });

  describe("a node that waits for people", () => {
    const signing = plan([approvalNode("sign", { approval: { quorum: 1, deadlineMs: 60_000 } })]);
    const asked = [openMission(signing)];

    test("is not given up while the mission is paused, and is asked anew on resuming", () => {
      const { when } = given(...asked, intervene(2, "pause"));
      when(passTime(3_600)).staysQuiet();
      when(intervene(3_700, "resume")).yields(
        { type: "mission.resumed" },
        { type: "node.unblocked", data: { cause: "resume" } },
        { type: "gate.evaluated", stateAfter: "BLOCKED" },
        { type: "approval.requested", data: { deadlineAt: iso(3_760) } },
      );
      when(approves(3_710, "sign", person("ann"))).yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
    });

    test("and was given up in silence is asked once more on resuming", () => {
      given(...asked, passTime(120), intervene(121, "pause"))
        .when(intervene(122, "resume"))
        .yields(
          { type: "mission.resumed" },
          { type: "node.unblocked" },
          { type: "gate.evaluated", gateResult: { verdict: "pause" } },
          { type: "approval.requested" },
        );
    });

    test("and was denied stays denied", () => {
      given(...asked, denies(1, "sign", person("ann")), intervene(121, "pause"))
        .when(intervene(122, "resume"))
        .yields({ type: "mission.resumed" });
    });
  });

  test("a lease starts anew on resuming, because a paused mission takes no results", () => {
    const writing = plan([decisionNode("a", { writeSet: ["x#y"] })]);
    const { when } = given(openMission(writing), propose(1, "a"), intervene(2, "pause"));
    when(passTime(3_600)).staysQuiet();
    when(intervene(3_700, "resume")).yields({ type: "mission.resumed" });
    when(passTime(3_900)).staysQuiet();
    when(passTime(4_001)).yields({ type: "node.failed", data: { cause: "lease_expired" } });
  });

  test("the last receipt completes a mission even while it is paused", () => {
    given(
      openMission(plan([executionNode("run")])),
      propose(1, "run", { action: vendorSwitch() }),
      intervene(2, "pause"),
    )
      .when(reports(3, "run"))
      .yields(
        { type: "receipt.recorded" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed", stateBefore: "paused", stateAfter: "completed" },
      );
  });

  test.each([
    ["pause", "paused", ["pause"]],
    ["resume", "active", []],
    ["pause", "stopped", ["stop"]],
    ["resume", "stopped", ["stop"]],
    ["stop", "stopped", ["stop"]],
  ] as const)("refuses to %s a mission that is %s", (kind, state, before) => {
    given(openMission(PLAN), ...before.map((step) => intervene(1, step)))
      .when(intervene(2, kind))
      .rejects("intervention_not_possible", { kind, state });
  });

  test("refuses every intervention in a completed mission", () => {
    for (const kind of ["pause", "resume", "stop"] as const)
      given(openMission(plan([systemNode("a")])))
        .when(intervene(1, kind))
        .rejects("intervention_not_possible", { state: "completed" });
  });
});

describe("a sealed mission", () => {
  const sealing = plan([executionNode("run"), decisionNode("a", { evidenceOut: ["e"] })], {
    edges: [],
    authorizationExpiresAt: iso(100),
  });
  const sealed = [
    openMission(sealing),
    propose(1, "run", { action: vendorSwitch() }),
    propose(100, "a"),
  ];

  test("refuses every command that could move it", () => {
    given(...sealed)
      .when(propose(101, "a"))
      .rejects("mission_not_active", { state: "stopped" });
    given(...sealed)
      .when(submitEvidence(101, "a", evidence("e")))
      .rejects("mission_not_active");
    given(...sealed)
      .when(submitResult(101, "a"))
      .rejects("mission_not_active");
    given(...sealed)
      .when(approves(101, "a", person("ann")))
      .rejects("mission_not_active");
    for (const kind of ["pause", "resume", "stop"] as const)
      given(...sealed)
        .when(intervene(101, kind))
        .rejects("intervention_not_possible");
    given(...sealed)
      .when(passTime(99_999))
      .staysQuiet();
  });

  test("still records what the gateway reports, and does not move", () => {
    given(...sealed)
      .when(reports(101, "run"))
      .yields({ type: "receipt.recorded", stateBefore: "RUNNING", stateAfter: "RUNNING" });
  });
});
