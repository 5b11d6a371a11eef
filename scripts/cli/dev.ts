/**
 * `sekisho dev`: the whole system in one local process until Ctrl-C. State survives a restart; nothing is
 * left running. Refuses to listen anywhere but on loopback, because its tokens can be minted by anyone
 * who can read the state folder.
 */
import { err, ok } from "../../shared/result.ts";
import { buildBundles } from "../build.ts";
import { DEFAULT_STATE_DIR } from "../local/keys.ts";
import { startRuntime } from "../local/runtime.ts";
import { isRecord } from "./api-client.ts";
import {
  type Command,
  type Context,
  messageOf,
  readArgs,
  readJsonInput,
  usageError,
} from "./command.ts";

const DEFAULT_PORT = 8787;
const LOOPBACK_HOSTS = ["127.0.0.1", "localhost"];

const USAGE = "dev [--port 8787] [--state DIR] [--actions FILE] [--verbose]";

export const dev: Command = {
  usage: USAGE,
  summary: "run the whole system locally until Ctrl-C",
  async run(context) {
    const args = readArgs(context, USAGE, [], {
      port: { type: "string" },
      state: { type: "string" },
      actions: { type: "string" },
      verbose: { type: "boolean" },
    });
    if (!args.ok) return args;
    const { state: stateDir = DEFAULT_STATE_DIR, verbose = false } = args.value.values;
    const port = Number(args.value.values.port ?? DEFAULT_PORT);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      return usageError(USAGE, "--port is a number from 0 (any free port) to 65535");
    }
    const actionsFile = args.value.values.actions;
    const actions = actionsFile === undefined ? ok({}) : readJsonInput(actionsFile);
    if (!actions.ok) return actions;
    if (!isRecord(actions.value))
      return usageError(USAGE, "--actions names a file with one object");

    const interrupted = firstSignal();
    try {
      if (!context.json) say("building the two workers");
      const bundles = await buildBundles();
      if (!context.json) say("starting");
      const runtime = await startRuntime({
        stateDir,
        port,
        actions: actions.value,
        egressAllowHosts: LOOPBACK_HOSTS,
        bundles,
        ...(verbose ? { onLog: say } : {}),
      });
      print(context, runtime.url, stateDir, port);
      await interrupted;
      await runtime.stop();
      return ok({ kind: "raw", text: "" });
    } catch (cause) {
      const next = `sekisho dev --port ${port + 1}   (if the port is taken)`;
      return err({ exit: 3, message: messageOf(cause), next });
    }
  },
};

function print(context: Context, url: string, stateDir: string, port: number): void {
  if (context.json) {
    process.stdout.write(`${JSON.stringify({ url, stateDir, pid: process.pid })}\n`);
    return;
  }
  const at = port === DEFAULT_PORT ? "" : `SEKISHO_URL=${url} `;
  const state = stateDir === DEFAULT_STATE_DIR ? "" : ` --state ${stateDir}`;
  process.stdout.write(
    [
      "",
      "  Sekisho is ready",
      "",
      `  API     ${url}`,
      `  Docs    ${url}/docs`,
      `  State   ${stateDir}`,
      "",
      "  A token, in another terminal:",
      `  export SEKISHO_TOKEN=$(${at}npx sekisho token --team acme --sub me --roles operator,admin,auditor${state})`,
      ...(at === "" ? [] : [`  export SEKISHO_URL=${url}`]),
      "",
      "  Ctrl-C stops it; the state stays.",
      "",
    ].join("\n"),
  );
}

/** Resolves at the first Ctrl-C or kill; the second ends the process at once. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        seen += 1;
        if (seen > 1) process.exit(130);
        resolve();
      });
    }
  });
}

function say(line: string): void {
  process.stderr.write(`sekisho: ${line}\n`);
}
