/**
 * SIGKILL of the whole local system under load, then a restart on the same state: what was acknowledged is
 * there, every chain verifies, and no ticket acted twice. The action is registered as not idempotent, so a
 * repeated request would be a double side effect, and nothing may repeat one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ApiClient } from "../../scripts/cli/api-client.ts";
import { openKeys } from "../../scripts/local/keys.ts";
import type { MissionView } from "../../shared/mission/index.ts";
import { type TraceEvent, verifyTraceText } from "../../shared/trace/index.ts";
import {
  type Instance,
  clientAs,
  killCommand,
  killInstance,
  setUpTeam,
  startInstance,
  stateDirOf,
  stopInstance,
} from "../support/local-instance.ts";

const TEAM = "load";
const AGENT = "agent.load";
const ACTION = "vendor.note";
const CLIENTS = 8;
/** Acknowledged proposals before the kill; below it the load would prove nothing. */
const ACKNOWLEDGED_MIN = 60;
/** The journal sends a lost ticket again after 15 s; three times that is late. */
const SETTLED_WITHIN_MS = 45_000;

const PLAN = {
  title: "One note to the vendor",
  phases: ["do"],
  nodes: [
    {
      id: "note",
      kind: "execution",
      phase: "do",
      title: "Leave a note",
      risk: 1,
      ownerR: "agent",
      ownerX: "agent",
      agents: [AGENT],
      action: { type: ACTION },
    },
  ],
};

const POLICY = {
  name: "load",
  rules: [{ id: "notes", effect: "permit", kinds: ["execution"], actions: [ACTION] }],
};

const SETUP = { agent: AGENT, approver: "paula.policy", policy: POLICY };

/** One answered proposal: the mission's head it was answered at, and the ticket it got. */
interface Acknowledged {
  readonly missionId: string;
  readonly seq: number;
  readonly hash: string;
  readonly jti: string;
}

interface Vendor {
  readonly url: string;
  /** The idempotency key of every request that arrived, in order. */
  readonly keys: string[];
  readonly server: Server;
}

let folder: string;
let vendor: Vendor;
const started: Instance[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "sekisho-restart-"));
  vendor = await startVendor();
});

