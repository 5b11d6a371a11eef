/** `sekisho trace replay`, offline: a seq or a moment, and nothing else, says where to stop. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { traceReplay } from "../../scripts/cli/trace.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { replayTrace } from "../../shared/mission/index.ts";
import { decisionNode, iso, plan } from "../support/builders.ts";
import { openMission, propose, submitResult } from "../support/commands.ts";
import { given } from "../support/scenario.ts";

const { events } = given(
  openMission(plan([decisionNode("a")])),
  propose(5, "a"),
  submitResult(9, "a"),
);
let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-replay-"));
  file = path.join(folder, "trace.ndjson");
  writeFileSync(file, events.map((event) => `${canonicalJson(event)}\n`).join(""));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function replayed(at: string) {
  return traceReplay.run({ args: [file, "--at", at], env: {}, json: true, jsonAsked: true });
}

function hashAt(at: number): string {
  const state = replayTrace(JSON.parse(JSON.stringify(events)) as unknown[], at);
  if (!state.ok) throw new Error(state.error.reason);
  return state.value.stateHash;
}

describe("sekisho trace replay", () => {
  const last = events.findLastIndex((event) => event.at <= iso(7));

  test.each([
    ["a seq", "1", 1],
    ["the moment of an event", iso(5), last],
    ["a moment between two events", iso(7), last],
    ["a moment after the last", iso(99), events.length - 1],
  ])("gives the state at %s", async (_what, at, seq) => {
    expect(JSON.stringify(await replayed(at))).toContain(`"${hashAt(seq)}"`);
  });

  test.each(["-1", "1.5", "1e0", "", "yesterday", "2026-01-01", "2026-01-01T00:00:00Z"])(
    "refuses a point that is neither: %j",
    async (at) => {
      expect(await replayed(at)).toMatchObject({ ok: false, error: { exit: 2 } });
    },
  );

  test.each([String(events.length), iso(-1)])("has nothing at %s", async (at) => {
    expect(await replayed(at)).toMatchObject({
      ok: false,
      error: { exit: 1, facts: { reason: "replay_point_unknown" } },
    });
  });
});
