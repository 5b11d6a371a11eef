/** Escalation and reminders: who is asked when nobody answers, and what that never changes. */
import { describe, expect, test } from "vitest";
import { certifyReplay, nextDueMs } from "../../shared/mission/index.ts";
import { viewMission } from "../../shared/mission/view.ts";
import { viewApproval } from "../../shared/mission/approval-view.ts";
import { compilePlan, planSchema } from "../../shared/plan/index.ts";
import { executionNode, iso, ms, person, plan } from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  reviewApprovals,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, denies, given, requestOf } from "../support/scenario.ts";

const ann = person("ann", { groups: ["board"] });
const ben = person("ben", { groups: ["board"] });
const fay = person("fay", { groups: ["finance"] });
const fin = person("fin", { groups: ["finance"] });
const oda = person("oda", { groups: ["owners"] });
const eve = person("eve");

const STEPS = [
  { afterMs: 100_000, group: "finance" },
  { afterMs: 200_000, group: "owners", instead: true },
];

function asking(approval: Readonly<Record<string, unknown>> = {}) {
  const usual = { quorum: 2, group: "board", deadlineMs: 600_000, escalation: STEPS };
  const named = Object.entries({ ...usual, ...approval }).filter(([, value]) => value !== null);
  const asked = Object.fromEntries(named);
  return plan([executionNode("pay", { risk: 3, ownerR: "human", approval: asked })]);
}

const act = (seconds: number, amount = 1) =>
  propose(seconds, "pay", { action: vendorSwitch({ amount }) });
const asked = (approval = {}) => given(openMission(asking(approval)), act(1));

