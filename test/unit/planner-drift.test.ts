/**
 * The scope-drift guard: what an altered brief may add to a plan, and each way in which it may not touch
 * what exists. Source: docs/planner.md, "Scope drift".
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { amendmentSchema, compileAmendment, compilePlan } from "../../shared/plan/index.ts";
import { type BriefInput, DRIFT_FIXES, diffBrief, hashBrief } from "../../shared/planner/index.ts";
import { act, briefOf, judge, parsed, planned } from "../support/briefs.ts";

const FIRST = judge("first", { outputs: ["x"] });
const SECOND = judge("second", { inputs: ["x"], outputs: ["y"] });
const BASE = briefOf([FIRST, SECOND]);

function drift(altered: BriefInput) {
  const result = diffBrief(planned(BASE).plan, parsed(altered));
  if (!result.ok) throw new Error(JSON.stringify(result.error.violations));
  return result.value;
}

describe("an altered brief", () => {
  test("that is the same changes nothing", () => {
    expect(drift(BASE)).toEqual({
      planHash: planned(BASE).planHash,
      briefHash: hashBrief(parsed(BASE)),
      added: [],
      changed: [],
      removed: [],
      amendment: null,
      refusals: [],
    });
  });

  test("with more to do is an amendment that the plan takes, its approval included", () => {
    const altered = briefOf([FIRST, SECOND, act("third", { risk: 3, inputs: ["y"] })]);
    const { added, amendment, refusals } = drift(altered);
    expect(added).toEqual(["approve-third", "third"]);
    expect(refusals).toEqual([]);
    expect(amendment?.edges).toEqual([
      { from: "second", to: "approve-third" },
      { from: "second", to: "third" },
      { from: "approve-third", to: "third" },
    ]);
    const base = compilePlan(planned(BASE).plan);
    if (!base.ok || amendment === null) throw new Error("nothing to amend");
    const asked = amendmentSchema.parse({ title: "more", reason: "asked for", ...amendment });
    expect(compileAmendment(base.value, asked).ok).toBe(true);
  });

  const cases: readonly (readonly [string, BriefInput, readonly string[]])[] = [
    ["with another title", briefOf([FIRST, SECOND], { title: "other" }), ["frame_changed /title"]],
    ["with another input", briefOf([FIRST, SECOND], { inputs: ["z"] }), ["frame_changed /inputs"]],
    [
      "with a judgement that says otherwise",
      briefOf([judge("first", { outputs: ["x"], risk: 2 }), SECOND]),
      ["spec_changed /judgements/0"],
    ],
    ["with a judgement less", briefOf([FIRST]), ["node_removed ", "edge_changed "]],
    [
      "with more asked of what exists",
      briefOf([
        judge("first", { outputs: ["x"], evidenceOut: ["p"] }),
        judge("second", { inputs: ["x"], outputs: ["y"] }),
        judge("third", { evidenceIn: ["p"], outputs: ["y2"] }),
      ]),
      ["spec_changed /judgements/0"],
    ],
    [
      "with new work that leads into what exists",
      briefOf([FIRST, SECOND, judge("third", { outputs: ["x"] })]),
      ["edge_into_existing /judgements/1"],
    ],
  ];

  test.each(cases)(
    "%s is refused at its place, and nothing is added",
    (_name, altered, expected) => {
      const { refusals, amendment } = drift(altered);
      expect(refusals.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(expected);
      expect(amendment).toBeNull();
    },
  );

  test("names the members that would change", () => {
    const altered = briefOf([judge("first", { outputs: ["x"], risk: 2, title: "other" }), SECOND]);
    expect(drift(altered).changed).toEqual([{ node: "first", members: ["risk", "title"] }]);
  });

  test("that makes no plan says why", () => {
    const result = diffBrief(planned(BASE).plan, parsed(briefOf([judge("a", { inputs: ["q"] })])));
    expect(result).toMatchObject({ ok: false, error: { reason: "brief_invalid" } });
  });

  test("is refused with fixes that docs/planner.md lists", () => {
    const page = readFileSync(path.join(import.meta.dirname, "../../docs/planner.md"), "utf8");
    for (const [code, fix] of Object.entries(DRIFT_FIXES)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${code}\` |`));
      expect(row, code).toContain(`| ${fix} |`);
    }
  });
});
