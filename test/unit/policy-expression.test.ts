/** Conditions: what may be written, what is refused and where, and that nothing but true holds. */
import { describe, expect, test } from "vitest";
import {
  evaluatePolicy,
  type PolicyFacts,
  policyDocumentSchema,
  type PolicySubject,
} from "../../shared/policy/index.ts";
import { iso, rule } from "../support/builders.ts";

const FACTS: PolicyFacts = {
  at: "2026-01-01T10:30:00.000Z",
  node: { id: "run", kind: "execution", risk: 2, phase: "work", zone: "eu", attempt: 1 },
  mission: { id: "msn_1", state: "active", done: 3, total: 9 },
  agent: { id: "agent-a", skills: ["buy", "sell"], zone: "eu" },
  evidence: [
    { kind: "brief", confidence: 0.9, primary: true, claims: 2 },
    { kind: "quote", confidence: 0.4, primary: false, claims: 1 },
  ],
  history: { self: "run", at: iso(0), actions: new Map() },
};

const ARGS = {
  amount: 100,
  half: 0.5,
  to: "acme",
  urgent: true,
  note: null,
  tags: ["a", "b"],
  lines: [
    { sku: "x", qty: 2 },
    { sku: "y", qty: 5 },
  ],
  nested: { deep: { value: 7 } },
} as const;

const about = (overrides: Partial<PolicySubject> = {}): PolicySubject => ({
  kind: "execution",
  actionType: "vendor.switch",
  args: ARGS,
  agent: "agent-a",
  zone: "eu",
  risk: 2,
  facts: FACTS,
  ...overrides,
});

const acts = rule({ kinds: ["execution"], actions: ["vendor.switch"] });
const never = { ...acts, id: "no", effect: "forbid" } as const;

function effectOf(rules: readonly object[], overrides: Partial<PolicySubject> = {}): string {
  return evaluatePolicy({ name: "p", rules: rules as never }, about(overrides)).effect;
}

const permits = (condition: string, overrides: Partial<PolicySubject> = {}) =>
  effectOf([{ ...acts, condition }], overrides) === "permit";
const forbids = (condition: string, overrides: Partial<PolicySubject> = {}) =>
  effectOf([acts, { ...never, condition }], overrides) === "forbid";

/** What an upload of one rule with this condition is told; empty when it is taken. */
function flawsOf(condition: string): readonly string[] {
  const parsed = policyDocumentSchema.safeParse({ name: "p", rules: [{ ...acts, condition }] });
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `/${issue.path.join("/")} ${issue.message}`);
}

