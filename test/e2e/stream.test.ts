/**
 * The live stream from outside: `sekisho trace follow` as a process and a WebSocket with stream tickets watch one
 * mission while the whole instance is killed and started again. Both end with the very trace, each event once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ApiClient, isRecord } from "../../scripts/cli/api-client.ts";
import { type LocalKeys, mintToken, openKeys } from "../../scripts/local/keys.ts";
import { STREAM_ENDS } from "../../shared/stream/index.ts";
import {
  clientAs,
  type Instance,
  killInstance,
  setUpTeam,
  startInstance,
  stateDirOf,
} from "../support/local-instance.ts";

const TEAM = "watched";
const AGENT = "agent.watched";
const SCRIPT = path.join(import.meta.dirname, "../../scripts/sekisho.ts");
const NODES = ["first", "second", "third"] as const;

const PLAN = {
  title: "Three decisions",
  phases: ["think"],
  nodes: NODES.map((id) => ({
    id,
    kind: "decision",
    phase: "think",
    title: `Decide the ${id}`,
    risk: 1,
    ownerR: "agent",
    ownerX: "agent",
    agents: [AGENT],
    tests: [{ id: "done", title: "It is done" }],
  })),
};

const POLICY = {
  name: "watched",
  rules: [{ id: "decisions", effect: "permit", kinds: ["decision"] }],
};

let folder: string;
const instances: Instance[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-stream-"));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const instance of instances.splice(0)) killInstance(instance);
  rmSync(folder, { recursive: true, force: true });
});

test("watchers of a mission lose and repeat nothing over a SIGKILL of the instance", async () => {
  const first = await start(0);
  const keys = openKeys(stateDirOf(folder));
  await setUpTeam(first.url, keys, TEAM, { agent: AGENT, approver: "paula", policy: POLICY });
  const agent = await clientAs(first.url, keys, TEAM, AGENT, "agent");
  const opened = await succeed(agent, "/v1/missions", { plan: PLAN });
  const missionId = String(opened["missionId"]);
  const follower = await follow(first.url, keys, missionId);
  const watcher = watch(await clientAs(first.url, keys, TEAM, "auditor", "auditor"), missionId);

  for (const node of NODES) {
    await decide(agent, missionId, node);
    const { length } = await traceOf(first.url, keys, missionId);
    await expect.poll(() => follower.lines.length, { timeout: 30_000 }).toBe(length);
    await expect.poll(() => watcher.lines.length, { timeout: 30_000 }).toBe(length);
    if (node !== "first") continue;
    killInstance(first);
    await start(Number(new URL(first.url).port));
  }

  const trace = await traceOf(first.url, keys, missionId);
  expect(trace.at(-1)).toMatchObject({ type: "mission.completed" });
  expect(await follower.exitCode).toBe(0);
  expect(await watcher.end).toBe(STREAM_ENDS.ended.code);
  expect(follower.lines.map((line) => JSON.parse(line) as unknown)).toEqual(trace);
  expect(watcher.lines.map((line) => JSON.parse(line) as unknown)).toEqual(trace);
});

async function start(port: number): Promise<Instance> {
  const instance = await startInstance(folder, port, {});
  instances.push(instance);
  return instance;
}

async function succeed(client: ApiClient, address: string, body: unknown) {
  const answered = await client.post(address, body);
  if (!answered.ok || answered.value.status >= 300) throw new Error(JSON.stringify(answered));
  return isRecord(answered.value.body) ? answered.value.body : {};
}

async function decide(agent: ApiClient, missionId: string, node: string): Promise<void> {
  const address = `/v1/missions/${missionId}/nodes/${node}`;
  await succeed(agent, `${address}/proposals`, { rationale: "it is time" });
  await succeed(agent, `${address}/results`, { tests: [{ id: "done", passed: true }] });
}

async function traceOf(url: string, keys: LocalKeys, missionId: string) {
  const auditor = await clientAs(url, keys, TEAM, "auditor", "auditor");
  const read = await auditor.get(`/v1/missions/${missionId}/trace?limit=1000`);
  const body = read.ok && isRecord(read.value.body) ? read.value.body : {};
  return body["items"] as readonly Readonly<Record<string, unknown>>[];
}

/** `sekisho trace follow --json`, a line an event. */
async function follow(url: string, keys: LocalKeys, missionId: string) {
  const token = await mintToken(keys, { team: TEAM, sub: "auditor", roles: ["auditor"] });
  const child = spawn(process.execPath, [SCRIPT, "trace", "follow", missionId, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], SEKISHO_URL: url, SEKISHO_TOKEN: token },
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  return { lines, exitCode: once(child, "close").then(([code]) => code as number | null) };
}

/** As a page does it: a ticket for each connection, an acknowledgement for each event. */
function watch(client: ApiClient, missionId: string) {
  const lines: string[] = [];
  const end = Promise.withResolvers<number>();
  const connect = async (): Promise<void> => {
    const issued = await client.post(`/v1/missions/${missionId}/stream-tickets`, {});
    if (!issued.ok || issued.value.status !== 201) return void setTimeout(again, 200);
    const { ticket } = issued.value.body as { ticket: string };
    const query = new URLSearchParams({ after: String(lines.length - 1), ticket });
    const address = `${client.url.replace("http", "ws")}/v1/missions/${missionId}/stream`;
    const socket = new WebSocket(`${address}?${query.toString()}`);
    socket.addEventListener("message", ({ data }) => {
      lines.push(String(data));
      socket.send(String((JSON.parse(String(data)) as { seq: number }).seq));
    });
    socket.addEventListener("close", ({ code }) => {
      if (code === STREAM_ENDS.ended.code) end.resolve(code);
      else setTimeout(again, 200);
    });
  };
  const again = () => void connect();
  again();
  return { lines, end: end.promise };
}
