/**
 * The live stream: from any seq every later event, once and in order, whatever happens in between; how much is
 * sent ahead, and how a connection ends. Who may open one: stream-access.test.ts.
 */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import { STREAM_ENDS } from "../../shared/stream/index.ts";
import type { MissionRpc } from "../../shared/wire/rpc.ts";
import { call, callerOf } from "../support/api.ts";
import { evict, freshMissionId, inside, missionObject, TEAM } from "../support/mission-world.ts";
import {
  addNote,
  changeConnections,
  connectionsOf,
  createFollower,
  life,
  openActive,
  step,
  streamOf,
  traceOf,
} from "../support/stream-world.ts";
import { openSocket, openSse } from "../support/streams.ts";

const auditor = callerOf(TEAM, "auditor");
const operator = callerOf(TEAM, "operator");

describe("from any seq the receiver gets every later event once, in order", () => {
  const BREAKS = {
    "nothing happens in between": { connections: 1, breaks: async () => undefined },
    "the object sleeps": { connections: 1, breaks: evict },
    "the object is evicted and its sockets closed": {
      connections: 7,
      breaks: async (stub: MissionRpc) =>
        evictDurableObject(stub as unknown as DurableObjectStub, { webSockets: "close" }),
    },
    "every object is aborted": { connections: 7, breaks: async () => abortAllDurableObjects() },
  };

  it.each(Object.entries(BREAKS))(
    "by WebSocket, when %s after every command",
    async (_, { connections, breaks }) => {
      const missionId = freshMissionId();
      const follower = createFollower(missionId);
      for (const command of life(missionId)) {
        await step(missionObject(missionId), command);
        await follower.catchUp((await traceOf(missionId)).length - 1);
        await breaks(missionObject(missionId));
      }
      expect(follower.got).toEqual(await traceOf(missionId));
      expect(follower.connections()).toBe(connections);
    },
  );

  it("by WebSocket, when the receiver itself comes and goes with every event", async () => {
    const missionId = freshMissionId();
    const follower = createFollower(missionId);
    for (const command of life(missionId)) {
      await step(missionObject(missionId), command);
      const { length } = await traceOf(missionId);
      for (let seq = follower.got.length; seq < length; seq += 1) {
        await follower.catchUp(seq);
        follower.leave();
      }
    }
    expect(follower.got).toEqual(await traceOf(missionId));
    expect(follower.connections()).toBe(follower.got.length);
  });

  it("by a new connection at every point of a finished life", async () => {
    const missionId = freshMissionId();
    for (const command of life(missionId)) await step(missionObject(missionId), command);
    const trace = await traceOf(missionId);
    expect(trace.length).toBeGreaterThan(8);
    for (const after of [-1, ...trace.keys()]) {
      const receiver = await openSocket(auditor, streamOf(missionId, `?after=${after}`));
      expect(await receiver.closed).toEqual({ code: STREAM_ENDS.ended.code, reason: "ended" });
      expect(receiver.events).toEqual(trace.slice(after + 1));
      const sse = await openSse(auditor, streamOf(missionId), { "last-event-id": String(after) });
      await sse.until(({ event }) => event === "end");
      const events = sse.messages.filter(({ event }) => event !== "end");
      expect(events.map(({ data }) => JSON.parse(data))).toEqual(trace.slice(after + 1));
      expect(events.map(({ id }) => Number(id))).toEqual(
        trace.slice(after + 1).map(({ seq }) => seq),
      );
      expect(sse.response.status).toBe(after === trace.length - 1 ? 204 : 200);
    }
  });
});

