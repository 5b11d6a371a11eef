/**
 * The index in workerd with real D1 and the real team object: however messages are repeated, reordered,
 * lost or poisoned, the rows end as if each event had come once, in order; and a rebuild gives them again.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { err, ok } from "../../shared/result.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { consumeIndex, type IndexDeps } from "../../worker/consumers/indexing.ts";
import { handleQueue, handleSchedule } from "../../worker/consumers/index.ts";
import { sweepMissions } from "../../worker/consumers/sweep.ts";
import { catchUpDeps } from "../../worker/read-model/deps.ts";
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
import { cut, messageOf, queueMessage, storyOf } from "../support/index-stories.ts";
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

/** Everything the index holds of a team. */
async function dump(team: string): Promise<Record<string, unknown[]>> {
  const tables = ["mission", "trace_event", "approval_request", "incident"] as const;
  const dumped: Record<string, unknown[]> = {};
  for (const table of tables) {
    const order = {
      mission: "id",
      trace_event: "mission_id, seq",
      approval_request: "mission_id, node_id",
      incident: "mission_id, seq, kind, summary",
    }[table];
    const read = await bindings.DB.prepare(
      `SELECT * FROM ${table} WHERE team = ? ORDER BY ${order}`,
    )
      .bind(team)
      .all();
    dumped[table] = read.results;
  }
  return dumped;
}

/** A world whose missions are the given traces; team object and D1 are real. */
function world(
  team: string,
  traces: readonly (readonly TraceEvent[])[],
  overrides: Partial<IndexDeps> = {},
) {
  const acknowledged = new Map<string, number>();
  const reads: string[] = [];
  const deps: IndexDeps = {
    ...catchUpDeps(bindings),
    readRows: (keys) => readMissionRows(bindings.DB, keys),
    readTrace: async (key, after, limit) => {
      reads.push(key.missionId);
      const events = traces.find((trace) => trace[0]?.missionId === key.missionId);
      if (events === undefined || key.team !== team) return err({ reason: "mission_unknown" });
      return ok({ events: events.slice(after + 1, after + 1 + Math.min(limit, 4)) });
    },
    acknowledge: async ({ missionId }, seq) => {
      acknowledged.set(missionId, Math.max(seq, acknowledged.get(missionId) ?? -1));
    },
    random: () => 0.5,
    ...overrides,
  };
  return { deps, acknowledged, reads };
}

function idOf(n: number): string {
  return `msn_017f22e2-79b0-7cc3-98c4-${n.toString(16).padStart(12, "0")}`;
}

/** A small generator, so that a failing seed can be run again. */
function randomOf(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
}

describe("messages of one mission", () => {
  it("in order and once each give the rows of its trace, with its incident numbered", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(1), team);
    const { deps, acknowledged, reads } = world(team, [events]);
    for (const message of cut(events, [3, 5], { team })) {
      const sent = queueMessage(message);
      await consumeIndex([sent], deps);
      expect(sent.settled).toEqual(["ack"]);
    }
    const { mission, trace_event, approval_request, incident } = await dump(team);
    expect(mission).toMatchObject([
      { id: idOf(1), state: "completed", done: 3, total: 3, head_seq: events.length - 1 },
    ]);
    expect(trace_event?.map((row) => (row as { hash: string }).hash)).toEqual(
      events.map((event) => event.hash),
    );
    expect(approval_request).toMatchObject([{ node_id: "switch", state: "granted", have: 1 }]);
    expect(incident).toMatchObject([{ number: 1, reason_codes: '["NONCE_USED"]', status: "open" }]);
    expect(acknowledged.get(idOf(1))).toBe(events.length - 1);
    expect(reads).toEqual([]);
  });

  it("without their events are read from the mission", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(2), team);
    const { deps, reads } = world(team, [events]);
    const message = queueMessage(messageOf(events, -1, events.length - 1, { team, whole: false }));
    await consumeIndex([message], deps);
    expect(message.settled).toEqual(["ack"]);
    expect(reads.length).toBeGreaterThan(3);
    expect((await dump(team))["trace_event"]).toHaveLength(events.length);
  });

  it("that were tampered with on the way are read from the mission instead", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(3), team);
    const { deps, reads } = world(team, [events]);
    const [message] = cut(events, [], { team });
    const forged = {
      ...message,
      events: message?.events?.map((event) => ({ ...event, type: "x" })),
    };
    await consumeIndex([queueMessage(forged)], deps);
    expect(reads.length).toBeGreaterThan(0);
    expect((await dump(team))["mission"]).toMatchObject([{ state: "completed" }]);
  });
});

