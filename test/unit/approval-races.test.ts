/**
 * The races of approvals, as every order of the commands that a mission may see: whoever comes first, nothing
 * runs without its people, nobody counts twice, and a denial or a deadline is final.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { certifyReplay, type Command } from "../../shared/mission/index.ts";
import { amend, amendment } from "../support/amendments.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  iso,
  permitting,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  reviewApprovals,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, createRun, denies, type Run, type Step } from "../support/scenario.ts";

const ann = person("ann", { keyNames: ["ann", "ann-phone"] });
const ben = person("ben");
const cat = person("cat");
const [, phone = ann.keys[0]] = ann.keys;
const PAY = plan([
  executionNode("pay", { risk: 3, ownerR: "human", approval: { quorum: 2, deadlineMs: 60_000 } }),
]);
const AMENDABLE = policy([
  ...permitting("vendor.switch"),
  rule({ id: "amend", kinds: ["amendment"] }),
]);
const more = amendment([decisionNode("more", { risk: 1, tests: [{ id: "ok", title: "ok" }] })]);

type Move = (seconds: number) => Step;
const act =
  (amount: number, by = "agent-a"): Move =>
  (seconds) =>
    propose(seconds, "pay", { by, action: vendorSwitch({ amount }) });
const yes =
  (who: typeof ann, key = who.keys[0]): Move =>
  (seconds) =>
    approves(seconds, "pay", who, { key });
const no =
  (who: typeof ann): Move =>
  (seconds) =>
    denies(seconds, "pay", who);
const grow: Move = (seconds) => amend(seconds, more);
const late: Move = () => passTime(61);
const stop: Move = (seconds) => intervene(seconds, "stop");
const gone =
  (who: string): Move =>
  (seconds) =>
    reviewApprovals(seconds, who, null);

/** Every order of the moves, each a run from the same beginning; a refused move leaves no event. */
function runAll(
  moves: readonly Move[],
  look: (run: Run, order: readonly number[]) => void,
): number {
  const orders = permutations(moves.map((_move, at) => at));
  for (const order of orders) {
    const run = createRun();
    const steps: Step[] = [openMission(PAY, { policy: AMENDABLE }), act(1)(1)];
    steps.push(...order.map((at, index) => (moves[at] ?? late)(2 + index)));
    for (const step of steps)
      run.execute(typeof step === "function" ? step(run) : (step as Command));
    expect(certifyReplay(run.events)).toMatchObject({ certified: true });
    look(run, order);
  }
  return orders.length;
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

const typesOf = (run: Run) => run.events.map(({ type }) => type);
const tickets = (run: Run) => typesOf(run).filter((type) => type === "ticket.issued").length;
const before = (order: readonly number[], a: number, b: number) =>
  order.indexOf(a) < order.indexOf(b);

describe("in every order", () => {
  test("the same person twice, with one key or two, is one of the two people", () => {
    const orders = runAll([yes(ann), yes(ann), yes(ann, phone)], (run) => {
      expect(typesOf(run).filter((type) => type === "approval.granted")).toHaveLength(1);
      expect(tickets(run)).toBe(0);
    });
    expect(orders).toBe(6);
  });

  test("the last two approvers together give one ticket", () => {
    const orders = runAll([yes(ann), yes(ben), yes(cat)], (run) => {
      expect(tickets(run)).toBe(1);
      expect(typesOf(run).filter((type) => type === "approval.granted")).toHaveLength(2);
    });
    expect(orders).toBe(6);
  });

  test("a denial stops what has not run, and nothing that has", () => {
    runAll([yes(ann), yes(ben), no(cat)], (run, order) => {
      const isLast = order.indexOf(2) === 2;
      expect(tickets(run)).toBe(isLast ? 1 : 0);
      expect(typesOf(run).includes("approval.denied")).toBe(!isLast);
    });
  });

  test("who approved may still deny, and then their approval is gone", () => {
    runAll([yes(ann), no(ann), yes(ben), yes(cat)], (run, order) => {
      const runsFirst = [0, 2, 3].filter((at) => before(order, at, 1)).length >= 2;
      expect(tickets(run)).toBe(runsFirst ? 1 : 0);
    });
  });

  test("an approval against an amendment counts only for the plan it was given under", () => {
    runAll([yes(ann), yes(ben), grow], (run, order) => {
      const amendedLast = order.indexOf(2) === 2;
      // The statement names the digest at the time of signing, so who signs after the amendment signs the new one.
      expect(tickets(run)).toBe(amendedLast || order.indexOf(2) === 0 ? 1 : 0);
      const isVoided = typesOf(run).includes("approval.voided");
      expect(isVoided).toBe(order.indexOf(2) < 2);
    });
  });

  test("an approval against the deadline is given in time or not at all", () => {
    runAll([yes(ann), yes(ben), late], (run, order) => {
      expect(tickets(run)).toBe(order.indexOf(2) === 2 ? 1 : 0);
    });
  });

  test("an approval against another proposal is for the proposal it was shown with", () => {
    runAll([yes(ann), yes(ben), act(2)], (run, order) => {
      expect(tickets(run)).toBe(order.indexOf(2) === 1 ? 0 : 1);
    });
  });

  test("an approval against the same proposal by another agent starts again", () => {
    runAll([yes(ann), yes(ben), act(1, "agent-b")], (run, order) => {
      expect(tickets(run)).toBe(order.indexOf(2) === 1 ? 0 : 1);
    });
  });

  test("an approval against a stop never starts anything afterwards", () => {
    runAll([yes(ann), yes(ben), stop], (run, order) => {
      expect(tickets(run)).toBe(order.indexOf(2) === 2 ? 1 : 0);
    });
  });

  test("an approval against the removal of its person counts only until the removal", () => {
    runAll([yes(ann), yes(ben), gone("ann")], (run, order) => {
      const takenBack = before(order, 0, 2) && before(order, 2, 1);
      expect(tickets(run)).toBe(takenBack ? 0 : 1);
    });
  });
});

describe("in any order of many moves", () => {
  const moves: readonly Move[] = [
    yes(ann),
    yes(ann, phone),
    yes(ben),
    yes(cat),
    no(ben),
    act(2),
    act(1, "agent-b"),
    act(1, "ann"),
    grow,
    gone("ann"),
    gone("ben"),
    (seconds) => intervene(seconds, "pause"),
    (seconds) => intervene(seconds, "resume"),
    late,
  ];

  test("the invariants hold after each, and the trace is certified", () => {
    let issued = 0;
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: moves.length - 1 }), { minLength: 4, maxLength: 16 }),
        (picks) => {
          const run = createRun();
          const steps: Step[] = [openMission(PAY, { policy: AMENDABLE }), act(1)(1)];
          steps.push(...picks.map((pick, at) => (moves[pick] ?? late)(2 + at)));
          for (const step of steps)
            run.execute(typeof step === "function" ? step(run) : (step as Command));
          issued += tickets(run);
          expect(tickets(run)).toBeLessThanOrEqual(1);
          expect(certifyReplay(run.events)).toMatchObject({ certified: true });
        },
      ),
      { numRuns: 400 },
    );
    expect(issued).toBeGreaterThan(20);
  });

  test("a deadline's own moment is too late for everybody", () => {
    const run = createRun();
    for (const step of [openMission(PAY), act(1)(1), yes(ann)(2), yes(ben)(61)])
      run.execute(typeof step === "function" ? step(run) : (step as Command));
    expect(tickets(run)).toBe(0);
    expect(run.state?.nodes.get("pay")?.request ?? null).not.toMatchObject({ deadlineAt: iso(0) });
  });
});

describe("an approval node", () => {
  test("covers its execution once however the last two approvers race", () => {
    const compiled = plan([
      approvalNode("sign", { approves: "run", approval: { quorum: 2 } }),
      executionNode("run"),
    ]);
    for (const pair of [
      [ann, ben],
      [ben, ann],
    ] as const) {
      const run = createRun();
      run.execute(openMission(compiled));
      run.execute(propose(1, "sign", { action: vendorSwitch({ amount: 1 }) }));
      for (const who of pair) run.execute(approves(2, "sign", who)(run));
      for (const amount of [2, 1])
        run.execute(propose(3, "run", { action: vendorSwitch({ amount }) }));
      expect(tickets(run)).toBe(1);
    }
  });
});
