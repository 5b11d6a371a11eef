/** Due times: when the mission needs a turn, and when a ticket is sent again. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  nextDueMs,
  nextResendMs,
  outstandingTickets,
  resendsBetween,
} from "../../shared/mission/index.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  iso,
  ms,
  person,
  plan,
} from "../support/builders.ts";
import { intervene, openMission, passTime, propose, vendorSwitch } from "../support/commands.ts";
import { approves, given, jtiOf, reports, type Step } from "../support/scenario.ts";

const dueAfter = (...steps: readonly Step[]) => {
  const { run } = given(...steps);
  return run.state && nextDueMs(run.state);
};
const SIGN = plan([approvalNode("sign", { approval: { quorum: 2, deadlineMs: 60_000 } })]);
const RUN = plan([executionNode("run")]);
const RUNNING = [openMission(RUN), propose(1, "run", { action: vendorSwitch() })];

describe("nextDueMs", () => {
  test("is nothing while nothing waits for a clock", () => {
    expect(dueAfter(openMission(RUN))).toBeNull();
    expect(dueAfter(openMission(plan([decisionNode("a")])), propose(1, "a"))).toBeNull();
  });

  test("is the deadline of a request, until it is decided or has lapsed", () => {
    expect(dueAfter(openMission(SIGN))).toBe(ms(60));
    expect(dueAfter(openMission(SIGN), approves(1, "sign", person("ann")))).toBe(ms(60));
    expect(dueAfter(openMission(SIGN), passTime(60))).toBeNull();
    expect(
      dueAfter(
        openMission(SIGN),
        approves(1, "sign", person("ann")),
        approves(2, "sign", person("ben")),
      ),
    ).toBeNull();
  });

  test("is the end of a running decision's lease", () => {
    expect(
      dueAfter(openMission(plan([decisionNode("a", { writeSet: ["r#a"] })])), propose(1, "a")),
    ).toBe(ms(301));
  });

  test("is the moment a silent ticket becomes a person's business, and then nothing", () => {
    expect(dueAfter(...RUNNING)).toBe(ms(1 + 60 + 300));
    expect(dueAfter(...RUNNING, passTime(361))).toBeNull();
    expect(dueAfter(...RUNNING, reports(2, "run"))).toBeNull();
  });

  test("is the earliest of several", () => {
    const both = plan(
      [
        approvalNode("sign", { approval: { deadlineMs: 400_000 } }),
        decisionNode("a", { writeSet: ["r#a"] }),
      ],
      { edges: [] },
    );
    expect(dueAfter(openMission(both), propose(1, "a"))).toBe(ms(301));
  });

  test("is nothing once the mission is stopped", () => {
    expect(dueAfter(openMission(SIGN), intervene(1, "stop"))).toBeNull();
  });

  test("a turn at the due time does something, a turn before it does not", () => {
    for (const steps of [
      [openMission(SIGN)],
      RUNNING,
      [openMission(plan([decisionNode("a", { writeSet: ["r#a"] })])), propose(1, "a")],
    ]) {
      const due = ((dueAfter(...steps) ?? 0) - ms(0)) / 1_000;
      given(...steps)
        .when(passTime(due - 0.001))
        .staysQuiet();
      expect(given(...steps, passTime(due)).events.length).toBeGreaterThan(
        given(...steps).events.length,
      );
    }
  });
});

describe("outstandingTickets", () => {
  test("are those without a receipt, in the order of their issue, of stopped missions too", () => {
    const two = plan([executionNode("x"), executionNode("w")], { edges: [] });
    const history = [
      openMission(two),
      propose(1, "w", { action: vendorSwitch() }),
      propose(2, "x", { action: vendorSwitch() }),
    ];
    const { run } = given(...history, intervene(3, "stop"));
    expect(run.state && outstandingTickets(run.state).map((ticket) => ticket.jti)).toEqual([
      jtiOf(run, "w"),
      jtiOf(run, "x"),
    ]);
    const settled = given(...history, reports(3, "w"));
    expect(
      settled.run.state && outstandingTickets(settled.run.state).map((ticket) => ticket.jti),
    ).toEqual([jtiOf(settled.run, "x")]);
  });
});

describe("the schedule of re-sends", () => {
  test("doubles from 15 seconds up to 5 minutes", () => {
    let at = ms(0);
    const delays: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      const next = nextResendMs(iso(0), at);
      delays.push((next - at) / 1_000);
      at = next;
    }
    expect(delays).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
  });

  test("counts exactly the re-sends that were due", () => {
    expect(
      [14.999, 15, 44.999, 45, 105].map((seconds) => resendsBetween(iso(0), iso(seconds))),
    ).toEqual([0, 1, 1, 2, 3]);
    expect(resendsBetween(iso(10), iso(0))).toBe(0);
  });

  test("is strictly later than what is asked about, and bounded whatever the times", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 4_000_000 }), (seconds) => {
        expect(nextResendMs(iso(0), ms(seconds))).toBeGreaterThan(ms(seconds));
        expect(resendsBetween(iso(0), iso(seconds))).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
