/** Opening a mission: what the first command yields, when it refuses, and that it happens once. */
import { describe, expect, test } from "vitest";
import { decide } from "../../shared/mission/index.ts";
import {
  decisionNode,
  evidence,
  iso,
  MISSION,
  plan,
  policy,
  systemNode,
  TEAM,
} from "../support/builders.ts";
import { openMission, passTime, propose, submitEvidence } from "../support/commands.ts";
import { given } from "../support/scenario.ts";

const ONE = plan([decisionNode("a")]);

describe("OpenMission", () => {
  test("yields the whole plan, its hash, the inputs and the pinned policy, and makes the roots READY", () => {
    const compiled = plan([decisionNode("a"), decisionNode("b"), decisionNode("c")], {
      edges: [
        { from: "a", to: "c" },
        { from: "b", to: "c" },
      ],
      missionInputs: ["brief"],
    });
    const brief = evidence("brief");
    given()
      .when(openMission(compiled, { inputs: [brief] }))
      .yields(
        {
          type: "mission.opened",
          seq: 0,
          nodeId: null,
          at: iso(0),
          stateBefore: null,
          stateAfter: "active",
          policyVersion: policy().version,
          data: {
            missionId: MISSION,
            team: TEAM,
            plan: compiled.plan,
            planHash: compiled.hash,
            inputs: [brief],
            policy: policy(),
          },
        },
        { type: "node.ready", nodeId: "a", stateBefore: "NEW", stateAfter: "READY" },
        { type: "node.ready", nodeId: "b", stateBefore: "NEW", stateAfter: "READY" },
      );
  });

  test("advances the system's own nodes at once, and completes a mission made of nothing else", () => {
    given()
      .when(openMission(plan([systemNode("a"), systemNode("b")])))
      .yields(
        { type: "mission.opened" },
        { type: "node.ready", nodeId: "a" },
        { type: "gate.evaluated", nodeId: "a", stateAfter: "RUNNING", data: { phase: "entry" } },
        { type: "gate.evaluated", nodeId: "a", stateAfter: "DONE", data: { phase: "exit" } },
        { type: "node.ready", nodeId: "b" },
        { type: "gate.evaluated", nodeId: "b", stateAfter: "RUNNING" },
        { type: "gate.evaluated", nodeId: "b", stateAfter: "DONE" },
        { type: "mission.completed", stateAfter: "completed", data: { nodes: 2 } },
      );
  });

  test("refuses an input of a kind that the plan does not take", () => {
    given()
      .when(openMission(ONE, { inputs: [evidence("gossip")] }))
      .rejects("input_unexpected", { kind: "gossip" });
  });

  test("refuses to open a mission that is open", () => {
    given(openMission(ONE)).when(openMission(ONE)).rejects("mission_exists");
  });

  test("every other command is refused before it", () => {
    for (const command of [propose(1, "a"), submitEvidence(1, "a", evidence("e")), passTime(1)])
      expect(decide(null, command)).toEqual({ ok: false, error: { reason: "mission_unknown" } });
  });

  test("a mission whose authorization has run out before it opens is sealed by its first gate", () => {
    given()
      .when(openMission(plan([systemNode("a")], { authorizationExpiresAt: iso(0) })))
      .yields(
        { type: "mission.opened" },
        { type: "node.ready" },
        { type: "gate.evaluated", stateAfter: "BLOCKED", gateResult: { verdict: "seal" } },
        {
          type: "mission.sealed",
          stateAfter: "stopped",
          data: { reasons: [{ code: "AUTHORIZATION_EXPIRED", gate: "accountability" }] },
        },
        {
          type: "incident.raised",
          data: {
            kind: "mission_sealed",
            severity: "critical",
            reasonCodes: ["AUTHORIZATION_EXPIRED"],
          },
        },
      );
  });
});

describe("the limit of events", () => {
  const full = given(openMission(ONE)).run.state;
  const atLimit = full && { ...full, head: { ...full.head, seq: 999_999 } };

  test("a mission at its limit refuses what would make it grow, and still hears the clock", () => {
    expect(decide(atLimit, propose(1, "a"))).toMatchObject({
      ok: false,
      error: { reason: "mission_full", eventsMax: 1_000_000 },
    });
    expect(decide(atLimit, passTime(1))).toEqual({ ok: true, value: [] });
  });
});
