/**
 * What a mission's events say of its agents' trust: whose proposal it was, and one outcome an event at most.
 */
import { describe, expect, test } from "vitest";
import { trustOutcomesIn } from "../../shared/mission/index.ts";
import {
  decisionNode,
  evidence,
  executionNode,
  iso,
  MISSION,
  person,
  plan,
  systemNode,
} from "../support/builders.ts";
import {
  ban,
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, denies, given, reports, type Step } from "../support/scenario.ts";

const ANN = person("ann");
const HIGH = { risk: 3, ownerR: "human" } as const;
const SWITCH = { action: vendorSwitch({ amount: 3 }) };

function outcomesOf(...steps: readonly Step[]) {
  return trustOutcomesIn(given(...steps).run.events).map(({ agent, outcome, nodeId }) =>
    [outcome, agent, nodeId].join(" "),
  );
}

describe("an agent's trust hears of", () => {
  test("a person's approval and the success of what it proposed", () => {
    expect(
      outcomesOf(
        openMission(plan([executionNode("pay", HIGH)])),
        propose(1, "pay", SWITCH),
        approves(2, "pay", ANN),
        reports(3, "pay"),
      ),
    ).toEqual(["approval_granted agent-a pay", "node_done agent-a pay"]);
  });

  test("a person's refusal", () => {
    expect(
      outcomesOf(
        openMission(plan([executionNode("pay", HIGH)])),
        propose(1, "pay", SWITCH),
        denies(2, "pay", ANN),
      ),
    ).toEqual(["approval_denied agent-a pay"]);
  });

  test("failed tests and a failed action, not of a ticket that nobody used", () => {
    expect(
      outcomesOf(
        openMission(
          plan([decisionNode("draft", { attemptsMax: 1 }), executionNode("pay")], { edges: [] }),
        ),
        propose(1, "draft"),
        submitResult(2, "draft", { tests: [{ id: "accepted", passed: false }] }),
        propose(3, "pay", SWITCH),
        reports(4, "pay", { outcome: "failed", status: 500 }),
      ),
    ).toEqual(["attempt_failed agent-a draft", "attempt_failed agent-a pay"]);
  });

  test("an authorization that had ended, and its own ban", () => {
    expect(
      outcomesOf(
        openMission(plan([decisionNode("late")], { authorizationExpiresAt: iso(10) })),
        propose(11, "late"),
      ),
    ).toEqual(["authorization_expired agent-a late"]);
    expect(outcomesOf(openMission(plan([decisionNode("a")])), ban(1, "agent-b"))).toEqual([
      "agent_banned agent-b ",
    ]);
  });
});

describe("an outcome", () => {
  test("is named by its mission and seq, and has the time of its event", () => {
    const { events } = given(
      openMission(plan([decisionNode("a")])),
      propose(1, "a"),
      submitResult(2, "a"),
    ).run;
    const [done] = trustOutcomesIn(events);
    const event = events.find(({ seq }) => seq === done?.seq);
    expect(done).toMatchObject({ missionId: MISSION, at: iso(2), outcome: "node_done" });
    expect(event).toMatchObject({ type: "gate.evaluated", stateAfter: "DONE" });
  });

  test("is nobody's where the system itself advances a node", () => {
    expect(outcomesOf(openMission(plan([systemNode("tick")])))).toEqual([]);
  });

  test("is nobody's for evidence that no verifier called fabricated", () => {
    expect(
      outcomesOf(
        openMission(plan([decisionNode("a", { evidenceOut: ["brief"] })])),
        propose(1, "a"),
        submitEvidence(2, "a", evidence("brief")),
      ),
    ).toEqual([]);
  });

  test("of verifiers who found no such source is its producer's", () => {
    const { events } = given(
      openMission(plan([decisionNode("a", { evidenceOut: ["brief"] })])),
      propose(1, "a"),
      submitEvidence(2, "a", evidence("brief")),
    ).run;
    const absent = { outcome: { claims: [{ id: "c1", status: "absent", families: 0 }] } };
    const said = events.map((event) =>
      event.type === "evidence.submitted"
        ? { ...event, data: { ...event.data, verification: absent } }
        : event,
    );
    expect(trustOutcomesIn(said)).toMatchObject([
      { agent: "agent-a", outcome: "evidence_fabricated", nodeId: "a" },
    ]);
  });
});
