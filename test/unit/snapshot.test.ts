/** Snapshots: the state through text and back, at every point of a mission, and no other version's. */
import { describe, expect, test } from "vitest";
import {
  dataOf,
  evolve,
  foldTrace,
  nextDueMs,
  snapshotToState,
  stateHash,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import { goldenTrace } from "../support/golden.ts";

/** The golden mission, which has a failed attempt, denials, approvals and a lease in it. */
function story() {
  const { events } = goldenTrace("vendor-switch.v1");
  const [opened] = events;
  const state = foldTrace(events);
  if (!opened || !state) throw new Error("the golden trace has events");
  const { policy } = dataOf(opened, "mission.opened");
  return { events, state, plan: state.plan, policy };
}

describe("a snapshot", () => {
  test("wakes as the state it was taken of, at every seq, and goes on to the same end", () => {
    const { events, state, plan, policy } = story();
    for (const seq of events.keys()) {
      const then = foldTrace(events.slice(0, seq + 1));
      const woken = then && snapshotToState(stateToSnapshot(then), plan, policy);
      if (!woken) throw new Error("the snapshot is of this version");
      expect(stateToSnapshot(woken)).toBe(stateToSnapshot(then));
      expect(nextDueMs(woken)).toBe(nextDueMs(then));
      for (const event of events.slice(seq + 1)) evolve(woken, event);
      expect(stateToSnapshot(woken)).toBe(stateToSnapshot(state));
      expect(stateHash(woken)).toBe(stateHash(state));
    }
  });

  test("remembers which denials were heard, so that none raises its incident twice", () => {
    const { state, plan, policy } = story();
    const woken = snapshotToState(stateToSnapshot(state), plan, policy);
    expect(woken && [...woken.denials.keys()]).toEqual([...state.denials.keys()]);
    expect([...state.denials.keys()]).toHaveLength(2);
  });

  test("holds neither plan nor policy: the first event has them", () => {
    const { state, plan, policy } = story();
    expect(stateToSnapshot(state)).not.toContain(plan.plan.title);
    expect(stateToSnapshot(state)).not.toContain(policy.document.name);
  });

  test("of another version is ignored", () => {
    const { state, plan, policy } = story();
    const { version, ...rest } = JSON.parse(stateToSnapshot(state)) as { version: number };
    const other = JSON.stringify({ ...rest, version: version + 1 });
    expect(snapshotToState(other, plan, policy)).toBeNull();
  });
});
