/** Time: leases end, silent tickets are reported, and what a bounded turn left over goes on. */
import { describe, expect, test } from "vitest";
import { decide, evolve, type MissionState, nextDueMs } from "../../shared/mission/index.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  iso,
  MISSION,
  ms,
  person,
  plan,
  systemNode,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, eventsOf, given, reports } from "../support/scenario.ts";

const WRITES = plan([decisionNode("a", { writeSet: ["register#a"], attemptsMax: 2 })]);
const RUN = plan([executionNode("run", { writeSet: ["register#a"] })]);

describe("PassTime", () => {
  test("stays quiet while nothing is due", () => {
    given(openMission(WRITES)).when(passTime(10_000)).staysQuiet();
    given(openMission(WRITES), propose(1, "a")).when(passTime(300)).staysQuiet();
  });

  test("a lease that ends while its node runs fails the attempt, and the slice comes free", () => {
    const { run, when } = given(openMission(WRITES), propose(1, "a"));
    when(passTime(301)).yields({
      type: "node.failed",
      at: iso(301),
      stateBefore: "RUNNING",
      stateAfter: "READY",
      data: { cause: "lease_expired", reasons: [{ code: "LEASE_EXPIRED" }] },
    });
    when(propose(302, "a")).yields(
      { type: "proposal.submitted" },
      {
        type: "gate.evaluated",
        data: { lease: { fence: { "register#a": 2 }, expiresAt: iso(602) } },
      },
    );
    when(passTime(602)).yields(
      { type: "node.failed", stateAfter: "BLOCKED" },
      { type: "incident.raised", data: { kind: "attempts_exhausted" } },
    );
    expect(run.state?.slices.get("register#a")).toEqual({ fence: 2, holder: null });
  });

  test("a deadline that passed before a command comes first in that command's events", () => {
    given(openMission(WRITES), propose(1, "a"))
      .when(submitResult(400, "a"))
      .rejects("node_not_running", { state: "READY" });
    given(openMission(WRITES), propose(1, "a"))
      .when(propose(400, "a"))
      .yields(
        { type: "node.failed" },
        { type: "proposal.submitted" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
      );
  });

  test("an execution's lease does not end by the clock: its ticket may still act", () => {
    const { run, when } = given(openMission(RUN), propose(1, "run", { action: vendorSwitch() }));
    when(passTime(360)).staysQuiet();
    expect(run.state?.nodes.get("run")?.lease).toEqual({
      fence: { "register#a": 1 },
      expiresAt: null,
      scope: "team",
    });
  });

  test("a ticket that stays silent is a person's business, once", () => {
    // 60 s of validity and 300 s of re-sending.
    const { when } = given(openMission(RUN), propose(1, "run", { action: vendorSwitch() }));
    when(passTime(361)).yields(
      { type: "ticket.overdue", stateAfter: "RUNNING", data: { expiresAt: iso(61) } },
      {
        type: "incident.raised",
        data: { kind: "ticket_unsettled", reasonCodes: ["TICKET_UNSETTLED"] },
      },
    );
    when(passTime(9_999)).staysQuiet();
    when(reports(10_000, "run")).yields(
      { type: "receipt.recorded" },
      { type: "gate.evaluated", stateAfter: "DONE" },
      { type: "mission.completed" },
    );
  });

  test("several deadlines that passed are applied in plan order", () => {
    const compiled = plan([approvalNode("b"), approvalNode("a")], { edges: [] });
    given(openMission(compiled))
      .when(passTime(86_400))
      .yields({ type: "approval.expired", nodeId: "b" }, { type: "approval.expired", nodeId: "a" });
  });

  test("a stopped or completed mission stands still", () => {
    given(openMission(WRITES), propose(1, "a"), intervene(2, "stop"))
      .when(passTime(99_999))
      .staysQuiet();
    given(openMission(WRITES), propose(1, "a"), submitResult(2, "a"))
      .when(passTime(99_999))
      .staysQuiet();
  });

  test("deadlines stand still while a mission is paused, and nothing starts", () => {
    given(openMission(plan([approvalNode("sign"), systemNode("next")])), intervene(1, "pause"))
      .when(passTime(86_400))
      .staysQuiet();
  });

  test("time never decreases", () => {
    given(openMission(plan([approvalNode("sign")])), passTime(86_400))
      .when(intervene(5, "pause"))
      .yields({ type: "mission.paused", at: iso(86_400) });
  });
});

describe("the bounded cascade", () => {
  const ids = Array.from({ length: 10_000 }, (_, n) => `n${n}`);

  test(
    "10,000 system nodes in a chain complete in turns of 64, without a turn that nobody asked for",
    { timeout: 60_000 },
    () => {
      const compiled = plan(ids.map((id) => systemNode(id)));
      let state: MissionState | null = null;
      let turns = 0;
      let largest = 0;
      for (let next = ms(0); state?.status !== "completed"; next += 1) {
        const command = state === null ? openMission(compiled) : passTime(turns);
        const decided = decide(state, command);
        if (!decided.ok || decided.value.length === 0) throw new Error(`turn ${turns} did nothing`);
        for (const event of decided.value) state = evolve(state, event, compiled);
        largest = Math.max(largest, decided.value.length);
        turns += 1;
        // The alarm knows that there is more to do.
        expect(state && nextDueMs(state)).toBe(state?.status === "completed" ? null : 0);
      }
      expect(turns).toBe(Math.ceil(10_000 / 64));
      expect(largest).toBeLessThanOrEqual(64 * 3 + 2);
      expect(state?.doneCount).toBe(10_000);
      expect(state?.missionId).toBe(MISSION);
    },
  );

  test("a wide fan of system nodes is bounded too", () => {
    const fan = plan([decisionNode("root"), ...ids.slice(0, 200).map((id) => systemNode(id))], {
      edges: ids.slice(0, 200).map((to) => ({ from: "root", to })),
    });
    const { run } = given(openMission(fan), propose(1, "root"), submitResult(2, "root"));
    expect(eventsOf(run, "gate.evaluated").filter((event) => event.nodeId !== "root")).toHaveLength(
      128,
    );
    given(
      openMission(fan),
      propose(1, "root"),
      submitResult(2, "root"),
      passTime(3),
      passTime(4),
      passTime(5),
    )
      .when(passTime(6))
      .staysQuiet();
  });

  test("a pause in the middle of a cascade holds it, and resuming goes on", () => {
    const line = plan(ids.slice(0, 100).map((id) => systemNode(id)));
    given(openMission(line), intervene(1, "pause")).when(passTime(2)).staysQuiet();
    const { run } = given(openMission(line), intervene(1, "pause"), intervene(2, "resume"));
    expect(run.state?.status).toBe("completed");
  });

  test("an approval by the deadline beats the clock", () => {
    given(openMission(plan([approvalNode("sign")])), approves(86_399, "sign", person("ann")))
      .when(passTime(86_400))
      .staysQuiet();
  });
});
