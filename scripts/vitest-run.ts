/**
 * Runs vitest and counts from its own report, so that a file that cannot load, an unhandled error and a run
 * without a single test are failures: a green nothing must not pass for a green suite.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runTool } from "./tool.ts";

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Several times what the whole suite takes on two idle cores: only a hang ends here. */
const SUITE_TIMEOUT_MS = 40 * 60_000;

/** How many tests there were. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Runs vitest once with these arguments, its output shown. */
export async function runVitest(args: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(path.join(tmpdir(), "sekisho-test-"));
  const reportFile = path.join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const run = { args: ["run", ...reporters, ...args], shown: true, timeoutMs: SUITE_TIMEOUT_MS };
    const { code } = await runTool("vitest", run);
    return countTests(readReport(reportFile), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints the line that ends every suite, and sets the exit code. */
export function closeWith({ passed, failed }: Counts): void {
  if (passed + failed === 0) console.log("no test ran");
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return null; // vitest ended before it could report
  }
}

function countTests(report: Report | null, code: number): Counts {
  if (report === null) return { passed: 0, failed: 1 };
  if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const failed = report.numFailedTests + unloadable;
  // An unhandled error fails the run without failing any one test.
  return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}
