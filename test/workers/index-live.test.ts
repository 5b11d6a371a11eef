/**
 * The index in workerd as a whole: its lists, a real mission through the real queue, the rebuild, the
 * dead-letter queue and the sweep.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { handleQueue, handleSchedule } from "../../worker/consumers/index.ts";
import { consumeIndex } from "../../worker/consumers/indexing.ts";
import { sweepMissions } from "../../worker/consumers/sweep.ts";
import {
  clearMission,
  listApprovals,
  listIncidents,
  listMissions,
  listOverdueMissions,
  listQuietMissions,
  readMissionRows,
} from "../../worker/read-model/queries.ts";
import { rebuildIndex } from "../../worker/read-model/rebuild.ts";
import { denial, iso, ms } from "../support/builders.ts";
import { messageOf, queueMessage, storyOf } from "../support/index-stories.ts";
import { dump, idOf, world } from "../support/index-world.ts";
import {
  bundle,
  freshMissionId,
  missionObject,
  openRequest,
  proposeRequest,
  request,
  TEAM as LIVE_TEAM,
} from "../support/mission-world.ts";
import { bindings, freshTeam, teamObject, withActivePolicy } from "../support/team-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

describe("lists", () => {
  it("hold one team's rows, page by page, newest or most urgent first", async () => {
    const team = freshTeam();
    const traces = [71, 72, 73].map((n) => storyOf(idOf(n), team));
    const { deps } = world(team, traces);
    await consumeIndex(
      traces.map((events) => queueMessage(messageOf(events, -1, 11, { team }))),
      deps,
    );
    const ids = async (filter: Parameters<typeof listMissions>[2]) =>
      (await listMissions(bindings.DB, team, filter)).map((row) => row.id);
    expect(await ids({ limit: 2 })).toEqual([idOf(73), idOf(72)]);
    expect(await ids({ limit: 2, beforeId: idOf(72) })).toEqual([idOf(71)]);
    expect(await ids({ limit: 9, state: "completed" })).toEqual([]);
    const inbox = await listApprovals(bindings.DB, team, { state: "pending", limit: 2 });
    expect(inbox.map((row) => row.missionId)).toEqual([idOf(71), idOf(72)]);
    const last = inbox.at(-1);
    const rest = await listApprovals(bindings.DB, team, {
      state: "pending",
      limit: 2,
      after: last,
    });
    expect(rest.map((row) => row.missionId)).toEqual([idOf(73)]);
    expect(await listApprovals(bindings.DB, freshTeam(), { state: "pending", limit: 2 })).toEqual(
      [],
    );
  });

  it("of incidents are searched by every filter", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(81), team);
    const { deps } = world(team, [events]);
    await consumeIndex([queueMessage(messageOf(events, -1, events.length - 1, { team }))], deps);
    const found = async (filter: object) =>
      (await listIncidents(bindings.DB, team, { limit: 10, ...filter })).length;
    const hits = [
      {},
      {
        kind: "ticket_denied",
        severity: "high",
        reason: "NONCE_USED",
        mission: idOf(81),
        status: "open",
      },
      { from: iso(4), to: iso(5) },
      { q: "REFUSED a Ticket" },
      { beforeNumber: 2 },
    ];
    const misses = [
      { kind: "x" },
      { severity: "low" },
      { reason: "NONCE" },
      { mission: idOf(82) },
      { status: "resolved" },
      { from: iso(5) },
      { to: iso(4) },
      { q: "%" },
      { q: "ticket'" },
      { beforeNumber: 1 },
    ];
    for (const filter of hits) expect([filter, await found(filter)]).toEqual([filter, 1]);
    for (const filter of misses) expect([filter, await found(filter)]).toEqual([filter, 0]);
  });
});

/** The first node of the short plan is done, and a ticket that the mission never issued is denied; nothing is left under way. */
async function decideAndBeDenied(missionId: string): Promise<void> {
  const denied = denial(null, { reason: "TICKET_EXPIRED", detail: "exp has passed" });
  const actor = { kind: "gateway", id: "sekisho-gateway" } as const;
  const steps = [
    openRequest(missionId),
    proposeRequest("decide", null),
    request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order") }),
    request({ type: "SubmitResult", nodeId: "decide", outputs: { amount: 40 }, tests: [] }),
    request({ type: "RecordDenial", denial: denied, actor }),
  ];
  for (const step of steps) {
    const executed = await missionObject(missionId).execute(step);
    if (!executed.ok) throw new Error(`${step.command.type}: ${JSON.stringify(executed.error)}`);
  }
}

