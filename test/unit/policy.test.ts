/** Policy evaluation: deny by default, forbid wins, and nothing undecided is a permit. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  evaluatePolicy,
  policyDocumentSchema,
  type PolicyDocument,
  type PolicyRule,
  type PolicySubject,
  type Predicate,
} from "../../shared/policy/index.ts";
import { rule } from "../support/builders.ts";

const document = (...rules: readonly PolicyRule[]): PolicyDocument => ({
  name: "p",
  rules: [...rules],
});

function subject(overrides: Partial<PolicySubject> = {}): PolicySubject {
  return {
    kind: "execution",
    actionType: "vendor.switch",
    args: { amount: 100, country: "jp", tags: ["a"], nested: { "a/b": { "m~n": 1 } } },
    agent: "agent-a",
    zone: "eu",
    risk: 2,
    ...overrides,
  };
}

const acts = rule({ kinds: ["execution"], actions: ["vendor.switch"] });
const effectOf = (rules: readonly PolicyRule[], about: Partial<PolicySubject> = {}) =>
  evaluatePolicy(document(...rules), subject(about)).effect;

describe("evaluatePolicy", () => {
  test("permits nothing it does not name", () => {
    expect(effectOf([])).toBe("none");
    expect(effectOf([acts])).toBe("permit");
    expect(effectOf([acts], { actionType: "vendor.drop" })).toBe("none");
    expect(effectOf([acts], { kind: "decision" })).toBe("none");
    expect(effectOf([acts], { actionType: null })).toBe("none");
  });

  test("a permit for executions that names no action permits none, though it permits decisions", () => {
    const broad = rule({ kinds: ["execution", "decision"] });
    expect(effectOf([broad])).toBe("none");
    expect(effectOf([broad], { kind: "decision", actionType: null })).toBe("permit");
  });

  test("a forbid that names no action forbids every action", () => {
    expect(effectOf([acts, rule({ effect: "forbid", kinds: ["execution"] })])).toBe("forbid");
  });

  test.each([
    ["agents", { agents: ["agent-b"] }, { agents: ["agent-b", "agent-a"] }],
    ["zones", { zones: ["us"] }, { zones: ["eu"] }],
    ["riskMin", { riskMin: 3 }, { riskMin: 2 }],
    ["riskMax", { riskMax: 1 }, { riskMax: 2 }],
  ] as const)("a rule is about a subject only if its %s fit", (_member, misses, fits) => {
    const permits = (members: object) => effectOf([{ ...acts, ...members }]);
    expect([permits(misses), permits(fits)]).toEqual(["none", "permit"]);
  });

  test("a rule with zones is not about a subject without one", () => {
    expect(effectOf([{ ...acts, zones: ["eu"] }], { zone: null })).toBe("none");
  });

  test("the quorum is the largest that any matching permit asks for", () => {
    const rules = [
      acts,
      { ...acts, approval: { quorum: 2 } },
      { ...acts, approval: { quorum: 3 }, agents: ["agent-b"] },
    ];
    expect(evaluatePolicy(document(...rules), subject())).toMatchObject({
      effect: "permit",
      quorum: 2,
    });
  });

  test("the nearest rules are those that fail on a predicate alone", () => {
    const small: Predicate = { path: "/amount", op: "lte", value: 50 };
    const decision = evaluatePolicy(
      document(
        { ...acts, id: "small", when: [small] },
        { ...acts, id: "far", agents: ["agent-b"] },
      ),
      subject(),
    );
    expect(decision).toEqual({
      effect: "none",
      nearest: [{ rule: { ...acts, id: "small", when: [small] }, failing: [small] }],
    });
  });
});

describe("predicates", () => {
  const holds = (predicate: Predicate, args: PolicySubject["args"] = subject().args) =>
    effectOf([{ ...acts, when: [predicate] }], { args }) === "permit";
  const forbidden = (predicate: Predicate, args: PolicySubject["args"] = subject().args) =>
    effectOf([acts, { ...acts, effect: "forbid", when: [predicate] }], { args }) === "forbid";

  test.each<readonly [Predicate["op"], number, boolean]>([
    ["lt", 100, false],
    ["lt", 101, true],
    ["lte", 100, true],
    ["lte", 99, false],
    ["gt", 100, false],
    ["gt", 99, true],
    ["gte", 100, true],
    ["gte", 101, false],
    ["eq", 100, true],
    ["eq", 99, false],
    ["ne", 100, false],
    ["ne", 99, true],
  ])("100 %s %d is %s", (op, value, expected) => {
    const predicate = { path: "/amount", op, value } as Predicate;
    expect([holds(predicate), forbidden(predicate)]).toEqual([expected, expected]);
  });

  test("in compares with each scalar", () => {
    expect(holds({ path: "/country", op: "in", value: ["us", "jp"] })).toBe(true);
    expect(holds({ path: "/country", op: "in", value: ["us", 1, null] })).toBe(false);
  });

  test("what cannot be decided is no permit, and is a forbid", () => {
    const nowhere: readonly Predicate[] = [
      { path: "/missing", op: "eq", value: 1 },
      { path: "/missing", op: "ne", value: 1 },
      { path: "/missing", op: "in", value: [1] },
      { path: "/country", op: "lt", value: 1 },
      { path: "/amount/deeper", op: "eq", value: 1 },
      { path: "/tags/length", op: "eq", value: 1 },
      { path: "/constructor", op: "ne", value: 1 },
      { path: "/__proto__/x", op: "ne", value: 1 },
    ];
    for (const predicate of nowhere)
      expect([predicate.path, holds(predicate), forbidden(predicate)]).toEqual([
        predicate.path,
        false,
        true,
      ]);
    expect(holds({ path: "/amount", op: "lt", value: 1_000 }, null)).toBe(false);
  });

  test("paths are JSON pointers, with their two escapes", () => {
    expect(holds({ path: "/nested/a~1b/m~0n", op: "eq", value: 1 })).toBe(true);
    expect(holds({ path: "/tags/0", op: "eq", value: "a" })).toBe(true);
  });

  test("a number is not the text that looks like it", () => {
    expect(holds({ path: "/amount", op: "eq", value: "100" })).toBe(false);
    expect(holds({ path: "/amount", op: "lt", value: 1_000 }, { amount: "5" })).toBe(false);
  });
});

describe("laws of policies", () => {
  const predicate = fc.record({
    path: fc.constantFrom("/amount", "/country", "/missing"),
    op: fc.constantFrom("lt", "gte"),
    value: fc.integer({ min: 98, max: 102 }),
  }) as fc.Arbitrary<Predicate>;
  const anyRule: fc.Arbitrary<PolicyRule> = fc
    .record({
      effect: fc.constantFrom("permit", "forbid"),
      kinds: fc.subarray(["decision", "execution", "approval"] as const, { minLength: 1 }),
      actions: fc.option(fc.subarray(["vendor.switch", "vendor.drop"], { minLength: 1 }), {
        nil: undefined,
      }),
      when: fc.array(predicate, { maxLength: 2 }),
      riskMax: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    })
    .map(({ effect, kinds, actions, when, riskMax }) =>
      rule({
        effect,
        kinds,
        when,
        ...(actions ? { actions } : {}),
        ...(riskMax === undefined ? {} : { riskMax }),
      }),
    );
  const rules = fc.array(anyRule, { maxLength: 6 });

  test("forbid wins, wherever it stands", () => {
    fc.assert(
      fc.property(rules, fc.nat({ max: 6 }), (others, at) => {
        const mixed = others.toSpliced(at, 0, rule({ effect: "forbid", kinds: ["execution"] }));
        expect(effectOf(mixed)).toBe("forbid");
      }),
    );
  });

  test("the order of rules does not change the effect or the quorum", () => {
    fc.assert(
      fc.property(rules, (some) => {
        const quorum = (list: readonly PolicyRule[]) => {
          const decision = evaluatePolicy(document(...list), subject());
          return [decision.effect, decision.effect === "permit" ? decision.quorum : 0];
        };
        expect(quorum(some.toReversed())).toEqual(quorum(some));
      }),
    );
  });

  test("taking a permit away never permits more, adding a predicate to it never permits more", () => {
    fc.assert(
      fc.property(rules, predicate, (some, extra) => {
        if (effectOf(some) === "permit") return;
        expect(
          effectOf(
            some
              .slice(1)
              .filter((r) => r.effect === "permit")
              .concat(some.filter((r) => r.effect === "forbid")),
          ),
        ).not.toBe("permit");
        expect(
          effectOf(
            some.map((r) => (r.effect === "permit" ? { ...r, when: [...r.when, extra] } : r)),
          ),
        ).not.toBe("permit");
      }),
    );
  });
});

describe("the policy document", () => {
  test.each([
    ["an unknown member", { name: "p", rules: [], note: "x" }],
    [
      "an unknown member of a rule",
      { name: "p", rules: [{ id: "r", effect: "permit", kinds: ["decision"], extra: 1 }] },
    ],
    ["a rule about nothing", { name: "p", rules: [{ id: "r", effect: "permit", kinds: [] }] }],
    [
      "an operator that compares with text",
      {
        name: "p",
        rules: [
          {
            id: "r",
            effect: "permit",
            kinds: ["decision"],
            when: [{ path: "/a", op: "lt", value: "1" }],
          },
        ],
      },
    ],
    [
      "a path that is no pointer",
      {
        name: "p",
        rules: [
          {
            id: "r",
            effect: "permit",
            kinds: ["decision"],
            when: [{ path: "a", op: "eq", value: 1 }],
          },
        ],
      },
    ],
    [
      "a quorum of none",
      {
        name: "p",
        rules: [{ id: "r", effect: "permit", kinds: ["decision"], approval: { quorum: 0 } }],
      },
    ],
  ])("refuses %s", (_what, value) => {
    expect(policyDocumentSchema.safeParse(value).success).toBe(false);
  });

  test("fills in that a rule without predicates always holds", () => {
    const parsed = policyDocumentSchema.parse({
      name: "p",
      rules: [{ id: "r", effect: "permit", kinds: ["decision"] }],
    });
    expect(parsed.rules[0]?.when).toEqual([]);
  });
});

describe("an undecided permit", () => {
  const over: Predicate = { path: "/amount", op: "gt", value: 100 };
  const asks = { approval: { quorum: 2 } };
  const quorumOf = (rules: readonly PolicyRule[], about: Partial<PolicySubject>) => {
    const decision = evaluatePolicy(document(...rules), subject({ undecidedAsks: true, ...about }));
    return decision.effect === "permit" ? decision.quorum : decision.effect;
  };

  test.each<[string, PolicyRule]>([
    ["its predicate", { ...acts, id: "big", when: [over], ...asks }],
    ["its condition", { ...acts, id: "big", condition: "args.amount > 100.0", ...asks }],
  ])("asks for its people where %s cannot be decided beside one that holds", (_what, big) => {
    expect(quorumOf([acts, big], { args: { amount: "1000" } })).toBe(2);
    expect(quorumOf([acts, big], { args: {} })).toBe(2);
  });

  test("permits nothing by itself, and asks nothing when it is decided and false", () => {
    const big = { ...acts, id: "big", when: [over], ...asks };
    expect(quorumOf([big], { args: { amount: "1000" } })).toBe("none");
    expect(quorumOf([acts, big], { args: { amount: 7 } })).toBe(0);
    expect(quorumOf([acts, big], { args: { amount: 1000 } })).toBe(2);
  });

  test("asked nobody before the third generation of rules, whose traces stay as they are", () => {
    const big = { ...acts, id: "big", when: [over], ...asks };
    const { undecidedAsks: _later, ...before } = subject({ args: { amount: "1000" } });
    expect(evaluatePolicy(document(acts, big), before)).toMatchObject({ quorum: 0 });
  });
});
