/**
 * Compiling an amendment against a running plan: every way to be wrong, with its place, and the law that
 * nothing that exists changes (I5). Source: docs/amendments.md.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { LIMITS } from "../../shared/limits.ts";
import { AMENDMENT_FIXES, compileAmendment } from "../../shared/plan/amendment.ts";
import { amendment } from "../support/amendments.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  type NodeInput,
  plan,
  systemNode,
} from "../support/builders.ts";
import { planGene, planOf } from "../support/random-plan.ts";

const BASE = plan(
  [decisionNode("a", { evidenceOut: ["brief"] }), executionNode("b", { writeSet: ["report#one"] })],
  { phases: ["early", "work"] },
);

type Edges = Parameters<typeof amendment>[1];

function wrongs(nodes: readonly NodeInput[], edges: Edges = []): readonly string[] {
  const compiled = compileAmendment(BASE, amendment(nodes, edges));
  return compiled.ok
    ? []
    : compiled.error.violations.map(({ code, pointer }) => `${code} ${pointer}`);
}

const CASES: readonly (readonly [string, readonly NodeInput[], Edges, readonly string[]])[] = [
  ["a sound one", [decisionNode("c")], [{ from: "a", to: "c" }], []],
  ["one without an edge", [decisionNode("c")], [], []],
  [
    "a node that exists, however alike",
    [decisionNode("a", { evidenceOut: ["brief"] })],
    [],
    ["amendment_node_exists /nodes/0/id"],
  ],
  [
    "the name of an amendment",
    [decisionNode("amendment.7")],
    [],
    ["amendment_node_reserved /nodes/0/id"],
  ],
  [
    "an edge from new into existing",
    [decisionNode("c")],
    [{ from: "c", to: "b" }],
    ["amendment_edge_into_existing /edges/0"],
  ],
  [
    "an edge between existing nodes",
    [decisionNode("c")],
    [{ from: "b", to: "a" }],
    ["amendment_edge_into_existing /edges/0"],
  ],
  [
    "an edge that is there already",
    [decisionNode("c")],
    [{ from: "a", to: "b" }],
    ["amendment_edge_into_existing /edges/0"],
  ],
  [
    "two new nodes of one id",
    [decisionNode("c"), decisionNode("c")],
    [],
    ["node_duplicate /nodes/1/id"],
  ],
  [
    "an edge to nowhere",
    [decisionNode("c")],
    [{ from: "a", to: "x" }],
    ["edge_node_unknown /edges/0/to"],
  ],
  [
    "a cycle among the new",
    [decisionNode("c"), decisionNode("d")],
    [
      { from: "a", to: "c" },
      { from: "c", to: "d" },
      { from: "d", to: "c" },
    ],
    ["cycle /edges/2"],
  ],
  [
    "a phase that is not listed",
    [decisionNode("c", { phase: "late" })],
    [],
    ["phase_unknown /nodes/0/phase"],
  ],
  [
    "a step back to an earlier phase",
    [decisionNode("c", { phase: "early" })],
    [{ from: "a", to: "c" }],
    ["phase_backwards /edges/0"],
  ],
  [
    "evidence that nobody supplies",
    [decisionNode("c", { evidenceIn: ["brief"] })],
    [{ from: "b", to: "c" }],
    ["evidence_unsupplied /nodes/0/evidenceIn/0"],
  ],
  [
    "evidence that its predecessor supplies",
    [decisionNode("c", { evidenceIn: ["brief"] })],
    [{ from: "a", to: "c" }],
    [],
  ],
  [
    "a slice that an existing node may write at the same time",
    [executionNode("c", { writeSet: ["report#one"] })],
    [],
    // The conflict is at the later of the two, which exists: the detail names both.
    ["write_conflict /nodes"],
  ],
  [
    "a slice that an existing node has written before",
    [executionNode("c", { writeSet: ["report#one"] })],
    [{ from: "b", to: "c" }],
    [],
  ],
  [
    "an approval of an existing execution",
    [approvalNode("c", { approves: "b" })],
    [{ from: "c", to: "b" }],
    ["amendment_edge_into_existing /edges/0", "approves_not_direct /nodes/0/approves"],
  ],
  [
    "a leaf that nothing accepts",
    [decisionNode("c", { tests: [] })],
    [],
    ["leaf_not_accepted /nodes/0"],
  ],
  [
    "risk 3 without a person",
    [executionNode("c", { risk: 3 })],
    [],
    ["accountable_not_human /nodes/0/ownerR"],
  ],
  [
    "everything at once",
    [decisionNode("a"), decisionNode("c", { phase: "late", evidenceIn: ["no"] })],
    [{ from: "c", to: "b" }],
    [
      "amendment_node_exists /nodes/0/id",
      "amendment_edge_into_existing /edges/0",
      "phase_unknown /nodes/1/phase",
      "evidence_unsupplied /nodes/1/evidenceIn/0",
    ],
  ],
];

describe("an amendment", () => {
  test.each(CASES)("compiles or says where: %s", (_what, nodes, edges, expected) => {
    expect(wrongs(nodes, edges)).toEqual(expected);
  });

  test("is refused where the whole would be larger than any plan", () => {
    const nodes = Array.from({ length: LIMITS.nodesMax - 2 }, (_none, at) => systemNode(`s${at}`));
    const full = plan(nodes, { edges: [] });
    const compiled = compileAmendment(
      full,
      amendment([systemNode("x"), systemNode("y"), systemNode("z")]),
    );
    expect(compiled.ok ? [] : compiled.error.violations.map(({ code }) => code)).toEqual([
      "amendment_too_large",
    ]);
  });

  test("names a fix for each of its own violations", () => {
    const tried = CASES.flatMap(([, , , expected]) => expected.map((line) => line.split(" ")[0]));
    const own = Object.keys(AMENDMENT_FIXES);
    expect(own.filter((code) => ![...tried, "amendment_too_large"].includes(code))).toEqual([]);
    for (const fix of Object.values(AMENDMENT_FIXES)) expect(fix.length).toBeGreaterThan(10);
  });
});

describe("whatever is amended", () => {
  test("no existing spec, edge or predecessor changes, and the plan stays acyclic (I5)", () => {
    fc.assert(
      fc.property(planGene, planGene, fc.nat({ max: 4095 }), (gene, added, links) => {
        const base = planOf(gene);
        const nodes = planOf(added).plan.nodes.map(({ evidencePolicy: _none, ...node }) => ({
          ...node,
          id: `x${node.id}`,
          writeSet: [],
          evidenceIn: [],
          ...(node.approves === undefined ? {} : { approves: `x${node.approves}` }),
        }));
        const inner = planOf(added).plan.edges.map(({ from, to }) => ({
          from: `x${from}`,
          to: `x${to}`,
        }));
        const outer = base.plan.nodes.flatMap(({ id }, at) =>
          (links >> at) & 1 ? [{ from: id, to: nodes[at % nodes.length]?.id ?? "" }] : [],
        );
        const compiled = compileAmendment(base, amendment(nodes, [...inner, ...outer]));
        if (!compiled.ok) throw new Error(canonicalJson(compiled.error));
        const { plan: amended, order, predecessors, hash } = compiled.value;
        expect(amended.nodes.slice(0, base.plan.nodes.length)).toEqual(base.plan.nodes);
        expect(amended.edges.slice(0, base.plan.edges.length)).toEqual(base.plan.edges);
        for (const id of base.order)
          expect(predecessors.get(id)).toEqual(base.predecessors.get(id));
        expect(order).toHaveLength(base.order.length + nodes.length);
        expect(hash).not.toBe(base.hash);
      }),
      { numRuns: 300 },
    );
  });
});