describe("a step of the escalation", () => {
  test("names its group and whom each seat is open to, at its time and not before", () => {
    const { when } = asked();
    when(passTime(100)).staysQuiet();
    when(passTime(101)).yields({
      type: "approval.escalated",
      actor: { kind: "system" },
      stateBefore: "BLOCKED",
      stateAfter: "BLOCKED",
      data: {
        step: 1,
        group: "finance",
        requirement: { quorum: 2, group: "board", also: ["finance"] },
        deadlineAt: iso(601),
        statement: { nodeId: "pay", attempt: 1 },
      },
    });
    when(passTime(150)).staysQuiet();
    when(passTime(201)).yields({
      type: "approval.escalated",
      data: {
        step: 2,
        group: "owners",
        instead: true,
        requirement: { quorum: 2, group: "owners" },
      },
    });
  });

  test("comes before the command that comes after its time", () => {
    asked()
      .when(approves(101, "pay", fay))
      .yields({ type: "approval.escalated" }, { type: "approval.granted", data: { have: 1 } });
  });

  test("lets its group decide, which could not before", () => {
    asked()
      .when(approves(100, "pay", fay))
      .rejects("approver_not_permitted");
    asked()
      .when(denies(100, "pay", fay))
      .rejects("approver_not_permitted");
    given(openMission(asking()), act(1), passTime(101))
      .when(denies(102, "pay", fay))
      .yields({ type: "approval.denied" });
    given(openMission(asking()), act(1), passTime(101))
      .when(approves(102, "pay", eve))
      .rejects("approver_not_permitted", { detail: "eve is not in group board or finance" });
  });

  test("does not change the digest, nor how many people it takes", () => {
    const { run, when } = asked();
    const before = requestOf(run, "pay");
    when(passTime(101)).yields({ type: "approval.escalated" });
    expect(requestOf(run, "pay")).toMatchObject({ gateDigest: before?.gateDigest });
    when(approves(102, "pay", fay)).yields({
      type: "approval.granted",
      data: { have: 1, need: 2 },
    });
    when(approves(103, "pay", fin)).yields(
      { type: "approval.granted", data: { have: 2, need: 2 } },
      { type: "node.unblocked" },
      { type: "gate.evaluated", gateResult: { verdict: "allow" } },
      { type: "ticket.issued" },
    );
  });

  test("keeps what was signed before it", () => {
    given(openMission(asking()), act(1), approves(2, "pay", ann))
      .when(approves(101, "pay", fay))
      .yields(
        { type: "approval.escalated" },
        { type: "approval.granted", data: { have: 2, need: 2 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "allow" } },
        { type: "ticket.issued" },
      );
  });

  test("instead leaves no seat to who signed before it, nor to who comes later", () => {
    const { when } = given(openMission(asking()), act(1), approves(2, "pay", ann));
    when(approves(201, "pay", oda)).yields(
      { type: "approval.escalated" },
      { type: "approval.escalated" },
      { type: "approval.granted", data: { have: 1, need: 2 } },
    );
    when(approves(202, "pay", ben)).rejects("approver_not_permitted");
  });

  test("instead takes from nobody who was asked the right to say no", () => {
    given(openMission(asking()), act(1), passTime(201))
      .when(denies(202, "pay", ben))
      .yields({ type: "approval.denied", data: { approver: "ben" } });
  });

  test("asks the gate again where who has signed now fills the last seat", () => {
    const all = [
      { group: "board", quorum: 1 },
      { group: "law", quorum: 1 },
    ];
    const both = person("both", { groups: ["board", "finance"] });
    const { when } = given(
      openMission(asking({ group: null, all })),
      act(1),
      approves(2, "pay", ann),
      approves(3, "pay", both),
    );
    when(passTime(101)).yields(
      { type: "approval.escalated" },
      { type: "node.unblocked" },
      { type: "gate.evaluated", gateResult: { verdict: "allow" } },
      { type: "ticket.issued" },
    );
  });

  test("never comes once silence has denied, however late anybody looks", () => {
    asked().when(passTime(601)).yields({ type: "approval.expired" });
  });

  test("waits while the mission is paused, and resuming gives the steps to come a fresh clock", () => {
    const { run, when } = given(
      openMission(asking()),
      act(1),
      passTime(101),
      approves(102, "pay", fay),
      intervene(150, "pause"),
    );
    expect(run.state && nextDueMs(run.state)).toBeNull();
    when(passTime(300)).staysQuiet();
    when(intervene(400, "resume")).yields(
      { type: "mission.resumed" },
      { type: "node.unblocked" },
      { type: "gate.evaluated" },
      { type: "approval.requested", data: { escalated: 1, deadlineAt: iso(1000) } },
    );
    expect(run.state && nextDueMs(run.state)).toBe(ms(600));
    when(passTime(599)).staysQuiet();
    when(approves(599, "pay", ann)).yields(
      { type: "approval.granted", data: { have: 2 } },
      { type: "node.unblocked" },
      { type: "gate.evaluated", gateResult: { verdict: "allow" } },
      { type: "ticket.issued" },
    );
  });

  test("begins anew for what people are asked anew", () => {
    const { run, when } = given(openMission(asking()), act(1), passTime(101));
    when(act(110, 2));
    expect(run.state && nextDueMs(run.state)).toBe(ms(210));
    when(approves(111, "pay", fay)).rejects("approver_not_permitted");
  });

  test("whoever leaves the group that was asked later is revoked like anybody", () => {
    const standing = {
      kids: fay.facts.keys.map(({ kid }) => kid),
      groups: [],
      validFrom: null,
      validUntil: null,
    };
    given(openMission(asking()), act(1), passTime(101), approves(102, "pay", fay))
      .when(reviewApprovals(103, "fay", standing))
      .yields({ type: "approval.revoked", data: { cause: "group_left" } });
  });

  test("is shown with its time, before and after", () => {
    const { run, when } = asked();
    const view = () => {
      const viewed = run.state && viewApproval(run.state, "pay", null);
      return viewed?.ok ? viewed.value : null;
    };
    expect(view()).toMatchObject({
      also: [],
      escalation: [
        { group: "finance", instead: false, at: iso(101), taken: false },
        { group: "owners", instead: true, at: iso(201), taken: false },
      ],
    });
    when(passTime(101)).yields({ type: "approval.escalated" });
    expect(view()).toMatchObject({ also: ["finance"], escalation: [{ taken: true }, {}] });
    expect(run.state && viewMission(run.state).nodes[0]?.request).toMatchObject({
      askedNow: { quorum: 2, group: "board", also: ["finance"] },
    });
  });

  test("is replayed to the same trace", () => {
    const { events } = given(
      openMission(asking({ reminder: { everyMs: 60_000 } })),
      act(1),
      passTime(90),
      approves(150, "pay", fay),
      intervene(160, "pause"),
      intervene(170, "resume"),
      approves(280, "pay", ann),
    );
    expect(certifyReplay(events)).toMatchObject({ certified: true, exact: true });
  });
});

