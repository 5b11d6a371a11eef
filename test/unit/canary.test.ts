/** Canaries: what approving one leads to, and that nothing of one ever runs. */
import { describe, expect, test } from "vitest";
import { certifyReplay, viewMission } from "../../shared/mission/index.ts";
import { amend, amendment } from "../support/amendments.ts";
import { approvalNode, decisionNode, executionNode, person, plan } from "../support/builders.ts";
import { openMission, passTime, propose, vendorSwitch } from "../support/commands.ts";
import { approves, denies, given } from "../support/scenario.ts";

const ann = person("ann");
const ben = person("ben");
const ACT = executionNode("act", { risk: 3, ownerR: "human", approval: { quorum: 1 } });
const TWO = executionNode("act", { risk: 3, ownerR: "human", approval: { quorum: 2 } });
const CANARY = { canary: true } as const;

const planted = (node = ACT) => openMission(plan([node]), CANARY);
const proposed = propose(1, "act", { action: vendorSwitch() });

describe("a canary", () => {
  test("asks as any other mission does", () => {
    const real = given(openMission(plan([ACT])), proposed).run;
    const canary = given(planted(), proposed).run;
    const shown = (run: typeof real) =>
      run.events.slice(1).map(({ type, data }) => [type, type === "approval.requested" && data]);
    expect(shown(canary)).toEqual(shown(real));
  });

  test("is nowhere in what everybody may read of a mission", () => {
    const { state } = given(planted(), proposed).run;
    expect(state?.canary).toBe(true);
    expect(JSON.stringify(state && viewMission(state))).not.toContain("canary");
  });

  test("that somebody approves is an incident, ends, and issues no ticket", () => {
    const step = given(planted(), proposed).when(approves(2, "act", ann));
    step.yields(
      { type: "approval.granted", data: { approver: "ann" } },
      {
        type: "incident.raised",
        nodeId: "act",
        data: { kind: "canary_approved", severity: "high" },
      },
      { type: "mission.stopped", actor: { kind: "system" }, stateAfter: "stopped" },
    );
    expect(step.run.events.map(({ type }) => type)).not.toContain("ticket.issued");
    expect(certifyReplay(step.run.events)).toMatchObject({ certified: true, exact: true });
  });

  test("the same as a real one would have run", () => {
    const { run } = given(openMission(plan([ACT])), proposed, approves(2, "act", ann));
    expect(run.events.map(({ type }) => type)).toContain("ticket.issued");
  });

  test("names everybody who approves, and ends with the last who was asked", () => {
    given(planted(TWO), proposed)
      .when(approves(2, "act", ann))
      .yields({ type: "approval.granted" }, { type: "incident.raised" });
    given(planted(TWO), proposed, approves(2, "act", ann))
      .when(approves(3, "act", ben))
      .yields(
        { type: "approval.granted" },
        { type: "incident.raised" },
        { type: "mission.stopped" },
      );
  });

  test("ends at an approval node before what it covers is let in", () => {
    const nodes = [approvalNode("sign"), ACT];
    const opened = openMission(plan(nodes), CANARY);
    given(opened)
      .when(approves(1, "sign", ann))
      .yields(
        { type: "approval.granted" },
        { type: "incident.raised" },
        { type: "mission.stopped" },
      );
  });

  test("that is denied, or left alone, raises nothing", () => {
    for (const step of [denies(2, "act", ann), passTime(30 * 86_400)]) {
      const { run } = given(planted(), proposed).when(step);
      expect(run.events.map(({ type }) => type)).not.toContain("incident.raised");
    }
  });

  test("tells nobody whose proposal it was, so that no agent's trust moves", () => {
    const { run } = given(planted(), proposed).when(denies(2, "act", ann));
    expect(run.events.at(-1)?.type).toBe("approval.denied");
    expect(run.events.at(-1)?.data["proposer"]).toBeUndefined();
  });

  test("takes no further nodes, which could act", () => {
    given(planted())
      .when(amend(1, amendment([decisionNode("more")])))
      .rejects("amendments_exhausted");
  });

  test("holds no execution at which people are not always asked", () => {
    given()
      .when(openMission(plan([executionNode("act", { risk: 2 })]), CANARY))
      .rejects("canary_unguarded");
  });
});
