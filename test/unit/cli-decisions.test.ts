/** `sekisho decisions evaluate`, offline: what it answers and how it exits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decisionsEvaluate } from "../../scripts/cli/decisions.ts";

const EXAMPLE = path.join(import.meta.dirname, "../../examples/vendor-switch.universes.json");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-decisions-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: readonly string[]) {
  return decisionsEvaluate.run({ args, env: {}, json: true, jsonAsked: true });
}

function fileOf(text: string): string {
  const file = path.join(folder, "question.json");
  writeFileSync(file, text);
  return file;
}

describe("sekisho decisions evaluate", () => {
  test("a blocked decision exits 1 with the whole evaluation and what would clear it", async () => {
    const outcome = await run(EXAMPLE);
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        exit: 1,
        next: "see recommendations: SPLIT_SCOPE, RUN_SANDBOX, GATHER_MORE_EVIDENCE",
        facts: { decision: "block", topUniverse: "regulatory" },
      },
    });
    expect(JSON.stringify(outcome)).toContain("- regulatory risk 0.78 must fall to 0.50");
  });

  test("an allowed one exits 0", async () => {
    const universes = [{ id: "a", risk: 0.1, budget: 0.5, evidence: 1, uncertainty: 0 }];
    expect(await run(fileOf(JSON.stringify({ universes })))).toMatchObject({
      ok: true,
      value: { kind: "answer", json: { decision: "allow", topUniverse: "a" } },
    });
  });

  test.each([
    ["a file that is not there", "/nowhere/question.json"],
    ["what is not JSON", "{"],
    ["a key twice", '{"universes":[],"universes":[]}'],
    ["a member too many", '{"universes":[{"id":"a","budget":1,"mean":0}]}'],
  ])("%s exits 2", async (_what, text) => {
    const outcome = await run(text.startsWith("/") ? text : fileOf(text));
    expect(outcome).toMatchObject({ ok: false, error: { exit: 2 } });
  });

  test("names the place of each flaw", async () => {
    const outcome = await run(fileOf('{"universes":[{"id":"a","budget":2}]}'));
    expect(JSON.stringify(outcome)).toContain("/universes/0/budget");
  });
});
