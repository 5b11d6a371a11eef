/**
 * Runs one command of the toolchain from the repository's root and gathers what it printed. Refuses to judge:
 * an exit code is a result here, not an error. Used by build, test, check and tidy.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

/** The repository's root, absolute. */
export const ROOT = path.dirname(import.meta.dirname);

export interface ToolRun {
  /** Exit code; 1 when a signal ended it. */
  readonly code: number;
  /** Standard output, then standard error, without colours. Empty when the output was shown. */
  readonly output: string;
}

export interface ToolOptions {
  readonly args?: readonly string[];
  /** True: the output goes to the terminal as it comes, instead of into the result. */
  readonly shown?: boolean;
  readonly timeoutMs?: number;
}

/** Runs a binary of node_modules/.bin, or of the system when there is none. Throws when it cannot start. */
export function runTool(tool: string, options: ToolOptions = {}): Promise<ToolRun> {
  const { args = [], shown = false, timeoutMs = 10 * 60_000 } = options;
  const bin = path.join(ROOT, "node_modules", ".bin");
  const env = {
    ...process.env,
    ...(shown ? {} : { NO_COLOR: "1" }),
    PATH: [bin, process.env["PATH"]].join(path.delimiter),
    // Set by scripts/setup.mjs too; here for whoever runs a script directly.
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
  };
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      cwd: ROOT,
      env,
      stdio: shown ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      shell: process.platform === "win32",
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
    child.once("error", (cause) => reject(new Error(`cannot start ${tool}`, { cause })));
    child.once("close", (code) => {
      const output = Buffer.concat([...out, ...err]).toString("utf8");
      resolve({ code: code ?? 1, output: stripVTControlCharacters(output).trim() });
    });
  });
}
