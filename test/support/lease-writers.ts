/**
 * Missions that write slices the team shares, with the real arbiters: opened straight at their objects, and
 * looked at from behind.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { SliceArbiter } from "../../durable-objects/index.ts";
import { certifyReplay, dataOf } from "../../shared/mission/index.ts";
import type { PlanInput } from "../../shared/plan/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { MissionRpc, SliceRpc } from "../../shared/wire/rpc.ts";
import { checkMission } from "./check-mission.ts";
import {
  freshMissionId,
  missionObject,
  openRequest,
  proposeRequest,
  request,
  TEAM,
} from "./mission-world.ts";

export const { SLICES } = env as unknown as { SLICES: DurableObjectNamespace<SliceArbiter> };

let artifacts = 0;

/** An artifact no other test of the file has. */
export function freshArtifact(): string {
  artifacts += 1;
  return `book-${artifacts}`;
}

/** The arbiter of a team's artifact. */
export function arbiterOf(artifact: string, team = TEAM): SliceRpc {
  return SLICES.getByName(`${team}/${artifact}`) as unknown as SliceRpc;
}

/** What the arbiter's own row says, after `change`. */
export async function sliceRow(slice: string, change = (_sql: SqlStorage): void => undefined) {
  const stub = SLICES.getByName(`${TEAM}/${slice.split("#")[0] ?? ""}`);
  return runInDurableObject(stub, (_instance, { storage }) => {
    change(storage.sql);
    return storage.sql
      .exec<{ mission_id: string | null; fence: number | null; highest: number }>(
        "SELECT mission_id, fence, highest FROM slice WHERE slice = ?",
        slice,
      )
      .toArray()[0];
  });
}

/** As if the time in which the last grant may be used had passed. */
export async function endGrant(slice: string): Promise<void> {
  await sliceRow(slice, (sql) => void sql.exec("UPDATE slice SET usable_until_ms = 0"));
}

function writing(...slices: readonly string[]): PlanInput {
  const nodes = slices.map((slice, at) => ({
    id: `write-${at}`,
    kind: "decision" as const,
    phase: "work",
    title: `Write ${slice}`,
    risk: 1,
    ownerR: "agent" as const,
    ownerX: "agent" as const,
    tests: [{ id: "done", title: "It is written" }],
    writeSet: [slice],
  }));
  return { title: "Write", phases: ["work"], nodes, edges: [], leased: [...new Set(slices)] };
}

/** A mission whose nodes `write-0`, `write-1`, ... each write one slice. */
export interface Writer {
  readonly missionId: string;
  readonly stub: MissionRpc;
}

/** Opens a mission with one node a slice. */
export async function opened(...slices: readonly string[]): Promise<Writer> {
  const missionId = freshMissionId();
  const stub = missionObject(missionId);
  const executed = await stub.execute(openRequest(missionId, writing(...slices)));
  expect(executed.ok).toBe(true);
  return { missionId, stub };
}

/** The answer to a proposal for the node. */
export async function propose({ stub }: Writer, nodeId = "write-0") {
  const executed = await stub.execute(proposeRequest(nodeId, null));
  if (!executed.ok) throw new Error(JSON.stringify(executed.error));
  return executed.value.answer;
}

/** Submits the result of a running node, which must end it. */
export async function finish({ stub }: Writer, nodeId = "write-0") {
  const executed = await stub.execute(
    request({
      type: "SubmitResult",
      nodeId,
      outputs: {},
      tests: [{ id: "done", passed: true }],
    }),
  );
  expect(executed).toMatchObject({ ok: true, value: { answer: { nodeState: "DONE" } } });
}

/** Where the node is now. */
export async function statusOf({ stub }: Writer, nodeId = "write-0"): Promise<string | undefined> {
  const viewed = await stub.view(TEAM);
  if (!viewed.ok) throw new Error(viewed.error.reason);
  return viewed.value.view.nodes.find(({ id }) => id === nodeId)?.state;
}

/** Waits until the node is where it must come by itself. */
export async function becomes(writer: Writer, status: string, nodeId = "write-0"): Promise<void> {
  await vi.waitFor(async () => expect(await statusOf(writer, nodeId)).toBe(status), {
    timeout: 10_000,
    interval: 20,
  });
}

/** The fencing numbers of a mission's entries, in order. */
export function fencesIn(events: readonly TraceEvent[]): readonly number[] {
  return events
    .filter(({ type }) => type === "gate.evaluated")
    .flatMap((event) => Object.values(dataOf(event, "gate.evaluated").lease?.fence ?? {}));
}

/** The object's rows are sound, and its trace comes out again of what it recorded. */
export async function checked({ stub }: Writer): Promise<readonly TraceEvent[]> {
  const { events } = await checkMission(stub, TEAM);
  expect(certifyReplay(events)).toMatchObject({ certified: true, exact: true });
  return events;
}
