/** Replay and the golden trace: the state at any seq and any time, and old traces fold as they did. */
import { describe, expect, test } from "vitest";
import { foldTrace, replayTrace, stateHash } from "../../shared/mission/index.ts";
import { EMPTY_HEAD, linkEvent, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import { iso } from "../support/builders.ts";
import { goldenTrace } from "../support/golden.ts";
import { checkInvariants } from "../support/invariants.ts";
import { createRun } from "../support/scenario.ts";
import { liveVendorSwitch } from "../support/vendor-switch.ts";

function story() {
  const run = createRun();
  liveVendorSwitch(run);
  return run;
}

/** The story with one event changed and everything behind it linked anew. */
function forged(type: string, change: (event: TraceEvent) => object): readonly TraceEvent[] {
  let head = EMPTY_HEAD;
  return story().events.map((event) => {
    const linked = linkEvent(
      head,
      event.missionId,
      event.type === type ? { ...event, ...change(event) } : event,
    );
    head = linked;
    return linked;
  });
}

describe("replayTrace", () => {
  test("gives the state at every seq, and all of it without one", () => {
    const { events, stateHashes, state } = story();
    for (const [seq, hash] of stateHashes) {
      const replayed = replayTrace(events, seq);
      expect(replayed.ok && [replayed.value.stateHash, replayed.value.head.seq]).toEqual([
        hash,
        seq,
      ]);
    }
    const whole = replayTrace(events, null);
    expect(whole.ok && whole.value.stateHash).toBe(state && stateHash(state));
    expect(whole.ok && whole.value.view.state).toBe("completed");
  });

  test("gives the state at a moment: everything that had happened by then", () => {
    const { events } = story();
    const at = (seconds: number) => {
      const replayed = replayTrace(events, iso(seconds));
      return (
        replayed.ok &&
        replayed.value.view.nodes.filter((node) => node.state === "DONE").map((node) => node.id)
      );
    };
    expect([at(0), at(29), at(30), at(94), at(95), at(9_999)]).toEqual([
      [],
      [],
      ["propose"],
      ["propose", "validate", "approve"],
      ["propose", "validate", "approve", "execute", "complete"],
      ["propose", "validate", "approve", "execute", "complete", "audit"],
    ]);
  });

  test.each([
    ["a seq behind the end", 1_000],
    ["a negative seq", -1],
    ["half a seq", 1.5],
    ["a time before the beginning", iso(-1)],
    ["no time at all", "yesterday"],
  ])("refuses %s", (_what, at) => {
    expect(replayTrace(story().events, at)).toMatchObject({
      ok: false,
      error: { reason: "replay_point_unknown" },
    });
  });

  test("refuses an empty trace", () => {
    expect(replayTrace([], null)).toMatchObject({
      ok: false,
      error: { reason: "replay_point_unknown" },
    });
  });

  test("refuses a trace whose chain is broken, and names the seq", () => {
    const events = structuredClone([...story().events]);
    const event = events[7];
    if (event) events[7] = { ...event, actor: { kind: "human", id: "mallory" } };
    expect(replayTrace(events, null)).toMatchObject({
      ok: false,
      error: { reason: "trace_invalid", flaw: { seq: 7, reason: "hash_mismatch" } },
    });
  });

  test.each([
    ["an event type nobody knows", "node.ready", () => ({ type: "node.teleported" }), "is known"],
    [
      "a mission event nobody knows",
      "mission.completed",
      () => ({ type: "mission.teleported" }),
      "is known",
    ],
    [
      "data without its shape",
      "evidence.submitted",
      () => ({ data: {} }),
      "the data of evidence.submitted is malformed",
    ],
    [
      "a state that was not there",
      "gate.evaluated",
      () => ({ stateBefore: "NEW" }),
      "the event says NEW",
    ],
    [
      "a mission state that was not there",
      "mission.completed",
      () => ({ stateBefore: "paused" }),
      "the event says paused",
    ],
    [
      "a node that is not in the plan",
      "gate.evaluated",
      () => ({ nodeId: "elsewhere" }),
      "is in the plan",
    ],
    [
      "a second opening",
      "mission.completed",
      () => ({ type: "mission.opened" }),
      "a mission opens once",
    ],
    [
      "another plan than was hashed",
      "mission.opened",
      (event: TraceEvent) => ({ data: { ...event.data, planHash: "0".repeat(64) } }),
      "gives its recorded hash",
    ],
  ])("refuses a well-hashed trace with %s, and does not throw", (_what, type, change, detail) => {
    const replayed = replayTrace(forged(type, change), null);
    expect(replayed).toMatchObject({
      ok: false,
      error: {
        reason: "trace_invalid",
        flaw: { reason: "event_malformed", detail: expect.stringContaining(detail) },
      },
    });
  });

  test("refuses a trace that does not begin with its opening", () => {
    const [, second] = story().events;
    if (!second) throw new Error("the story has a second event");
    const headless = [linkEvent(EMPTY_HEAD, second.missionId, second)];
    expect(replayTrace(headless, null)).toMatchObject({
      ok: false,
      error: { reason: "trace_invalid" },
    });
  });
});

const golden = () => goldenTrace("vendor-switch.v1");

describe("the golden trace of the vendor switch, version 1", () => {
  test("verifies to its recorded head", () => {
    const { events, head } = golden();
    expect(verifyTrace(events, { expectedHead: head })).toEqual({
      ok: true,
      value: { events: events.length, head },
    });
  });

  test("folds to its recorded state hash", () => {
    const { events, stateHash: recorded } = golden();
    const replayed = replayTrace(events, null);
    expect(replayed.ok && replayed.value.stateHash).toBe(recorded);
  });

  test("keeps every invariant, signatures included", () => {
    const { events, ticketKey } = golden();
    const state = foldTrace(events);
    expect(state && checkInvariants(events, state, { ticketKey })).toEqual([]);
  });

  test("holds the events that a whole mission needs", () => {
    const types = new Set(golden().events.map((event) => event.type));
    expect([...types].sort()).toEqual([
      "approval.granted",
      "approval.requested",
      "evidence.submitted",
      "gate.evaluated",
      "incident.raised",
      "mission.completed",
      "mission.opened",
      "node.failed",
      "node.ready",
      "node.unblocked",
      "proposal.refused",
      "proposal.submitted",
      "receipt.recorded",
      "result.submitted",
      "ticket.denied",
      "ticket.issued",
    ]);
  });
});