describe("a connection", () => {
  it("is sent nothing of a command that was not committed", async () => {
    const { missionId, stub } = await openActive();
    const receiver = await openSocket(auditor, streamOf(missionId));
    const before = (await traceOf(missionId)).length;
    await receiver.until(before - 1);
    await inside(stub, (_storage, instance) => {
      Object.defineProperty(instance, "env", { value: { TICKET_SIGNING_KEYS: "{" } });
    });
    await expect(addNote(missionId, "unsigned")).rejects.toThrow(/JSON/);
    await evict(stub);
    await addNote(missionId, "signed");
    await receiver.until(before);
    expect(receiver.events).toEqual(await traceOf(missionId));
    receiver.close();
  });

  it("is sent as much as its window holds, and the rest once it has acknowledged that", async () => {
    const { missionId, stub } = await openActive();
    const notes = LIMITS.streamWindowEventsMax + 20;
    for (let note = 0; note < notes; note += 1) await addNote(missionId, String(note));
    const trace = await traceOf(missionId);
    const window = LIMITS.streamWindowEventsMax;
    const receiver = await openSocket(auditor, streamOf(missionId), { acknowledges: false });
    await receiver.until(window - 1);
    await addNote(missionId, "one more");
    await evict(stub);
    // Whatever it was sent before this answer stands before it.
    await receiver.pong();
    expect(receiver.events).toHaveLength(window);
    receiver.say(String(window - 2));
    await receiver.pong();
    expect(receiver.events).toHaveLength(window);
    receiver.say(String(window - 1));
    await receiver.until(trace.length);
    expect(receiver.events).toEqual(await traceOf(missionId));
    receiver.close();
  });

  it("that leaves its window full for too long is closed as behind, and goes on from there", async () => {
    const { missionId, stub } = await openActive();
    const receiver = await openSocket(auditor, streamOf(missionId), { acknowledges: false });
    await receiver.until(1);
    await changeConnections(stub, { openBytes: LIMITS.streamWindowBytesMax, fullSince: 0 });
    await addNote(missionId, "too much");
    expect(await receiver.closed).toEqual({ code: STREAM_ENDS.behind.code, reason: "behind" });
    const seq = receiver.events.at(-1)?.seq ?? -1;
    const again = await openSocket(auditor, streamOf(missionId, `?after=${seq}`));
    await again.until(seq + 1);
    expect([...receiver.events, ...again.events]).toEqual(await traceOf(missionId));
    again.close();
  });

  it("that is an hour old is sent nothing more until its receiver says who it is", async () => {
    const { missionId, stub } = await openActive();
    const receiver = await openSocket(auditor, streamOf(missionId));
    const had = (await traceOf(missionId)).length;
    await receiver.until(had - 1);
    await changeConnections(stub, { until: Date.now() });
    await addNote(missionId, "later");
    expect(await receiver.closed).toEqual({ code: STREAM_ENDS.renew.code, reason: "renew" });
    expect(receiver.events).toHaveLength(had);
  });

  it.each(["", "1.5", "-2", "next", "999999", "{}"])(
    "that acknowledges %j is closed",
    async (text) => {
      const { missionId } = await openActive();
      const receiver = await openSocket(auditor, streamOf(missionId), { acknowledges: false });
      await receiver.until(1);
      receiver.say(text);
      expect(await receiver.closed).toMatchObject({ code: STREAM_ENDS.malformed.code });
    },
  );

  it("over the number a mission holds is refused, and taken again when another has left", async () => {
    const { missionId } = await openActive();
    const max = LIMITS.streamConnectionsMax;
    const all = await Promise.all(
      Array.from({ length: max }, () => openSocket(auditor, streamOf(missionId))),
    );
    for (const headers of [{}, { upgrade: "websocket" }]) {
      const refused = await call(auditor, "GET", streamOf(missionId), undefined, headers);
      expect(refused.status).toBe(429);
      expect(refused.headers.get("retry-after")).toBe("5");
      expect(refused.body).toMatchObject({ code: "stream_full", max });
    }
    all[0]?.close();
    await all[0]?.closed;
    const taken = await openSocket(auditor, streamOf(missionId));
    await taken.until(1);
    for (const receiver of [...all.slice(1), taken]) receiver.close();
  });

  it("to a broken trace is sent what can be read, and then told so", async () => {
    const { missionId, stub } = await openActive();
    await addNote(missionId, "readable no more");
    await inside(stub, ({ sql }) =>
      sql.exec("UPDATE journal SET events = '{' WHERE seq = (SELECT max(seq) FROM journal)"),
    );
    const readable = await traceOf(missionId);
    await evict(stub);
    const receiver = await openSocket(auditor, streamOf(missionId));
    expect(await receiver.closed).toEqual({ code: STREAM_ENDS.broken.code, reason: "broken" });
    expect(receiver.events).toEqual(readable);
  });
});

describe("server-sent events", () => {
  it("name seq and type, and say when to come back", async () => {
    const { missionId } = await openActive();
    const sse = await openSse(operator, streamOf(missionId));
    expect(sse.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(sse.response.headers.get("cache-control")).toBe("no-store");
    const trace = await traceOf(missionId);
    await sse.until(({ id }) => id === String(trace.length - 1));
    expect(sse.messages.map(({ id, event }) => [id, event])).toEqual(
      trace.map(({ seq, type }) => [String(seq), type]),
    );
    expect(sse.retryMs()).toBe(LIMITS.streamRetryMs);
    await sse.cancel();
  });

  it("go on while the object sleeps, and stop without a word when it is gone", async () => {
    const { missionId, stub } = await openActive();
    const sse = await openSse(operator, streamOf(missionId));
    await sse.until(({ id }) => id === "1");
    await evict(stub);
    await addNote(missionId, "after sleep");
    await sse.until(({ id }) => Number(id) === 3);
    await abortAllDurableObjects();
    await sse.until(() => false);
    expect(sse.messages.map(({ event }) => event)).not.toContain("end");
    const last = sse.messages.at(-1)?.id ?? "";
    await addNote(missionId, "after abort");
    const again = await openSse(operator, streamOf(missionId), { "last-event-id": last });
    const trace = await traceOf(missionId);
    await again.until(({ id }) => id === String(trace.length - 1));
    expect([...sse.messages, ...again.messages].map(({ data }) => JSON.parse(data))).toEqual(trace);
    await again.cancel();
  });

  it("answer HEAD without opening anything", async () => {
    const { missionId, stub } = await openActive();
    expect((await call(auditor, "HEAD", streamOf(missionId))).status).toBe(200);
    expect(await connectionsOf(stub)).toBe(0);
  });
});
