/**
 * The Merkle log that a mission's object builds from its journal: in rounds, shared by whoever asks at once,
 * continued and never begun again, and refusing a journal that is not what the mission remembers.
 */
import { describe, expect, test } from "vitest";
import { createMissionLog, type MissionLog } from "../../durable-objects/mission/log.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { createMerkleTree, hashToHex, leafHash } from "../../shared/log/index.ts";
import { err, ok } from "../../shared/result.ts";
import { linkEvent, EMPTY_HEAD, type Head, type TraceEvent } from "../../shared/trace/index.ts";
import { iso, MISSION } from "../support/builders.ts";

function chain(count: number): TraceEvent[] {
  const events: TraceEvent[] = [];
  let head: Head = EMPTY_HEAD;
  for (let n = 0; n < count; n += 1) {
    const event = linkEvent(head, MISSION, {
      nodeId: null,
      type: "mission.paused",
      actor: { kind: "human", id: "olga" },
      at: iso(0),
      stateBefore: "active",
      stateAfter: "paused",
      evidenceHash: null,
      approvalSignature: null,
      gateResult: null,
      policyVersion: null,
      data: { n },
    });
    events.push(event);
    head = headOf(event);
  }
  return events;
}

function headOf(event: TraceEvent | undefined): Head {
  return event === undefined ? EMPTY_HEAD : { seq: event.seq, hash: event.hash };
}

/** A journal in memory that counts the events it gave out. */
function journalOf(events: TraceEvent[]) {
  const journal = {
    given: 0,
    broken: 0,
    onBroken() {
      journal.broken += 1;
    },
    read(after: number, limit: number) {
      const read = events.slice(after + 1, after + 1 + limit);
      journal.given += read.length;
      return read;
    },
  };
  return journal;
}

function rootOf(events: readonly TraceEvent[]): string {
  const tree = createMerkleTree();
  for (const event of events) tree.append(leafHash(canonicalJson(event)));
  return hashToHex(tree.root(tree.size()));
}

/** The root at a size, asked by a mission at this event. */
async function rootAt(log: MissionLog, at: TraceEvent | undefined, size: number): Promise<string> {
  const asked = await log.consistency(ok(headOf(at)), size, size);
  return asked.ok ? asked.value.toRoot : asked.error.reason;
}

describe("a mission's log", () => {
  test("holds every event once, however many ask for it at once and at different heads", async () => {
    const events = chain(700);
    const journal = journalOf(events);
    const log = createMissionLog(journal);
    const seqs = [699, 300, 699, 0, 512];
    const asked = await Promise.all(seqs.map((seq) => rootAt(log, events[seq], seq + 1)));
    expect(asked).toEqual(seqs.map((seq) => rootOf(events.slice(0, seq + 1))));
    for (const size of [0, 1, 256, 257, 699, 700]) {
      expect(await rootAt(log, events.at(-1), size)).toBe(rootOf(events.slice(0, size)));
    }
    expect(journal.given).toBe(700);
  });

  test("goes on where it stopped when the mission does", async () => {
    const events = chain(30);
    const grown = events.slice(0, 20);
    const journal = journalOf(grown);
    const log = createMissionLog(journal);
    expect(await rootAt(log, grown.at(-1), 20)).toBe(rootOf(grown));
    grown.push(...events.slice(20));
    expect(await rootAt(log, events.at(-1), 30)).toBe(rootOf(events));
    expect(journal.given).toBe(30);
  });

  test("is not given of a journal that was changed, cut or replaced", async () => {
    const events = chain(10);
    const head = headOf(events.at(-1));
    const other = chain(11).slice(1);
    const changed = events.map((event) =>
      event.seq === 4 ? { ...event, type: "mission.resumed" } : event,
    );
    const verdict = async (rows: TraceEvent[], of = head) => {
      const journal = journalOf(rows);
      const asked = await createMissionLog(journal).head(ok(of), null);
      expect(journal.broken).toBe(asked.ok ? 0 : 1);
      return asked.ok ? "given" : asked.error;
    };
    expect(await verdict(events)).toBe("given");
    expect(await verdict(changed)).toMatchObject({ reason: "mission_broken", seq: 4 });
    expect(await verdict(events.slice(0, 6))).toMatchObject({ reason: "mission_broken", seq: 6 });
    expect(await verdict(other)).toMatchObject({ reason: "mission_broken", seq: 0 });
    const stale = { seq: 9, hash: "f".repeat(64) };
    expect(await verdict(events, stale)).toMatchObject({ reason: "mission_broken", seq: 9 });
  });

  test("says when the last event of a size was, and passes on why a mission shows none", async () => {
    const events = chain(3);
    const log = createMissionLog(journalOf(events));
    const target = ok(headOf(events.at(-1)));
    expect(await log.head(target, 2)).toMatchObject({ ok: true, value: { size: 2, at: iso(0) } });
    expect(await log.head(target, 0)).toMatchObject({ ok: true, value: { size: 0, at: null } });
    expect(await log.head(target, 4)).toMatchObject({
      error: { reason: "log_point_unknown", size: 3 },
    });
    const unknown = err({ reason: "mission_unknown" } as const);
    expect(await log.head(unknown, null)).toBe(unknown);
  });
});
