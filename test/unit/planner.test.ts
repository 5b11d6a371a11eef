/**
 * The Planner step by step, against plans worked out by hand, and the bounds of a large one.
 * Source: docs/planner.md.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { URL, fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { compilePlan, planSchema } from "../../shared/plan/index.ts";
import {
  type BriefInput,
  briefSchema,
  compileBrief,
  gatesOf,
  hashBrief,
} from "../../shared/planner/index.ts";
import { GATE_TEMPLATES, riskOfFactors } from "../../shared/planner/risk.ts";
import { act, briefOf, edgesOf, judge, parsed, planned } from "../support/briefs.ts";

const EXAMPLES = path.join(import.meta.dirname, "../../examples");
const readExample = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(EXAMPLES, name), "utf8"));

const deliverable = (id: string, type: string, stage: string) => ({ id, title: id, type, stage });

describe("step 1, phases", () => {
  const deliverables = [
    deliverable("report", "text", "judge"),
    deliverable("figures", "data", "judge"),
    deliverable("notice", "text", "act"),
    deliverable("annex", "text", "judge"),
  ];
  const judgements = [
    judge("a", { deliverable: "report" }),
    judge("b", { deliverable: "figures" }),
    judge("c", { deliverable: "notice" }),
    judge("e", { deliverable: "annex" }),
  ];

  test("are one for each stage and type, in the order of the deliverables", () => {
    const { plan } = planned(briefOf(judgements, { deliverables }));
    expect(plan.phases).toEqual(["judge.text", "judge.data", "act"]);
    expect(plan.nodes.map(({ phase }) => phase)).toEqual([
      "judge.text",
      "judge.data",
      "act",
      "judge.text",
    ]);
  });

  test("come in the order of the stages where it is stated, without empty ones", () => {
    const stages = ["prepare", "act", "judge"];
    const { plan } = planned(briefOf(judgements, { deliverables, stages }));
    expect(plan.phases).toEqual(["act", "judge.text", "judge.data"]);
  });
});

describe("step 2, nodes", () => {
  test("have the type of what they do, owners by risk, and only submitted outputs", () => {
    const { plan } = planned(
      briefOf([
        judge("plain", { outputs: ["x"] }),
        judge("risky", { risk: 3, inputs: ["x"], outputs: ["y"] }),
        act("run", { inputs: ["y"], outputs: ["receipt"] }),
        judge("sign", { kind: "approval", inputs: ["receipt"], tests: [], outputs: ["signed"] }),
        judge("end", { ownerX: "system", inputs: ["signed"], tests: [], outputs: ["ended"] }),
      ]),
    );
    expect(
      plan.nodes.map(({ id, kind, ownerR, ownerX, outputs }) => [
        id,
        kind,
        ownerR,
        ownerX,
        outputs.join(),
      ]),
    ).toEqual([
      ["plain", "decision", "agent", "agent", "x"],
      ["risky", "decision", "human", "agent", "y"],
      ["run", "execution", "agent", "agent", ""],
      ["sign", "approval", "human", "human", ""],
      ["end", "decision", "system", "system", ""],
    ]);
  });
});

describe("step 3, edges", () => {
  test("lead from outputs and evidence out to inputs and evidence in, each once", () => {
    const brief = briefOf(
      [
        judge("late", { inputs: ["x", "y"], evidenceIn: ["proof", "given"] }),
        judge("first", { outputs: ["x", "y"], evidenceOut: ["proof"] }),
        judge("second", { inputs: ["given", "proof"], outputs: ["y"] }),
      ],
      { inputs: ["given"] },
    );
    expect(edgesOf(brief)).toEqual(["first late", "second late", "first second"]);
    expect(planned(brief).order).toEqual(["first", "second", "late"]);
  });

  const writes = { writeSet: ["doc#x"] };

  test("separate proposers from the one that merges", () => {
    const { plan, patterns } = planned(
      briefOf([
        judge("a", { outputs: ["x"], ...writes }),
        judge("b", { outputs: ["y"], ...writes }),
        act("merge", { inputs: ["x", "y"], ...writes }),
      ]),
    );
    expect(patterns).toMatchObject([{ pattern: "propose-merge", merger: "merge" }]);
    expect(plan.nodes.map(({ id, writeSet }) => [id, writeSet.length])).toEqual([
      ["a", 0],
      ["b", 0],
      ["merge", 1],
    ]);
  });

  test("leave writers of little risk to leases", () => {
    const { plan, patterns, inserted } = planned(briefOf([act("a", writes), act("b", writes)]));
    expect(patterns).toMatchObject([{ pattern: "lease", writers: ["a", "b"] }]);
    expect(plan.leased).toEqual(["doc#x"]);
    expect([plan.edges, inserted]).toEqual([[], []]);
  });

  test("put a person between writers that nothing else keeps apart", () => {
    const brief = briefOf([
      judge("a", { risk: 4, ...writes }),
      judge("b", { risk: 1, ...writes }),
      judge("c", { risk: 1, ...writes, evidenceOut: ["proof"] }),
    ]);
    const { plan, inserted } = planned(brief);
    expect(plan.nodes.map(({ id }) => id)).toEqual(["a", "a-then-b", "b", "b-then-c", "c"]);
    expect(edgesOf(brief)).toEqual(["a a-then-b", "a-then-b b", "b b-then-c", "b-then-c c"]);
    expect(inserted).toEqual([
      { node: "a-then-b", why: "arbitration", for: ["a", "b"] },
      { node: "b-then-c", why: "arbitration", for: ["b", "c"] },
    ]);
    expect(plan.nodes[1]).toMatchObject({ kind: "approval", risk: 4, approval: { quorum: 2 } });
  });
});

describe("step 4, gates", () => {
  test("an execution of risk 3 gets an approval node that approves it on the same evidence", () => {
    const brief = briefOf([
      judge("check", { outputs: ["ready"], evidenceOut: ["proof"] }),
      act("run", {
        risk: 3,
        inputs: ["ready"],
        evidenceIn: ["proof"],
        agents: ["agent.one"],
        skill: "running",
        zone: "east",
      }),
    ]);
    const { plan, inserted } = planned(brief);
    expect(inserted).toEqual([{ node: "approve-run", why: "approval", for: ["run"] }]);
    expect(edgesOf(brief)).toEqual(["check approve-run", "check run", "approve-run run"]);
    expect(plan.nodes[1]).toEqual({
      id: "approve-run",
      kind: "approval",
      phase: "work",
      title: "Approve: Do run",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
      zone: "east",
      agents: ["agent.one"],
      skill: "running",
      inputs: ["ready"],
      outputs: [],
      evidenceIn: ["proof"],
      evidenceOut: [],
      confidenceMin: 0.8,
      approves: "run",
      approval: { quorum: 1, deadlineMs: 86_400_000 },
      writeSet: [],
      tests: [],
      attemptsMax: 3,
    });
    expect(plan.nodes[2]).toMatchObject({ ownerR: "human", confidenceMin: 0.8 });
  });

  test("an approval of the brief's own is not doubled", () => {
    const { inserted } = planned(
      briefOf([
        judge("sign", { risk: 4, approves: "run", tests: [], outputs: ["mandate"] }),
        act("run", { risk: 4, inputs: ["mandate"] }),
      ]),
    );
    expect(inserted).toEqual([]);
  });

  test("an inserted node takes no name that is taken", () => {
    const brief = briefOf([judge("approve-run"), act("run", { risk: 3 })]);
    expect(planned(brief).inserted[0]?.node).toBe("approve-run.2");
    const long = "r".repeat(64);
    const name = planned(briefOf([act(long, { risk: 3 })])).inserted[0]?.node ?? "";
    expect(name).toMatch(/^approve-r{35}\.[0-9a-f]{16}$/);
  });

  test.each([
    [{ risk: 0, uncertainty: 0, impact: 0, audit: 0, reversibility: 1 }, 0],
    // 0.35 * 0.2 + 0.25 * 0.2 = 0.12
    [{ risk: 0.2, uncertainty: 0.2, impact: 0, audit: 0, reversibility: 0 }, 1],
    // 0.25 * 0.8 = 0.2, the floor of risk 2 itself
    [{ risk: 0, uncertainty: 0, impact: 0.8, audit: 0, reversibility: 0 }, 2],
    // 0.35 + 0.25 = 0.6, the floor of risk 3 itself
    [{ risk: 1, uncertainty: 1, impact: 0, audit: 0, reversibility: 0 }, 3],
    // 0.35 + 0.25 + 0.25 + 0.20 = 1.05, clamped to 1
    [{ risk: 1, uncertainty: 1, impact: 1, audit: 1, reversibility: 0 }, 4],
    // 1.05 - 0.20 = 0.85
    [{ risk: 1, uncertainty: 1, impact: 1, audit: 1, reversibility: 1 }, 3],
  ])("factors %o amount to risk %i", (factors, risk) => {
    expect(riskOfFactors(factors)).toBe(risk);
    const { risk: _stated, ...rest } = judge("a", { factors });
    const { plan } = planned(briefOf([rest]));
    expect(plan.nodes[0]).toMatchObject({ risk, allocation: { factors } });
  });

  test("every risk asks for at least what the one below it asks for", () => {
    for (const [risk, template] of GATE_TEMPLATES.entries()) {
      const below = GATE_TEMPLATES[risk - 1] ?? template;
      for (const member of ["confidenceMin", "quorum", "testsMin"] as const)
        expect(template[member]).toBeGreaterThanOrEqual(below[member]);
    }
  });

  test("are shown as what lets a node in and out", () => {
    const { plan } = planned(briefOf([act("run", { risk: 3, writeSet: ["doc#x"] })]));
    expect(gatesOf(plan)).toEqual([
      {
        node: "approve-run",
        risk: 3,
        entry: { evidence: [], confidenceMin: 0.5, quorum: 1, approvedAt: null, slices: [] },
        exit: { accepts: "signature", outputs: [], evidence: [], tests: [] },
      },
      {
        node: "run",
        risk: 3,
        entry: {
          evidence: [],
          confidenceMin: 0.5,
          quorum: 1,
          approvedAt: "approve-run",
          slices: ["doc#x"],
        },
        exit: { accepts: "receipt", outputs: [], evidence: [], tests: [] },
      },
    ]);
  });
});

describe("the same brief", () => {
  test("gives the same bytes whatever the order of its keys", () => {
    const brief = parsed(readExample("vendor-switch.brief.json") as BriefInput);
    const turned = parsed(reversed(brief) as BriefInput);
    expect(JSON.stringify(turned)).not.toBe(JSON.stringify(reversed(turned)));
    const [first, second] = [compileBrief(brief), compileBrief(turned)];
    expect(canonicalJson(first)).toBe(canonicalJson(second));
    expect(hashBrief(brief)).toBe(hashBrief(turned));
  });

  test("makes a plan that planSchema reads as it is and compilePlan gives the same hash", () => {
    const { plan, planHash } = planned(readExample("vendor-switch.brief.json") as BriefInput);
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    const compiled = compilePlan(plan);
    expect(compiled.ok && compiled.value.hash).toBe(planHash);
  });

  test("of the vendor switch makes the plan of the vendor switch", () => {
    const { plan, inserted } = planned(
      briefSchema.parse(readExample("vendor-switch.brief.json")) as BriefInput,
    );
    const { mission } = readExample("vendor-switch.mission.json") as { mission: { plan: unknown } };
    const expected = planSchema.parse(mission.plan);
    const withoutInputs = plan.nodes.map((node) => ({ ...node, inputs: [] }));
    expect({ ...plan, nodes: withoutInputs }).toEqual(expected);
    expect(inserted).toEqual([]);
  });
});

test("100,000 nodes compile in a heap of 100 MB", () => {
  const script = fileURLToPath(new URL("../support/large-brief.ts", import.meta.url));
  const run = spawnSync(process.execPath, ["--max-old-space-size=100", script, "80000"], {
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(JSON.parse(run.stdout)).toEqual({ nodes: 100_000, edges: 179_993 });
}, 60_000);

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
