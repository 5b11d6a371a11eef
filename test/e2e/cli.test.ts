/**
 * The command line against a running local instance: what it prints, how it exits, and an approval signed
 * with a key that never left the approver's folder.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type LocalKeys, mintToken, openKeys } from "../../scripts/local/keys.ts";
import {
  type CliRun,
  type Instance,
  killInstance,
  runCli,
  setUpTeam,
  startInstance,
  stateDirOf,
  stopInstance,
} from "../support/local-instance.ts";

const TEAM = "cli";
const APPROVER = "mina.board";
const POLICY = {
  name: "cli",
  rules: [{ id: "people-decide", effect: "permit", kinds: ["approval"] }],
};
const PLAN = {
  title: "One question for the board",
  phases: ["ask"],
  nodes: [
    {
      id: "ask",
      kind: "approval",
      phase: "ask",
      title: "May we?",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
      approval: { quorum: 1, group: "board" },
    },
  ],
};

let folder: string;
let instance: Instance;
let keys: LocalKeys;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-cli-"));
  instance = await startInstance(folder, 0, {});
  keys = openKeys(stateDirOf(folder));
  const setup = { agent: "agent.cli", approver: APPROVER, policy: POLICY };
  const key = await setUpTeam(instance.url, keys, TEAM, setup);
  writeFileSync(path.join(folder, "mina.jwk"), JSON.stringify(key));
  writeFileSync(path.join(folder, "plan.json"), JSON.stringify({ plan: PLAN }));
});

afterAll(async () => {
  await stopInstance(instance);
  killInstance(instance);
  rmSync(folder, { recursive: true, force: true });
});

async function as(
  sub: string,
  role: "approver" | "operator" | "auditor",
  ...args: readonly string[]
): Promise<CliRun> {
  const token = await mintToken(keys, { team: TEAM, sub, roles: [role] });
  return runCli(folder, args, { SEKISHO_URL: instance.url, SEKISHO_TOKEN: token });
}

function asNobody(...args: readonly string[]): Promise<CliRun> {
  return runCli(folder, args, { SEKISHO_URL: instance.url });
}

function jsonOf(run: CliRun): Readonly<Record<string, unknown>> {
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(run.stdout) as Record<string, unknown>;
}

async function openMission(): Promise<string> {
  return String(
    jsonOf(await as("olivia", "operator", "mission", "open", "plan.json"))["missionId"],
  );
}

describe("the command line", () => {
  test("a minted token is printed bare, and the API takes it", async () => {
    const who = ["--team", TEAM, "--sub", "olivia", "--roles", "operator"];
    const minted = await asNobody("token", ...who, "--state", stateDirOf(folder));
    expect(minted.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const env = { SEKISHO_URL: instance.url, SEKISHO_TOKEN: minted.stdout.trim() };
    expect((await runCli(folder, ["mission", "list"], env)).code).toBe(0);
  });

  test("no token is minted for an instance that runs on other keys", async () => {
    const other = path.join(folder, "other");
    openKeys(other);
    const who = ["--team", TEAM, "--sub", "olivia", "--roles", "operator"];
    const refused = await asNobody("token", ...who, "--state", other);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: "" });
  });

  test("an approval is shown, signed with the local key, and completes the mission", async () => {
    const mission = await openMission();
    const sign = ["approve", mission, "ask", "--key", "mina.jwk", "--reason", "we may"];
    const shown = await as(APPROVER, "approver", ...sign, "--dry-run");
    expect(jsonOf(shown)["statement"]).toMatchObject({ nodeId: "ask", decision: "approve" });
    const signed = jsonOf(await as(APPROVER, "approver", ...sign));
    expect(signed["answer"]).toMatchObject({ nodeState: "DONE", decision: "approve" });
    const view = jsonOf(await as("olivia", "operator", "mission", "show", mission));
    expect(view["state"]).toBe("completed");
  });

  test("what was decided is measured, of one person and of everybody", async () => {
    const mission = await openMission();
    const sign = ["approve", mission, "ask", "--key", "mina.jwk", "--reason", "we may"];
    jsonOf(await as(APPROVER, "approver", ...sign));
    const ask = (...args: readonly string[]) => as("amir", "auditor", "approvers", ...args);
    // The index follows the mission through a queue.
    await vi.waitFor(
      async () => expect(jsonOf(await ask("attention", APPROVER))["decisions"]).toBeGreaterThan(0),
      { timeout: 20_000, interval: 500 },
    );
    const person = jsonOf(await ask("attention", APPROVER));
    expect(person).toMatchObject({ approver: APPROVER, denials: 0, approvedShare: 1 });
    expect(jsonOf(await ask("attention"))["items"]).toMatchObject([{ approver: APPROVER }]);
  });

  test("an operator pauses, resumes, resets, bans and stops", async () => {
    const mission = await openMission();
    const hand = (kind: string, ...args: readonly string[]) =>
      as("olivia", "operator", "mission", kind, mission, ...args, "--reason", "tried");
    const states = [
      jsonOf(await hand("pause")),
      jsonOf(await hand("resume")),
      jsonOf(await hand("ban", "--agent", "agent.cli")),
      jsonOf(await hand("stop")),
    ].map(({ state }) => state);
    expect(states).toEqual(["paused", "active", "active", "stopped"]);
    const refused = await hand("reset", "--node", "ask");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("state does not allow this");
  });

  test("a reset says which nodes start over", async () => {
    const mission = await openMission();
    const reset = ["mission", "reset", mission, "--node", "ask", "--reason", "asked wrongly"];
    expect(jsonOf(await as("olivia", "operator", ...reset))).toMatchObject({
      state: "active",
      reset: ["ask"],
    });
  });

  test("a signature with a key that is not the approver's is refused", async () => {
    const mission = await openMission();
    const made = await asNobody("key", "new", "stranger.jwk");
    expect(made.code).toBe(0);
    expect(made.stdout).not.toContain('"d"');
    expect(statSync(path.join(folder, "stranger.jwk")).mode & 0o777).toBe(0o600);
    const sign = ["approve", mission, "ask", "--key", "stranger.jwk", "--reason", "we may"];
    const refused = await as(APPROVER, "approver", ...sign);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("next: ");
  });

  test("an exported trace verifies and replays offline, and a changed one is falsified", async () => {
    const mission = await openMission();
    const exported = await as("amir", "auditor", "trace", "export", mission);
    const nowhere = { SEKISHO_URL: "http://127.0.0.1:9" };
    const verified = await runCli(folder, ["trace", "verify", "-"], nowhere, exported.stdout);
    const { head } = jsonOf(verified) as { head: { seq: number } };
    const replay = ["trace", "replay", "-", "--at", `${head.seq}`];
    const replayed = jsonOf(await runCli(folder, replay, nowhere, exported.stdout));
    expect(replayed["stateHash"]).toMatch(/^[0-9a-f]{64}$/);
    const bent = exported.stdout.replace("May we?", "May  we");
    const falsified = await runCli(folder, ["trace", "verify", "-"], nowhere, bent);
    expect(falsified.code).toBe(1);
    expect(falsified.stderr).toContain("falsified at seq 0: hash_mismatch");
  });

  test.each([
    { why: "an unknown command", args: ["nonsense"], code: 2 },
    { why: "an unknown option", args: ["mission", "list", "--nonsense"], code: 2 },
    { why: "a missing argument", args: ["mission", "show"], code: 2 },
    { why: "no reason", args: ["mission", "pause", "msn_1"], code: 2 },
    { why: "nobody to ban", args: ["mission", "ban", "msn_1", "--reason", "x"], code: 2 },
    { why: "a node to pause", args: ["mission", "pause", "msn_1", "--node", "a"], code: 2 },
    { why: "a file that is not there", args: ["trace", "verify", "no-such-file"], code: 2 },
    { why: "no token", args: ["mission", "list"], code: 1 },
  ])("$why exits $code, and says what to run next", async ({ args, code }) => {
    const run = await asNobody(...args);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: "" });
    expect(run.stderr).toContain("next: ");
  });

  test("an instance that cannot be reached exits 3", async () => {
    const run = await runCli(folder, ["mission", "list"], { SEKISHO_URL: "http://127.0.0.1:9" });
    expect(run.code).toBe(3);
  });
});
