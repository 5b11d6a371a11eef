/** Seats: who must come from where, one person a seat, and the rules of plans and policies about it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  joinGroups,
  missingSeats,
  type Seatable,
  seatPeople,
  type SeatRequirement,
  seatsOf,
} from "../../shared/approval/index.ts";
import { compilePlan, planSchema } from "../../shared/plan/index.ts";
import { evaluatePolicy, looseningOf, policyDocumentSchema } from "../../shared/policy/index.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { approves, denies, given, requestOf } from "../support/scenario.ts";

const SECURITY_AND_FINANCE = {
  quorum: 1,
  all: [
    { group: "security", quorum: 1 },
    { group: "finance", quorum: 2 },
  ],
};

const sam = person("sam", { groups: ["security"] });
const fay = person("fay", { groups: ["finance"] });
const flo = person("flo", { groups: ["finance"] });
const both = person("both", { groups: ["security", "finance"], keyNames: ["both", "both-phone"] });
const eve = person("eve");

const GROUPS = ["security", "finance", "board"];

const people: fc.Arbitrary<readonly Seatable[]> = fc
  .array(fc.subarray(GROUPS), { maxLength: 6 })
  .map((list) => list.map((groups, at) => ({ id: `p${at}`, groups })));

const requirements: fc.Arbitrary<SeatRequirement> = fc.record({
  quorum: fc.integer({ min: 1, max: 5 }),
  group: fc.option(fc.constantFrom(...GROUPS), { nil: undefined }),
  all: fc
    .subarray(GROUPS, { minLength: 1 })
    .chain((groups) =>
      fc.tuple(
        ...groups.map((group) =>
          fc.record({ group: fc.constant(group), quorum: fc.integer({ min: 1, max: 2 }) }),
        ),
      ),
    ),
});

/** The most seats that any order of giving them out fills. */
function bruteForce(seats: readonly (string | null)[], left: readonly Seatable[]): number {
  const [seat, ...others] = seats;
  if (seat === undefined) return 0;
  const without = bruteForce(others, left);
  const filled = left
    .filter(({ groups }) => seat === null || groups.includes(seat))
    .map(
      ({ id }) =>
        1 +
        bruteForce(
          others,
          left.filter((one) => one.id !== id),
        ),
    );
  return Math.max(without, ...filled);
}

