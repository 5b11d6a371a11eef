/**
 * `npm run check [-- --json]`: everything that can be said about the repository without running it, cheapest
 * first. Each step runs even when one before it failed; each prints one line, and what it found when it fails.
 * Refuses to repair anything: `npm run format` and `npm run db:generate` do.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import drizzleConfig from "../drizzle.config.ts";
import { buildBundles, type Bundles } from "./build.ts";
import { findUntidy } from "./tidy.ts";
import { ROOT, runTool } from "./tool.ts";

/**
 * Raw bytes of each bundle as it is deployed, in KiB: the API worker minified, the gateway not. A worker parses its
 * bundle at each cold start, and a jump is how a dependency with all its locales shows itself
 * (`import { z } from "zod"` alone adds 590 KiB before minifying).
 */
const SIZE_MAX_KIB: Readonly<Record<keyof Bundles, number>> = { api: 900, gateway: 300 };

interface Step {
  readonly name: string;
  /** Empty when all is well; otherwise what is wrong, for a person to read. */
  readonly run: () => Promise<string>;
}

interface StepResult {
  readonly name: string;
  readonly passed: boolean;
  readonly ms: number;
  readonly output: string;
}

const STEPS: readonly Step[] = [
  { name: "format", run: () => complaintOf("oxfmt", ["--check"]) },
  { name: "types", run: findTypeErrors },
  { name: "lint", run: () => complaintOf("oxlint", ["--type-aware"]) },
  { name: "unused", run: () => complaintOf("knip", ["--no-progress"]) },
  { name: "drift", run: findDrift },
  { name: "tidy", run: async () => (await findUntidy()).join("\n") },
  { name: "size", run: findOversize },
];

async function complaintOf(tool: string, args: readonly string[]): Promise<string> {
  const { code, output } = await runTool(tool, { args });
  return code === 0 ? "" : output || `${tool} exited with ${code}`;
}

/** What runs in a browser has a project of its own: there the globals are others. */
async function findTypeErrors(): Promise<string> {
  const complaints: string[] = [];
  for (const project of [".", "worker/console", "test/browser"]) {
    complaints.push(await complaintOf("tsc", ["--noEmit", "-p", project]));
  }
  return complaints.filter((complaint) => complaint !== "").join("\n");
}

/** Generates into a copy of the migrations: a schema that has moved on leaves a file there. */
async function findDrift(): Promise<string> {
  const folder = path.join(ROOT, "d1-migrations");
  const copy = mkdtempSync(path.join(tmpdir(), "sekisho-drift-"));
  try {
    cpSync(folder, copy, { recursive: true });
    const { dialect, schema } = drizzleConfig;
    if (typeof schema !== "string") throw new Error("drizzle.config.ts names one schema file");
    // drizzle-kit takes `out` as relative to where it runs, even when it is absolute.
    const out = path.relative(ROOT, copy);
    const args = ["generate", "--dialect", dialect, "--schema", schema, "--out", out];
    const { code, output } = await runTool("drizzle-kit", { args, timeoutMs: 60_000 });
    if (code !== 0) return output;
    const [before, after] = [readTree(folder), readTree(copy)];
    const changed = [...after].filter(([name, text]) => before.get(name) !== text);
    const list = changed.map(([name]) => `d1-migrations/${name} would be written`);
    return list.length === 0 ? "" : [...list, "run `npm run db:generate` and commit"].join("\n");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function readTree(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [path.relative(folder, file), readFileSync(file, "utf8")]));
}

async function findOversize(): Promise<string> {
  const bundles = await buildBundles();
  return (["api", "gateway"] as const)
    .map((worker) => ({ worker, kib: statSync(bundles[worker]).size / 1_024 }))
    .filter(({ worker, kib }) => kib > SIZE_MAX_KIB[worker])
    .map(({ worker, kib }) => `${worker}: ${kib.toFixed(1)} KiB, limit ${SIZE_MAX_KIB[worker]} KiB`)
    .join("\n");
}

async function runStep({ name, run }: Step): Promise<StepResult> {
  const startedAt = performance.now();
  let output: string;
  try {
    output = await run();
  } catch (error) {
    output = error instanceof Error ? error.message : String(error);
  }
  return { name, passed: output === "", ms: Math.round(performance.now() - startedAt), output };
}

function printStep({ name, passed, ms, output }: StepResult): void {
  console.log(`${passed ? "ok    " : "FAILED"} ${name.padEnd(8)} ${(ms / 1_000).toFixed(1)} s`);
  if (!passed) console.log(output.replaceAll(/^/gm, "       "));
}

const json = process.argv.includes("--json");
const steps: StepResult[] = [];
for (const step of STEPS) {
  const result = await runStep(step);
  steps.push(result);
  if (!json) printStep(result);
}
const passed = steps.filter((step) => step.passed).length;
const failed = steps.length - passed;
console.log(
  json ? JSON.stringify({ steps, passed, failed }, null, 2) : `${passed} passed, ${failed} failed`,
);
process.exitCode = failed > 0 ? 1 : 0;