/** Accepted, with what it comes to over the facts above. */
const ACCEPTED: readonly (readonly [condition: string, holds: boolean])[] = [
  ["true", true],
  ["false", false],
  ["action.type == 'vendor.switch'", true],
  ["action.args.amount == 100", true],
  ["args.amount <= 100", true],
  ["args.amount < 100", false],
  ["args.amount == 100.0", true],
  ["args.half > 0", true],
  ["args.amount * 2.0 == 200.0", true],
  ["args.to == 'acme'", true],
  ["args.to == 5", false],
  ["args.to != 'other'", true],
  ["args.to.startsWith('ac') && args.to.endsWith('me')", true],
  ["args.to.contains('cm')", true],
  ["args.to in ['acme', 'bolt']", true],
  ["args.amount in [1, 100]", true],
  ["'a' in args.tags", true],
  ["args.urgent == true", true],
  ["!(args.urgent == true)", false],
  ["args.urgent == true ? args.amount < 500 : args.amount < 50", true],
  ["args.note == null", true],
  ["has(args.amount)", true],
  ["has(args.missing)", false],
  ["!has(args.missing) || args.missing == 1", true],
  ["size(args.tags) == 2", true],
  ["args.tags.size() == 2", true],
  ["args.tags[1] == 'b'", true],
  ["args['amount'] == 100", true],
  ["args.nested.deep.value == 7", true],
  ["args.lines.all(line, line.qty > 1)", true],
  ["args.lines.exists(line, line.sku == 'y')", true],
  ["args.lines.exists_one(line, line.qty == 5)", true],
  ["args.lines.filter(line, line.qty > 2).size() == 1", true],
  ["args.lines.map(line, line.qty) == [2.0, 5.0]", true],
  ["args.lines.all(a, args.lines.exists(b, a.sku == b.sku))", true],
  ["node.risk >= 2 && node.kind == 'execution' && node.phase == 'work'", true],
  ["node.zone == agent.zone && node.attempt == 1 && node.id == 'run'", true],
  ["mission.done * 2 < mission.total && mission.state == 'active'", true],
  ["mission.id == 'msn_1'", true],
  ["agent.id == 'agent-a' && 'buy' in agent.skills", true],
  ["evidence.exists(e, e.kind == 'brief' && e.primary && e.confidence >= 0.8)", true],
  ["evidence.all(e, e.primary)", false],
  ["evidence.filter(e, e.claims > 1).size() == 1", true],
  ["size(evidence) == 2", true],
  ["at.getHours() >= 9 && at.getHours() < 17", true],
  ["at.getDayOfWeek() == 4 && at.getFullYear() == 2026 && at.getMonth() == 0", true],
  ["history.count('refund.issue') == 0", true],
  ["history.countWithin('refund.issue', duration('24h')) < 3", true],
  ["history.sum('refund.issue', 'amount') == 0.0", true],
  ["history.sumWithin('refund.issue', 'amount', duration('90m')) + 1.5 < 2.0", true],
  ["history.distinct('refund.issue', 'order') == 0", true],
  ["!history.seen('refund.issue', 'order', args.amount)", true],
  ["!history.after('deploy', 'rollback')", true],
  ["double(node.risk) * 50.0 <= double(args.amount)", true],
  ["int(args.half) == 0 && string(node.risk) == '2'", true],
  ["{'a': 1}['a'] == 1", true],
  ["args == {}", false],
];

describe("a condition that is accepted", () => {
  test.each(ACCEPTED)("%s", (condition, holds) => {
    expect(flawsOf(condition)).toEqual([]);
    expect(permits(condition)).toBe(holds);
    expect(forbids(condition)).toBe(holds);
  });
});

/** Refused at upload: where, and a word of why. */
const REFUSED: readonly (readonly [condition: string, place: string, why: string])[] = [
  ["args.urgent", "1:1", "provably bool"],
  ["dyn(true)", "1:1", "no function dyn"],
  ["1", "1:1", "provably bool"],
  ["'yes'", "1:1", "provably bool"],
  ["node", "1:1", "provably bool"],
  ["args", "1:1", "provably bool"],
  ["null", "1:1", "provably bool"],
  ["[true]", "1:1", "provably bool"],
  ["node.risk", "1:1", "provably bool"],
  ["history.count('x')", "1:1", "provably bool"],
  ["args.urgent == true ? 1 : 2", "1:1", "provably bool"],
  ["args.urgent == true ? args.a : args.b", "1:1", "provably bool"],
  ["args.lines.map(l, l.qty)", "1:1", "provably bool"],
  ["node.risk >= '2'", "1:1", "no such overload"],
  ["node.kind > 2", "1:1", "no such overload"],
  ["node.risk && true", "1:1", "bool operands"],
  ["node.nonsense == 1", "1:6", "nonsense"],
  ["proposal.args.x == 1", "1:1", "Unknown variable"],
  ["true && clock == 1", "1:9", "Unknown variable"],
  ["now() == 1", "1:1", "no function now"],
  ["args.to.matches('a+')", "1:1", "matches is refused"],
  ["matches(args.to, '(a+)+$')", "1:1", "no function matches"],
  ["cel.bind(x, args.tags + args.tags, x == x)", "1:1", "bind"],
  ["args.to.lowerAscii() == 'a'", "1:1", "no function lowerAscii"],
  ["args.to.split(',').size() == 1", "1:1", "no function split"],
  ["type(args.to) == string", "1:1", "no function type"],
  ["bytes(args.to) == b'a'", "1:1", "no function bytes"],
  ["at.getHours('Asia/Tokyo') > 9", "1:1", "no time zone"],
  ["at > timestamp('2026-01-01T00:00:00Z')", "1:6", "no function timestamp"],
  ["args.to.contains(args.other)", "1:1", "literal"],
  ["args.a.all(x, args.b.all(y, args.c.all(z, z == x)))", "1:29", "nests deeper"],
  ["history.count(5) == 0", "1:1", "overload"],
  ["history.forget('x')", "1:1", "no function forget"],
  ["history.facts == null", "1:9", "facts"],
  ["history.countWithin('x', '24h') == 0", "1:1", "overload"],
  ["args.x ==", "1:10", ""],
  ["args.x == 1)", "1:12", ""],
  ["true\n&& (args.x == )", "2:15", ""],
  ["", "", "expected string"],
  ["'a' + 1 == 'a1'", "1:1", "no such overload"],
  ["[1, 'a'].size() == 2", "1:5", "same type"],
  ["-'a' == 'a'", "1:1", "no such overload"],
  [`args.a ${"+ args.a ".repeat(5)}== args.l.map(x, x)`, "1:1", "additions"],
];

