/**
 * The trace over HTTP: pages, the stream, replay to any point, verification in place and of an upload;
 * and the list of missions, which comes from the index.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { replayTrace } from "../../shared/mission/index.ts";
import { verifyTraceText } from "../../shared/trace/index.ts";
import { pageSchema, traceEventSchema } from "../../shared/wire/api.ts";
import { replaySchema } from "../../shared/wire/views.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";

const TEAM = "trace-team";
const agent = callerOf(TEAM, "agent");
const operator = callerOf(TEAM, "operator");
const auditor = callerOf(TEAM, "auditor");

const NEVER = `msn_01900000-0000-7000-8000-000000000000`;
const nodePath = (id: string, what: string) => `/v1/missions/${id}/nodes/decide/${what}`;
const pageOfEvents = pageSchema(traceEventSchema);

beforeAll(async () => {
  await setUpTeam(TEAM);
});

describe("the trace", () => {
  it("comes in pages that join without gap or overlap", async () => {
    const id = await openMission(TEAM);
    await call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" });
    const seqs: number[] = [];
    let after: string | null = "-1";
    while (after !== null && seqs.length < 100) {
      const path = `/v1/missions/${id}/trace?after=${after}&limit=2`;
      const page = pageOfEvents.parse((await expectStatus(call(auditor, "GET", path), 200)).body);
      seqs.push(...page.items.map((event) => event.seq));
      after = page.nextCursor;
    }
    expect(seqs).toEqual(seqs.map((_seq, index) => index));
    expect(seqs.length).toBeGreaterThan(3);
  });

  it("streams as canonical lines that verify offline and replay to the same state hash", async () => {
    const id = await openMission(TEAM);
    await call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" });
    const path = `/v1/missions/${id}/trace`;
    const streamed = await expectStatus(
      call(auditor, "GET", path, undefined, { accept: "application/x-ndjson" }),
      200,
    );
    expect(streamed.headers.get("content-type")).toBe("application/x-ndjson");
    const verified = verifyTraceText(streamed.text, { missionId: id });
    if (!verified.ok) throw new Error(verified.error.detail);
    const { head } = verified.value;
    expect(streamed.headers.get("etag")).toBe(`"${head.seq}-${head.hash}"`);

    const offline = replayTrace(
      streamed.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
      null,
    );
    const online = await expectStatus(
      call(auditor, "GET", `/v1/missions/${id}/replay?at=${head.seq}`),
      200,
    );
    const replayed = replaySchema.parse(online.body);
    expect(offline).toMatchObject({ ok: true, value: { stateHash: replayed.stateHash } });
    const live = await call(auditor, "GET", `/v1/missions/${id}`);
    expect(replayed.view).toEqual(live.body);
  });

  it("replays to any earlier seq or time, and to no other", async () => {
    const id = await openMission(TEAM);
    await call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" });
    const replay = (at: string) => call(auditor, "GET", `/v1/missions/${id}/replay?at=${at}`);
    const first = replaySchema.parse((await expectStatus(replay("0"), 200)).body);
    expect(first.head.seq).toBe(0);
    expect(first.view.nodes[0]?.state).toBe("NEW");
    const late = replaySchema.parse(
      (await expectStatus(replay("2999-01-01T00:00:00.000Z"), 200)).body,
    );
    expect(late.view.nodes[0]?.state).toBe("RUNNING");
    for (const at of ["999", "1999-01-01T00:00:00.000Z"]) {
      expect((await replay(at)).body["code"]).toBe("replay_point_unknown");
    }
    for (const at of ["", "-1", "01", "1.5", "yesterday", "2026-02-30T00:00:00.000Z"]) {
      expect((await replay(at)).body["code"]).toBe("request_invalid");
    }
  });

  it("is verified where it is, and where it was carried", async () => {
    const id = await openMission(TEAM);
    await call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" });
    const here = await expectStatus(
      call(auditor, "POST", "/v1/audit/verify", { missionId: id }),
      200,
    );
    expect(here.body["valid"]).toBe(true);
    const { body } = await call(auditor, "GET", `/v1/missions/${id}/trace`);
    const events = body["items"] as readonly Record<string, unknown>[];
    const verify = async (changed: readonly object[], head?: unknown) =>
      (
        await expectStatus(
          call(auditor, "POST", "/v1/audit/verify", { events: changed, head }),
          200,
        )
      ).body;
    expect(await verify(events, here.body["head"])).toEqual(here.body);
    expect(await verify(events.slice(0, -1), here.body["head"])).toMatchObject({
      valid: false,
      firstBadSeq: events.length - 1,
      reason: "tail_missing",
    });
    const changed = events.map((event) =>
      event["seq"] === 1 ? { ...event, type: "node.done" } : event,
    );
    expect(await verify(changed)).toMatchObject({
      valid: false,
      firstBadSeq: 1,
      reason: "hash_mismatch",
    });
    expect(await verify([events[0] ?? {}, ...events.slice(2)])).toMatchObject({
      valid: false,
      firstBadSeq: 1,
    });
    expect(await verify([{ nonsense: true }])).toMatchObject({
      firstBadSeq: 0,
      reason: "event_malformed",
    });
  });

  it("of a mission nobody opened is unknown to every reader", async () => {
    for (const path of ["", "/ready", "/trace", "/replay?at=0"]) {
      const answer = await call(operator, "GET", `/v1/missions/${NEVER}${path}`);
      expect(answer.body["code"]).toBe("mission_unknown");
    }
  });
});

describe("the list of missions", () => {
  it("shows the team's missions newest first, in pages bound to the team", async () => {
    const opened = [await openMission(TEAM), await openMission(TEAM), await openMission(TEAM)];
    await expect
      .poll(
        async () => {
          const { body } = await call(operator, "GET", "/v1/missions?limit=200");
          const ids = (body["items"] as readonly { id: string }[]).map(({ id }) => id);
          return opened.every((id) => ids.includes(id));
        },
        { timeout: 5_000 },
      )
      .toBe(true);
    const first = (await call(operator, "GET", "/v1/missions?limit=2")).body;
    const cursor = String(first["nextCursor"]);
    const second = (await call(operator, "GET", `/v1/missions?limit=2&cursor=${cursor}`)).body;
    const ids = [first, second]
      .flatMap((page) => page["items"] as readonly { id: string }[])
      .map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect(new Set(ids).size).toBe(ids.length);
    const foreign = await call(
      callerOf("other-team", "operator"),
      "GET",
      `/v1/missions?cursor=${cursor}`,
    );
    expect(foreign.body["code"]).toBe("request_invalid");
  });
});