describe("a reminder", () => {
  const often = { escalation: null, reminder: { everyMs: 60_000 }, deadlineMs: 3_600_000 };

  test("is one event at each of its times, and says who is missing", () => {
    const { run, when } = asked(often);
    expect(run.state && nextDueMs(run.state)).toBe(ms(61));
    when(approves(2, "pay", ann)).yields({ type: "approval.granted" });
    when(passTime(61)).yields({
      type: "approval.reminded",
      data: { reminder: 1, have: 1, need: 2, deadlineAt: iso(3601) },
    });
    when(passTime(62)).staysQuiet();
    expect(run.state && nextDueMs(run.state)).toBe(ms(121));
  });

  test("stands for all that were due while nobody looked", () => {
    const { when } = asked(often);
    when(passTime(200)).yields({ type: "approval.reminded", data: { reminder: 3 } });
    when(passTime(240)).staysQuiet();
    when(passTime(241)).yields({ type: "approval.reminded", data: { reminder: 4 } });
  });

  test("comes ten times for one request and no more", () => {
    const { run, when } = asked(often);
    for (let at = 1; at <= 10; at += 1)
      when(passTime(1 + at * 60)).yields({ type: "approval.reminded", data: { reminder: at } });
    when(passTime(1 + 11 * 60)).staysQuiet();
    expect(run.state && nextDueMs(run.state)).toBe(ms(3601));
  });

  test("does not come at the deadline, nor when nobody is asked any more", () => {
    const { when } = asked({ ...often, deadlineMs: 120_000 });
    when(passTime(61)).yields({ type: "approval.reminded" });
    when(passTime(121)).yields({ type: "approval.expired" });
    const denied = given(openMission(asking(often)), act(1), denies(2, "pay", ann));
    denied.when(passTime(61)).staysQuiet();
  });
});

describe("a plan", () => {
  const violations = (approval: Readonly<Record<string, unknown>>) => {
    const node = executionNode("pay", { risk: 3, ownerR: "human", approval: approval as never });
    const compiled = compilePlan(
      planSchema.parse({ title: "A plan", phases: ["work"], nodes: [node], edges: [] }),
    );
    return compiled.ok ? [] : compiled.error.violations;
  };
  const step = (afterMs: number) => ({ afterMs, group: "board" });

  test("whose steps do not rise is refused, naming the step and the fix", () => {
    expect(violations({ escalation: [step(5_000), step(5_000)] })).toMatchObject([
      {
        code: "escalation_not_rising",
        pointer: "/nodes/0/approval/escalation/1/afterMs",
        fix: expect.stringContaining("later"),
      },
    ]);
  });

  test("whose step or reminder comes when silence has denied is refused", () => {
    expect(violations({ deadlineMs: 60_000, escalation: [step(60_000)] })).toMatchObject([
      { code: "escalation_too_late", pointer: "/nodes/0/approval/escalation/0/afterMs" },
    ]);
    expect(violations({ deadlineMs: 60_000, reminder: { everyMs: 60_000 } })).toMatchObject([
      { code: "reminder_too_late", pointer: "/nodes/0/approval/reminder/everyMs" },
    ]);
  });
});
