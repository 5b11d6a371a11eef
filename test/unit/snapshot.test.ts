/** Snapshots: the state through text and back, at every point of a mission, and no other version's. */
import { describe, expect, test } from "vitest";
import {
  evolve,
  nextDueMs,
  snapshotToState,
  stateHash,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import { createRun } from "../support/scenario.ts";
import { liveVendorSwitch, VENDOR_PLAN } from "../support/vendor-switch.ts";
import { policy } from "../support/builders.ts";

function story() {
  const run = createRun();
  liveVendorSwitch(run);
  if (!run.state) throw new Error("the mission is open");
  return { ...run, state: run.state };
}

describe("a snapshot", () => {
  test("wakes as the state it was taken of, at every seq, and goes on to the same end", () => {
    const { events, snapshots, state } = story();
    for (const [seq, text] of snapshots.entries()) {
      const woken = snapshotToState(text, VENDOR_PLAN, policy());
      if (!woken) throw new Error("the snapshot is of this version");
      expect(stateToSnapshot(woken)).toBe(text);
      for (const event of events.slice(seq + 1)) evolve(woken, event);
      expect(stateHash(woken)).toBe(stateHash(state));
      expect(nextDueMs(woken)).toBe(nextDueMs(state));
    }
  });

  test("holds neither plan nor policy: the first event has them", () => {
    const { state } = story();
    expect(stateToSnapshot(state)).not.toContain(VENDOR_PLAN.plan.title);
    expect(stateToSnapshot(state)).not.toContain(policy().document.name);
  });

  test("of another version is ignored", () => {
    const { state } = story();
    const { version, ...rest } = JSON.parse(stateToSnapshot(state)) as { version: number };
    const other = JSON.stringify({ ...rest, version: version + 1 });
    expect(snapshotToState(other, VENDOR_PLAN, policy())).toBeNull();
  });
});
