/** Resets and bans: nodes start over, an agent leaves, and nothing that may have happened happens again. */
import { describe, expect, test } from "vitest";
import { confirmTicket, dataOf, viewNode } from "../../shared/mission/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  person,
  plan,
  START_MS,
  systemNode,
} from "../support/builders.ts";
import {
  ban,
  intervene,
  openMission,
  propose,
  reset,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, eventsOf, given, reports, type Run } from "../support/scenario.ts";

function claimsOf(run: Run, nodeId: string): TicketClaims {
  const [issued] = eventsOf(run, "ticket.issued", nodeId);
  if (!issued) throw new Error(`node ${nodeId} has no ticket`);
  return dataOf(issued, "ticket.issued").claims as TicketClaims;
}

const ONE = plan([decisionNode("a", { attemptsMax: 1 })]);
const FAILED = { tests: [{ id: "accepted", passed: false }] };
const exhausted = [openMission(ONE), propose(1, "a"), submitResult(2, "a", FAILED)];

describe("a reset of a node", () => {
  test("gives an exhausted node all its attempts again, under a number no attempt had", () => {
    const { run, when } = given(...exhausted);
    expect(run.state?.nodes.get("a")).toMatchObject({ status: "BLOCKED", attempt: 2 });
    when(reset(3, "a")).yields(
      {
        type: "mission.reset",
        actor: { kind: "human", id: "operator" },
        data: { nodeId: "a", resets: 1 },
      },
      { type: "node.reset", stateBefore: "BLOCKED", stateAfter: "READY", data: { attempt: 3 } },
    );
    when(propose(4, "a")).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated", stateAfter: "RUNNING" },
    );
  });

  test("drops proposal and approvals and tells who had approved", () => {
    const asked = plan([approvalNode("sign", { approval: { quorum: 2, deadlineMs: 60_000 } })]);
    given(openMission(asked), approves(1, "sign", person("ann")))
      .when(reset(2, "sign"))
      .yields(
        { type: "mission.reset" },
        { type: "node.reset", stateAfter: "READY" },
        { type: "approval.voided", data: { approvers: ["ann"] } },
        { type: "gate.evaluated", stateAfter: "BLOCKED" },
        { type: "approval.requested", data: { attempt: 2 } },
      );
  });

  test.each([
    ["has not begun", [openMission(plan([decisionNode("x"), decisionNode("a")]))], "NEW"],
    [
      "is DONE",
      [
        openMission(plan([decisionNode("a"), decisionNode("b")])),
        propose(1, "a"),
        submitResult(2, "a"),
      ],
      "DONE",
    ],
  ] as const)("refuses a node that %s", (_what, history, state) => {
    given(...history)
      .when(reset(3, "a"))
      .rejects("intervention_not_possible", { kind: "reset", state });
  });

  const run = [
    openMission(plan([executionNode("run"), decisionNode("z")], { edges: [] })),
    propose(1, "run", { action: vendorSwitch() }),
  ];

  test("refuses a node whose ticket is out, whose outcome is unknown, or whose action was performed", () => {
    given(...run)
      .when(reset(2, "run"))
      .rejects("intervention_not_possible", { state: "RUNNING" });
    given(...run, reports(2, "run", { outcome: "unknown" }))
      .when(reset(3, "run"))
      .rejects("intervention_not_possible", { state: "BLOCKED" });
    given(...run, reports(2, "run"))
      .when(reset(3, "run"))
      .rejects("intervention_not_possible", { state: "DONE" });
  });

  test("of the mission leaves alone what cannot start over", () => {
    given(...run, propose(2, "z"))
      .when(reset(3))
      .yields({ type: "mission.reset", data: { resets: 1 } }, { type: "node.reset", nodeId: "z" });
  });

  test("refuses unknown nodes, and a mission with nothing to reset", () => {
    given(openMission(ONE)).when(reset(1, "nope")).rejects("node_unknown");
    given(...run)
      .when(intervene(2, "stop"))
      .yields({ type: "mission.stopped" });
    given(...run, intervene(2, "stop"))
      .when(reset(3))
      .rejects("intervention_not_possible", { state: "stopped" });
  });
});

describe("the third reset", () => {
  const third = LIMITS.resetsBeforeEscalation;

  test("of a node is carried out, raises an incident and pauses the mission", () => {
    const before = Array.from({ length: third - 1 }, (_, index) => reset(index + 1, "a"));
    given(openMission(ONE), ...before)
      .when(reset(third, "a"))
      .yields(
        { type: "mission.reset", data: { resets: third } },
        { type: "node.reset" },
        { type: "incident.raised", data: { kind: "resets_repeated", severity: "high" } },
        { type: "mission.paused", actor: { kind: "system" }, stateAfter: "paused" },
      );
  });

  test("of the mission does so too, and a person resumes", () => {
    const before = Array.from({ length: third }, (_, index) => reset(index + 1));
    const { run, when } = given(openMission(ONE), ...before);
    expect(run.state?.status).toBe("paused");
    when(intervene(9, "resume")).yields({ type: "mission.resumed" });
  });
});

describe("a ban", () => {
  test("withdraws what the agent proposed, and its next proposal is refused", () => {
    const { when } = given(openMission(ONE), propose(1, "a"));
    when(ban(2, "agent-a")).yields(
      { type: "agent.banned", data: { agent: "agent-a" } },
      {
        type: "node.reset",
        nodeId: "a",
        stateBefore: "RUNNING",
        data: { cause: "ban", resets: 0 },
      },
    );
    when(propose(3, "a")).yields({ type: "proposal.refused" });
    when(submitResult(4, "a")).rejects("node_not_running");
    when(propose(5, "a", { by: "agent-b" })).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated", stateAfter: "RUNNING" },
    );
  });

  test("holds for a ticket that nobody has claimed yet", () => {
    const { run, when } = given(
      openMission(plan([executionNode("run"), systemNode("end")])),
      propose(1, "run", { action: vendorSwitch() }),
    );
    const claims = claimsOf(run, "run");
    expect(confirmTicket(run.state, claims, START_MS + 2_000)).toMatchObject({ ok: true });
    when(ban(2, "agent-a")).yields({ type: "agent.banned" });
    expect(confirmTicket(run.state, claims, START_MS + 2_000)).toMatchObject({
      ok: false,
      error: { detail: expect.stringContaining("banned") },
    });
  });

  test("is once for an agent, and refused in a stopped mission", () => {
    given(openMission(ONE), ban(1, "agent-a"))
      .when(ban(2, "agent-a"))
      .rejects("intervention_not_possible", { kind: "ban" });
    given(openMission(ONE), intervene(1, "stop"))
      .when(ban(2, "agent-a"))
      .rejects("intervention_not_possible", { state: "stopped" });
  });

  test("shows in the view, with resets and attempts that no longer count", () => {
    const { run } = given(...exhausted, reset(3, "a"), ban(4, "agent-b"));
    expect(run.state?.bannedAgents).toEqual(["agent-b"]);
    expect(run.state && viewNode(run.state, "a")).toMatchObject({
      resets: 1,
      attemptsForgiven: 2,
      attempt: 3,
    });
  });
});
