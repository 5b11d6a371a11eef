/**
 * The Merkle log that a mission's object builds from its journal: in rounds, shared by whoever asks at once,
 * continued and never begun again, and refusing a journal that is not what the mission remembers.
 */
import { describe, expect, test } from "vitest";
import { createMissionLog } from "../../durable-objects/mission/log.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { createMerkleTree, hashToHex, leafHash } from "../../shared/log/index.ts";
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

describe("a mission's log", () => {
  test("holds every event once, however many ask for it at once and at different heads", async () => {
    const events = chain(700);
    const journal = journalOf(events);
    const log = createMissionLog(journal);
    const asked = await Promise.all(
      [699, 300, 699, 0, 512].map((seq) => log.upTo(headOf(events[seq]))),
    );
    expect(asked.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
    expect(journal.given).toBe(700);
    const again = await log.upTo(headOf(events.at(-1)));
    if (!again.ok) throw new Error(again.error.reason);
    expect(journal.given).toBe(700);
    for (const size of [0, 1, 256, 257, 699, 700]) {
      expect(hashToHex(again.value.root(size))).toBe(rootOf(events.slice(0, size)));
    }
  });

  test("goes on where it stopped when the mission does", async () => {
    const events = chain(30);
    const grown = events.slice(0, 20);
    const journal = journalOf(grown);
    const log = createMissionLog(journal);
    expect((await log.upTo(headOf(grown.at(-1)))).ok).toBe(true);
    grown.push(...events.slice(20));
    const asked = await log.upTo(headOf(events.at(-1)));
    expect(asked.ok && hashToHex(asked.value.root(30))).toBe(rootOf(events));
    expect(journal.given).toBe(30);
  });

  test("is not given of a journal that was changed, cut or replaced", async () => {
    const events = chain(10);
    const head = headOf(events.at(-1));
    const other = chain(11).slice(1);
    const changed = events.map((event) =>
      event.seq === 4 ? { ...event, type: "mission.resumed" } : event,
    );
    const verdict = async (journal: TraceEvent[], of = head) => {
      const asked = await createMissionLog(journalOf(journal)).upTo(of);
      return asked.ok ? "given" : asked.error;
    };
    expect(await verdict(events)).toBe("given");
    expect(await verdict(changed)).toMatchObject({ reason: "mission_broken", seq: 4 });
    expect(await verdict(events.slice(0, 6))).toMatchObject({ reason: "mission_broken", seq: 6 });
    expect(await verdict(other)).toMatchObject({ reason: "mission_broken", seq: 0 });
    const stale = { seq: 9, hash: "f".repeat(64) };
    expect(await verdict(events, stale)).toMatchObject({ reason: "mission_broken", seq: 9 });
  });
});
