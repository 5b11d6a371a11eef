/** The history of a mission's actions: hand-computed values, and a rescan of the trace as the oracle. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import {
  evolve,
  type MissionState,
  snapshotToState,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import {
  type ActionHistory,
  appendAction,
  evaluatePolicy,
  forgetAction,
  type HistoryFacts,
  scalarArgs,
} from "../../shared/policy/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { executionNode, iso, plan, policy, rule } from "../support/builders.ts";
import { openMission, propose } from "../support/commands.ts";
import { given, reports, type Run } from "../support/scenario.ts";

const HOUR_S = 3_600;

const refunds: readonly (readonly [seconds: number, nodeId: string, args: object])[] = [
  [0, "r1", { order: "o-1", amount: 40 }],
  [2 * HOUR_S, "r2", { order: "o-2", amount: 25.5 }],
  [5 * HOUR_S, "r3", { order: "o-1", amount: 10 }],
];

function historyOf(entries: typeof refunds): ActionHistory {
  return entries.reduce<ActionHistory>(
    (history, [seconds, nodeId, args], order) =>
      appendAction(history, {
        order,
        at: iso(seconds),
        nodeId,
        jti: `tkt_${order}`,
        args: scalarArgs(args as never),
      }),
    { entries: [], isFull: false },
  );
}

const others: readonly (readonly [string, readonly number[]])[] = [
  ["deploy", [1, 6]],
  ["rollback", [2]],
  ["smoke.test", [7]],
];

function facts(overrides: Partial<HistoryFacts> = {}): HistoryFacts {
  const actions = new Map<string, ActionHistory>([["refund.issue", historyOf(refunds)]]);
  for (const [type, orders] of others) {
    const entry = (order: number) => ({
      order,
      at: iso(order),
      nodeId: type,
      jti: `${type}${order}`,
      args: {},
    });
    actions.set(type, { entries: orders.map(entry), isFull: false });
  }
  return { self: "elsewhere", at: iso(6 * HOUR_S), actions, ...overrides };
}

/** What a rule with this condition comes to over a history; null where it cannot be decided. */
function outcome(condition: string, history: HistoryFacts): boolean | null {
  const acts = rule({ kinds: ["execution"], actions: ["refund.issue"] });
  const subject = {
    kind: "execution" as const,
    actionType: "refund.issue",
    args: { order: "o-1", amount: 5 },
    agent: "a",
    zone: null,
    risk: 2,
    facts: {
      at: history.at,
      node: { id: "n", kind: "execution", risk: 2, phase: "work", zone: "", attempt: 1 },
      mission: { id: "m", state: "active", done: 0, total: 1 },
      agent: { id: "a", skills: [], zone: "" },
      evidence: [],
      history,
    },
  };
  const effect = (...rules: readonly object[]) =>
    evaluatePolicy({ name: "p", rules: rules as never }, subject).effect;
  const holds = effect({ ...acts, condition }) === "permit";
  const forbids = effect(acts, { ...acts, id: "no", effect: "forbid", condition }) === "forbid";
  return holds === forbids ? holds : null;
}

