/**
 * Several deliveries of one ticket at once, in every order a scheduler can think of, with the clock jumping
 * between any two steps. One of them acts. Source: docs/tickets.md; invariants I7, I15.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { createWorld, FAILED, SUCCEEDED, UNKNOWN } from "../support/gateway-world.ts";
import { JTI } from "../support/tickets.ts";

test("of fifty presentations at once one acts and the others wait", async () => {
  const world = createWorld();
  const dispositions = await Promise.all(
    Array.from({ length: 50 }, (_, index) => world.deliver(`m${index}`, 1)),
  );
  expect(world.reached).toEqual([JTI]);
  expect(dispositions.filter((disposition) => disposition?.kind === "ack")).toHaveLength(1);
  expect(world.denials).toEqual([]);
});

describe("a delivery that slept through its hold", () => {
  /** Stops the first call of that name until woken. */
  function sleeper(at: string) {
    let wake: () => void = () => {};
    let isAsleep = false;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const turn = async (name: string) => {
      if (name !== at || isAsleep) return;
      isAsleep = true;
      await woken;
    };
    return { turn, wake: () => wake() };
  }

  test.each(["confirm", "dispatching"])("before %s may not act any more", async (at) => {
    const { turn, wake } = sleeper(at);
    const world = createWorld({ turn });
    const slow = world.deliver("m1", 1);
    await Promise.resolve();
    world.nowMs += 10_000;
    expect(await world.deliver("m2", 1)).toEqual({ kind: "ack" });
    wake();
    expect(await slow).toMatchObject({ kind: "retry" });
    expect(world.reached).toEqual([JTI]);
  });

  test("before settling finds its call in doubt, and reports the doubt rather than two outcomes", async () => {
    const { turn, wake } = sleeper("settle");
    const world = createWorld({ turn });
    const slow = world.deliver("m1", 1);
    // The way to `settle` crosses a few microtasks of calls that do not wait.
    for (let ticks = 0; ticks < 50; ticks += 1) await Promise.resolve();
    expect(world.reached).toEqual([JTI]);
    world.nowMs += 15_000;
    expect(await world.deliver("m2", 1)).toEqual({ kind: "ack" });
    wake();
    expect(await slow).toEqual({ kind: "ack" });
    expect(world.receipts.map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
    expect(world.receipts[0]).toEqual(world.receipts[1]);
  });
});

/** Mostly the clock stands still; sometimes it passes a retry, a hold, a whole call. */
const JUMPS_MS = [...Array.from({ length: 16 }, () => 0), 2_000, 10_000, 16_000];
const RACERS = ["m1", "m1", "m2", "m3"];

const race = {
  scheduler: fc.scheduler(),
  idempotent: fc.boolean(),
  upstream: fc.array(fc.constantFrom(SUCCEEDED, FAILED, UNKNOWN), { minLength: 1, maxLength: 3 }),
  jumpsMs: fc.array(fc.constantFrom(...JUMPS_MS), { minLength: 20, maxLength: 60 }),
};

test("whatever the order and the clock, nothing acts twice and one outcome is told", async () => {
  const seen = { acted: 0, doubted: 0, repeated: 0 };
  await fc.assert(
    fc.asyncProperty(fc.record(race), async ({ scheduler, idempotent, upstream, jumpsMs }) => {
      let step = 0;
      let isRacing = true;
      const turn = async (name: string) => {
        if (!isRacing) return;
        await scheduler.schedule(Promise.resolve(), name);
        world.nowMs += jumpsMs[step % jumpsMs.length] ?? 0;
        step += 1;
      };
      const world = createWorld({ idempotent, upstream, turn });
      const deliverTwice = async (messageId: string) => {
        const first = await world.deliver(messageId, 1);
        if (first?.kind === "retry") await world.deliver(messageId, 2);
      };
      await scheduler.waitFor(Promise.all(RACERS.map(deliverTwice)));
      isRacing = false;
      expect(await world.deliverUntilDone("m4")).toBe("acknowledged");

      expect(new Set(world.reached).size).toBeLessThanOrEqual(1);
      expect(world.reached.length).toBeLessThanOrEqual(idempotent ? 20 : 1);
      const outcomes = new Set(world.receipts.map((receipt) => canonicalJson(receipt)));
      expect(outcomes.size).toBe(world.reached.length > 0 ? 1 : 0);
      const refusals = world.denials.filter(({ reason }) => reason !== "NONCE_USED");
      expect(refusals.length === 0 || world.reached.length === 0).toBe(true);
      seen.acted += world.reached.length > 0 ? 1 : 0;
      seen.doubted += world.receipts[0]?.outcome === "unknown" ? 1 : 0;
      seen.repeated += world.reached.length > 1 ? 1 : 0;
    }),
    { numRuns: 1_000 },
  );
  // Against a vacuous pass: the runs must really have acted, doubted and repeated.
  expect(seen.acted).toBeGreaterThan(500);
  expect(seen.doubted).toBeGreaterThan(20);
  expect(seen.repeated).toBeGreaterThan(20);
});
