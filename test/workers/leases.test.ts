/**
 * Slices that missions of a team share, with the real arbiters: two missions contend, the second waits and goes
 * on by itself; what a crash leaves behind is taken back, and what is held never is. Source: docs/leases.md.
 */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { checkMission } from "../support/check-mission.ts";
import {
  arbiterOf,
  becomes,
  checked,
  endGrant,
  fencesIn,
  finish,
  freshArtifact,
  opened,
  propose,
  sliceRow,
  SLICES,
  statusOf,
} from "../support/lease-writers.ts";
import {
  evict,
  freshMissionId,
  inside,
  missionObject,
  request,
  runToTicket,
  shortPlan,
  TEAM,
} from "../support/mission-world.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

describe("two missions of a team that write one slice", () => {
  it("run one after the other, the second by itself and under a higher number", async () => {
    const slice = `${freshArtifact()}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    expect(await propose(first)).toMatchObject({ nodeState: "RUNNING" });
    const paused = await propose(second);
    expect(paused).toMatchObject({
      nodeState: "BLOCKED",
      gateResult: { verdict: "pause", reasons: [{ code: "LEASE_HELD", gate: "lease" }] },
    });
    expect(JSON.stringify(paused)).toContain(`node write-0 of ${first.missionId}`);
    await finish(first);
    await becomes(second, "RUNNING");
    await finish(second);
    const fences = [await checked(first), await checked(second)].map(fencesIn);
    expect(fences).toEqual([[1], [2]]);
    await vi.waitFor(async () => expect(await sliceRow(slice)).toMatchObject({ fence: null }));
  });

  it("are served in the order in which they asked", async () => {
    const slice = `${freshArtifact()}#jan`;
    const writers = [await opened(slice), await opened(slice), await opened(slice)];
    for (const writer of writers) await propose(writer);
    for (const writer of writers) {
      await becomes(writer, "RUNNING");
      await finish(writer);
    }
    const traces = await Promise.all(writers.map(checked));
    expect(traces.map(fencesIn)).toEqual([[1], [2], [3]]);
  });

  it("never hold it together, however many ask at once", async () => {
    const slice = `${freshArtifact()}#jan`;
    const writers = await Promise.all(Array.from({ length: 8 }, () => opened(slice)));
    await Promise.all(writers.map((writer) => propose(writer)));
    const waiting = new Set(writers);
    while (waiting.size > 0) {
      const running = await vi.waitFor(
        async () => {
          const states = await Promise.all([...waiting].map((writer) => statusOf(writer)));
          const found = [...waiting].filter((_writer, at) => states[at] === "RUNNING");
          expect(found).toHaveLength(1);
          return found;
        },
        { timeout: 10_000, interval: 20 },
      );
      for (const writer of running) {
        await finish(writer);
        waiting.delete(writer);
      }
    }
    const fences = (await Promise.all(writers.map(checked))).flatMap(fencesIn);
    expect(fences.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("see nothing of a slice of the same name in another team", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    await propose(await opened(slice));
    const elsewhere = await arbiterOf(artifact, "rivals").acquire({
      missionId: freshMissionId(),
      nodeId: "write-0",
      sinceMs: null,
      slices: [{ slice, floor: 0 }],
    });
    expect(elsewhere).toMatchObject({ outcome: "granted", fence: { [slice]: 1 } });
  });

  it("give their tickets numbers of one count", async () => {
    const slice = `${freshArtifact()}#refunds`;
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await arbiterOf(slice.split("#")[0] ?? "").acquire({
      missionId,
      nodeId: "pay",
      sinceMs: null,
      slices: [{ slice, floor: 6 }],
    });
    await runToTicket(stub, missionId, shortPlan(missionId, slice));
    const { events } = await checkMission(stub, TEAM);
    const issued = events.find(({ type }) => type === "ticket.issued");
    expect(issued?.data["claims"]).toMatchObject({ fence: { [slice]: 8 }, fence_scope: "team" });
  });
});

describe("nodes of one mission that write one slice", () => {
  it("go on in the turn in which the slice comes free", async () => {
    const slice = `${freshArtifact()}#jan`;
    const writer = await opened(slice, slice);
    await propose(writer);
    expect(await propose(writer, "write-1")).toMatchObject({ nodeState: "BLOCKED" });
    await finish(writer);
    expect(await statusOf(writer, "write-1")).toBe("RUNNING");
    await finish(writer, "write-1");
    expect(fencesIn(await checked(writer))).toEqual([1, 2]);
  });

  it("let another mission go first that has waited longer", async () => {
    const slice = `${freshArtifact()}#jan`;
    const [writer, other] = [await opened(slice, slice), await opened(slice)];
    await propose(writer);
    await propose(other);
    await propose(writer, "write-1");
    await finish(writer);
    await becomes(other, "RUNNING");
    expect(await statusOf(writer, "write-1")).toBe("BLOCKED");
    await finish(other);
    await becomes(writer, "RUNNING", "write-1");
    expect(fencesIn(await checked(writer))).toEqual([1, 3]);
  });
});

describe("what a crash leaves behind", () => {
  it("a grant that was never committed is taken back once it can be used no more", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const [dead, writer] = [await opened(slice), await opened(slice)];
    // As if the mission had died between the arbiter's answer and its own commit.
    const lost = {
      missionId: dead.missionId,
      nodeId: "write-0",
      sinceMs: null,
      slices: [{ slice, floor: 0 }],
    };
    await arbiterOf(artifact).acquire(lost);
    expect(await propose(writer)).toMatchObject({ nodeState: "BLOCKED" });
    await endGrant(slice);
    expect(await propose(writer)).toMatchObject({ nodeState: "RUNNING" });
    expect(fencesIn(await checked(writer))).toEqual([2]);
  });

  it("a grant to a mission that was never opened is nobody's", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const lost = {
      missionId: freshMissionId(),
      nodeId: "n",
      sinceMs: null,
      slices: [{ slice, floor: 0 }],
    };
    await arbiterOf(artifact).acquire(lost);
    await endGrant(slice);
    expect(await propose(await opened(slice))).toMatchObject({ nodeState: "RUNNING" });
  });

  it("a release that was lost is found out by the arbiter's alarm, and the waiter goes on", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    await arbiterOf(artifact).acquire({
      missionId: first.missionId,
      nodeId: "write-0",
      sinceMs: null,
      slices: [{ slice, floor: 0 }],
    });
    await propose(second);
    await endGrant(slice);
    expect(await statusOf(second)).toBe("BLOCKED");
    expect(await runDurableObjectAlarm(SLICES.getByName(`${TEAM}/${artifact}`))).toBe(true);
    await becomes(second, "RUNNING");
    await checked(second);
  });

  it("an arbiter that lost its memory knows its numbers and its queue", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    await propose(first);
    await propose(second);
    await evictDurableObject(SLICES.getByName(`${TEAM}/${artifact}`));
    await finish(first);
    await becomes(second, "RUNNING");
    expect(fencesIn(await checked(second))).toEqual([2]);
  });

  it("a mission that lost its memory still holds its slice", async () => {
    const slice = `${freshArtifact()}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    await propose(first);
    await evict(first.stub);
    await endGrant(slice);
    expect(await propose(second)).toMatchObject({ nodeState: "BLOCKED" });
    expect(await sliceRow(slice)).toMatchObject({ mission_id: first.missionId, fence: 1 });
  });

  it("a late word about an older grant frees nothing", async () => {
    const artifact = freshArtifact();
    const slice = `${artifact}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    await propose(first);
    await finish(first);
    await vi.waitFor(async () => expect(await sliceRow(slice)).toMatchObject({ fence: null }));
    await propose(second);
    await arbiterOf(artifact).release(first.missionId, [{ slice, fence: 1 }]);
    await arbiterOf(artifact).release(second.missionId, [{ slice, fence: 1 }]);
    expect(await sliceRow(slice)).toMatchObject({ mission_id: second.missionId, fence: 2 });
  });
});

