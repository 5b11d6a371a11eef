/**
 * Loading in workerd: what is verified on a wake, when a snapshot is believed, and what a journal that was
 * changed behind the object's back gives. The limits are made small; the object is the real one.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createJournal } from "../../durable-objects/mission/journal.ts";
import { sealSnapshot } from "../../durable-objects/mission/snapshot.ts";
import type { PrivateJwk } from "../../shared/crypto.ts";
import { foldTrace } from "../../shared/mission/index.ts";
import {
  type EventDraft,
  hashEvent,
  linkEvent,
  type TraceEvent,
} from "../../shared/trace/index.ts";
import type { MissionRpc } from "../../shared/wire/rpc.ts";
import { checkMission } from "../support/check-mission.ts";
import {
  bundle,
  evict,
  freshMissionId,
  inside,
  missionObject,
  openRequest,
  proposeRequest,
  request,
  TEAM,
} from "../support/mission-world.ts";
import { setLimits } from "../support/small-limits.ts";
import { bindings } from "../support/team-world.ts";

/** More than the limit of 20 below, the snapshot at seq 25 or later, and a tail behind it. */
const NOTES = 30;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  setLimits({ fullVerifyEventsMax: 20, snapshotEveryEvents: 9, tracePageMax: 7 });
});

async function longMission(notes = NOTES) {
  const missionId = freshMissionId();
  const stub = missionObject(missionId);
  await stub.execute(openRequest(missionId));
  await stub.execute(proposeRequest("decide", null));
  for (let note = 0; note < notes; note += 1) await addNote(stub, note);
  return { missionId, stub };
}

async function addNote(stub: MissionRpc, note: number | string) {
  const added = await stub.execute(
    request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order", `note ${note}`) }),
  );
  if (!added.ok) throw new Error(JSON.stringify(added.error));
}

async function viewOf(stub: MissionRpc) {
  const viewed = await stub.view(TEAM);
  if (!viewed.ok) throw new Error(viewed.error.reason);
  return viewed.value;
}

const sql = (stub: MissionRpc, text: string, ...values: SqlStorageValue[]) =>
  inside(stub, (storage) => void storage.sql.exec(text, ...values));

const snapshotSeq = (stub: MissionRpc) =>
  inside(stub, ({ sql: db }) => db.exec<{ seq: number }>("SELECT seq FROM snapshot").one().seq);

const changeNote = (stub: MissionRpc, note: number) =>
  sql(
    stub,
    `UPDATE journal SET events = replace(events, '(note ${note})', '(note X)') WHERE events LIKE '%(note ${note})%'`,
  );

const NOTE_5 = 9;

async function allEvents(stub: MissionRpc): Promise<readonly TraceEvent[]> {
  return inside(stub, ({ sql: db }) => [...createJournal(db).pages(-1)].flat());
}

/** Puts an event behind the head that `decide` never gave. */
async function append(stub: MissionRpc, draft: Partial<EventDraft>): Promise<TraceEvent> {
  const last = (await allEvents(stub)).at(-1);
  if (!last) throw new Error("the mission has events");
  const { seq, hash, missionId, prevHash: _prevHash, ...rest } = last;
  const event = linkEvent({ seq, hash }, missionId, { ...rest, ...draft });
  await inside(stub, ({ sql: db }) => void createJournal(db).append([event], null));
  return event;
}

describe("a trace longer than is verified on every wake", () => {
  it("wakes from its snapshot to the very state of the fold, and goes on", async () => {
    const { stub } = await longMission();
    expect(await snapshotSeq(stub)).toBeGreaterThan(20);
    const before = await viewOf(stub);
    await evict(stub);
    expect(await viewOf(stub)).toEqual(before);
    await addNote(stub, "after the wake");
    await checkMission(stub, TEAM);
  });

  it("is not verified in front of a snapshot that is signed: that change goes unnoticed", async () => {
    const { stub } = await longMission();
    await changeNote(stub, 5);
    await evict(stub);
    expect((await viewOf(stub)).broken).toBeNull();
  });

  it("is verified behind its snapshot, and names the first bad seq of the whole", async () => {
    const { stub } = await longMission();
    const { head } = await viewOf(stub);
    await changeNote(stub, NOTES - 1);
    await evict(stub);
    expect(await viewOf(stub)).toMatchObject({
      broken: { seq: head.seq },
      head: { seq: head.seq - 1 },
    });
    await changeNote(stub, 5);
    await evict(stub);
    expect((await viewOf(stub)).broken).toMatchObject({ seq: NOTE_5 });
  });
});