describe("60 schedules of repeated, reordered and lost messages", () => {
  it("end in the rows of one straight run", async () => {
    const straightTeam = freshTeam();
    const traces = (team: string) => [11, 12, 13].map((n) => storyOf(idOf(n), team));
    const straight = traces(straightTeam);
    const { deps } = world(straightTeam, straight);
    await consumeIndex(
      straight.flatMap((events) =>
        cut(events, [], { team: straightTeam }).map((m) => queueMessage(m)),
      ),
      deps,
    );
    const expected = normalized(await dump(straightTeam));
    expect(expected["incident"]).toHaveLength(3);
    for (let seed = 0; seed < 60; seed += 1) {
      const team = freshTeam();
      await runSchedule(team, traces(team), randomOf(seed));
      expect({ seed, ...normalized(await dump(team)) }).toEqual({ seed, ...expected });
    }
  }, 60_000);

  /** Numbers depend on which incident came first, teams and hashes on the team's name; all else must agree. */
  function normalized(dumped: Record<string, unknown[]>): Record<string, unknown> {
    const volatile = [
      "team",
      "number",
      "hash",
      "head_hash",
      "gate_digest",
      "evidence",
      "statement",
    ];
    const rows = (list: unknown[]) =>
      list.map((row) =>
        Object.fromEntries(
          Object.entries(row as object).filter(([name]) => !volatile.includes(name)),
        ),
      );
    return Object.fromEntries(Object.entries(dumped).map(([table, list]) => [table, rows(list)]));
  }

  /** Cuts at random, loses a third, repeats a third, shuffles, batches at random; then each mission re-sends its last. */
  async function runSchedule(
    team: string,
    traces: readonly (readonly TraceEvent[])[],
    random: () => number,
  ): Promise<void> {
    const { deps } = world(team, traces);
    const sent = traces.flatMap((events) => {
      const lengths = Array.from({ length: 5 }, () => 1 + Math.floor(random() * 6));
      return cut(events, lengths, { team, whole: random() < 0.8 });
    });
    const delivered = sent.flatMap((message) => {
      const fate = random();
      return fate < 0.33 ? [] : fate < 0.66 ? [message] : [message, message];
    });
    const order = delivered
      .map((message) => ({ message, at: random() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ message }) => message);
    while (order.length > 0) {
      const batch = order.splice(0, 1 + Math.floor(random() * 4)).map((m) => queueMessage(m));
      await consumeIndex(batch, deps);
      expect(batch.map((message) => message.settled)).toEqual(batch.map(() => ["ack"]));
    }
    const resent = traces.map((events) =>
      queueMessage(messageOf(events, events.length - 3, events.length - 1, { team })),
    );
    await consumeIndex(resent, deps);
  }
});

describe("two consumers at once", () => {
  it("over the same mission leave the newest row, whoever writes last", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(21), team);
    const { deps } = world(team, [events]);
    await consumeIndex([queueMessage(messageOf(events, -1, 2, { team }))], deps);
    const late: (() => void)[] = [];
    const held = new Promise<void>((resolve) => late.push(resolve));
    const slow = world(team, [events], {
      write: async (changes) => {
        await held;
        await deps.write(changes);
      },
    });
    const behind = consumeIndex([queueMessage(messageOf(events, 2, 9, { team }))], slow.deps);
    await consumeIndex([queueMessage(messageOf(events, 2, events.length - 1, { team }))], deps);
    for (const release of late) release();
    await behind;
    expect((await dump(team))["mission"]).toMatchObject([
      { state: "completed", done: 3, head_seq: events.length - 1 },
    ]);
    expect((await dump(team))["approval_request"]).toMatchObject([{ state: "granted", have: 1 }]);
  });
});

