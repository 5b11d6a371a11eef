/**
 * Compilation of plans: what a sound plan becomes, what is allowed, and how a refusal reads. The
 * violations one by one, and sizes and laws, have files of their own. Source: docs/plan.md.
 */
import { describe, expect, test } from "vitest";
import { compilePlan, type PlanInput, planSchema } from "../../shared/plan/index.ts";
import { PLAN_VIOLATIONS_MAX } from "../../shared/plan/violation.ts";
import {
  approval,
  compile,
  compiled,
  decision,
  execution,
  planOf,
  system,
  wrongs,
} from "../support/plans.ts";

function details(input: PlanInput): readonly string[] {
  const result = compile(input);
  return result.ok ? [] : result.error.violations.map(({ detail }) => detail);
}

describe("a sound plan", () => {
  const sound = planOf(
    [
      decision("propose", { evidenceOut: ["comparison"], writeSet: ["deal#terms"] }),
      approval("approve", {
        approves: "execute",
        evidenceIn: ["comparison"],
        approval: { group: "finance" },
      }),
      execution("execute", { evidenceIn: ["mandate"], writeSet: ["deal#terms"] }),
      system("complete", { phase: "close" }),
    ],
    ["propose approve", "approve execute", "execute complete"],
    { missionInputs: ["mandate"] },
  );

  test("compiles to its order, neighbours, positions and approvers", () => {
    const plan = compiled(sound);
    expect(plan.order).toEqual(["propose", "approve", "execute", "complete"]);
    expect([...plan.indexById]).toEqual([
      ["propose", 0],
      ["approve", 1],
      ["execute", 2],
      ["complete", 3],
    ]);
    expect(plan.successors.get("approve")).toEqual(["execute"]);
    expect(plan.successors.get("complete")).toEqual([]);
    expect(plan.predecessors.get("propose")).toEqual([]);
    expect(plan.predecessors.get("complete")).toEqual(["execute"]);
    expect([...plan.approverOf]).toEqual([["execute", "approve"]]);
    expect(plan.specById.get("execute")?.action).toEqual({ type: "do.it", args: {} });
  });

  test("fills in defaults and keeps phases, nodes and edges in the order given", () => {
    const { plan } = compiled(sound);
    expect(plan.phases).toEqual(["work", "close"]);
    expect(plan.nodes.map((node) => node.id)).toEqual([
      "propose",
      "approve",
      "execute",
      "complete",
    ]);
    expect(plan.edges).toEqual(sound.edges);
    expect(plan.nodes[1]?.approval).toEqual({
      quorum: 1,
      group: "finance",
      deadlineMs: 86_400_000,
    });
    expect(plan.nodes[0]).toMatchObject({ attemptsMax: 3, confidenceMin: 0.5, agents: [] });
  });

  test("has the same hash whatever the order of its keys, and with defaults written out", () => {
    const reversed = JSON.parse(JSON.stringify(sound), (_key, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    ) as PlanInput;
    const { hash, plan } = compiled(sound);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(reversed)[0]).toBe("missionInputs");
    expect(compiled(reversed).hash).toBe(hash);
    expect(compiled(plan).hash).toBe(hash);
    expect(compiled({ ...sound, title: "another plan" }).hash).not.toBe(hash);
  });

  test("orders by the graph and plan position, not by the order of its edges", () => {
    const fan = planOf(
      ["a", "b", "c", "d"].map((id) => decision(id)),
      ["b a", "b d", "c d"],
    );
    expect(compiled(fan).order).toEqual(["b", "c", "a", "d"]);
    expect(compiled({ ...fan, edges: [...fan.edges].reverse() }).order).toEqual([
      "b",
      "c",
      "a",
      "d",
    ]);
  });
});

