/**
 * What a mission owes its queues: which cursor moves when, when a ticket is sent again and how often, and
 * that an alarm which was lost is set again by whatever wakes the object.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Cursors } from "../../durable-objects/mission/journal.ts";
import { createOutbox, type OutboxDeps } from "../../durable-objects/mission/outbox.ts";
import { outstandingTickets, resendsBetween } from "../../shared/mission/index.ts";
import type { PlanInput } from "../../shared/plan/index.ts";
import { isoToUnixMs } from "../../shared/time.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { executionNode, plan } from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { storyOf } from "../support/index-stories.ts";
import {
  evict,
  freshMissionId,
  inside,
  missionObject,
  openRequest,
  runAlarm,
  runToTicket,
  TEAM,
} from "../support/mission-world.ts";
import { given } from "../support/scenario.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

/** An outbox over a journal of these events; everything it sends is kept. */
function outboxOver(events: readonly TraceEvent[], pageMax = 4) {
  const world = {
    nowMs: 0,
    cursors: { indexed: -1, announced: -1, resentMs: 0 } as Cursors,
    tickets: 0,
    index: [] as { afterSeq: number; toSeq: number; events: unknown }[],
    webhooks: [] as number[],
  };
  const deps: OutboxDeps = {
    sendTicket: async () => void (world.tickets += 1),
    sendIndex: async ({ afterSeq, toSeq, events: sent }) =>
      void world.index.push({ afterSeq, toSeq, events: sent?.length ?? null }),
    sendWebhooks: async (messages) => void world.webhooks.push(...messages.map(({ seq }) => seq)),
    readEvents: (after, limit) => events.slice(after + 1, after + 1 + Math.min(limit, pageMax)),
    lastSeq: () => events.length - 1,
    cursors: () => world.cursors,
    moveCursors: (cursors) => void (world.cursors = cursors),
    nowMs: () => world.nowMs,
    warn: (what, error) => {
      throw new Error(what, { cause: error });
    },
  };
  return { world, deps, outbox: createOutbox(deps) };
}

const STORY = storyOf();
/** The story's announced events: an incident, a request for approval, the completion. */
const ANNOUNCED = STORY.filter(({ type }) =>
  ["incident.raised", "approval.requested", "mission.completed"].includes(type),
).map(({ seq }) => seq);
const LAST = STORY.length - 1;

function story() {
  const { state } = given(
    openMission(plan([executionNode("switch")], { edges: [] })),
    propose(1, "switch", { action: vendorSwitch() }),
  ).run;
  if (!state) throw new Error("the story has a state");
  return { ...state, head: { seq: LAST, hash: STORY.at(-1)?.hash ?? "" } };
}

describe("the webhook cursor", () => {
  it("stops before an announced event that nobody has acknowledged, in whatever order the others are", () => {
    const { world, outbox } = outboxOver(STORY);
    const [first = -1, second = -1, third = -1] = ANNOUNCED;
    expect(third).toBeGreaterThan(second);
    outbox.acknowledge("webhooks", third);
    expect(world.cursors.announced).toBe(first - 1);
    outbox.acknowledge("webhooks", second);
    outbox.acknowledge("webhooks", second);
    expect(world.cursors.announced).toBe(first - 1);
    outbox.acknowledge("webhooks", first);
    expect(world.cursors.announced).toBe(LAST);
    outbox.acknowledge("webhooks", first);
    expect(world.cursors.announced).toBe(LAST);
  });

  it("of an outbox that forgot is behind: what was acknowledged early is sent again", async () => {
    const { world, deps, outbox } = outboxOver(STORY);
    const [first = -1, second = -1, third = -1] = ANNOUNCED;
    outbox.acknowledge("webhooks", third);
    await outbox.resend(story());
    expect(world.webhooks).toEqual([first, second]);
    world.webhooks.length = 0;
    await createOutbox(deps).resend(story());
    expect(world.webhooks).toEqual([first, second, third]);
  });

  it("never passes the head, nor does the index's", () => {
    const { world, outbox } = outboxOver(STORY.slice(0, 3));
    outbox.acknowledge("webhooks", 1_000);
    outbox.acknowledge("index", 1_000);
    expect(world.cursors).toMatchObject({ indexed: 2, announced: 2 });
    const longer = outboxOver(STORY);
    longer.outbox.acknowledge("index", 1_000);
    expect(longer.world.cursors).toMatchObject({
      indexed: LAST,
      announced: (ANNOUNCED[0] ?? 0) - 1,
    });
  });
});