describe("a real mission", () => {
  it("finds its way through the real queue into rows that a rebuild gives again", async () => {
    await withActivePolicy(LIVE_TEAM);
    const missionId = freshMissionId();
    const never = freshMissionId();
    const object = teamObject(LIVE_TEAM);
    for (const id of [missionId, never]) await object.opening({ missionId: id, idempotency: null });
    await decideAndBeDenied(missionId);
    await vi.waitFor(
      async () => {
        const [row] = await readMissionRows(bindings.DB, [{ team: LIVE_TEAM, missionId }]);
        expect(row).toMatchObject({ headSeq: 9, done: 1, total: 3 });
      },
      { timeout: 10_000, interval: 50 },
    );
    await object.assignIncident({
      missionId: null,
      nodeId: null,
      seq: null,
      kind: "dead_letter",
      severity: "low",
      reasonCodes: [],
      summary: "of no mission",
      openedAt: iso(0),
    });
    const before = await dump(LIVE_TEAM);
    await bindings.DB.prepare("UPDATE mission SET done = 99, head_seq = 500 WHERE team = ?")
      .bind(LIVE_TEAM)
      .run();
    await bindings.DB.prepare("DELETE FROM trace_event WHERE team = ? AND seq > 2")
      .bind(LIVE_TEAM)
      .run();
    const rebuilt = await rebuildIndex(bindings, LIVE_TEAM);
    expect(rebuilt).toEqual({ missions: 1, incidents: 2, skipped: [] });
    const after = await dump(LIVE_TEAM);
    expect({ ...after, incident: [] }).toEqual({ ...before, incident: [] });
    expect(after["incident"]).toMatchObject([
      { number: 2, mission_id: null, summary: "of no mission" },
      { number: 1, mission_id: missionId, seq: 9, reason_codes: '["TICKET_EXPIRED"]' },
    ]);
    expect(await rebuildIndex(bindings, LIVE_TEAM)).toEqual(rebuilt);
    expect(await dump(LIVE_TEAM)).toEqual(after);
  });

  it("that D1 forgot wholly comes back with its next message", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    const opened = await stub.execute(openRequest(missionId));
    if (!opened.ok) throw new Error(opened.error.reason);
    const key = { team: LIVE_TEAM, missionId };
    await vi.waitFor(
      async () => expect(await readMissionRows(bindings.DB, [key])).toHaveLength(1),
      {
        timeout: 10_000,
        interval: 50,
      },
    );
    await clearMission(bindings.DB, key);
    const read = await stub.readTrace(LIVE_TEAM, -1, 100);
    if (!read.ok) throw new Error(read.error.reason);
    const { seq } = read.value.head;
    const tail = messageOf(read.value.events, seq - 1, seq, { team: LIVE_TEAM });
    const message = queueMessage(tail);
    await handleQueue(
      { queue: "sekisho-index", messages: [message] } as unknown as MessageBatch,
      bindings,
    );
    expect(message.settled).toEqual(["ack"]);
    expect(await readMissionRows(bindings.DB, [key])).toMatchObject([{ headSeq: seq }]);
  });
});

describe("poison in the real dead-letter queue", () => {
  it("becomes an incident of the operators, in their object and in the index", async () => {
    const message = queueMessage({ kind: "index", nonsense: true });
    await handleQueue(
      { queue: "sekisho-index-dlq", messages: [message, message] } as unknown as MessageBatch,
      bindings,
    );
    expect(message.settled).toEqual(["ack", "ack"]);
    const operators = bindings.OPERATOR_TEAM || "operators";
    const [record, ...others] = await teamObject(operators).incidents(0, 10);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ kind: "dead_letter", status: "open" });
    expect(await listIncidents(bindings.DB, operators, { limit: 9 })).toHaveLength(1);
  });

  it("for a queue nobody knows is a fault, so that nothing is lost", async () => {
    const batch = { queue: "sekisho-strange", messages: [] } as unknown as MessageBatch;
    await expect(handleQueue(batch, bindings)).rejects.toThrow(/no consumer/);
  });
});

