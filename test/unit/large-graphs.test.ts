/**
 * Large plans open and run to completion in the core: a chain, a fan and a graph of 2^40 paths, of which
 * nothing may ever be walked one by one. No time is measured here; scripts/growth.ts does that.
 */
import { describe, expect, test } from "vitest";
import {
  certifyReplay,
  decide,
  evolve,
  type MissionState,
  recordEvents,
  viewBlocked,
} from "../../shared/mission/index.ts";
import { compileAmendment, type CompiledPlan } from "../../shared/plan/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../../shared/trace/index.ts";
import { amendment } from "../support/amendments.ts";
import {
  approvalNode,
  decisionNode,
  MISSION,
  plan,
  policy,
  rule,
  systemNode,
} from "../support/builders.ts";
import { openMission, passTime } from "../support/commands.ts";

const SIZE = 10_000;
const PERMIT = policy([rule({ kinds: ["decision", "approval"] })]);

type Edges = readonly (readonly [number, number])[];

function systemPlan(nodes: number, edges: Edges): CompiledPlan {
  const named = edges.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` }));
  return plan(
    Array.from({ length: nodes }, (_none, at) => systemNode(`n${at}`)),
    { edges: named },
  );
}

/** Runs a mission whose nodes are all the system's own, clock turn by clock turn. */
function runThrough(compiled: CompiledPlan) {
  let state: MissionState | null = null;
  const events: TraceEvent[] = [];
  for (let turn = 0; turn <= compiled.order.length; turn += 1) {
    const command = turn === 0 ? openMission(compiled, { policy: PERMIT }) : passTime(turn);
    const decided = decide(state, command);
    if (!decided.ok) throw new Error(decided.error.reason);
    if (decided.value.length === 0) break;
    const head = state?.head ?? EMPTY_HEAD;
    for (const event of recordEvents(head, MISSION, decided.value, () => "")) {
      state = evolve(state, event, compiled);
      events.push(event);
    }
  }
  return { state, events };
}

const CHAIN: Edges = Array.from({ length: SIZE - 1 }, (_none, at) => [at, at + 1] as const);
const FAN: Edges = Array.from({ length: SIZE - 1 }, (_none, at) => [0, at + 1] as const);
/** 40 diamonds one after the other. */
const PATHS: Edges = Array.from({ length: 40 }, (_none, at) => at * 3).flatMap(
  (at) =>
    [
      [at, at + 1],
      [at, at + 2],
      [at + 1, at + 3],
      [at + 2, at + 3],
    ] as const,
);

describe("a large mission runs to completion", () => {
  test.each([
    ["a chain of 10,000 nodes", SIZE, CHAIN],
    ["a fan of 10,000 nodes", SIZE, FAN],
    ["2^40 paths through 40 diamonds", 121, PATHS],
  ] as const)(
    "%s",
    (_what, nodes, edges) => {
      const { state, events } = runThrough(systemPlan(nodes, edges));
      expect(state?.status).toBe("completed");
      expect(state?.doneCount).toBe(nodes);
      // Opening and completion; two gates a node, and READY once.
      expect(events).toHaveLength(2 + 3 * nodes);
    },
    60_000,
  );

  test("and is certified", () => {
    const { events } = runThrough(systemPlan(1_000, CHAIN.slice(0, 999)));
    expect(certifyReplay(events)).toMatchObject({ certified: true, gates: 2_000 });
  }, 60_000);
});

describe("what waits in a large mission", () => {
  test("is counted behind one node of a chain, and shown within bounds", () => {
    const nodes = [
      approvalNode("ask"),
      ...Array.from({ length: SIZE - 1 }, (_none, at) => systemNode(`n${at}`)),
    ];
    const decided = decide(null, openMission(plan(nodes), { policy: PERMIT }));
    if (!decided.ok) throw new Error(decided.error.reason);
    let state: MissionState | null = null;
    for (const event of recordEvents(EMPTY_HEAD, MISSION, decided.value, () => ""))
      state = evolve(state, event);
    if (!state) throw new Error("the mission is open");
    const { items, ...totals } = viewBlocked(state);
    expect(totals).toEqual({ blocked: 1, waiting: SIZE - 1, goingOn: 0 });
    expect(items).toMatchObject([{ nodeId: "ask", waiting: SIZE - 1, atLeast: false }]);
    expect(items[0]?.chain).toHaveLength(16);
  });

  test("is described for 200 nodes within one bound on visits; the totals stay exact", () => {
    const asks = Array.from({ length: 300 }, (_none, at) => approvalNode(`ask${at}`));
    const rest = Array.from({ length: 1_500 }, (_none, at) => systemNode(`n${at}`));
    const line = rest.slice(1).map(({ id }, at) => ({ from: `n${at}`, to: id }));
    const edges = [...asks.map(({ id }) => ({ from: id, to: "n0" })), ...line];
    const compiled = plan([...asks, ...rest], { edges });
    const decided = decide(null, openMission(compiled, { policy: PERMIT }));
    if (!decided.ok) throw new Error(decided.error.reason);
    let state: MissionState | null = null;
    for (const event of recordEvents(EMPTY_HEAD, MISSION, [...decided.value], () => ""))
      state = evolve(state, event);
    for (let turn = 1; turn < 10 && state; turn += 1) {
      const more = decide(state, passTime(turn));
      if (!more.ok) throw new Error(more.error.reason);
      for (const event of recordEvents(state.head, MISSION, more.value, () => ""))
        state = evolve(state, event);
    }
    if (!state) throw new Error("the mission is open");
    const { items, ...totals } = viewBlocked(state);
    expect(totals).toEqual({ blocked: 300, waiting: 1_500, goingOn: 0 });
    expect(items).toHaveLength(200);
    expect(items.at(0)).toMatchObject({ waiting: 1_500, atLeast: false });
    expect(items.at(-1)).toMatchObject({ waiting: 0, atLeast: true });
  });
});

test("an amendment of a plan of 9,500 nodes compiles, and is refused beyond 10,000", () => {
  const base = systemPlan(9_500, CHAIN.slice(0, 9_499));
  const added = Array.from({ length: 500 }, (_none, at) => decisionNode(`x${at}`));
  const compiled = compileAmendment(base, amendment(added, [{ from: "n9499", to: "x0" }]));
  expect(compiled.ok && compiled.value.order.length).toBe(10_000);
  if (!compiled.ok) throw new Error("it compiles");
  expect(compileAmendment(compiled.value, amendment([decisionNode("y")])).ok).toBe(false);
});
