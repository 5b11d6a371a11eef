/**
 * Slices shared by a team under every fault there is: the real arbiter, the real commit path of missions and the
 * real gateway, over a net that loses, delays and breaks off, with processes that die between any two steps and
 * clocks as far apart as the leeway lets them be. Source: docs/leases.md; invariants I7, I10, I11.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SliceRow } from "../../shared/lease/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Sabotage } from "../support/lease-places.ts";
import { createLeaseWorld } from "../support/lease-world.ts";

/** Missions may stand in line, and each may have to be found out, at worst by its own alarm. */
const LOOKS_MAX = 40;
const GENES = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 60, maxLength: 220, size: "max" });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Runs the genes and lets the world calm down; answers what broke. */
async function runGenes(
  genes: readonly number[],
  counts: Map<string, number>,
  sabotage?: Sabotage,
): Promise<readonly string[]> {
  const world = createLeaseWorld(sabotage);
  for (const gene of genes) {
    if (world.broken.length > 0) break;
    await world.step(gene);
  }
  const looks = world.broken.length > 0 ? 0 : await world.calm(LOOKS_MAX);
  world.close();
  for (const [what, times] of world.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  counts.set("looks", (counts.get("looks") ?? 0) + (looks ?? 0));
  return world.broken;
}

/** What a run must have met to mean anything, at least this often in `RUNS` runs. */
const RUNS = 150;
const FLOORS = {
  granted: 800,
  acted: 150,
  crash: 400,
  alarm: 400,
  looks: 15,
  "told held": 350,
  "told unavailable": 350,
  "holder says yes": 60,
  "holder says no": 150,
  holder_unreachable: 15,
  waiter_unreachable: 15,
  release_lost: 30,
  arbiter_unreachable: 400,
  TICKET_EXPIRED: 30,
} as const;

test("whatever is lost, late or dead, one mission holds a slice, numbers rise, and everybody is served", async () => {
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(GENES, async (genes) => {
      expect(await runGenes(genes, counts)).toEqual([]);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 50_000, markInterruptAsFailure: true },
  );
  const below = Object.entries(FLOORS).filter(([what, floor]) => (counts.get(what) ?? 0) < floor);
  expect(below, [...counts].map((count) => count.join(" ")).join(", ")).toEqual([]);
});

describe("the laws notice", () => {
  const PLANTED: Readonly<Record<string, { readonly bug: Sabotage; readonly broken: RegExp }>> = {
    "an arbiter that takes a slice over without asking": {
      bug: () => ({ holdsSlice: async () => false }),
      broken: /both hold|does not hold it/,
    },
    "an arbiter that frees a slice at the word of who has it no more": {
      bug: ({ store }, sound) => ({
        release: (_missionId, grants) => {
          const now = grants.flatMap(({ slice }) => store.read(slice)?.grant ?? []);
          const [any] = now;
          const freed = grants.flatMap(({ slice }) => {
            const grant = store.read(slice)?.grant;
            return grant?.missionId === any?.missionId && grant
              ? [{ slice, fence: grant.fence }]
              : [];
          });
          return sound.release(any?.missionId ?? "", freed);
        },
      }),
      broken: /both hold|does not hold it|runs under/,
    },
  };

  test.each(Object.entries(PLANTED))("%s", async (_name, { bug, broken }) => {
    const found: string[] = [];
    const checked = await fc.check(
      fc.asyncProperty(GENES, async (genes) => {
        found.push(...(await runGenes(genes, new Map(), bug)));
        return found.length === 0;
      }),
      { numRuns: 400, seed: 2, endOnFailure: true },
    );
    expect(checked.failed).toBe(true);
    expect(found[0]).toMatch(broken);
  });

  /** A mission whose clock lags as far as it may, and that uses its grant in the last moment; another one asks before. */
  async function inTheLastMoment(sabotage?: Sabotage): Promise<readonly string[]> {
    const world = createLeaseWorld(sabotage);
    const [LAGGING, OTHER] = [3, 0];
    await world.work(LAGGING);
    for (const waitMs of [4_900, 4_900, 4_000]) {
      await world.net.take(0, "none");
      await world.net.advance(waitMs);
      if (waitMs === 4_900) await world.net.take(0, "none");
    }
    await world.work(OTHER);
    while (world.net.steps.length > 1) await world.net.take(1, "none");
    await world.net.advance(800);
    await world.net.take(0, "none");
    await world.work(OTHER);
    world.close();
    expect(world.counts.get("granted")).toBeGreaterThan(0);
    return world.broken;
  }

  test("an arbiter that forgets how far clocks may be apart", async () => {
    expect(await inTheLastMoment()).toEqual([]);
    const forgetful: Sabotage = ({ store }) => {
      const early = (row: SliceRow | null): SliceRow | null => {
        if (!row?.grant) return row;
        const usableUntilMs = row.grant.usableUntilMs - LIMITS.leaseLeewayMs;
        return { ...row, grant: { ...row.grant, usableUntilMs } };
      };
      const book = (slice: string) => ({ ...store.book(slice), row: early(store.read(slice)) });
      return { store: { ...store, read: (slice) => early(store.read(slice)), book } };
    };
    expect((await inTheLastMoment(forgetful))[0]).toMatch(/both hold|runs under/);
  });
});