describe("a condition that is refused at upload", () => {
  test.each(REFUSED)("%s", (condition, place, why) => {
    const flaws = flawsOf(condition);
    expect(flaws.length).toBeGreaterThan(0);
    expect(flaws[0]).toMatch(/^\/rules\/0\/condition /);
    expect(flaws[0]).toContain(place === "" ? "" : `at ${place}: `);
    expect(flaws.join("\n").toLowerCase()).toContain(why.toLowerCase());
  });

  test("every bad rule of a document is told, each under its own pointer", () => {
    const bad = (condition: string) => ({ ...acts, condition });
    const rules = [
      bad("args.x"),
      bad("args.x == 1"),
      bad("y == 1"),
      bad("a.matches('b') && c.split('d')"),
    ];
    const parsed = policyDocumentSchema.safeParse({ name: "p", rules });
    expect(parsed.error?.issues.map((issue) => issue.path.join("/"))).toEqual([
      "rules/0/condition",
      "rules/2/condition",
      "rules/3/condition",
      "rules/3/condition",
    ]);
  });

  test.each([
    ["longer than the limit", `true${" && true".repeat(300)}`],
    ["of more nodes than the limit", `true${" && true".repeat(150)}`],
    ["nested deeper than the limit", `${"(".repeat(60)}true${")".repeat(60)}`],
    ["negated deeper than the limit", `${"!".repeat(400)}true`],
    ["with a list longer than the limit", `args.x in [${"1,".repeat(129)}1]`],
  ])("one that is %s", (_what, condition) => {
    expect(flawsOf(condition).length).toBeGreaterThan(0);
  });
});

