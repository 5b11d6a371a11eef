/**
 * Certification of turns that share a moment and ask again for the same slices: what the arbiters said in one turn
 * is not taken for what they said in the one before. A clock that lags behind the mission's last event makes such
 * moments long. Source: docs/replay.md, docs/leases.md.
 */
import { describe, expect, test } from "vitest";
import type { LeaseFacts } from "../../shared/lease/index.ts";
import { certifyReplay, type Command } from "../../shared/mission/index.ts";
import { decisionNode, ms, OTHER_MISSION, plan, TERMS } from "../support/builders.ts";
import { openMission, propose } from "../support/commands.ts";
import { rehashed } from "../support/forgery.ts";
import { createRun } from "../support/scenario.ts";

const JAN = "ledger#jan";
const FEB = "ledger#feb";

/** In plan order; two of them write one slice. */
const WRITERS = { early: JAN, late: FEB, last: FEB } as const;
type Writer = keyof typeof WRITERS;

const PLAN = plan(
  Object.entries(WRITERS).map(([id, slice]) => decisionNode(id, { writeSet: [slice] })),
  { edges: [], leased: [FEB] },
);

function held(nodeId: Writer): LeaseFacts {
  const by = [{ slice: WRITERS[nodeId], missionId: OTHER_MISSION, nodeId: "w" }];
  return { [nodeId]: { state: "held", by } };
}

function granted(nodeId: Writer, fence: number): LeaseFacts {
  return { [nodeId]: { state: "granted", fence: { [WRITERS[nodeId]]: fence } } };
}

function freed(leases: LeaseFacts): Command {
  const actor = { kind: "system", id: "sekisho" } as const;
  const own = { at: ms(2), actor, entropy: "0".repeat(32), terms: TERMS };
  return { ...own, type: "LeaseFreed", slices: [FEB, JAN], leases };
}

/** All three are paused for their slices; then both are asked for in these turns, all of one moment. */
function waitedThen(...turns: readonly LeaseFacts[]) {
  const run = createRun();
  const steps = [
    openMission(PLAN),
    ...(["early", "late", "last"] as const).map((id) => propose(1, id, { leases: held(id) })),
    ...turns.map(freed),
  ];
  for (const step of steps) expect(run.execute(step)).toMatchObject({ ok: true });
  return run.events;
}

function movedIn(events: ReturnType<typeof waitedThen>): readonly (string | null)[] {
  return events.filter(({ type }) => type === "node.unblocked").map(({ nodeId }) => nodeId);
}

describe("turns of one moment that ask for the same slices", () => {
  test("are certified with what each was told, though one was refused what the next was given", () => {
    const events = waitedThen({ ...held("early"), ...granted("late", 1) }, granted("early", 2));
    expect(movedIn(events)).toEqual(["late", "early"]);
    expect(certifyReplay(events)).toMatchObject({ certified: true, exact: true });
  });

  test("are certified wherever the first of them ends", () => {
    const both = { ...granted("early", 2), ...granted("late", 1), ...held("last") };
    expect(movedIn(waitedThen(both))).toEqual(["early", "late"]);
    expect(certifyReplay(waitedThen(both))).toMatchObject({ certified: true });
    const inVain = { ...held("late"), ...held("last") };
    const apart = waitedThen({ ...granted("early", 1), ...inVain }, granted("late", 1));
    expect(movedIn(apart)).toEqual(["early", "late"]);
    expect(certifyReplay(apart)).toMatchObject({ certified: true });
  });

  test("are not certified with somebody else let in than was recorded", () => {
    const events = waitedThen({ ...held("early"), ...granted("late", 1) }, granted("early", 2));
    const second = events.at(-2);
    expect(second).toMatchObject({ type: "node.unblocked", nodeId: "early" });
    const changed = events.map((event) =>
      event === second ? { ...event, nodeId: "last" } : event,
    );
    const certified = certifyReplay(rehashed(changed));
    expect(certified).toMatchObject({ certified: false, seq: second?.seq });
  });
});