describe("the history functions", () => {
  test.each<[string, boolean]>([
    ["history.count('refund.issue') == 3", true],
    ["history.count('nothing') == 0", true],
    ["history.sum('refund.issue', 'amount') == 75.5", true],
    ["history.sum('nothing', 'amount') == 0.0", true],
    ["history.distinct('refund.issue', 'order') == 2", true],
    ["history.seen('refund.issue', 'order', 'o-2')", true],
    ["history.seen('refund.issue', 'order', 'o-3')", false],
    ["history.seen('refund.issue', 'amount', 40)", true],
    ["history.seen('refund.issue', 'amount', 40.5)", false],
    ["history.seen('refund.issue', 'order', args.order)", true],
    // The window ends at the question and holds what is younger than it.
    ["history.countWithin('refund.issue', duration('1h')) == 0", true],
    ["history.countWithin('refund.issue', duration('61m')) == 1", true],
    ["history.countWithin('refund.issue', duration('4h')) == 1", true],
    ["history.countWithin('refund.issue', duration('4h1s')) == 2", true],
    ["history.countWithin('refund.issue', duration('7h')) == 3", true],
    ["history.countWithin('refund.issue', duration('0s')) == 0", true],
    ["history.sumWithin('refund.issue', 'amount', duration('5h')) == 35.5", true],
    ["history.after('deploy', 'smoke.test')", true],
    ["history.after('deploy', 'rollback')", false],
    ["history.after('rollback', 'deploy')", true],
    ["history.after('nothing', 'deploy')", false],
    ["history.after('deploy', 'nothing')", false],
    ["history.after('deploy', 'deploy')", false],
  ])("%s is %s", (condition, expected) => {
    expect(outcome(condition, facts())).toBe(expected);
  });

  test.each([
    ["a sum of what is no number", "history.sum('refund.issue', 'order') > 0.0"],
    [
      "an argument that an action does not have",
      "history.distinct('refund.issue', 'missing') == 0",
    ],
    ["an inherited name", "history.distinct('refund.issue', 'constructor') == 0"],
    ["a negative window", "history.countWithin('refund.issue', duration('-1h')) == 0"],
  ])("cannot decide %s", (_what, condition) => {
    expect(outcome(condition, facts())).toBeNull();
  });

  test("a node does not see its own actions, in no function", () => {
    const own = facts({ self: "r2" });
    for (const condition of [
      "history.count('refund.issue') == 2",
      "history.sum('refund.issue', 'amount') == 50.0",
      "!history.seen('refund.issue', 'order', 'o-2')",
      "history.countWithin('refund.issue', duration('5h')) == 1",
    ])
      expect(outcome(condition, own)).toBe(true);
  });

  test("a history that outgrew its bound answers nothing any more", () => {
    let full: ActionHistory | undefined;
    for (let order = 0; order <= LIMITS.historyEntriesMax; order += 1)
      full = appendAction(full, {
        order,
        at: iso(0),
        nodeId: `n${order}`,
        jti: `${order}`,
        args: {},
      });
    expect(full).toMatchObject({ isFull: true });
    expect(full?.entries).toHaveLength(LIMITS.historyEntriesMax);
    const over = facts({ actions: new Map([["refund.issue", full as ActionHistory]]) });
    expect(outcome("history.count('refund.issue') < 1000000", over)).toBeNull();
    // Forgetting one does not tell what was never kept.
    const less = forgetAction(full as ActionHistory, "0");
    expect(less).toMatchObject({ isFull: true });
  });

  test("keeps the scalar arguments that are short, in order of key, and nothing nested", () => {
    const long = "x".repeat(LIMITS.historyTextCharsMax + 1);
    expect(
      scalarArgs({ z: 1, a: "x", n: null, b: true, list: [1], nested: { a: 1 }, long }),
    ).toEqual({
      a: "x",
      b: true,
      n: null,
      z: 1,
    });
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, at) => [`k${at}`, at]));
    expect(Object.keys(scalarArgs(many))).toHaveLength(LIMITS.historyArgsMax);
  });
});

// A mission of executions under one condition

const IDS = ["a", "b", "c", "d"] as const;
const REFUNDS = plan(
  IDS.map((id) => executionNode(id, { action: { type: "refund.issue" }, attemptsMax: 10 })),
  { edges: [] },
);
const limited = (condition: string) =>
  policy([rule({ id: "limited", kinds: ["execution"], actions: ["refund.issue"], condition })]);
const refund = (args: Record<string, string | number>) => ({
  action: { type: "refund.issue", args },
});