describe("a snapshot is not believed, and the whole fold decides, when", () => {
  const spoilt: Record<string, (stub: MissionRpc) => Promise<unknown>> = {
    "its text is torn": (stub) => sql(stub, "UPDATE snapshot SET body = substr(body, 1, 100)"),
    "its text was changed": (stub) =>
      sql(stub, `UPDATE snapshot SET body = replace(body, '"sealed":false', '"sealed":true')`),
    "its signature is another": (stub) =>
      sql(stub, "UPDATE snapshot SET signature = ?", "A".repeat(86)),
    "its signature is no signature": (stub) => sql(stub, "UPDATE snapshot SET signature = '%'"),
    "the journal does not know its head": (stub) =>
      sql(stub, "UPDATE snapshot SET hash = ?", "0".repeat(64)),
    "its head lies beyond the journal": (stub) => sql(stub, "UPDATE snapshot SET seq = seq + 1000"),
    "a key signed it that is none of the ticket keys": (stub) => reseal(stub, strangersKey()),
    "its table is gone": (stub) => sql(stub, "DROP TABLE snapshot"),
  };
  it.each(Object.entries(spoilt))("%s", async (_what, spoil) => {
    const { stub } = await longMission();
    const before = await viewOf(stub);
    await spoil(stub);
    await evict(stub);
    expect(await viewOf(stub)).toEqual(before);
    await changeNote(stub, 5);
    await evict(stub);
    expect((await viewOf(stub)).broken).toMatchObject({ seq: NOTE_5 });
  });

  it("the snapshot is another mission's", async () => {
    const [one, other] = [await longMission(), await longMission()];
    const rows = await inside(other.stub, ({ sql: db }) =>
      db.exec("SELECT part, seq, hash, signature, body FROM snapshot").toArray(),
    );
    await sql(one.stub, "DELETE FROM snapshot");
    for (const row of rows)
      await sql(one.stub, "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", ...Object.values(row));
    await changeNote(one.stub, 5);
    await evict(one.stub);
    expect((await viewOf(one.stub)).broken).toMatchObject({ seq: NOTE_5 });
  });

  it("the first event, which holds plan and policy, is another", async () => {
    const { stub } = await longMission();
    const [first] = await allEvents(stub);
    if (!first) throw new Error("the mission has a first event");
    const text = JSON.stringify(first).replace('"refund.issue"]', '"refund.issue","wire.send"]');
    const changed = JSON.parse(text) as TraceEvent;
    const rest = JSON.stringify((await allEvents(stub))[1]);
    const rows = `[${JSON.stringify({ ...changed, hash: hashEvent(changed) })},${rest}]`;
    expect(rows).toContain("wire.send");
    await sql(stub, "UPDATE journal SET events = ? WHERE seq = 0", rows);
    await evict(stub);
    expect((await viewOf(stub)).broken).toMatchObject({ seq: 1 });
  });

  it("the key that signed it is no longer published; while it is, a rotation changes nothing", async () => {
    const { stub } = await longMission();
    await changeNote(stub, 5);
    const { keys } = JSON.parse(bindings.TICKET_SIGNING_KEYS) as { keys: PrivateJwk[] };
    const wakeWith = async (set: readonly PrivateJwk[]) => {
      await evict(stub);
      await inside(stub, (_storage, instance) => {
        const env = { ...bindings, TICKET_SIGNING_KEYS: JSON.stringify({ keys: set }) };
        Object.defineProperty(instance, "env", { value: env });
      });
      return (await viewOf(stub)).broken;
    };
    expect(await wakeWith([strangersKey(), ...keys])).toBeNull();
    expect(await wakeWith([strangersKey()])).toMatchObject({ seq: NOTE_5 });
  });
});

/** RFC 8037, appendix A. */
function strangersKey(): PrivateJwk {
  return {
    kty: "OKP",
    crv: "Ed25519",
    kid: "stranger",
    d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  };
}

async function reseal(stub: MissionRpc, key: PrivateJwk): Promise<void> {
  const state = foldTrace(await allEvents(stub));
  if (!state) throw new Error("the mission has a state");
  await inside(stub, ({ sql: db }) => createJournal(db).saveSnapshot(sealSnapshot(state, key)));
}

