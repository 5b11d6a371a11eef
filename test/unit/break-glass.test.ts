/** Break-glass: one person stands for all in an emergency, is seen doing so, and lifts nothing but a pause. */
import { describe, expect, test } from "vitest";
import { certifyReplay } from "../../shared/mission/index.ts";
import { amend, amendment, decidesAmendment } from "../support/amendments.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  permitting,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { approves, denies, given } from "../support/scenario.ts";

const eve = person("eve", { breakGlass: true });
const ann = person("ann");
const NEVER = { timeZone: "UTC", days: [1], from: "00:00", to: "00:01" };
const PAY = plan([
  executionNode("pay", {
    risk: 4,
    ownerR: "human",
    approval: { quorum: 3, all: [{ group: "board", quorum: 2 }] },
  }),
]);
const opened = [openMission(PAY), propose(1, "pay", { action: vendorSwitch({ amount: 1 }) })];
const breaks = (seconds: number, who = eve, changes: object = {}) =>
  approves(seconds, "pay", who, {
    decision: "break-glass",
    reason: "the plant floods",
    ...changes,
  });

describe("breaking the glass", () => {
  test("fills every seat, raises a critical incident in the same turn, and is certified", () => {
    const step = given(...opened).when(breaks(2));
    step.yields(
      { type: "approval.granted", data: { approver: "eve", breakGlass: true, need: 3 } },
      {
        type: "incident.raised",
        data: {
          kind: "break_glass",
          severity: "critical",
          reasonCodes: ["BREAK_GLASS"],
          summary: "eve approved node pay alone in an emergency: the plant floods",
        },
      },
      { type: "node.unblocked" },
      { type: "gate.evaluated", stateAfter: "RUNNING", data: { quorum: 1 } },
      { type: "ticket.issued" },
    );
    expect(certifyReplay(step.run.events)).toMatchObject({ certified: true });
  });

  test("lets an approval node be done, with one approval where three were asked", () => {
    const compiled = plan([approvalNode("pay", { approval: { quorum: 3 } })]);
    given(openMission(compiled))
      .when(breaks(2))
      .yields(
        { type: "approval.granted" },
        { type: "incident.raised" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });

  test("is for those only to whom the directory gives the right", () => {
    given(...opened)
      .when(breaks(2, ann))
      .rejects("approver_not_permitted", {
        detail: "ann may not approve alone in an emergency",
      });
  });

  test("does not come of an ordinary approval by who has the right", () => {
    const { run } = given(...opened, approves(2, "pay", eve));
    const last = run.events.at(-1);
    expect(last).toMatchObject({ type: "approval.granted", data: { have: 1, need: 3 } });
    expect(last?.data).not.toHaveProperty("breakGlass");
  });

  test("waits for no hours, and comes after an ordinary approval too", () => {
    const asleep = person("eve", { breakGlass: true, hours: NEVER, groups: ["board"] });
    given(...opened)
      .when(breaks(2, asleep))
      .yields(
        { type: "approval.granted" },
        { type: "incident.raised" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
    const board = person("eve", { breakGlass: true, groups: ["board"] });
    const { run } = given(...opened, approves(2, "pay", board), breaks(3, board));
    expect(run.events.at(-1)?.type).toBe("ticket.issued");
  });

  test("is never for one's own proposal", () => {
    given(openMission(PAY), propose(1, "pay", { by: "eve", action: vendorSwitch() }))
      .when(breaks(2))
      .rejects("approver_not_permitted", {
        detail: "a proposer never approves their own proposal",
      });
  });

  test("is never for a change of the plan", () => {
    const amendable = policy([
      ...permitting("vendor.switch"),
      rule({ id: "amend", kinds: ["amendment"], approval: { quorum: 2 } }),
    ]);
    const change = amendment([decisionNode("more", { risk: 2 })]);
    given(openMission(PAY, { policy: amendable }), amend(1, change))
      .when(decidesAmendment(2, eve, { decision: "break-glass" }))
      .rejects("approver_not_permitted", { detail: "a change of the plan is no emergency" });
  });

  test("is for one digest alone", () => {
    given(...opened)
      .when(breaks(2, eve, { gateDigest: "e".repeat(64) }))
      .rejects("approval_digest_stale");
  });

  test("finds nobody asking where the gate blocked or somebody denied: it lifts neither", () => {
    const forbidding = policy([
      ...permitting("vendor.switch"),
      rule({ id: "never", effect: "forbid", kinds: ["execution"], actions: ["vendor.switch"] }),
    ]);
    given(openMission(PAY, { policy: forbidding }), propose(1, "pay", { action: vendorSwitch() }))
      .when(breaks(2))
      .rejects("approval_not_requested");
    const board = person("ben", { groups: ["board"] });
    given(...opened, denies(2, "pay", board))
      .when(breaks(3))
      .rejects("approval_not_requested");
  });
});
