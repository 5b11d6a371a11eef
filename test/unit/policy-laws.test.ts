/** Laws of policies with conditions: deny by default, forbid wins, and more demands never permit more. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  evaluatePolicy,
  looseningOf,
  type PolicyRule,
  type PolicySubject,
} from "../../shared/policy/index.ts";
import { rule } from "../support/builders.ts";

const CONDITIONS = [
  "args.amount <= 100",
  "args.amount > 50 && has(args.to)",
  "args.to == 'acme'",
  "args.missing == 1",
  "node.risk >= 2",
  "agent.zone == 'eu' || args.amount < 10",
  "history.count('vendor.switch') < 2",
  "!(args.to in ['acme', 'bolt'])",
  "args.tags.exists(tag, tag == 'x')",
  "true",
  "false",
] as const;

const condition = fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined });
const predicate = fc.oneof(
  fc.record({
    path: fc.constant("/amount"),
    op: fc.constantFrom("lt", "lte", "gt", "gte"),
    value: fc.integer({ min: 40, max: 110 }),
  }),
  fc.record({
    path: fc.constant("/to"),
    op: fc.constantFrom("eq", "ne"),
    value: fc.constantFrom("acme", "bolt"),
  }),
  fc.record({
    path: fc.constant("/to"),
    op: fc.constant("in"),
    value: fc.subarray(["acme", "bolt", "cord"], { minLength: 1 }),
  }),
) as fc.Arbitrary<PolicyRule["when"][number]>;

const anyRule: fc.Arbitrary<PolicyRule> = fc
  .record({
    id: fc.constantFrom("a", "b", "c"),
    effect: fc.constantFrom("permit", "forbid"),
    agents: fc.option(fc.subarray(["agent-a", "agent-b"], { minLength: 1 }), { nil: undefined }),
    riskMax: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    when: fc.array(predicate, { maxLength: 2 }),
    condition,
    quorum: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  })
  .map(({ agents, riskMax, condition: text, quorum, ...members }) =>
    rule({
      ...members,
      kinds: ["execution"],
      actions: ["vendor.switch"],
      ...(agents && { agents }),
      ...(riskMax !== undefined && { riskMax }),
      ...(text !== undefined && { condition: text }),
      ...(quorum !== undefined && { approval: { quorum } }),
    }),
  );
const rules = fc.array(anyRule, { maxLength: 6 });

const subjects: fc.Arbitrary<PolicySubject> = fc
  .record({
    amount: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.constant("many")),
    to: fc.constantFrom("acme", "bolt", "cord", null),
    tags: fc.constantFrom([], ["x"], "x"),
    agent: fc.constantFrom("agent-a", "agent-b"),
    zone: fc.constantFrom("eu", "us"),
    switches: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ amount, to, tags, agent, zone, switches }) => ({
    kind: "execution",
    actionType: "vendor.switch",
    args: { amount, tags, ...(to === null ? {} : { to }) },
    agent,
    zone,
    risk: 2,
    facts: {
      at: "2026-01-01T00:00:00.000Z",
      node: { id: "n", kind: "execution", risk: 2, phase: "work", zone, attempt: 1 },
      mission: { id: "m", state: "active", done: 0, total: 2 },
      agent: { id: agent, skills: [], zone },
      evidence: [],
      history: {
        self: "n",
        at: "2026-01-01T00:00:00.000Z",
        actions: {
          get: () => ({
            entries: Array.from({ length: switches }, (_, order) => ({
              order,
              at: "2026-01-01T00:00:00.000Z",
              nodeId: `other-${order}`,
              jti: `${order}`,
              args: {},
            })),
            isFull: false,
          }),
        },
      },
    },
  }));

const decide = (some: readonly PolicyRule[], subject: PolicySubject) =>
  evaluatePolicy({ name: "p", rules: [...some] }, subject);
const permits = (some: readonly PolicyRule[], subject: PolicySubject) =>
  decide(some, subject).effect === "permit";
const quorum = (some: readonly PolicyRule[], subject: PolicySubject) => {
  const decision = decide(some, subject);
  return decision.effect === "permit" ? decision.quorum : Number.POSITIVE_INFINITY;
};

describe("a policy with conditions", () => {
  test("permits nothing where no permit rule is", () => {
    fc.assert(
      fc.property(rules, subjects, (some, subject) => {
        expect(
          permits(
            some.filter((one) => one.effect === "forbid"),
            subject,
          ),
        ).toBe(false);
      }),
    );
  });

  test("forbids wherever a forbid matches, whatever permits beside it", () => {
    fc.assert(
      fc.property(rules, subjects, fc.nat({ max: 6 }), (some, subject, at) => {
        const forbid = rule({
          effect: "forbid",
          kinds: ["execution"],
          condition: "args.x == args.x || true",
        });
        expect(decide(some.toSpliced(at, 0, forbid), subject).effect).toBe("forbid");
      }),
    );
  });

  test("never permits more with a forbid more", () => {
    fc.assert(
      fc.property(rules, anyRule, subjects, (some, extra, subject) => {
        const more = [...some, { ...extra, effect: "forbid" as const }];
        expect(permits(more, subject) && !permits(some, subject)).toBe(false);
      }),
    );
  });

  test("never permits more with a permit less", () => {
    fc.assert(
      fc.property(rules, fc.nat({ max: 5 }), subjects, (some, at, subject) => {
        const fewer = some.filter((one, index) => index !== at || one.effect === "forbid");
        expect(permits(fewer, subject) && !permits(some, subject)).toBe(false);
      }),
    );
  });

  test("never permits more where a permit demands a condition more, nor where a forbid loses one", () => {
    fc.assert(
      fc.property(rules, fc.constantFrom(...CONDITIONS), subjects, (some, text, subject) => {
        const stricter = some.map((one) => {
          if (one.effect === "forbid") {
            const { condition: _dropped, ...bare } = one;
            return bare;
          }
          return { ...one, condition: one.condition ? `(${one.condition}) && (${text})` : text };
        });
        expect(permits(stricter, subject) && !permits(some, subject)).toBe(false);
      }),
    );
  });

  test("does not depend on the order of its rules", () => {
    fc.assert(
      fc.property(rules, subjects, (some, subject) => {
        const [one, other] = [decide(some, subject), decide(some.toReversed(), subject)];
        expect(other.effect).toBe(one.effect);
        expect(quorum(some.toReversed(), subject)).toBe(quorum(some, subject));
      }),
    );
  });
});

describe("the proof that a policy is tighter", () => {
  const planned = { kind: "execution", actionType: "vendor.switch", zone: "eu", risk: 2 } as const;
  const loosening = (now: readonly PolicyRule[], next: readonly PolicyRule[]) =>
    looseningOf({ name: "now", rules: [...now] }, { name: "next", rules: [...next] }, planned);

  test("is never given for a policy that permits what the other did not, or asks fewer people", () => {
    let proven = 0;
    fc.assert(
      fc.property(
        rules,
        rules,
        fc.array(subjects, { minLength: 4, maxLength: 8 }),
        (now, next, some) => {
          // Random pairs are seldom tighter, so half of the new policy comes from the old one.
          const mixed = [
            ...now.filter((one) => one.effect === "forbid"),
            ...now.slice(0, 3),
            ...next.slice(0, 1),
          ];
          if (loosening(now, mixed) !== null) return;
          proven += 1;
          for (const subject of some.map((one) => ({ ...one, zone: "eu" }))) {
            if (!permits(mixed, subject)) continue;
            expect(permits(now, subject)).toBe(true);
            expect(quorum(mixed, subject)).toBeGreaterThanOrEqual(quorum(now, subject));
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(proven).toBeGreaterThan(100);
  });

  const act = rule({ id: "act", kinds: ["execution"], actions: ["vendor.switch"] });
  const upTo = (value: number) => ({
    ...act,
    when: [{ path: "/amount", op: "lte" as const, value }],
  });
  const said = (text: string) => ({ ...act, condition: text });
  const no = (text?: string) =>
    rule({ id: "no", effect: "forbid", kinds: ["execution"], ...(text && { condition: text }) });

  test.each<[string, readonly PolicyRule[], readonly PolicyRule[]]>([
    ["the same", [act], [act]],
    ["nothing at all", [act], []],
    ["a lower limit", [upTo(100)], [upTo(50)]],
    ["a limit where there was none", [act], [upTo(50)]],
    ["a forbid more", [act], [act, no("args.x == 1")]],
    ["a wider forbid", [act, no("args.x == 1 && args.y == 2")], [act, no("args.y==2")]],
    ["a condition more", [act], [said("args.x == 1")]],
    ["a further conjunct", [said("args.x == 1")], [said("(args.x==1) && history.count('a') < 2")]],
    ["fewer agents", [{ ...act, agents: ["a", "b"] }], [{ ...act, agents: ["a"] }]],
    ["more people", [act], [{ ...act, approval: { quorum: 2 } }]],
    [
      "a part of a list",
      [{ ...act, when: [{ path: "/to", op: "in", value: ["a", "b"] }] }],
      [{ ...act, when: [{ path: "/to", op: "eq", value: "a" }] }],
    ],
    ["something of another action", [act], [act, { ...act, actions: ["vendor.drop"] }]],
    ["something of another risk", [act], [act, { ...act, agents: ["z"], riskMin: 3 }]],
  ])("is given for %s", (_what, now, next) => {
    expect(loosening(now, next)).toBeNull();
  });

  test.each<[string, readonly PolicyRule[], readonly PolicyRule[], string]>([
    ["a higher limit", [upTo(50)], [upTo(100)], "act"],
    ["a limit dropped", [upTo(50)], [act], "act"],
    ["a forbid dropped", [act, no()], [act], "no"],
    ["a narrower forbid", [act, no()], [act, no("args.x == 1")], "no"],
    ["a condition dropped", [said("args.x == 1")], [act], "act"],
    ["another condition", [said("args.x == 1")], [said("args.x == 2")], "act"],
    [
      "a condition made an alternative",
      [said("args.x == 1")],
      [said("args.x == 1 || true")],
      "act",
    ],
    ["more agents", [{ ...act, agents: ["a"] }], [act], "act"],
    ["fewer people", [{ ...act, approval: { quorum: 2 } }], [act], "act"],
    ["a way around the people", [{ ...act, approval: { quorum: 2 } }, upTo(9)], [upTo(5)], "act"],
    [
      "a number where text was meant",
      [{ ...act, when: [{ path: "/a", op: "eq", value: "1" }] }],
      [{ ...act, when: [{ path: "/a", op: "eq", value: 1 }] }],
      "act",
    ],
  ])("is refused for %s, and names the rule", (_what, now, next, id) => {
    expect(loosening(now, next)).toMatchObject({ rule: id });
  });
});
