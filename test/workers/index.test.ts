/**
 * The index consumer in workerd with real D1 and the real team object: however messages are repeated,
 * reordered, lost or poisoned, the rows end as if each event had come once, in order.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { consumeIndex } from "../../worker/consumers/indexing.ts";
import { listMissions } from "../../worker/read-model/queries.ts";
import { cut, messageOf, queueMessage, storyOf } from "../support/index-stories.ts";
import { dump, idOf, world } from "../support/index-world.ts";
import { bindings, freshTeam } from "../support/team-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

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