describe("a condition that fails while it is asked", () => {
  test.each([
    ["an argument that is not there", "args.missing == 1"],
    ["a comparison of text with a number", "args.to < 5"],
    ["a division by zero", "1 / int(args.amount - 100.0) == 1"],
    ["an index outside of the list", "args.tags[7] == 'a'"],
    ["a list that is none", "args.amount.exists(x, x == 1)"],
    ["an argument that is a truthy text where a bool is needed", "args.to && true"],
    ["an argument that is an object where a bool is needed", "args.nested || false"],
    ["the constructor of the arguments", "args.constructor == args.constructor"],
    ["the prototype of the arguments", "args.__proto__ == args.__proto__"],
    ["a method of every object", "args.toString == args.toString"],
    ["a prototype found by index", "args['constructor'] == args['constructor']"],
    ["the prototype of a nested argument", "args.nested.constructor != null"],
    ["a number of the wrong kind", "args.amount + 1 > 2"],
    ["a negative window", "history.countWithin('x', duration('-1h')) >= 0"],
  ])("%s never permits and always forbids", (_what, condition) => {
    // A negative window is refused only where there is something to count.
    const actions = new Map([["x", { entries: [], isFull: false }]]);
    const overrides = { facts: { ...FACTS, history: { ...FACTS.history, actions } } };
    expect(flawsOf(condition)).toEqual([]);
    expect(permits(condition, overrides)).toBe(false);
    expect(forbids(condition, overrides)).toBe(true);
    // And the failure leaves nothing behind for the next question.
    expect(permits("args.lines.exists(line, line.qty == 5)")).toBe(true);
  });

  test("no inherited name is there to be found", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"])
      expect(permits(`!has(args.${name})`)).toBe(true);
  });

  test("arguments that pass themselves off as something else decide nothing", () => {
    // The evaluator tells types by constructor; JSON cannot hold one, but it can hold the name.
    for (const args of [
      { constructor: 5, amount: 1 },
      { amount: 1, constructor: { name: "Map" } },
    ]) {
      expect(permits("args.amount == 1", { args })).toBe(false);
      expect(forbids("args.amount == 2", { args })).toBe(true);
    }
    const args = { hasOwnProperty: 1, toString: "x", valueOf: 2, length: 3 };
    expect(permits("args.toString == 'x' && args.valueOf == 2 && args.length == 3", { args })).toBe(
      true,
    );
  });

  test("without an action there are no arguments and the type is empty", () => {
    const none = { kind: "decision", actionType: null, args: null } as const;
    const decides = { ...acts, kinds: ["decision"], actions: undefined };
    const effect = (condition: string) => effectOf([{ ...decides, condition }], none);
    expect(effect("action.type == '' && size(args) == 0")).toBe("permit");
    expect(effect("args.amount == 1")).toBe("none");
  });

  test("without facts nothing is decided", () => {
    const { facts: _facts, ...bare } = about();
    const effect = (...rules: readonly object[]) =>
      evaluatePolicy({ name: "p", rules: rules as never }, bare).effect;
    expect(effect({ ...acts, condition: "true" })).toBe("none");
    expect(effect(acts, { ...never, condition: "false" })).toBe("forbid");
  });

  test("the nearest rule tells its condition, and whether it was false or undecided", () => {
    const near = (condition: string) =>
      evaluatePolicy({ name: "p", rules: [{ ...acts, condition }] as never }, about());
    expect(near("args.amount > 100")).toMatchObject({ nearest: [{ condition: "fails" }] });
    expect(near("args.missing > 100")).toMatchObject({ nearest: [{ condition: "undecided" }] });
  });
});

describe("the cost of a condition", () => {
  const long = (n: number) => ({ list: Array.from({ length: n }, (_, at) => at) });

  test("is bounded by the size of what it looks through, before it is asked", () => {
    const pairs = "args.list.all(a, args.list.exists(b, a == b))";
    expect(permits(pairs, { args: long(50) })).toBe(true);
    expect(permits(pairs, { args: long(5_000) })).toBe(false);
    expect(forbids(pairs, { args: long(5_000) })).toBe(true);
  });

  test("of a condition without macros does not depend on the size of the arguments", () => {
    expect(permits("size(args.list) == 20000", { args: long(20_000) })).toBe(true);
  });

  test("counts a search in a list like a macro, and text by its length", () => {
    const inside = "args.list.all(a, a in args.list)";
    expect(permits(inside, { args: long(50) })).toBe(true);
    expect(permits(inside, { args: long(2_000) })).toBe(false);
    const wide = { list: ["x"], text: "x".repeat(60_000) };
    expect(
      permits("args.list.all(a, args.list.all(b, args.text.contains('y')))", { args: wide }),
    ).toBe(false);
  });

  test("of the worst that is let through stays within the time of a gate", () => {
    // The widest list that two nested macros may still look through, and a body as large as may be.
    const body = Array.from({ length: 12 }, (_, at) => `a + b != ${at}.5`).join(" && ");
    const condition = `args.list.all(a, args.list.all(b, ${body.replaceAll("a + b", "a - b")}))`;
    expect(flawsOf(condition)).toEqual([]);
    let width = 1;
    while (permits(condition, { args: long(width + 1) })) width += 1;
    expect(width).toBeGreaterThan(8);
    const began = performance.now();
    for (let at = 0; at < 20; at += 1) permits(condition, { args: long(width) });
    expect((performance.now() - began) / 20).toBeLessThan(100);
  });
});