afterEach(() => {
  for (const instance of started.splice(0)) killInstance(instance);
  vendor.server.close();
  vendor.server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

test("SIGKILL under load loses nothing acknowledged and acts on no ticket twice", async () => {
  const first = await start(0);
  const keys = openKeys(stateDirOf(folder));
  await setUpTeam(first.url, keys, TEAM, SETUP);
  const acknowledged = await loadUntilKilled(
    first,
    await clientAs(first.url, keys, TEAM, AGENT, "agent"),
  );
  expect(acknowledged.length).toBeGreaterThanOrEqual(ACKNOWLEDGED_MIN);

  const second = await start(Number(new URL(first.url).port));
  const auditor = await clientAs(second.url, keys, TEAM, "auditor.load", "auditor");
  await expectAllSettled(auditor, acknowledged);
  const executed = await expectEveryTraceHolds(auditor, acknowledged);

  expect(new Set(vendor.keys).size, "a ticket acted at most once").toBe(vendor.keys.length);
  expect(vendor.keys).toEqual(expect.arrayContaining([...executed]));
  expect(executed.length).toBeGreaterThan(ACKNOWLEDGED_MIN / 2);
});

test("state and keys survive a stop in order, which leaves with 0 and no process", async () => {
  const first = await start(0);
  const keys = openKeys(stateDirOf(folder));
  await setUpTeam(first.url, keys, TEAM, SETUP);
  const done = await proposeOnce(await clientAs(first.url, keys, TEAM, AGENT, "agent"));
  expect(done).not.toBeNull();
  // Settled before the stop, so that nothing waits for the journal to send a ticket again.
  await expectAllSettled(
    await clientAs(first.url, keys, TEAM, "auditor.load", "auditor"),
    done === null ? [] : [done],
  );
  expect(await stopInstance(first)).toBe(0);
  await expect(fetch(`${first.url}/health`)).rejects.toThrow("fetch failed");

  const second = await start(Number(new URL(first.url).port));
  const auditor = await clientAs(second.url, keys, TEAM, "auditor.load", "auditor");
  await expectAllSettled(auditor, done === null ? [] : [done]);
  expect(await expectEveryTraceHolds(auditor, done === null ? [] : [done])).toEqual([done?.jti]);
  expect(vendor.keys).toEqual([done?.jti]);
  expect(await stopInstance(second)).toBe(0);
});

test("SIGKILL of the command alone leaves nothing behind that holds the port", async () => {
  const first = await start(0);
  await killCommand(first);
  const isGone = () =>
    fetch(`${first.url}/health`).then(
      () => false,
      () => true,
    );
  const end = performance.now() + 5_000;
  while (!(await isGone())) expect(performance.now()).toBeLessThan(end);
  const second = await start(Number(new URL(first.url).port));
  expect(second.url).toBe(first.url);
  expect(await stopInstance(second)).toBe(0);
});

async function start(port: number): Promise<Instance> {
  const action = { connector: "http", method: "POST", url: vendor.url, idempotent: false };
  const instance = await startInstance(folder, port, { [ACTION]: action });
  started.push(instance);
  return instance;
}

async function startVendor(): Promise<Vendor> {
  const keys: string[] = [];
  const server = createServer((request, response) => {
    keys.push(String(request.headers["idempotency-key"]));
    request.resume();
    request.on("end", () => response.end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/note`, keys, server };
}

/** Opens a mission and proposes its one action; null when either was not answered with success. */
async function proposeOnce(agent: ApiClient): Promise<Acknowledged | null> {
  const opened = await agent.post("/v1/missions", { plan: PLAN });
  if (!opened.ok || opened.value.status !== 201) return null;
  const { missionId } = opened.value.body as { missionId: string };
  const address = `/v1/missions/${missionId}/nodes/note/proposals`;
  const proposed = await agent.post(address, {
    rationale: "leave a note",
    action: { type: ACTION, args: { missionId } },
  });
  if (!proposed.ok || proposed.value.status !== 200) return null;
  const [, seq, hash] =
    /^"(\d+)-([0-9a-f]{64})"$/.exec(proposed.value.headers.get("etag") ?? "") ?? [];
  const { ticket } = proposed.value.body as { ticket: { jti: string } };
  return { missionId, seq: Number(seq), hash: String(hash), jti: ticket.jti };
}

/** Eight clients at once; the kill falls while requests, queue messages and vendor calls are under way. */
async function loadUntilKilled(
  instance: Instance,
  agent: ApiClient,
): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const work = async () => {
    for (;;) {
      const done = await proposeOnce(agent);
      if (done === null) return;
      acknowledged.push(done);
      if (acknowledged.length === ACKNOWLEDGED_MIN) killInstance(instance);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  return acknowledged;
}

/** Every acknowledged mission ends: completed, or blocked because nobody knows whether the action happened. */
async function expectAllSettled(
  auditor: ApiClient,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const isSettled = async ({ missionId }: Acknowledged) => {
    const answered = await auditor.get(`/v1/missions/${missionId}`);
    expect(answered.ok && answered.value.status, `${missionId} is known`).toBe(200);
    const view = (answered.ok ? answered.value.body : null) as MissionView;
    return view.nodes.every((node) => node.state === "DONE" || node.state === "BLOCKED");
  };
  const end = performance.now() + SETTLED_WITHIN_MS;
  for (let open = acknowledged; open.length > 0;) {
    const settled = await Promise.all(open.map(isSettled));
    open = open.filter((_mission, index) => settled[index] !== true);
    if (open.length === 0) return;
    expect(performance.now(), `${open.length} missions are not settled`).toBeLessThan(end);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Chains verify and hold what was acknowledged; answers the tickets whose action succeeded. */
async function expectEveryTraceHolds(
  auditor: ApiClient,
  acknowledged: readonly Acknowledged[],
): Promise<readonly string[]> {
  const executed: string[] = [];
  for (const { missionId, seq, hash, jti } of acknowledged) {
    const answered = await auditor.get(`/v1/missions/${missionId}/trace`, "application/x-ndjson");
    const text = answered.ok ? answered.value.text : "";
    expect(verifyTraceText(text, { missionId })).toMatchObject({ ok: true });
    const events = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as TraceEvent);
    expect(events[seq]?.hash, "the acknowledged head is in the trace").toBe(hash);
    const receipts = events.filter((event) => event.type === "receipt.recorded");
    expect(receipts.length).toBe(1);
    const receipt = receipts[0]?.data["receipt"] as { jti: string; outcome: string };
    expect(receipt.jti).toBe(jti);
    if (receipt.outcome === "succeeded") executed.push(receipt.jti);
  }
  return executed;
}
