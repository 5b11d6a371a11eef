/**
 * `sekisho dev`: the whole system in one local process until Ctrl-C. State survives a restart; nothing is
 * left running. Refuses to listen anywhere but on loopback, because its tokens can be minted by anyone
 * who can read the state folder.
 */
import { type Result, err, ok } from "../../shared/result.ts";
import { buildBundles } from "../build.ts";
import {
  type Example,
  type ReadyTeam,
  dryRunActions,
  exampleNames,
  prepareTeam,
  readExample,
} from "../local/example.ts";
import { DEFAULT_STATE_DIR, type LocalKeys, mintToken } from "../local/keys.ts";
import { startRuntime } from "../local/runtime.ts";
import { isRecord } from "./api-client.ts";
import {
  type Command,
  type Context,
  type Failure,
  messageOf,
  readArgs,
  readJsonInput,
  usageError,
} from "./command.ts";

const DEFAULT_PORT = 8787;
const LOOPBACK_HOSTS = ["127.0.0.1", "localhost"];

const DEFAULT_TEAM = "acme";

const USAGE =
  "dev [--port 8787] [--state DIR] [--example NAME [--team acme]] [--actions FILE] [--verbose]";

interface Settings {
  readonly port: number;
  readonly stateDir: string;
  readonly actions: Readonly<Record<string, unknown>>;
  readonly example: Example | null;
  readonly team: string;
  readonly verbose: boolean;
}

export const dev: Command = {
  usage: USAGE,
  summary: "run the whole system locally until Ctrl-C",
  async run(context) {
    const settings = readSettings(context);
    if (!settings.ok) return settings;
    const interrupted = firstSignal();
    try {
      await serve(context, settings.value, interrupted);
      return ok({ kind: "raw", text: "" });
    } catch (cause) {
      const next = `sekisho dev --port ${settings.value.port + 1}   (if the port is taken)`;
      return err({ exit: 3, message: messageOf(cause), next });
    }
  },
};

function readSettings(context: Context): Result<Settings, Failure> {
  const args = readArgs(context, USAGE, [], {
    port: { type: "string" },
    state: { type: "string" },
    example: { type: "string" },
    team: { type: "string" },
    actions: { type: "string" },
    verbose: { type: "boolean" },
  });
  if (!args.ok) return args;
  const { state: stateDir = DEFAULT_STATE_DIR, team = DEFAULT_TEAM } = args.value.values;
  const { example: name, actions: actionsFile, verbose = false } = args.value.values;
  const port = Number(args.value.values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return usageError(USAGE, "--port is a number from 0 (any free port) to 65535");
  }
  if (name !== undefined && !exampleNames().includes(name)) {
    return usageError(USAGE, `--example is one of ${exampleNames().join(", ")}`);
  }
  const example = name === undefined ? null : readExample(name);
  const dryRun = example === null ? {} : dryRunActions(example);
  const actions = actionsFile === undefined ? ok(dryRun) : readJsonInput(actionsFile);
  if (!actions.ok) return actions;
  if (!isRecord(actions.value)) return usageError(USAGE, "--actions names a file with one object");
  return ok({ port, stateDir, actions: actions.value, example, team, verbose });
}

async function serve(
  context: Context,
  settings: Settings,
  interrupted: Promise<void>,
): Promise<void> {
  const { stateDir, port, actions, example, team } = settings;
  if (!context.json) say("building the two workers");
  const bundles = await buildBundles();
  if (!context.json) say("starting");
  const runtime = await startRuntime({
    stateDir,
    port,
    actions,
    egressAllowHosts: LOOPBACK_HOSTS,
    bundles,
    ...(settings.verbose ? { onLog: say } : {}),
  });
  try {
    const ready = example === null ? null : await prepareTeam(example, runtime, team);
    const people = ready === null ? [] : Object.keys(ready.keyFileByApprover);
    const links = await consoleLinks(runtime, team, people);
    print(context, settings, { url: runtime.url, ready, links });
    await interrupted;
  } finally {
    await runtime.stop();
  }
}

/** Console addresses that sign in: the operator's, and one for each approver of the example. */
interface ConsoleLinks {
  readonly operator: string;
  readonly byApprover: Readonly<Record<string, string>>;
}

/** The token stands behind the `#`, which no browser sends anywhere; the console takes it out at once. */
async function consoleLinks(
  { url, keys }: { readonly url: string; readonly keys: LocalKeys },
  team: string,
  approvers: readonly string[],
): Promise<ConsoleLinks> {
  // By its name: passkeys know no addresses.
  const origin = url.replace("127.0.0.1", "localhost");
  const link = (token: string) => `${origin}/console/#token=${token}`;
  const roles = ["operator", "admin", "auditor"] as const;
  const operator = link(await mintToken(keys, { team, sub: "me", roles }));
  const byApprover: Record<string, string> = {};
  for (const sub of approvers) {
    byApprover[sub] = link(await mintToken(keys, { team, sub, roles: ["approver"] }));
  }
  return { operator, byApprover };
}

interface Started {
  readonly url: string;
  readonly ready: ReadyTeam | null;
  readonly links: ConsoleLinks;
}

function print(context: Context, settings: Settings, { url, ready, links }: Started): void {
  const { stateDir, team } = settings;
  if (context.json) {
    const line = { url, stateDir, pid: process.pid, ready, console: links };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const isDefault = settings.port === DEFAULT_PORT;
  const at = isDefault ? "" : `SEKISHO_URL=${url} `;
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
      "  Console, signed in as operator, admin and auditor for eight hours:",
      `  ${links.operator}`,
      ...(ready === null ? [] : teamLines(ready, links)),
      "",
      "  A token, in another terminal:",
      ...(isDefault ? [] : [`  export SEKISHO_URL=${url}`]),
      `  export SEKISHO_TOKEN=$(${at}npx sekisho token --team ${team} --sub me --roles operator,admin,auditor${state})`,
      "",
      "  Ctrl-C stops it; the state stays.",
      "",
    ].join("\n"),
  );
}

function teamLines(ready: ReadyTeam, links: ConsoleLinks): readonly string[] {
  return [
    "",
    `  Team ${ready.team} is registered and its policy ${ready.policyVersion} is in force.`,
    "  Actions are dry runs. Approvers, their keys and their consoles:",
    ...Object.entries(ready.keyFileByApprover).flatMap(([id, file]) => [
      `    ${id}  ${file}`,
      `    ${links.byApprover[id]}`,
    ]),
  ];
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
