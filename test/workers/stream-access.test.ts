/**
 * Who may open a live stream and where: points of the trace, roles and what each is shown, other teams, and
 * stream tickets. What a connection then carries: stream.test.ts.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import { outlineOf } from "../../shared/stream/index.ts";
import { ROLES } from "../../worker/auth.ts";
import { call, callerOf, expectStatus, openMission, send, setUpTeam } from "../support/api.ts";
import { evict, inside, TEAM } from "../support/mission-world.ts";
import { openActive, streamOf, traceOf } from "../support/stream-world.ts";
import { openSocket } from "../support/streams.ts";

const auditor = callerOf(TEAM, "auditor");

beforeAll(async () => {
  await setUpTeam("stream-team");
});

describe("a receiver that names no point of the trace", () => {
  it.each(["", " 1", "01", "1e3", "0x1", "-2", "1.0", "next", "9".repeat(16)])(
    "by Last-Event-ID %j is told which header it was",
    async (value) => {
      const { missionId } = await openActive();
      // A header's value is trimmed on its way, so a blank one arrives as an empty one.
      const headers = { "last-event-id": value === " 1" ? "1 1" : value };
      const refused = await call(auditor, "GET", streamOf(missionId), undefined, headers);
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({
        code: "request_invalid",
        errors: [{ pointer: "/header/last-event-id" }],
      });
    },
  );

  it.each(["", "01", "1e3", "-2", "next"])("by ?after=%s is told so too", async (value) => {
    const { missionId } = await openActive();
    const refused = await call(auditor, "GET", streamOf(missionId, `?after=${value}`));
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ errors: [{ pointer: "/query/after" }] });
  });

  it("beyond its end is told where that is", async () => {
    const { missionId } = await openActive();
    const lastSeq = (await traceOf(missionId)).length - 1;
    const headers = { "last-event-id": String(lastSeq + 1) };
    const refused = await call(auditor, "GET", streamOf(missionId, "?after=0"), undefined, headers);
    expect(refused.body).toMatchObject({
      code: "replay_point_unknown",
      after: lastSeq + 1,
      lastSeq,
    });
  });
});

describe("what a role is shown", () => {
  it.each(ROLES)("is for %s what it may read of the trace", async (role) => {
    const { missionId } = await openActive();
    const caller = callerOf(TEAM, role);
    const mayReadTrace =
      (await call(caller, "GET", `/v1/missions/${missionId}/trace`)).status === 200;
    const receiver = await openSocket(caller, streamOf(missionId));
    const trace = await traceOf(missionId);
    await receiver.until(trace.length - 1);
    expect(receiver.events).toEqual(mayReadTrace ? trace : trace.map(outlineOf));
    receiver.close();
  });

  it("is nothing of another team's mission, by token or by ticket", async () => {
    const { missionId } = await openActive();
    const stranger = callerOf("stream-team", ...ROLES);
    for (const headers of [{}, { upgrade: "websocket" }]) {
      const refused = await call(stranger, "GET", streamOf(missionId), undefined, headers);
      expect(refused.body).toMatchObject({ code: "mission_unknown" });
    }
    const asked = await call(stranger, "POST", `/v1/missions/${missionId}/stream-tickets`);
    expect(asked.body).toMatchObject({ code: "mission_unknown" });
  });
});

describe("a stream ticket", () => {
  const ticketFor = async (missionId: string, caller = auditor) =>
    String(
      (await expectStatus(call(caller, "POST", `/v1/missions/${missionId}/stream-tickets`), 201))
        .body["ticket"],
    );

  it("opens one stream with the roles of whoever asked for it", async () => {
    const { missionId } = await openActive();
    const trace = await traceOf(missionId);
    for (const [caller, shown] of [
      [auditor, trace],
      [callerOf(TEAM, "agent"), trace.map(outlineOf)],
    ] as const) {
      const ticket = await ticketFor(missionId, caller);
      const receiver = await openSocket(null, streamOf(missionId, `?ticket=${ticket}`));
      await receiver.until(trace.length - 1);
      expect(receiver.events).toEqual(shown);
      receiver.close();
      const again = await send(streamOf(missionId, `?ticket=${ticket}`));
      expect(again.status).toBe(401);
    }
  });

  it("survives the object's sleep, and is used up all the same", async () => {
    const { missionId, stub } = await openActive();
    const ticket = await ticketFor(missionId);
    await evict(stub);
    (await openSocket(null, streamOf(missionId, `?ticket=${ticket}`))).close();
    await evict(stub);
    expect((await send(streamOf(missionId, `?ticket=${ticket}`))).status).toBe(401);
  });

  it("is of one mission, one route, one team and half a minute", async () => {
    const { missionId, stub } = await openActive();
    const other = await openActive();
    const team = await openMission("stream-team");
    const ticket = await ticketFor(missionId);
    const refused = [
      streamOf(other.missionId, `?ticket=${ticket}`),
      streamOf(team, `?ticket=${ticket}`),
      `/v1/missions/${missionId}/trace?ticket=${ticket}`,
      `/v1/missions/${missionId}?ticket=${ticket}`,
      streamOf(missionId, `?ticket=${ticket.replace(TEAM, "stream-team")}`),
      streamOf(missionId, `?ticket=${ticket.slice(0, -1)}`),
      streamOf(missionId, "?ticket="),
      streamOf(missionId),
    ];
    for (const path of refused) expect((await send(path)).status).toBe(401);
    await inside(stub, ({ kv }) => {
      for (const [key, stored] of Array.from(kv.list<{ expiresAtMs: number }>())) {
        kv.put(key, { ...stored, expiresAtMs: Date.now() });
      }
    });
    expect((await send(streamOf(missionId, `?ticket=${ticket}`))).status).toBe(401);
    const fresh = await ticketFor(missionId);
    (await openSocket(null, streamOf(missionId, `?ticket=${fresh}`))).close();
  });

  it("is refused while too many are unused, and given again when those have expired", async () => {
    const { missionId, stub } = await openActive();
    const path = `/v1/missions/${missionId}/stream-tickets`;
    for (let made = 0; made < LIMITS.streamTicketsMax; made += 1) await ticketFor(missionId);
    const refused = await call(auditor, "POST", path);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("5");
    await inside(stub, ({ kv }) => {
      for (const [key, stored] of Array.from(kv.list<{ expiresAtMs: number }>())) {
        kv.put(key, { ...stored, expiresAtMs: 0 });
      }
    });
    await ticketFor(missionId);
    expect(await inside(stub, ({ kv }) => Array.from(kv.list()).length)).toBe(1);
  });
});
