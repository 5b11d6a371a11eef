/**
 * What a command of the CLI is: arguments in, one outcome out, printed in one place. Refuses to print or
 * to exit by itself, so that people, pipes and tests get the same answers.
 * Exit codes: 0 ok, 1 refused or falsified, 2 usage or unreadable input, 3 cannot reach. Source: docs/cli.md.
 */
import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type Result, err, ok } from "../../shared/result.ts";

/** What a command answers: `text` for people, `json` for machines, `raw` for bytes meant for a pipe. */
export type Output =
  | { readonly kind: "answer"; readonly text: string; readonly json: unknown }
  | { readonly kind: "raw"; readonly text: string };

/** Why a command did not do what was asked, and the command to run next. */
export interface Failure {
  readonly exit: 1 | 2 | 3;
  readonly message: string;
  readonly next: string;
  readonly facts?: unknown;
}

export type Outcome = Result<Output, Failure>;

export interface Context {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True when the answer goes to a machine; `dev` prints its own lines and asks. */
  readonly json: boolean;
  /** True when --json was said, not only inferred from a pipe. */
  readonly jsonAsked: boolean;
}

export interface Command {
  readonly usage: string;
  readonly summary: string;
  run(context: Context): Promise<Outcome>;
}

export function answer(json: unknown, text: string): Outcome {
  return ok({ kind: "answer", json, text });
}

export function usageError(usage: string, message: string): Result<never, Failure> {
  return err({ exit: 2, message, next: `sekisho ${usage}` });
}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>;

/**
 * Reads a command's arguments. `positionals` are the names of those that must be there, no more no less.
 * Errors: exit 2 with the usage line, for anything unknown, missing or left over.
 */
export function readArgs<T extends Options>(
  context: Context,
  usage: string,
  positionals: readonly string[],
  options: T,
): Result<{ values: Parsed<T>["values"]; positionals: readonly string[] }, Failure> {
  try {
    const parsed = parseArgs({
      args: [...context.args],
      options,
      allowPositionals: true,
      strict: true,
    });
    const missing = positionals[parsed.positionals.length];
    if (missing !== undefined) return usageError(usage, `${missing} is missing`);
    const extra = parsed.positionals[positionals.length];
    if (extra !== undefined) return usageError(usage, `"${extra}" is one argument too many`);
    return ok({ values: parsed.values, positionals: parsed.positionals });
  } catch (cause) {
    return usageError(usage, messageOf(cause));
  }
}

/** Reads a file, or standard input for `-`. Errors: exit 2. */
export function readInput(file: string): Result<string, Failure> {
  try {
    return ok(readFileSync(file === "-" ? 0 : file, "utf8"));
  } catch (cause) {
    const next = "give a file that can be read, or - for standard input";
    return err({ exit: 2, message: `cannot read ${file}: ${messageOf(cause)}`, next });
  }
}

/** Reads a file of JSON. Errors: exit 2. */
export function readJsonInput(file: string): Result<unknown, Failure> {
  const text = readInput(file);
  if (!text.ok) return text;
  try {
    return ok(JSON.parse(text.value) as unknown);
  } catch (cause) {
    return err({
      exit: 2,
      message: `${file} is not JSON: ${messageOf(cause)}`,
      next: "correct it",
    });
  }
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
