/** What a person is shown before they sign, and what changed since somebody last approved. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffJson, type JsonChange } from "../../shared/approval/index.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { approvedRequestSeq, viewApproval } from "../../shared/mission/index.ts";
import type { JsonValue } from "../../shared/strict-json.ts";
import { approvalNode, evidence, executionNode, iso, person, plan } from "../support/builders.ts";
import { openMission, propose, submitEvidence, vendorSwitch } from "../support/commands.ts";
import { approves, denies, given, type Run } from "../support/scenario.ts";

const ann = person("ann", { groups: ["board"] });
const ben = person("ben", { groups: ["board"] });
const PAY = plan(
  [
    executionNode("pay", {
      risk: 3,
      ownerR: "human",
      evidenceIn: ["quote"],
      approval: { quorum: 2, group: "board" },
    }),
  ],
  { missionInputs: ["quote"] },
);

function shown({ state, events }: Run, nodeId: string) {
  if (!state) throw new Error("the mission is open");
  const seq = approvedRequestSeq(state, nodeId);
  const viewed = viewApproval(state, nodeId, events.find((event) => event.seq === seq) ?? null);
  if (!viewed.ok) throw new Error(viewed.error.reason);
  return viewed.value;
}

const quote = (text: string) => evidence("quote", { claims: [claimOf(text)] });
const claimOf = (value: string) => ({
  id: "price",
  subject: `vendor of ${value}`,
  predicate: "asks",
  value,
  statement: `vendor-b asks ${value}`,
  confidence: 1,
  sources: [
    { identifier: "doi:10.1000/182", kind: "primary" as const, title: "The quote", authors: [] },
  ],
});

describe("the open request of a node", () => {
  const first = quote("10");
  const opened = [
    openMission(PAY, { inputs: [first] }),
    propose(1, "pay", { action: vendorSwitch({ amount: 10, to: { iban: "DE1" }, tags: ["a"] }) }),
  ];

  test("is everything the digest covers, who sits, and what follows from each answer", () => {
    const { run } = given(...opened, approves(2, "pay", ann));
    const view = shown(run, "pay");
    expect(view).toMatchObject({
      nodeId: "pay",
      attempt: 1,
      risk: 3,
      proposer: "agent-a",
      action: { type: "vendor.switch", args: { amount: 10 } },
      evidence: [{ hash: first.hash }],
      seats: [
        { group: "board", person: "ann" },
        { group: "board", person: null },
      ],
      deadlineAt: iso(86_401),
      statement: { nodeId: "pay", gateDigest: view.gateDigest },
    });
    expect(view.shortDigest).toBe(
      [0, 4, 8].map((at) => view.gateDigest.slice(at, at + 4)).join("-"),
    );
    expect(view.outcomes.approve).toContain("a ticket is issued for vendor.switch");
    expect(view.outcomes.silence).toContain(iso(86_401));
  });

  test("shows no changes where nobody has approved before", () => {
    expect(shown(given(...opened).run, "pay").changes).toBeNull();
  });

  test("shows what differs from what somebody approved, in arguments and evidence", () => {
    const second = quote("12");
    const { run } = given(
      ...opened,
      approves(2, "pay", ann),
      submitEvidence(3, "pay", second),
      propose(4, "pay", {
        action: vendorSwitch({ amount: 12, to: { iban: "DE2" }, tags: ["a", "b"] }),
      }),
    );
    const { changes } = shown(run, "pay");
    expect(changes).toMatchObject({
      attempt: 1,
      action: {
        truncated: false,
        changes: [
          { path: "/args/amount", before: 10, after: 12 },
          { path: "/args/tags/1", after: "b" },
          { path: "/args/to/iban", before: "DE1", after: "DE2" },
        ],
      },
      evidence: { added: [second.hash], removed: [first.hash] },
    });
  });

  test("compares with the newest revision that was approved, not with one that was denied", () => {
    const ask = (seconds: number, amount: number) =>
      propose(seconds, "pay", { action: vendorSwitch({ amount }) });
    const { run } = given(
      openMission(PAY, { inputs: [first] }),
      ask(1, 1),
      approves(2, "pay", ann),
      ask(3, 2),
      approves(4, "pay", ben),
      ask(5, 3),
      denies(6, "pay", ann),
      ask(7, 4),
    );
    expect(shown(run, "pay").changes?.action.changes).toEqual([
      { path: "/args/amount", before: 2, after: 4 },
    ]);
  });

  test("is refused where nobody is asked, and at a node that is not there", () => {
    const { state } = given(openMission(PAY, { inputs: [first] })).run;
    expect(state && viewApproval(state, "pay", null)).toMatchObject({
      error: { reason: "approval_not_requested" },
    });
    expect(state && viewApproval(state, "zz", null)).toMatchObject({
      error: { reason: "node_unknown" },
    });
  });

  test("of an approval node says which execution it lets run", () => {
    const compiled = plan([approvalNode("sign", { approves: "run" }), executionNode("run")]);
    const { run } = given(openMission(compiled), propose(1, "sign", { action: vendorSwitch() }));
    expect(shown(run, "sign").outcomes.approve).toContain("run may run vendor.switch");
  });
});

describe("diffJson", () => {
  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

  test("is empty exactly when both are the same JSON value", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b);
        expect(diffJson(a, b).changes.length === 0).toBe(same);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(json, (a) => {
        expect(diffJson(a, structuredClone(a)).changes).toEqual([]);
      }),
    );
  });

  test("told backwards is the same places with the sides exchanged", () => {
    const turned = ({ path, before, after }: JsonChange) => ({
      path,
      ...(after === undefined ? {} : { before: after }),
      ...(before === undefined ? {} : { after: before }),
    });
    fc.assert(
      fc.property(json, json, (a, b) => {
        const there = diffJson(a, b).changes.map(turned);
        const back = diffJson(b, a).changes;
        const byPath = (x: JsonChange, y: JsonChange) => (x.path < y.path ? -1 : 1);
        expect(back.toSorted(byPath)).toEqual(there.toSorted(byPath));
      }),
      { numRuns: 300 },
    );
  });

  test("escapes names as pointers do, and tells apart absent and null", () => {
    expect(diffJson({ "a/b": 1, "c~d": null }, { "a/b": 2 }).changes).toEqual([
      { path: "/a~1b", before: 1, after: 2 },
      { path: "/c~0d", before: null },
    ]);
  });

  test("stops at 200 and says so", () => {
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`k${at}`, at]));
    expect(diffJson({}, many)).toMatchObject({ truncated: true });
    expect(diffJson({}, many).changes).toHaveLength(200);
  });
});