describe("trouble", () => {
  it("of one message or mission holds up no other", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(31), team);
    const { deps } = world(team, [events]);
    const malformed = [
      null,
      "x",
      { kind: "index" },
      { ...messageOf(events, -1, 2, { team }), extra: 1 },
    ].map((body) => queueMessage(body, 2));
    const unknown = queueMessage(messageOf(storyOf(idOf(32), team), 4, 6, { team }), 3);
    const ahead = queueMessage({ ...messageOf(events, -1, 400, { team, whole: false }) });
    const foreign = queueMessage(messageOf(storyOf(idOf(33), "rivals"), -1, 5, { team }));
    const good = queueMessage(messageOf(storyOf(idOf(34), team), -1, 5, { team }));
    await consumeIndex([...malformed, unknown, ahead, foreign, good], deps);
    expect(malformed.map((message) => message.settled)).toEqual(malformed.map(() => [15]));
    expect(unknown.settled).toEqual([45]);
    expect(ahead.settled).toEqual([5]);
    expect(foreign.settled).toEqual([5]);
    expect(good.settled).toEqual(["ack"]);
    expect(await listMissions(bindings.DB, "rivals", { limit: 10 })).toEqual([]);
  });

  it("with D1 retries every message, moves no cursor, and is over when D1 is back", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(41), team);
    const away = async () => Promise.reject(new Error("D1_ERROR"));
    const [message] = cut(events, [], { team });
    for (const broken of [{ readRows: away }, { write: away }]) {
      const { deps, acknowledged } = world(team, [events], broken);
      const sent = queueMessage(message, 2);
      await consumeIndex([sent], deps);
      expect(sent.settled).toEqual([15]);
      expect(acknowledged.size).toBe(0);
    }
    expect((await dump(team))["mission"]).toEqual([]);
    const { deps, acknowledged } = world(team, [events]);
    await consumeIndex([queueMessage(message, 3)], deps);
    expect(acknowledged.get(idOf(41))).toBe(events.length - 1);
    expect((await dump(team))["incident"]).toMatchObject([{ number: 1 }]);
  });

  it("with one mission's rows leaves the others of the batch written", async () => {
    const team = freshTeam();
    const traces = [51, 52].map((n) => storyOf(idOf(n), team));
    const { deps } = world(team, traces);
    const picky = world(team, traces, {
      write: async (changes) => {
        if (changes.missions.some((row) => row.id === idOf(51))) throw new Error("D1 refuses");
        await deps.write(changes);
      },
    });
    const sent = traces.map((events) => queueMessage(messageOf(events, -1, 6, { team })));
    await consumeIndex(sent, picky.deps);
    expect(sent.map((message) => message.settled)).toEqual([[5], ["ack"]]);
  });

  it("with the cursor is tried again, and the rows are not written twice", async () => {
    const team = freshTeam();
    const events = storyOf(idOf(61), team);
    const [message] = cut(events, [], { team });
    const broken = world(team, [events], {
      acknowledge: async () => Promise.reject(new Error("away")),
    });
    const sent = queueMessage(message);
    await consumeIndex([sent], broken.deps);
    expect(sent.settled).toEqual([5]);
    const writes: unknown[] = [];
    const { deps, acknowledged } = world(team, [events], {
      write: async (changes) => void writes.push(changes),
    });
    await consumeIndex([queueMessage(message, 2)], deps);
    expect([writes, acknowledged.get(idOf(61))]).toEqual([[], events.length - 1]);
  });
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
