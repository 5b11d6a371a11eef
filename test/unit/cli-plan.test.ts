/**
 * `sekisho plan compile` without a server: the table for people, the plan for machines, and every
 * violation with exit code 1. Source: docs/cli.md.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planCompile } from "../../scripts/cli/plan.ts";
import { compilePlan, planSchema } from "../../shared/plan/index.ts";
import { type BriefInput } from "../../shared/planner/index.ts";
import { act, briefOf, judge, planned } from "../support/briefs.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const EXAMPLE = path.join(ROOT, "examples/vendor-switch.brief.json");
const BRIEF = briefOf([
  judge("check", { outputs: ["ready"], writeSet: ["doc#x"] }),
  act("run", { risk: 3, inputs: ["ready"] }),
  act("other", { risk: 1, writeSet: ["doc#x"] }),
]);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-plan-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, value: unknown): string {
  const place = path.join(folder, name);
  writeFileSync(place, JSON.stringify(value));
  return place;
}

async function compile(...args: readonly string[]) {
  return planCompile.run({ args, env: {}, json: true, jsonAsked: true });
}

async function shown(...args: readonly string[]) {
  const outcome = await compile(...args);
  if (!outcome.ok || outcome.value.kind !== "answer") throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

describe("plan compile", () => {
  test("answers a machine with a plan that compiles under the hash it names", async () => {
    const { json } = await shown(file("brief.json", BRIEF));
    const { plan, planHash } = json as { plan: unknown; planHash: string };
    const compiled = compilePlan(planSchema.parse(JSON.parse(JSON.stringify(plan))));
    expect(compiled.ok && compiled.value.hash).toBe(planHash);
  });

  test("shows people phases, nodes with their gates, edges, patterns and what was put in", async () => {
    const { text } = await shown(file("brief.json", BRIEF));
    const { planHash, briefHash } = planned(BRIEF);
    expect(text.split("\n")).toEqual([
      `plan   a brief (${planHash.slice(0, 12)})`,
      `brief  ${briefHash.slice(0, 12)}`,
      "size   4 nodes, 3 edges",
      "",
      "PHASE  NODES",
      "work   4",
      "",
      "NODE         PHASE  KIND       RISK  DOES   ENTRY GATE                         EXIT GATE",
      "check        work   decision   1     agent  doc#x                              tests ok ready",
      "approve-run  work   approval   3     human  1 person                           signature",
      "run          work   execution  3     agent  1 person, approved at approve-run  receipt",
      "other        work   execution  1     agent  doc#x                              receipt",
      "",
      "EDGE FROM    TO",
      "check        approve-run",
      "check        run",
      "approve-run  run",
      "",
      "SLICE  PATTERN  WHY",
      "doc#x  lease    writers run at the same time without one that merges; all are of risk 2 or less and of one zone",
      "",
      "INSERTED     AS        FOR",
      "approve-run  approval  run",
    ]);
  });

  test("looks at a plan, a mission and its own answer alike", async () => {
    const first = await shown(EXAMPLE);
    const again = file("answer.json", first.json);
    const mission = path.join(ROOT, "examples/vendor-switch.mission.json");
    for (const name of [again, mission]) {
      const { json } = await shown(name);
      expect((json as { order: unknown }).order).toEqual((first.json as { order: unknown }).order);
    }
  });

  test("exits 1 with every violation, of the shape as well as of the sense", async () => {
    const wrong: BriefInput = briefOf([
      judge("a", { inputs: ["q"] }),
      judge("b", { risk: 2, tests: [] }),
    ]);
    const outcome = await compile(file("wrong.json", wrong));
    expect(outcome).toMatchObject({ ok: false, error: { exit: 1 } });
    const facts = outcome.ok
      ? []
      : (outcome.error.facts as readonly { code: string; pointer: string }[]);
    expect(facts.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      "input_unsupplied /judgements/0/inputs/0",
      "exit_test_missing /judgements/1/tests",
      "leaf_not_accepted /judgements/1",
    ]);
    const shapeless = await compile(file("shapeless.json", { title: "x" }));
    expect(shapeless).toMatchObject({ ok: false, error: { exit: 1 } });
  });

  test("says what a brief would add to a plan, and exits 1 when it would change it", async () => {
    const plan = file("plan.json", planned(BRIEF).plan);
    const more = {
      ...BRIEF,
      judgements: [...BRIEF.judgements, judge("more", { inputs: ["ready"] })],
    };
    const { json, text } = await shown(file("more.json", more), "--against", plan);
    expect(json).toMatchObject({ added: ["more"], refusals: [] });
    expect(text).toContain("check -> more");
    const less = await compile(file("less.json", briefOf([judge("check")])), "--against", plan);
    expect(less).toMatchObject({ ok: false, error: { exit: 1 } });
  });

  test("exits 2 on a file that is not there", async () => {
    expect(await compile(path.join(folder, "none.json"))).toMatchObject({
      ok: false,
      error: { exit: 2 },
    });
  });

  test("is a command of the command line", () => {
    const args = [path.join(ROOT, "scripts/sekisho.ts"), "plan", "compile", EXAMPLE, "--json"];
    const run = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([run.status, run.stderr]).toEqual([0, ""]);
    expect(JSON.parse(run.stdout)).toMatchObject({ order: { length: 6 } });
  });
});
