/**
 * The command line: finds the command its words name, runs it, prints its outcome once and exits with
 * its code. Refuses to do the work itself. Specification: docs/cli.md.
 */
import { agentsGrant, agentsRevoke, agentsTrust } from "./cli/agents.ts";
import { approve } from "./cli/approve.ts";
import { delegate } from "./cli/delegate.ts";
import { approversAttention } from "./cli/attention.ts";
import { traceCheckpoint, traceIncluded, traceProof } from "./cli/checkpoint.ts";
import { type Command, type Outcome, messageOf } from "./cli/command.ts";
import { decisionsEvaluate } from "./cli/decisions.ts";
import { traceFollow } from "./cli/follow.ts";
import { incidentsList, incidentsShow } from "./cli/incidents.ts";
import { indexRebuild } from "./cli/index-rebuild.ts";
import {
  missionBan,
  missionPause,
  missionReset,
  missionResume,
  missionStop,
} from "./cli/intervene.ts";
import { keyNew } from "./cli/key.ts";
import { missionGraph } from "./cli/graph.ts";
import { missionAmend } from "./cli/amend.ts";
import { missionList, missionOpen, missionReady, missionShow } from "./cli/mission.ts";
import { planCompile } from "./cli/plan.ts";
import { missionReconcile } from "./cli/reconcile.ts";
import { token } from "./cli/token.ts";
import { traceCertify, traceExport, traceReplay, traceVerify } from "./cli/trace.ts";
import {
  webhooksAdd,
  webhooksDeliveries,
  webhooksList,
  webhooksRedeliver,
  webhooksRotate,
  webhooksTest,
} from "./cli/webhooks.ts";
import { witnessCosign, witnessVkey } from "./cli/witness.ts";

/** `dev` alone needs the build tools and the runtime, so only it waits for them to load. */
const dev: Command = {
  usage:
    "dev [--port 8787] [--state DIR] [--example NAME [--team acme]] [--actions FILE] [--verbose]",
  summary: "run the whole system locally until Ctrl-C",
  run: async (context) => (await import("./cli/dev.ts")).dev.run(context),
};

const COMMANDS: Readonly<Record<string, Command>> = {
  dev,
  token,
  "key new": keyNew,
  "mission open": missionOpen,
  "mission list": missionList,
  "mission show": missionShow,
  "mission ready": missionReady,
  "mission graph": missionGraph,
  "mission amend": missionAmend,
  "mission pause": missionPause,
  "mission resume": missionResume,
  "mission reset": missionReset,
  "mission ban": missionBan,
  "mission stop": missionStop,
  "mission reconcile": missionReconcile,
  "plan compile": planCompile,
  approve,
  delegate,
  "approvers attention": approversAttention,
  "trace export": traceExport,
  "trace follow": traceFollow,
  "trace checkpoint": traceCheckpoint,
  "trace proof": traceProof,
  "trace included": traceIncluded,
  "trace verify": traceVerify,
  "trace replay": traceReplay,
  "trace certify": traceCertify,
  "witness cosign": witnessCosign,
  "witness vkey": witnessVkey,
  "decisions evaluate": decisionsEvaluate,
  "incidents list": incidentsList,
  "incidents show": incidentsShow,
  "agents trust": agentsTrust,
  "agents grant": agentsGrant,
  "agents revoke": agentsRevoke,
  "webhooks list": webhooksList,
  "webhooks add": webhooksAdd,
  "webhooks test": webhooksTest,
  "webhooks rotate": webhooksRotate,
  "webhooks deliveries": webhooksDeliveries,
  "webhooks redeliver": webhooksRedeliver,
  "index rebuild": indexRebuild,
};

const words = process.argv.slice(2).filter((word) => word !== "--json");
const jsonAsked = process.argv.includes("--json");
const json = jsonAsked || !process.stdout.isTTY;
process.exitCode = await main();

async function main(): Promise<number> {
  if (words.length === 0 || ["help", "--help", "-h"].includes(words[0] ?? "")) {
    process.stdout.write(`${help()}\n`);
    return words.length === 0 ? 2 : 0;
  }
  const found = [2, 1]
    .map((count) => ({ name: words.slice(0, count).join(" "), args: words.slice(count) }))
    .find(({ name }) => Object.hasOwn(COMMANDS, name));
  const command = found === undefined ? undefined : COMMANDS[found.name];
  if (found === undefined || command === undefined) {
    const message = `"${words.join(" ")}" is no command`;
    return print({ ok: false, error: { exit: 2, message, next: "sekisho help" } });
  }
  if (found.args.includes("--help")) {
    process.stdout.write(`sekisho ${command.usage}\n  ${command.summary}\n`);
    return 0;
  }
  try {
    return print(await command.run({ args: found.args, env: process.env, json, jsonAsked }));
  } catch (cause) {
    const next = "report this; it is a defect of the command";
    return print({ ok: false, error: { exit: 3, message: messageOf(cause), next } });
  }
}

/** Answers go to stdout, refusals to stderr; a machine gets one JSON document either way. */
function print(outcome: Outcome): number {
  if (outcome.ok) {
    const { value } = outcome;
    const text = value.kind === "answer" && json ? JSON.stringify(value.json) : value.text;
    const end = value.kind === "answer" && !text.endsWith("\n") ? "\n" : "";
    process.stdout.write(text + end);
    return 0;
  }
  const { exit, message, next, facts } = outcome.error;
  process.stderr.write(`sekisho: ${message}\n  next: ${next}\n`);
  // Only when asked: a refused $(sekisho token ...) or export > FILE must leave nothing behind.
  if (jsonAsked)
    process.stdout.write(`${JSON.stringify({ error: message, next, facts: facts ?? null })}\n`);
  return exit;
}

function help(): string {
  const lines = Object.values(COMMANDS).map(
    ({ usage, summary }) => `  sekisho ${usage}\n      ${summary}`,
  );
  return [
    "sekisho: a gate in front of what agents do",
    "",
    ...lines,
    "",
    "  --json anywhere for machines (also when stdout is no terminal).",
    "  SEKISHO_URL (default http://127.0.0.1:8787) and SEKISHO_TOKEN say where and as whom.",
    "  Exit codes: 0 ok, 1 refused or falsified, 2 usage or unreadable input, 3 cannot reach.",
  ].join("\n");
}