describe("what is allowed", () => {
  test("a decision of risk 3 by an agent, with approval terms of its own", () => {
    const node = decision("a", {
      risk: 3,
      ownerR: "human",
      approval: { quorum: 2, group: "legal" },
    });
    expect(wrongs(planOf([node]))).toEqual([]);
  });

  test("an approval of low risk and one that approves nothing", () => {
    expect(wrongs(planOf([approval("a", { risk: 0, ownerR: "agent", approval: {} })]))).toEqual([]);
  });

  test("the system completing risk 2, and failing to produce nothing", () => {
    expect(wrongs(planOf([system("a", { risk: 2 })]))).toEqual([]);
  });

  test.each([
    ["tests", decision("z")],
    ["an approval", approval("z")],
    ["an execution", execution("z")],
    ["the system", system("z")],
  ])("a last node accepted by %s", (_name, last) => {
    expect(wrongs(planOf([decision("a", { tests: [] }), last], ["a z"]))).toEqual([]);
  });

  test("evidence from the mission's inputs for any node", () => {
    const plan = planOf([decision("a"), decision("b", { evidenceIn: ["x"] })], ["a b"]);
    expect(wrongs({ ...plan, missionInputs: ["x"] })).toEqual([]);
  });

  test("writers of one slice that run one after the other, near or far", () => {
    const writes = { writeSet: ["d#x"] };
    const plan = planOf(
      [decision("a", writes), decision("b"), decision("c", writes), decision("d", writes)],
      ["a b", "b c", "c d"],
    );
    expect(wrongs(plan)).toEqual([]);
  });

  test("parallel writers of different slices, and a slice named twice by one node", () => {
    const plan = planOf([
      decision("a", { writeSet: ["d#x", "d#x"] }),
      decision("b", { writeSet: ["d#y"] }),
    ]);
    expect(wrongs(plan)).toEqual([]);
  });

  test("names that mean something to an object, which are harmless or refused by the schema", () => {
    for (const id of ["valueof", "hasownproperty", "watch", "then"]) {
      expect(compiled(planOf([decision(id), decision("z")], [`${id} z`])).order).toEqual([id, "z"]);
    }
    for (const id of ["__proto__", "constructor", "prototype", "toString"]) {
      expect(planSchema.safeParse(planOf([decision(id)])).success, id).toBe(false);
      // Even past the schema no map of a compiled plan mistakes such a name for a member of its own.
      const plan = planSchema.parse(planOf([decision("a"), decision("z")], ["a z"]));
      const named = JSON.parse(
        JSON.stringify(plan).replaceAll('"a"', JSON.stringify(id)),
      ) as typeof plan;
      const result = compilePlan(named);
      expect(result.ok && result.value.order, id).toEqual([id, "z"]);
      expect(compilePlan({ ...plan, edges: [{ from: id, to: "z" }] }).ok, id).toBe(false);
    }
  });
});

describe("details", () => {
  test("a cycle names its nodes in order and comes back to the first", () => {
    const nodes = ["d", "a", "b", "c", "e"].map((id) => decision(id));
    expect(details(planOf(nodes, ["d a", "a b", "b c", "c a", "c e"]))).toEqual([
      "a -> b -> c -> a",
    ]);
  });

  test("a long cycle is cut but still names its first and last nodes", () => {
    const ids = Array.from({ length: 100 }, (_, at) => `n${at}`);
    const edges = ids.map((id, at) => `${id} ${ids[(at + 1) % 100]}`);
    const [detail = ""] = details(
      planOf(
        ids.map((id) => decision(id)),
        edges,
      ),
    );
    expect(detail).toMatch(/^n0 -> n1 -> .* -> n30 -> \(68 more\) -> n99 -> n0$/);
  });

  test("a write conflict names both nodes and the slice", () => {
    const plan = planOf(["a", "b"].map((id) => decision(id, { writeSet: ["orders#schema"] })));
    expect(details(plan)).toEqual([
      "a and b may run at the same time and both write orders#schema",
    ]);
  });

  test("all violations come at once, and at most a hundred of them", () => {
    const both = planOf(
      [decision("a", { risk: 3, phase: "play", evidenceIn: ["x"], tests: [] })],
      ["a a"],
    );
    expect(wrongs(both)).toEqual([
      "edge_self_loop /edges/0",
      "phase_unknown /nodes/0/phase",
      "accountable_not_human /nodes/0/ownerR",
      "evidence_unsupplied /nodes/0/evidenceIn/0",
      "leaf_not_accepted /nodes/0",
    ]);
    const many = Array.from({ length: 150 }, (_, at) => decision(`n${at}`, { tests: [] }));
    expect(wrongs(planOf(many))).toHaveLength(PLAN_VIOLATIONS_MAX);
  });

  test("a plan recorded before a rule came keeps its graph; a new one must keep the rule", () => {
    const old = planSchema.parse(planOf([decision("a", { ownerX: "human" })]));
    expect(compilePlan(old, [], "recorded")).toMatchObject({ ok: true, value: { order: ["a"] } });
    expect(compilePlan(old)).toMatchObject({
      ok: false,
      error: {
        violations: [{ code: "decision_not_human", fix: expect.stringContaining("agent") }],
      },
    });
    const unsound = planSchema.parse(planOf([decision("a", { ownerX: "human", risk: 3 })]));
    expect(compilePlan(unsound, [], "recorded")).toMatchObject({
      ok: false,
      error: { violations: [{ code: "accountable_not_human" }] },
    });
  });
});
