/**
 * Every violation of a brief at its place, and those of its plan at the line of the brief they come from.
 * Source: docs/planner.md, "Violations".
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { BRIEF_FIXES, type BriefInput, compileBrief } from "../../shared/planner/index.ts";
import { act, briefOf, flaws, judge, parsed } from "../support/briefs.ts";

const deliverable = (id: string, type: string, stage: string) => ({ id, title: id, type, stage });

describe("each violation of a brief", () => {
  const pass = { ownerX: "system" as const, tests: [] };
  const two = [deliverable("d", "thing", "work"), deliverable("e", "thing", "rest")];
  const cases: readonly (readonly [string, BriefInput, readonly string[]])[] = [
    [
      "a stage twice",
      briefOf([judge("a")], { stages: ["work", "work"] }),
      ["stage_duplicate /stages/1"],
    ],
    [
      "a stage that is not listed",
      briefOf([judge("a")], { stages: ["rest"] }),
      ["stage_unknown /deliverables/0/stage"],
    ],
    [
      "a deliverable twice",
      briefOf([judge("a")], { deliverables: [two[0], two[0]].flatMap((one) => one ?? []) }),
      ["deliverable_duplicate /deliverables/1/id"],
    ],
    [
      "a deliverable nobody named",
      briefOf([judge("a"), judge("b", { deliverable: "x" })]),
      ["deliverable_unknown /judgements/1/deliverable"],
    ],
    [
      "a deliverable nobody works on",
      briefOf([judge("a")], { deliverables: two }),
      ["deliverable_empty /deliverables/1"],
    ],
    [
      "too many phases",
      briefOf(
        Array.from({ length: 65 }, (_, at) => judge(`n${at}`, { deliverable: `d${at}` })),
        {
          deliverables: Array.from({ length: 65 }, (_, at) =>
            deliverable(`d${at}`, `t${at}`, "work"),
          ),
        },
      ),
      ["phases_too_many /deliverables"],
    ],
    [
      "an input nobody gives",
      briefOf([judge("a", { inputs: ["x"] })]),
      ["input_unsupplied /judgements/0/inputs/0"],
    ],
    [
      "an input of its own",
      briefOf([judge("a", { inputs: ["x"], outputs: ["x"] })]),
      ["input_self /judgements/0/inputs/0"],
    ],
    [
      "too many pairs",
      briefOf([
        ...Array.from({ length: 708 }, (_, at) => judge(`p${at}`, { outputs: ["x"] })),
        ...Array.from({ length: 708 }, (_, at) => judge(`c${at}`, { inputs: ["x"] })),
      ]),
      ["edges_too_many /judgements"],
    ],
    [
      "no risk",
      briefOf([{ id: "a", deliverable: "d", title: "a" }]),
      ["risk_missing /judgements/0", "leaf_not_accepted /judgements/0"],
    ],
    [
      "less risk than its factors",
      briefOf([
        judge("a", { factors: { risk: 1, uncertainty: 1, impact: 0, audit: 0, reversibility: 0 } }),
      ]),
      ["risk_understated /judgements/0/risk"],
    ],
    [
      "risk 2 without tests",
      briefOf([judge("a", { risk: 2, tests: [], outputs: ["x"] }), judge("b", { inputs: ["x"] })]),
      ["exit_test_missing /judgements/0/tests"],
    ],
    [
      "a way without an exit gate",
      briefOf([
        judge("a", { tests: [], outputs: ["x"] }),
        judge("b", { outputs: ["y"] }),
        judge("end", { inputs: ["x", "y"], ...pass }),
      ]),
      ["path_without_exit_gate /judgements/2"],
    ],
  ];

  test.each(cases)("%s is refused at its place", (_name, brief, expected) => {
    expect(flaws(brief)).toEqual(expected);
  });

  test("has a case here", () => {
    const tried = new Set(cases.flatMap(([, , list]) => list.map((line) => line.split(" ")[0])));
    tried.delete("leaf_not_accepted");
    expect(tried).toEqual(new Set(Object.keys(BRIEF_FIXES)));
  });

  test("is explained with its fix in docs/planner.md", () => {
    const page = readFileSync(path.join(import.meta.dirname, "../../docs/planner.md"), "utf8");
    for (const [code, fix] of Object.entries(BRIEF_FIXES)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${code}\` |`));
      expect(row, code).toContain(`| ${fix} |`);
    }
  });

  test("names one such way, and each violation of the plan stands where the brief says it", () => {
    const way = compileBrief(
      parsed(
        briefOf([
          judge("a", { tests: [], outputs: ["x"] }),
          judge("end", { inputs: ["x"], ...pass }),
        ]),
      ),
    );
    expect(way.ok ? [] : way.error.violations.map(({ detail }) => detail)).toEqual([
      "nothing judges the work on a -> end",
    ]);
    expect(
      flaws(
        briefOf(
          [
            judge("a", { outputs: ["x"], deliverable: "e" }),
            judge("b", { inputs: ["x"], outputs: ["y"] }),
            judge("c", { inputs: ["y"], ownerR: "agent", risk: 3 }),
            act("run", { risk: 3, evidenceIn: ["proof"] }),
            judge("bare", { tests: [] }),
          ],
          { deliverables: two },
        ),
      ),
    ).toEqual([
      "phase_backwards /judgements/1/inputs",
      "accountable_not_human /judgements/2/ownerR",
      "evidence_unsupplied /judgements/3/evidenceIn/0",
      "leaf_not_accepted /judgements/4",
    ]);
  });

  test("of a name given twice is said once, and nothing of edges that nobody meant", () => {
    expect(
      flaws(
        briefOf([
          judge("a", { inputs: ["y"], outputs: ["x"] }),
          judge("b", { inputs: ["x"] }),
          judge("b", { outputs: ["y"] }),
        ]),
      ),
    ).toEqual(["node_duplicate /judgements/2/id"]);
  });

  test("of a circle says which inputs close it", () => {
    const circle = briefOf([
      judge("a", { inputs: ["y"], outputs: ["x"] }),
      judge("b", { inputs: ["x"], outputs: ["y"] }),
    ]);
    const result = compileBrief(parsed(circle));
    expect(result.ok ? [] : result.error.violations).toEqual([
      {
        code: "cycle",
        pointer: "/judgements/0/inputs",
        detail: "a -> b -> a",
        fix: "remove one of the inputs that close the circle",
      },
    ]);
  });
});