describe("when in doubt", () => {
  it("a mission whose chain is broken holds what it was given", async () => {
    const slice = `${freshArtifact()}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    await propose(first);
    await inside(first.stub, ({ sql }) => {
      sql.exec(`UPDATE journal SET events = replace(events, 'RUNNING', 'READY') WHERE seq > 2`);
    });
    await evict(first.stub);
    await endGrant(slice);
    expect(await first.stub.holdsSlice(TEAM, slice)).toBe(true);
    expect(await propose(second)).toMatchObject({ nodeState: "BLOCKED" });
  });

  it("an arbiter that cannot be reached blocks the node, and a later proposal asks again", async () => {
    const slice = `${freshArtifact()}#jan`;
    const writer = await opened(slice);
    const unreachable = { getByName: () => ({ acquire: () => Promise.reject(new Error("gone")) }) };
    const before = await inside(writer.stub, (_storage, instance) => {
      const holder = instance as unknown as { env: object };
      const own = holder.env;
      holder.env = { ...own, SLICES: unreachable };
      return own;
    });
    const blocked = await propose(writer);
    expect(blocked).toMatchObject({
      nodeState: "BLOCKED",
      gateResult: { verdict: "block", reasons: [{ code: "GATE_FAILURE", gate: "lease" }] },
    });
    await inside(writer.stub, (_storage, instance) => {
      (instance as unknown as { env: object }).env = before;
    });
    expect(await propose(writer)).toMatchObject({ nodeState: "RUNNING" });
    await checked(writer);
  });

  it("a mission that is stopped gives its slices free, and one that is paused keeps them", async () => {
    const slice = `${freshArtifact()}#jan`;
    const [first, second] = [await opened(slice), await opened(slice)];
    await propose(first);
    await propose(second);
    const operator = { kind: "human", id: "ann" } as const;
    const intervene = (kind: "pause" | "stop") =>
      first.stub.execute(request({ type: "Intervene", kind, reason: "enough", actor: operator }));
    await intervene("pause");
    expect(await first.stub.holdsSlice(TEAM, slice)).toBe(true);
    await intervene("stop");
    await becomes(second, "RUNNING");
    await checked(first);
  });
});