describe("what the index is owed", () => {
  it("is sent again with its events when a page holds it, else as one range", async () => {
    const { world, outbox } = outboxOver(STORY);
    await outbox.resend(story());
    expect(world.index).toEqual([{ afterSeq: -1, toSeq: LAST, events: null }]);
    outbox.acknowledge("index", LAST - 2);
    world.index.length = 0;
    await outbox.resend(story());
    expect(world.index).toEqual([{ afterSeq: LAST - 2, toSeq: LAST, events: 2 }]);
  });
});

describe("a ticket without a receipt", () => {
  /** A mission with one ticket, and an alarm that the test plays. */
  function withTicket() {
    const { run } = given(
      openMission(plan([executionNode("switch")], { edges: [] })),
      propose(1, "switch", { action: vendorSwitch() }),
    );
    const { state, events } = run;
    const [ticket] = state ? outstandingTickets(state) : [];
    if (!state || !ticket) throw new Error("a ticket is outstanding");
    const issuedMs = isoToUnixMs(ticket.issuedAt) ?? 0;
    const built = outboxOver(events, 1_000);
    const iso = (afterS: number) => new Date(issuedMs + afterS * 1_000).toISOString();
    const wake = async (outbox: typeof built.outbox, afterS: number) => {
      built.world.nowMs = issuedMs + afterS * 1_000;
      await outbox.resend(state);
      return built.world.tickets;
    };
    const counted = (afterS: number) => resendsBetween(ticket.issuedAt, iso(afterS));
    return { ...built, state, issuedMs, wake, counted };
  }

  it("is sent again once at each point of its schedule, however often the outbox forgets", async () => {
    const { deps, wake, counted } = withTicket();
    for (const afterS of [1, 14, 15, 16, 40, 45, 50, 104, 105, 106]) {
      const sent = await wake(createOutbox(deps), afterS);
      expect([afterS, sent]).toEqual([afterS, counted(afterS)]);
    }
  });

  it("is sent at once when points passed while nobody was awake, and not for each of them", async () => {
    const { deps, outbox, state, issuedMs, world, wake, counted } = withTicket();
    world.nowMs = issuedMs + 50_000;
    expect(outbox.needs(state).resendMs).toBeLessThanOrEqual(world.nowMs);
    expect(await wake(outbox, 50)).toBe(1);
    expect(await wake(createOutbox(deps), 51)).toBe(1);
    expect(counted(51)).toBe(2);
    expect(createOutbox(deps).needs(state).resendMs).toBe(issuedMs + 105_000);
  });

  it("is sent again by the object's alarm, once a point although the object restarts", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    const sent: unknown[] = [];
    // Nothing reaches the gateway, which would deny a ticket of an action it does not know.
    const playQueue = () =>
      inside(stub, (_storage, instance) => {
        const { env } = instance as unknown as { env: object };
        const value = { send: async (message: unknown) => void sent.push(message) };
        Object.defineProperty(env, "TICKETS", { value, configurable: true });
      });
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      await playQueue();
      await runToTicket(stub, missionId);
      await vi.waitFor(() => expect(sent).toHaveLength(1));
      const issued = Date.now();
      const counts: number[] = [];
      for (const afterS of [1, 16, 17, 18, 46, 47]) {
        await evict(stub);
        await playQueue();
        vi.setSystemTime(issued + afterS * 1_000);
        await inside(stub, (_storage, instance) => instance.alarm());
        counts.push(sent.length - 1);
      }
      expect(counts).toEqual([0, 1, 1, 1, 2, 2]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("an alarm that was lost", () => {
  it("is set again by a mere look at the mission, when something is due", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId, APPROVAL_PLAN));
    await inside(stub, (storage) => storage.deleteAlarm());
    await evict(stub);
    expect(await stub.view(TEAM)).toMatchObject({ ok: true });
    await vi.waitFor(async () => {
      expect(await inside(stub, (storage) => storage.getAlarm())).not.toBeNull();
    });
    expect(await runAlarm(stub)).toBe(true);
  });

  it("is left as it is when it is early enough", async () => {
    const missionId = freshMissionId();
    const stub = missionObject(missionId);
    await stub.execute(openRequest(missionId, APPROVAL_PLAN));
    const early = Date.now() + 5_000;
    await inside(stub, (storage) => storage.setAlarm(early));
    await evict(stub);
    await stub.view(TEAM);
    await evict(stub);
    expect(await inside(stub, (storage) => storage.getAlarm())).toBe(early);
  });
});

const APPROVAL_PLAN: PlanInput = {
  title: "Sign off",
  phases: ["work"],
  nodes: [
    {
      id: "sign",
      kind: "approval",
      phase: "work",
      title: "Sign",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
    },
  ],
};
