/**
 * The rules of an arbiter: who gets a slice and under which number, who waits, and what gives a slice free.
 * Source: docs/leases.md.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AcquireRequest,
  artifactOf,
  decideAcquire,
  decideRelease,
  nextLookMs,
  nextServed,
  type SliceBook,
  type SliceRow,
  suspectsOf,
  type Waiter,
} from "../../shared/lease/index.ts";

const SLICE = "ledger#jan";
const NOW_MS = 1_000_000;

function asks(missionId: string, floor = 0, sinceMs: number | null = null): AcquireRequest {
  return { missionId, nodeId: "write", sinceMs, slices: [{ slice: SLICE, floor }] };
}

function given(missionId: string, fence: number): SliceRow {
  const grant = { missionId, nodeId: "write", fence, usableUntilMs: NOW_MS + 10_000 };
  return { slice: SLICE, highest: fence, grant };
}

function waits(missionId: string, place: number): Waiter {
  return { slice: SLICE, missionId, nodeId: "write", sinceMs: place, place };
}

function book(row: SliceRow | null, ...waiters: readonly Waiter[]) {
  return new Map<string, SliceBook>([[SLICE, { row, waiters }]]);
}

describe("a request", () => {
  test("gets a free slice under a number above all that its arbiter and its mission have seen", () => {
    const free = { slice: SLICE, highest: 4, grant: null };
    const fenceOf = (row: SliceRow | null, floor: number) =>
      decideAcquire(asks("m", floor), book(row), NOW_MS).answer;
    expect(fenceOf(null, 0)).toMatchObject({ outcome: "granted", fence: { [SLICE]: 1 } });
    expect(fenceOf(free, 0)).toMatchObject({ fence: { [SLICE]: 5 } });
    expect(fenceOf(free, 9)).toMatchObject({ fence: { [SLICE]: 10 } });
  });

  test("is refused while another mission has it, and waits", () => {
    expect(decideAcquire(asks("m"), book(given("other", 3)), NOW_MS)).toMatchObject({
      answer: { outcome: "held", by: [{ slice: SLICE, missionId: "other", nodeId: "write" }] },
      rows: [],
      waitsAt: [SLICE],
    });
  });

  test("of the mission that has it gets the next number", () => {
    const { answer } = decideAcquire(asks("m"), book(given("m", 3)), NOW_MS);
    expect(answer).toMatchObject({ outcome: "granted", fence: { [SLICE]: 4 } });
  });

  test("waits behind whoever waits already, even for a slice that is its own or free", () => {
    const free = { slice: SLICE, highest: 3, grant: null };
    for (const row of [given("m", 3), free])
      expect(decideAcquire(asks("m"), book(row, waits("other", 1)), NOW_MS)).toMatchObject({
        answer: { outcome: "held", by: [{ missionId: "other" }] },
      });
  });

  test("for several slices gets all of them or none", () => {
    const request = { ...asks("m"), slices: ["a#x", "a#y"].map((slice) => ({ slice, floor: 0 })) };
    const books = new Map([["a#y", { row: { ...given("other", 1), slice: "a#y" }, waiters: [] }]]);
    expect(decideAcquire(request, books, NOW_MS)).toMatchObject({ rows: [], waitsAt: ["a#y"] });
  });
});

describe("a request of somebody who waits already", () => {
  const free = { slice: SLICE, highest: 3, grant: null };
  const outcomeOf = (missionId: string, sinceMs: number) =>
    decideAcquire(asks(missionId, 0, sinceMs), book(free, waits("m", 5)), NOW_MS).answer.outcome;

  test("goes before those who have waited less, and after those who have waited longer", () => {
    expect([4, 6].map((sinceMs) => outcomeOf("z", sinceMs))).toEqual(["granted", "held"]);
  });

  test("goes by the mission's name where both came at once, so that all arbiters agree", () => {
    expect(["a", "z"].map((missionId) => outcomeOf(missionId, 5))).toEqual(["granted", "held"]);
  });
});

describe("a grant", () => {
  test("is suspect only once no clock within the leeway lets its mission use it", () => {
    const suspects = (nowMs: number) => suspectsOf(asks("m"), book(given("other", 3)), nowMs);
    expect(suspects(NOW_MS + 15_000)).toEqual([]);
    expect(suspects(NOW_MS + 15_001)).toEqual([given("other", 3)]);
    expect(suspectsOf(asks("other"), book(given("other", 3)), NOW_MS + 99_000)).toEqual([]);
  });

  test("is ended by its own number from its own mission and by nothing else", () => {
    const row = given("m", 3);
    expect(decideRelease(row, { missionId: "m", fence: 3 })).toEqual({ ...row, grant: null });
    expect(decideRelease(row, { missionId: "m", fence: 2 })).toBeNull();
    expect(decideRelease(row, { missionId: "other", fence: 3 })).toBeNull();
    expect(decideRelease(null, { missionId: "m", fence: 3 })).toBeNull();
  });
});

test("a free slice is told to the first who waits; a given one to nobody", () => {
  const free = { slice: SLICE, highest: 3, grant: null };
  expect(nextServed({ row: free, waiters: [waits("a", 1), waits("b", 2)] })?.missionId).toBe("a");
  expect(nextServed({ row: given("m", 3), waiters: [waits("a", 1)] })).toBeNull();
  expect([nextLookMs(false, 5), nextLookMs(true, 5)]).toEqual([null, 30_005]);
  expect(artifactOf(SLICE)).toBe("ledger");
});

test("in any order of asking and giving back, numbers rise and whoever waits is served in turn", () => {
  const step = fc.record({ mission: fc.nat({ max: 4 }), back: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let row: SliceRow | null = null;
      let waiters: readonly Waiter[] = [];
      let place = 0;
      const fences: number[] = [];
      const holdersBefore: [string, string][] = [];
      const ask = (missionId: string) => {
        const before: SliceRow | null = row;
        const decided = decideAcquire(asks(missionId), book(row, ...waiters), NOW_MS);
        if (decided.answer.outcome === "granted") {
          holdersBefore.push([before?.grant?.missionId ?? missionId, missionId]);
          row = decided.rows[0] ?? null;
          fences.push(row?.highest ?? 0);
          waiters = waiters.filter((waiter) => waiter.missionId !== missionId);
        } else if (!waiters.some((waiter) => waiter.missionId === missionId))
          waiters = [...waiters, waits(missionId, (place += 1))];
      };
      const giveBack = () => {
        if (row?.grant) row = decideRelease(row, row.grant);
        const next = nextServed({ row, waiters });
        if (next) ask(next.missionId);
      };
      for (const { mission, back } of steps) {
        if (back) giveBack();
        else ask(`m${mission}`);
      }
      const waiting = waiters.map(({ missionId }) => missionId);
      const served = waiting.map(() => {
        giveBack();
        return row?.grant?.missionId;
      });
      expect(served).toEqual(waiting);
      expect(holdersBefore.filter(([before, now]) => before !== now)).toEqual([]);
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    }),
  );
});
