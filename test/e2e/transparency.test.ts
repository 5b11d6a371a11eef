/**
 * Transparency from outside: a running instance's checkpoint and trace, checked by the command line without
 * it; a forged tail that the chain cannot tell; a witness that cosigns growth and nothing else; and an older
 * state folder that gets its checkpoint key.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalKeys, createKeyPair, mintToken, openKeys } from "../../scripts/local/keys.ts";
import { formatVkey, noteKey, signCheckpoint } from "../../shared/log/index.ts";
import { hashEvent, type TraceEvent, encodeTrace } from "../../shared/trace/index.ts";
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

const TEAM = "glass";
const POLICY = { name: "glass", rules: [{ id: "people", effect: "permit", kinds: ["approval"] }] };
const PLAN = {
  title: "One question",
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
const NOWHERE = { SEKISHO_URL: "http://127.0.0.1:9" };

let folder: string;
let instance: Instance;
let keys: LocalKeys;
let mission: string;
let vkey: string;
let early: string;
let trace: string;

const file = (name: string) => path.join(folder, name);

async function as(role: "approver" | "operator" | "auditor", ...args: readonly string[]) {
  const sub = role === "approver" ? "mina" : role;
  const token = await mintToken(keys, { team: TEAM, sub, roles: [role] });
  return runCli(folder, args, { SEKISHO_URL: instance.url, SEKISHO_TOKEN: token });
}

function offline(...args: readonly string[]): Promise<CliRun> {
  return runCli(folder, args, NOWHERE);
}

function outputOf(run: CliRun): string {
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
  return run.stdout;
}

/** What an operator opens, an approver signs, and an auditor takes away. */
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-glass-"));
  instance = await startInstance(folder, 0, {});
  keys = openKeys(stateDirOf(folder));
  const setup = { agent: "agent", approver: "mina", policy: POLICY };
  writeFileSync(file("mina.jwk"), JSON.stringify(await setUpTeam(instance.url, keys, TEAM, setup)));
  writeFileSync(file("plan.json"), JSON.stringify({ plan: PLAN }));
  const opened = outputOf(await as("operator", "mission", "open", "plan.json"));
  mission = String((JSON.parse(opened) as { missionId: string }).missionId);
  early = outputOf(await as("auditor", "trace", "checkpoint", mission));
  writeFileSync(file("early.note"), early);
  const sign = ["approve", mission, "ask", "--key", "mina.jwk", "--reason", "we may"];
  outputOf(await as("approver", ...sign));
  outputOf(await as("auditor", "trace", "checkpoint", mission, "--out", "late.note"));
  const size = sizeOf(early);
  outputOf(await as("auditor", "trace", "checkpoint", mission, "--from", size, "--out", "growth"));
  trace = outputOf(await as("auditor", "trace", "export", mission));
  writeFileSync(file("trace.ndjson"), trace);
  const published = await fetch(`${instance.url}/.well-known/sekisho-log.json`);
  vkey = ((await published.json()) as { vkey: string }).vkey;
});

afterAll(async () => {
  await stopInstance(instance);
  killInstance(instance);
  rmSync(folder, { recursive: true, force: true });
});

function sizeOf(note: string): string {
  return note.split("\n")[1] ?? "";
}

/** The trace with its last event changed and hashed again, as anybody with the file can. */
function rehashedTail(): string {
  const events = trace
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TraceEvent);
  const last = events.at(-1);
  if (last === undefined) throw new Error("a trace has events");
  const changed = { ...last, actor: { kind: "human", id: "somebody-else" } as const };
  return encodeTrace([...events.slice(0, -1), { ...changed, hash: hashEvent(changed) }]);
}