describe("a message that tells of a broken chain", () => {
  const breachOf = (team: string, missionId: string) =>
    queueMessage({ kind: "breach", team, missionId, seq: 3, detail: "hash_mismatch", at: iso(0) });
  const consume = (message: ReturnType<typeof breachOf>) =>
    handleQueue(
      { queue: "sekisho-index", messages: [message] } as unknown as MessageBatch,
      bindings,
    );

  it("opens an incident of the team that has the mission", async () => {
    const missionId = freshMissionId();
    await missionObject(missionId).execute(openRequest(missionId));
    const message = breachOf(LIVE_TEAM, missionId);
    await consume(message);
    expect(message.settled).toEqual(["ack"]);
    const own = (await teamObject(LIVE_TEAM).incidents(0, 200)).filter(
      (incident) => incident.missionId === missionId,
    );
    expect(own).toMatchObject([{ kind: "chain_broken", severity: "critical" }]);
  });

  it("is the operators' business when the named team has no such mission", async () => {
    const team = freshTeam();
    const message = breachOf(team, freshMissionId());
    await consume(message);
    expect(message.settled).toEqual(["ack"]);
    expect(await teamObject(team).incidents(0, 10)).toEqual([]);
    const heard = await teamObject(bindings.OPERATOR_TEAM).incidents(0, 200);
    expect(heard.at(-1)).toMatchObject({
      missionId: null,
      summary: expect.stringMatching(/of sekisho-index could not be attributed/),
    });
  });
});

describe("the sweep", () => {
  it("looks at overdue approvals and at quiet open missions, a window at a time", async () => {
    const team = freshTeam();
    const traces = [91, 92, 93].map((n) => storyOf(idOf(n), team));
    const { deps } = world(team, traces);
    await consumeIndex(
      traces.map((events) => queueMessage(messageOf(events, -1, 9, { team }))),
      deps,
    );
    const of = (keys: readonly { team: string; missionId: string }[]) =>
      keys.filter((key) => key.team === team).map((key) => key.missionId);
    expect(of(await listOverdueMissions(bindings.DB, iso(86_400), 50))).toEqual([]);
    expect(of(await listOverdueMissions(bindings.DB, iso(90_000), 50)).toSorted()).toEqual(
      [91, 92, 93].map(idOf),
    );
    const seen = new Set<string>();
    for (let turn = 0; turn < 40; turn += 1) {
      for (const id of of(await listQuietMissions(bindings.DB, iso(60), turn, 2))) seen.add(id);
    }
    expect([...seen].toSorted()).toEqual([91, 92, 93].map(idOf));
  });

  it("takes who waits longest first, and nobody whose mission has ended", async () => {
    const team = freshTeam();
    const traces = [96, 97, 98, 99].map((n) => storyOf(idOf(n), team));
    const { deps } = world(team, traces);
    await consumeIndex(
      traces.map((events) => queueMessage(messageOf(events, -1, 9, { team }))),
      deps,
    );
    const approval =
      "UPDATE approval_request SET deadline_at = ? WHERE team = ? AND mission_id = ?";
    const state = "UPDATE mission SET state = ?, updated_at = ? WHERE team = ? AND id = ?";
    for (const [n, seconds, became] of [
      [96, 300, "active"],
      [97, 100, "paused"],
      [98, 50, "stopped"],
      [99, 200, "active"],
    ] as const) {
      await bindings.DB.prepare(approval).bind(iso(seconds), team, idOf(n)).run();
      await bindings.DB.prepare(state).bind(became, iso(seconds), team, idOf(n)).run();
    }
    const of = (keys: readonly { team: string; missionId: string }[]) =>
      keys.filter((key) => key.team === team).map((key) => key.missionId);
    const expected = [97, 99, 96].map(idOf);
    expect(of(await listOverdueMissions(bindings.DB, iso(400), 50))).toEqual(expected);
    expect(of(await listOverdueMissions(bindings.DB, iso(400), 1))).toEqual([idOf(97)]);
    expect(of(await listQuietMissions(bindings.DB, iso(400), 0, 50))).toEqual(expected);
  });

  it("wakes each once, and goes on past one that fails", async () => {
    const woken: string[] = [];
    const key = (missionId: string) => ({ team: "t", missionId });
    const count = await sweepMissions(ms(0), {
      listOverdue: async () => [key("a"), key("b")],
      listQuiet: async () => [key("b"), key("c")],
      wake: async ({ missionId }) => {
        if (missionId === "a") throw new Error("overloaded");
        woken.push(missionId);
      },
    });
    expect([count, woken]).toEqual([2, ["b", "c"]]);
  });

  it("runs over the real bindings", async () => {
    await expect(handleSchedule(bindings)).resolves.toBeUndefined();
  });
});
