/**
 * `sekisho dev` and the command line as processes of their own, and a team that may do what its one policy
 * says. For tests of the whole system from outside.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import { type ApiClient, createApiClient } from "../../scripts/cli/api-client.ts";
import { type ApproverPrivateKey, signPolicyActivation } from "../../scripts/local/approval.ts";
import {
  type LocalKeys,
  type Role,
  createKeyPair,
  mintToken,
  publicHalf,
} from "../../scripts/local/keys.ts";
import { unixMsToIso } from "../../shared/time.ts";

const SCRIPT = path.join(import.meta.dirname, "../../scripts/sekisho.ts");

export interface Instance {
  readonly url: string;
  readonly child: ChildProcess;
}

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `sekisho dev` in a process group of its own, with its state in `folder`/state. */
export async function startInstance(
  folder: string,
  port: number,
  actions: Readonly<Record<string, unknown>>,
  more: readonly string[] = [],
): Promise<Instance> {
  const file = path.join(folder, "actions.json");
  writeFileSync(file, JSON.stringify(actions));
  const settings = ["--port", `${port}`, "--state", stateDirOf(folder), "--actions", file, ...more];
  const child = spawn(process.execPath, [SCRIPT, "dev", "--json", ...settings], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    return { url, child };
  }
  throw new Error("sekisho dev ended before it was ready");
}

export function stateDirOf(folder: string): string {
  return path.join(folder, "state");
}

/** Kills the whole group at once, so that nobody is left to clean up. */
export function killInstance({ child }: Instance): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // the group is gone already
  }
}

/** Kills the command's process alone; whoever it had started must notice by itself. */
export async function killCommand({ child }: Instance): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Ctrl-C; answers the exit code. */
export async function stopInstance({ child }: Instance): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill("SIGINT");
  const [code] = (await exited) as [number | null];
  return code;
}

/** Runs one command of the command line with these variables and nothing else of the environment. */
export async function runCli(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = "",
): Promise<CliRun> {
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on("error", () => undefined).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** A client with a token of this person and role in the team. */
export async function clientAs(
  url: string,
  keys: LocalKeys,
  team: string,
  sub: string,
  role: Role,
): Promise<ApiClient> {
  return createApiClient(url, await mintToken(keys, { team, sub, roles: [role] }));
}

/** A POST that must succeed. */
async function succeed(
  client: ApiClient,
  address: string,
  body: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answered = await client.post(address, body);
  expect(answered.ok && answered.value.status, JSON.stringify(answered)).toBeLessThan(300);
  return answered.ok ? (answered.value.body as Record<string, unknown>) : {};
}

/** Registers one agent and one approver and puts the policy in force; answers the approver's key. */
export async function setUpTeam(
  url: string,
  keys: LocalKeys,
  team: string,
  setup: { readonly agent: string; readonly approver: string; readonly policy: unknown },
): Promise<ApproverPrivateKey> {
  const { agent, approver, policy } = setup;
  const key = createKeyPair();
  const admin = await clientAs(url, keys, team, "admin.test", "admin");
  const operator = await clientAs(url, keys, team, "operator.test", "operator");
  const signer = await clientAs(url, keys, team, approver, "approver");
  await succeed(admin, "/v1/agents", { id: agent });
  const person = { id: approver, name: "A person", groups: ["board"], keys: [publicHalf(key)] };
  await succeed(admin, "/v1/approvers", person);
  const proposed = await succeed(operator, "/v1/policies", { document: policy });
  const version = String(proposed["version"]);
  const now = Date.now();
  const statement = signPolicyActivation(
    {
      team,
      version,
      policyHash: String(proposed["hash"]),
      decision: "activate",
      approver,
      reason: "a test",
      issuedAt: unixMsToIso(now),
      expiresAt: unixMsToIso(now + 60_000),
    },
    key,
  );
  await succeed(signer, `/v1/policies/${version}/activation`, { statement });
  return key;
}