describe("a journal", () => {
  it("of another mission is broken from its first event on", async () => {
    const one = await longMission(2);
    const missionId = freshMissionId();
    const other = missionObject(missionId);
    await other.execute(openRequest(missionId));
    const events = await allEvents(one.stub);
    await inside(other, ({ sql: db }) => {
      db.exec("DELETE FROM journal");
      createJournal(db).append(events, null);
    });
    await evict(other);
    const refused = await other.execute(proposeRequest("decide", null));
    expect(refused).toMatchObject({ ok: false, error: { reason: "mission_broken", seq: 0 } });
  });

  it("that verifies and does not fold names the event, and serves the state before it", async () => {
    const { stub } = await longMission(12);
    const before = await viewOf(stub);
    const event = await append(stub, { type: "node.promoted" });
    await append(stub, {});
    await evict(stub);
    const viewed = await viewOf(stub);
    expect(viewed.broken).toMatchObject({ seq: event.seq });
    expect(viewed.broken?.detail).toMatch(/does not fold/);
    expect([viewed.view, viewed.head]).toEqual([before.view, before.head]);
    const read = await stub.readTrace(TEAM, event.seq - 1, 10);
    expect(read).toMatchObject({ ok: true, value: { events: [{ seq: event.seq }, {}] } });
  });

  it("whose time goes back is broken there, also where a page begins", async () => {
    setLimits({ tracePageMax: 1 });
    const { stub } = await longMission(3);
    const event = await append(stub, { at: "2020-01-01T00:00:00.000Z" });
    await evict(stub);
    expect((await viewOf(stub)).broken).toMatchObject({ seq: event.seq });
  });

  it("with a row that is no JSON serves what comes before it", async () => {
    const { stub } = await longMission(12);
    await sql(stub, "UPDATE journal SET events = '[{' WHERE seq = ?", NOTE_5);
    await evict(stub);
    expect((await viewOf(stub)).broken).toMatchObject({ seq: NOTE_5 });
    const read = await stub.readTrace(TEAM, -1, 100);
    if (!read.ok) throw new Error(read.error.reason);
    expect(read.value.events.map((event) => event.seq)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const rest = await stub.readTrace(TEAM, NOTE_5 - 1, 100);
    expect(rest).toMatchObject({ ok: true, value: { events: [] } });
  });
});

describe("after the commit", () => {
  it("a snapshot that cannot be written keeps nothing from being armed and sent", async () => {
    const { stub } = await longMission(NOTES);
    await sql(stub, "DROP TABLE snapshot");
    await inside(stub, async (storage) => storage.deleteAlarm());
    await evict(stub);
    for (let note = 0; note < 12; note += 1) await addNote(stub, `late ${note}`);
    const { head } = await viewOf(stub);
    await vi.waitFor(
      async () => {
        const indexed = await inside(
          stub,
          ({ sql: db }) => db.exec<{ indexed: number }>("SELECT indexed FROM cursor").one().indexed,
        );
        expect(indexed).toBe(head.seq);
      },
      { timeout: 10_000 },
    );
    expect(await inside(stub, (storage) => storage.getAlarm())).not.toBeNull();
    await evict(stub);
    expect((await viewOf(stub)).head).toEqual(head);
  });

  it("a fold that throws drops the memory, arms the alarm, and the journal decides", async () => {
    const { stub } = await longMission(3);
    await inside(stub, (storage, instance) => {
      const real = storage.transactionSync.bind(storage);
      // As if `evolve` could not take what was just committed.
      const transactionSync = (work: () => { events: unknown }) => ({
        ...real(work),
        events: [{ type: "unheard.of", nodeId: null, stateBefore: "active" }],
      });
      const ctx = { id: (instance as unknown as { ctx: DurableObjectState }).ctx.id };
      const waitUntil = (work: Promise<unknown>) => void work;
      Object.defineProperty(instance, "ctx", {
        configurable: true,
        value: {
          ...ctx,
          waitUntil,
          storage: {
            sql: storage.sql,
            transactionSync,
            getAlarm: () => storage.getAlarm(),
            setAlarm: (time: number) => storage.setAlarm(time),
          },
        },
      });
    });
    const before = await viewOf(stub);
    await expect(addNote(stub, "lost answer")).rejects.toThrow(/unheard/);
    expect((await viewOf(stub)).head.seq).toBe(before.head.seq + 1);
    expect(await inside(stub, (storage) => storage.getAlarm())).not.toBeNull();
    await evict(stub);
    await checkMission(stub, TEAM);
  });
});