describe("seatPeople", () => {
  test("fills as many seats as any order of giving them out could", () => {
    fc.assert(
      fc.property(requirements, people, (requirement, list) => {
        const seats = seatPeople(requirement, list);
        const filled = seats.filter(({ person: who }) => who !== null).length;
        expect(filled).toBe(bruteForce(seatsOf(requirement), list));
      }),
      { numRuns: 500 },
    );
  });

  test("gives nobody two seats and nobody a seat of a group they are not in", () => {
    fc.assert(
      fc.property(requirements, people, (requirement, list) => {
        const seated = seatPeople(requirement, list).filter(({ person: who }) => who !== null);
        expect(new Set(seated.map((seat) => seat.person)).size).toBe(seated.length);
        for (const { group, person: who } of seated)
          expect(group === null || list.find(({ id }) => id === who)?.groups.includes(group)).toBe(
            true,
          );
      }),
      { numRuns: 500 },
    );
  });

  test("does not depend on the order in which people came", () => {
    fc.assert(
      fc.property(requirements, people, (requirement, list) => {
        expect(missingSeats(requirement, [...list].reverse())).toBe(
          missingSeats(requirement, list),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("moves who sits already to make room for somebody who fits nowhere else", () => {
    const requirement = {
      quorum: 1,
      all: [
        { group: "a", quorum: 1 },
        { group: "b", quorum: 1 },
      ],
    };
    const seats = seatPeople(requirement, [
      { id: "x", groups: ["a", "b"] },
      { id: "y", groups: ["a"] },
    ]);
    expect(seats).toEqual([
      { group: "a", person: "y" },
      { group: "b", person: "x" },
    ]);
  });

  test("asks for the quorum beyond the groups of anybody, or of the one group", () => {
    expect(seatsOf({ quorum: 4, all: [{ group: "a", quorum: 2 }] })).toEqual([
      "a",
      "a",
      null,
      null,
    ]);
    expect(seatsOf({ quorum: 3, group: "g", all: [{ group: "a", quorum: 2 }] })).toEqual([
      "a",
      "a",
      "g",
    ]);
    expect(seatsOf({ quorum: 1, all: [{ group: "a", quorum: 2 }] })).toEqual(["a", "a"]);
  });

  test("joins two lists of groups by the larger number of each", () => {
    expect(
      joinGroups(
        [{ group: "a", quorum: 1 }],
        [
          { group: "a", quorum: 2 },
          { group: "b", quorum: 1 },
        ],
      ),
    ).toEqual([
      { group: "a", quorum: 2 },
      { group: "b", quorum: 1 },
    ]);
  });
});

const SIGN = plan([approvalNode("sign", { approval: SECURITY_AND_FINANCE })]);

describe("an approval of several groups", () => {
  test("passes when every seat has a person of its own", () => {
    given(openMission(SIGN), approves(1, "sign", sam), approves(2, "sign", fay))
      .when(approves(3, "sign", flo))
      .yields(
        { type: "approval.granted", data: { have: 3, need: 3 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING", data: { quorum: 3 } },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });

  test("counts who is in both groups once, wherever they are needed", () => {
    given(openMission(SIGN), approves(1, "sign", both))
      .when(approves(2, "sign", sam))
      .yields({ type: "approval.granted", data: { have: 2, need: 3 } });
    given(openMission(SIGN), approves(1, "sign", both), approves(2, "sign", fay))
      .when(approves(3, "sign", both, { key: both.keys[1] ?? both.keys[0] }))
      .rejects("approval_already_given");
  });

  test("records an approval for which every seat is taken, and goes on waiting", () => {
    const sue = person("sue", { groups: ["security"] });
    given(openMission(SIGN), approves(1, "sign", sam))
      .when(approves(2, "sign", sue))
      .yields({ type: "approval.granted", data: { have: 1, need: 3 } });
  });

  test("says which seats are empty", () => {
    const { events } = given(openMission(SIGN));
    const paused = events.find(({ type }) => type === "gate.evaluated");
    expect(paused?.gateResult?.reasons).toMatchObject([
      {
        code: "APPROVAL_MISSING",
        detail: "0 of 3 approvals",
        counterfactual: expect.stringMatching(
          /^1 approval by people of group security and 2 approvals by people of group finance over digest/,
        ),
      },
    ]);
  });

  test("refuses who is in none of the groups, to approve and to deny", () => {
    for (const step of [approves, denies])
      given(openMission(SIGN))
        .when(step(1, "sign", eve))
        .rejects("approver_not_permitted", { detail: "eve is not in group security or finance" });
  });

  test("is denied by anybody of any of the groups", () => {
    given(openMission(SIGN), approves(1, "sign", sam))
      .when(denies(2, "sign", flo))
      .yields({ type: "approval.denied", stateAfter: "BLOCKED" });
  });
});

describe("requirements by policy", () => {
  const careful = policy([
    rule({
      kinds: ["decision", "execution"],
      actions: ["vendor.switch"],
      approval: {
        quorum: 1,
        all: [{ group: "finance", quorum: 1 }],
        fromRisk: [{ risk: 2, quorum: 2 }],
      },
    }),
  ]);

  test("ask for more people from a risk on, and for people of a group", () => {
    const { run } = given(
      openMission(plan([executionNode("run")]), { policy: careful }),
      propose(1, "run", { action: vendorSwitch() }),
    );
    expect(requestOf(run, "run")?.requirement).toMatchObject({
      quorum: 2,
      all: [{ group: "finance", quorum: 1 }],
    });
  });

  test("ask for no more below that risk", () => {
    const { run } = given(
      openMission(plan([executionNode("run", { risk: 1 })]), { policy: careful }),
      propose(1, "run", { action: vendorSwitch() }),
    );
    expect(requestOf(run, "run")?.requirement.quorum).toBe(1);
  });

  test("join with those of the plan, group by group", () => {
    const node = executionNode("run", {
      risk: 3,
      ownerR: "human",
      approval: { all: [{ group: "security", quorum: 1 }] },
    });
    const { run } = given(
      openMission(plan([node]), { policy: careful }),
      propose(1, "run", { action: vendorSwitch() }),
    );
    expect(requestOf(run, "run")?.requirement.all).toEqual([
      { group: "security", quorum: 1 },
      { group: "finance", quorum: 1 },
    ]);
  });

  test("are the largest of all permits that match", () => {
    const document = policyDocumentSchema.parse({
      name: "two",
      rules: [
        rule({ id: "a", approval: { quorum: 1, all: [{ group: "x", quorum: 2 }] } }),
        rule({
          id: "b",
          approval: {
            quorum: 3,
            all: [
              { group: "x", quorum: 1 },
              { group: "y", quorum: 1 },
            ],
          },
        }),
      ],
    });
    const subject = {
      kind: "decision",
      actionType: null,
      args: null,
      agent: "a",
      zone: null,
      risk: 1,
    } as const;
    expect(evaluatePolicy(document, subject)).toMatchObject({
      quorum: 3,
      all: [
        { group: "x", quorum: 2 },
        { group: "y", quorum: 1 },
      ],
    });
  });

  test("are looser, for re-pinning, where a group is asked for fewer people", () => {
    const asking = (quorum: number) =>
      policyDocumentSchema.parse({
        name: "groups",
        rules: [rule({ approval: { quorum: 1, all: [{ group: "x", quorum }] } })],
      });
    const subject = { kind: "decision", actionType: null, zone: null, risk: 1 } as const;
    expect(looseningOf(asking(2), asking(1), subject)).toMatchObject({ rule: "permit" });
    expect(looseningOf(asking(1), asking(2), subject)).toBeNull();
    expect(
      looseningOf(
        asking(1),
        policyDocumentSchema.parse({ name: "n", rules: [rule({ approval: { quorum: 9 } })] }),
        subject,
      ),
    ).not.toBeNull();
  });

  test.each([
    ["a group twice", [{ group: "a" }, { group: "a" }]],
    ["no group", []],
    ["more than 16 seats", [{ group: "a", quorum: 16 }, { group: "b" }]],
    ["a quorum of none", [{ group: "a", quorum: 0 }]],
  ])("refuse %s", (_what, all) => {
    const node = approvalNode("sign", { approval: { all } });
    expect(planSchema.safeParse({ title: "p", phases: ["work"], nodes: [node] }).success).toBe(
      false,
    );
  });
});

describe("duties kept apart by the plan", () => {
  const apart = { approval: { apartFrom: ["first"] } };

  test.each([
    ["the node that says so", ["first", "second"]],
    ["the other one too", ["second", "first"]],
  ])("keep who approved one away from %s", (_what, [now = "", then = ""]) => {
    const compiled = plan([approvalNode("first"), approvalNode("second", apart)], { edges: [] });
    given(openMission(compiled), approves(1, now, eve))
      .when(approves(2, then, eve))
      .rejects("approver_not_permitted", {
        detail: `who approved ${now} stays apart from ${then}: the plan says so`,
      });
    given(openMission(compiled), approves(1, now, eve))
      .when(approves(2, then, sam))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated" },
        { type: "gate.evaluated" },
        { type: "mission.completed" },
      );
  });

  test("let who approved one deny the other", () => {
    const compiled = plan([approvalNode("first"), approvalNode("second", apart)], { edges: [] });
    given(openMission(compiled), approves(1, "first", eve))
      .when(denies(2, "second", eve))
      .yields({ type: "approval.denied" });
  });

  test.each(["itself", "nobody"])("refuse a node that is kept apart from %s", (other) => {
    const nodes = [
      decisionNode("itself", { risk: 3, ownerR: "human", approval: { apartFrom: [other] } }),
    ];
    const compiled = compilePlan(planSchema.parse({ title: "p", phases: ["work"], nodes }));
    expect(compiled).toMatchObject({
      ok: false,
      error: {
        violations: [{ code: "apart_from_unknown", pointer: "/nodes/0/approval/apartFrom/0" }],
      },
    });
  });
});