describe("a mission's history", () => {
  test("counts an action from its ticket on, so that two at once do not slip through", () => {
    const two = openMission(REFUNDS, { policy: limited("history.count('refund.issue') < 2") });
    given(two, propose(1, "a", refund({ amount: 1 })), propose(2, "b", refund({ amount: 1 })))
      .when(propose(3, "c", refund({ amount: 1 })))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            reasons: [
              {
                code: "POLICY_NO_MATCH",
                counterfactual:
                  "rule limited would permit if this were true: history.count('refund.issue') < 2",
              },
            ],
          },
        },
      );
  });

  test("counts no longer what is known not to have been performed, and still what is unknown", () => {
    const one = openMission(REFUNDS, { policy: limited("history.count('refund.issue') < 1") });
    given(one, propose(1, "a", refund({})), reports(2, "a", { outcome: "failed" }))
      .when(propose(3, "b", refund({})))
      .yields(
        { type: "proposal.submitted" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
    given(one, propose(1, "a", refund({})), reports(2, "a", { outcome: "unknown" }))
      .when(propose(3, "b", refund({})))
      .yields({ type: "proposal.submitted" }, { type: "gate.evaluated", stateAfter: "BLOCKED" });
  });

  test("bounds a sum over all nodes, this proposal included where the condition says so", () => {
    const sum = "history.sum('refund.issue', 'amount') + args.amount <= 100.0";
    const capped = openMission(REFUNDS, { policy: limited(sum) });
    const run = given(
      capped,
      propose(1, "a", refund({ amount: 60 })),
      propose(2, "b", refund({ amount: 40 })),
    );
    run
      .when(propose(3, "c", refund({ amount: 0.5 })))
      .yields({ type: "proposal.submitted" }, { type: "gate.evaluated", stateAfter: "BLOCKED" });
  });

  test("a forbid names its condition", () => {
    const again = "history.seen('refund.issue', 'order', args.order)";
    const rules = [
      rule({ id: "act", kinds: ["execution"], actions: ["refund.issue"] }),
      rule({ id: "twice", effect: "forbid", kinds: ["execution"], condition: again }),
    ];
    given(openMission(REFUNDS, { policy: policy(rules) }), propose(1, "a", refund({ order: "o" })))
      .when(propose(2, "b", refund({ order: "o" })))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            reasons: [{ code: "POLICY_FORBIDDEN", counterfactual: expect.stringContaining(again) }],
          },
        },
      );
  });

  test("is the same live, replayed, and woken from a snapshot, and is that of a rescan", () => {
    const step = fc.record({
      node: fc.constantFrom(...IDS),
      order: fc.constantFrom("o-1", "o-2"),
      amount: fc.integer({ min: 1, max: 9 }),
      outcome: fc.constantFrom("succeeded", "failed", "unknown", "none"),
    });
    const condition =
      "history.sum('refund.issue', 'amount') + args.amount <= 12.0 && history.countWithin('refund.issue', duration('40s')) < 3";
    let permitted = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const { run } = given(openMission(REFUNDS, { policy: limited(condition) }));
        const live = run as Run & { execute(command: unknown): { ok: boolean } };
        for (const [at, { node, order, amount, outcome: result }] of steps.entries()) {
          // The invariants ask the same policy over a rescan of the trace after each of these.
          live.execute(propose(at * 10 + 1, node, refund({ order, amount })));
          if (result !== "none" && run.state?.nodes.get(node)?.ticket)
            live.execute(reports(at * 10 + 5, node, { outcome: result })(run));
        }
        expectSameHistory(run);
        permitted += run.events.filter((event) => event.type === "ticket.issued").length;
      }),
      { numRuns: 60 },
    );
    expect(permitted).toBeGreaterThan(20);
  });
});

function expectSameHistory(run: Run): void {
  const { state } = run;
  if (!state) throw new Error("the mission is open");
  const replayed = run.events.reduce<MissionState | null>(
    (from, event) => evolve(from, event),
    null,
  );
  const woken = snapshotToState(stateToSnapshot(state), state.plan, state.policy);
  const kept = (of: MissionState | null) => of?.history.get("refund.issue")?.entries ?? [];
  expect(kept(replayed)).toEqual(kept(state));
  expect(kept(woken)).toEqual(kept(state));
  expect(kept(state).map(({ jti }) => jti)).toEqual(rescan(run.events));
}

/** Ids of the tickets whose action may have happened, from the trace alone. */
function rescan(events: readonly TraceEvent[]): readonly string[] {
  const idOf = (event: TraceEvent) => (event.data["claims"] as { jti: string }).jti;
  const failed = events
    .filter((event) => event.type === "receipt.recorded")
    .map((event) => event.data["receipt"] as { jti: string; outcome: string })
    .filter((receipt) => receipt.outcome === "failed");
  return events
    .filter((event) => event.type === "ticket.issued")
    .map(idOf)
    .filter((jti) => !failed.some((receipt) => receipt.jti === jti));
}