describe("trace verify --checkpoint", () => {
  test("accepts the export under the log's key, without the instance", async () => {
    const args = ["trace", "verify", "trace.ndjson", "--checkpoint", "late.note", "--vkey", vkey];
    const verified = JSON.parse(outputOf(await offline(...args))) as Record<string, unknown>;
    const lines = trace.trim().split("\n").length;
    expect(verified).toMatchObject({
      valid: true,
      events: lines,
      uncovered: 0,
      checkpoint: { size: lines, cosigned: [] },
    });
  });

  test("says how much a checkpoint from earlier does not cover", async () => {
    const args = ["trace", "verify", "trace.ndjson", "--checkpoint", "early.note", "--vkey", vkey];
    const verified = JSON.parse(outputOf(await offline(...args))) as { uncovered: number };
    expect(verified.uncovered).toBe(trace.trim().split("\n").length - Number(sizeOf(early)));
    expect(verified.uncovered).toBeGreaterThan(0);
  });

  test("refuses a tail that was hashed again, which the chain alone accepts", async () => {
    writeFileSync(file("forged.ndjson"), rehashedTail());
    expect((await offline("trace", "verify", "forged.ndjson")).code).toBe(0);
    const args = ["trace", "verify", "forged.ndjson", "--checkpoint", "late.note", "--vkey", vkey];
    const refused = await offline(...args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("falsified: root_mismatch");
  });

  test("refuses a cut tail, a changed event and another key's checkpoint", async () => {
    const note = ["--checkpoint", "late.note", "--vkey", vkey];
    writeFileSync(file("cut.ndjson"), trace.slice(0, trace.slice(0, -1).lastIndexOf("\n") + 1));
    const cut = await offline("trace", "verify", "cut.ndjson", ...note);
    expect([cut.code, cut.stderr.includes("behind_checkpoint")]).toEqual([1, true]);
    writeFileSync(file("bent.ndjson"), trace.replace("May we?", "May  we"));
    const bent = await offline("trace", "verify", "bent.ndjson", ...note);
    expect([bent.code, bent.stderr.includes("falsified at seq 0")]).toEqual([1, true]);
    const other = formatVkey(noteKey(vkey.split("+")[0] ?? "", "signature", createKeyPair()));
    const args = ["trace", "verify", "trace.ndjson", "--checkpoint", "late.note", "--vkey", other];
    const unsigned = await offline(...args);
    expect([unsigned.code, unsigned.stderr.includes("note_unsigned")]).toEqual([1, true]);
  });

  test.each([
    { why: "a checkpoint without a key", args: ["--checkpoint", "late.note"] },
    { why: "a key without a checkpoint", args: ["--vkey", "a+00000000+AAAA"] },
    { why: "a key that is none", args: ["--checkpoint", "late.note", "--vkey", "nonsense"] },
  ])("takes $why for wrong usage", async ({ args }) => {
    expect((await offline("trace", "verify", "trace.ndjson", ...args)).code).toBe(2);
  });
});

describe("trace included", () => {
  test("accepts one event by its proof alone, and refuses another in its place", async () => {
    outputOf(await as("auditor", "trace", "proof", mission, "--seq", "2", "--out", "2.tlog-proof"));
    const lines = trace.trim().split("\n");
    writeFileSync(file("2.json"), `${lines[2]}\n`);
    const proof = ["--proof", "2.tlog-proof", "--vkey", vkey];
    for (const given of ["2.json", "trace.ndjson"]) {
      const shown = JSON.parse(
        outputOf(await offline("trace", "included", given, ...proof)),
      ) as object;
      expect(shown).toMatchObject({ included: true, index: 2, checkpoint: { size: lines.length } });
    }
    writeFileSync(file("3.json"), `${lines[3]}\n`);
    const refused = await offline("trace", "included", "3.json", ...proof);
    expect([refused.code, refused.stderr.includes("not_included")]).toEqual([1, true]);
    expect(
      (await offline("trace", "included", "2.json", "--proof", "late.note", "--vkey", vkey)).code,
    ).toBe(1);
  });
});

describe("a witness", () => {
  const cosign = (note: string, ...more: readonly string[]) => {
    const who = ["--name", "witness.example/w1", "--key", "witness.jwk", "--state", "seen.json"];
    return offline("witness", "cosign", note, "--vkey", vkey, ...who, ...more);
  };

  test("cosigns what it first sees and then proven growth; its signature is checked offline", async () => {
    outputOf(await offline("key", "new", "witness.jwk"));
    const first = outputOf(await cosign("early.note"));
    expect(first.startsWith(early)).toBe(true);
    expect((await cosign("late.note")).stderr).toContain("proof_missing");
    const cosigned = outputOf(await cosign("late.note", "--proof", "growth"));
    writeFileSync(file("cosigned.note"), cosigned);
    const shown = ["witness", "vkey", "--name", "witness.example/w1", "--key", "witness.jwk"];
    const witness = (JSON.parse(outputOf(await offline(...shown))) as { vkey: string }).vkey;
    const args = ["trace", "verify", "trace.ndjson", "--vkey", vkey, "--witness", witness];
    const verified = outputOf(await offline(...args, "--checkpoint", "cosigned.note"));
    expect(JSON.parse(verified)).toMatchObject({
      checkpoint: { cosigned: [{ witness: "witness.example/w1" }] },
    });
    expect((await offline(...args, "--checkpoint", "late.note")).stderr).toContain("note_unsigned");
    expect(statSync(file("seen.json")).mode & 0o777).toBe(0o600);
  });

  test("refuses a log that shrank, and one that forked even with the log's own signature", async () => {
    const before = readFileSync(file("seen.json"), "utf8");
    const shrunk = await cosign("early.note");
    expect([shrunk.code, shrunk.stderr.includes("rollback")]).toEqual([1, true]);
    const [origin = "", size = ""] = readFileSync(file("late.note"), "utf8").split("\n");
    const host = vkey.split("+")[0] ?? "";
    for (const [more, reason] of [
      [0, "fork"],
      [1, "proof_invalid"],
    ] as const) {
      const forked = {
        origin,
        size: Number(size) + more,
        root: new Uint8Array(32),
        extensions: [],
      };
      writeFileSync(file("fork.note"), signCheckpoint(forked, host, keys.checkpoint));
      const refused = await cosign("fork.note", "--proof", "growth");
      expect([refused.code, refused.stderr.includes(reason)]).toEqual([1, true]);
    }
    writeFileSync(file("forged.note"), early.replace(sizeOf(early), "99"));
    expect((await cosign("forged.note")).stderr).toContain("signature_invalid");
    expect(readFileSync(file("seen.json"), "utf8")).toBe(before);
    expect(existsSync(file("seen.json.lock"))).toBe(false);
  });

  test("signs nothing without its memory, and nothing beside another witness on it", async () => {
    const whole = readFileSync(file("seen.json"), "utf8");
    writeFileSync(file("seen.json"), whole.slice(0, 20));
    const torn = await cosign("late.note");
    expect({ code: torn.code, stdout: torn.stdout }).toEqual({ code: 2, stdout: "" });
    writeFileSync(file("seen.json"), whole);
    writeFileSync(file("seen.json.lock"), "");
    const locked = await cosign("late.note");
    expect({ code: locked.code, stdout: locked.stdout }).toEqual({ code: 2, stdout: "" });
    rmSync(file("seen.json.lock"));
    expect((await cosign("late.note")).code).toBe(0);
  });
});

test("a state folder from before gets a checkpoint key, and keeps it and all others", () => {
  const old = path.join(folder, "old");
  const { checkpoint: _none, ...before } = openKeys(old);
  writeFileSync(path.join(old, "keys.json"), JSON.stringify(before), { mode: 0o600 });
  const migrated = openKeys(old);
  expect(migrated).toMatchObject(before);
  expect(openKeys(old)).toEqual(migrated);
  expect(statSync(path.join(old, "keys.json")).mode & 0o777).toBe(0o600);
});
