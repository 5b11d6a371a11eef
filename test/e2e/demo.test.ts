/**
 * The demo as a newcomer runs it, from the outside: its exit code and what it found. Every step asserts
 * within the demo itself; here stands what must come out in numbers.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Summary } from "../../scripts/demo/story.ts";

const ROOT = path.join(import.meta.dirname, "../..");

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(ROOT, script), ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

async function play(example: string): Promise<Summary> {
  const { code, stdout, stderr } = await run("scripts/demo.ts", ["--json", "--example", example]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Summary;
}

describe("the demo", () => {
  test("a vendor switch runs to its end, acts once, and the intruder is refused twice", async () => {
    const summary = await play("vendor-switch");
    expect(summary.vendor).toEqual({ received: 1, distinct: 1 });
    expect(summary.incidents).toEqual(["ARGS_HASH_MISMATCH", "NONCE_USED"]);
    expect(summary.proof.stateHash).toMatch(/^[0-9a-f]{64}$/);
    expect(summary.proof.events).toBeGreaterThan(30);
    expect(summary.seconds).toBeLessThan(60);
  });

  test("a customer refund of low risk needs no person and acts once", async () => {
    const summary = await play("customer-refund");
    expect(summary.vendor).toEqual({ received: 1, distinct: 1 });
    expect(summary.incidents).toEqual([]);
  });

  test("a database migration writes its two slices once each", async () => {
    const summary = await play("database-migration");
    expect(summary.vendor).toEqual({ received: 2, distinct: 2 });
    expect(summary.incidents).toEqual([]);
  });

  test("a node that failed runs again by itself, under another ticket", async () => {
    const summary = await play("parallel-checks");
    expect(summary.vendor).toEqual({ received: 2, distinct: 2 });
    expect(summary.incidents).toEqual([]);
  });

  test("an example that does not exist is a usage error", async () => {
    const { code, stdout, stderr } = await run("scripts/demo.ts", ["--example", "no-such"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("vendor-switch");
  });
});
