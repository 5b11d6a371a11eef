/**
 * Large plans open and run to completion in the core: a chain, a fan and a graph of 2^40 paths, of which
 * nothing may ever be walked one by one; random graphs, and amendments on the way. Looks into tables are
 * counted, no time is measured: scripts/growth.ts does that.
 */
import { describe, expect, test } from "vitest";
import {
  certifyReplay,
  type Command,
  decide,
  evolve,
  type MissionState,
  recordEvents,
  viewBlocked,
} from "../../shared/mission/index.ts";
import { type Amendment, compileAmendment, type CompiledPlan } from "../../shared/plan/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../../shared/trace/index.ts";
import { amend, amendment } from "../support/amendments.ts";
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
const PERMIT = policy([rule({ kinds: ["decision", "approval", "amendment"] })]);

type Edges = readonly (readonly [number, number])[];

function systemPlan(nodes: number, edges: Edges): CompiledPlan {
  const named = edges.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` }));
  return plan(
    Array.from({ length: nodes }, (_none, at) => systemNode(`n${at}`)),
    { edges: named },
  );
}

/**
 * Runs a mission whose nodes are all the system's own, clock turn by clock turn; `amendments` are proposed
 * each before the turn of its number. `visits` is every look into any table or index of the core.
 */
function runThrough(
  compiled: CompiledPlan,
  amendments: ReadonlyMap<number, Amendment> = new Map(),
) {
  let state: MissionState | null = null;
  const events: TraceEvent[] = [];
  const perform = (command: Command): boolean => {
    const decided = decide(state, command);
    if (!decided.ok) throw new Error(JSON.stringify(decided.error));
    const head = state?.head ?? EMPTY_HEAD;
    for (const event of recordEvents(head, MISSION, decided.value, () => "")) {
      state = evolve(state, event, compiled);
      events.push(event);
    }
    return decided.value.length > 0;
  };
  const visits = countingVisits(() => {
    perform(openMission(compiled, { policy: PERMIT }));
    for (let turn = 1; turn <= 2 * compiled.order.length; turn += 1) {
      const change = amendments.get(turn);
      if (!perform(change ? amend(turn, change) : passTime(turn))) break;
    }
  });
  return { state: state as MissionState | null, events, visits };
}

/** How often anything was looked up while `run` ran: a count, so that no clock and no other load matters. */
function countingVisits(run: () => void): number {
  const { get } = Map.prototype as { get: (this: unknown, key: unknown) => unknown };
  let visits = 0;
  Map.prototype.get = function counted(this: Map<unknown, unknown>, key: unknown) {
    visits += 1;
    return get.call(this, key);
  };
  try {
    run();
  } finally {
    Map.prototype.get = get as typeof Map.prototype.get;
  }
  return visits;
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

/** About three predecessors a node, most of them near; the same for the same seed. */
function randomDag(nodes: number, seed: number): Edges {
  let random = seed;
  const below = (bound: number) => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return random % bound;
  };
  const edges = new Map<string, readonly [number, number]>();
  for (let to = 1; to < nodes; to += 1)
    for (let count = below(6); count > 0; count -= 1) {
      const from = below(3) === 0 ? below(to) : to - 1 - below(Math.min(to, 50));
      edges.set(`${from} ${to}`, [from, to]);
    }
  return [...edges.values()];
}

/** Ten nodes behind node 0 before the tenth and the fortieth turn, the last of them without predecessors. */
const GROWING: ReadonlyMap<number, Amendment> = new Map(
  [10, 40].map((turn) => {
    const ids = Array.from({ length: 10 }, (_none, at) => `t${turn}x${at}`);
    const edges = ids.slice(0, 9).map((to, at) => ({ from: ids[at - 1] ?? "n0", to }));
    return [
      turn,
      amendment(
        ids.map((id) => systemNode(id)),
        edges,
      ),
    ] as const;
  }),
);

/**
 * Looks a mission may take for each node and edge of its plan, and an amendment for each of the amended one.
 * Measured: 25 to 33, and 13.
 */
const VISITS_MAX = 40;
const AMENDMENT_VISITS_MAX = 20;

/** A command looks through everything that waits to find the first 64 of it, up to five looks each. */
const waitingVisitsMax = (waiting: number) => (5 * waiting * waiting) / (2 * 64);

describe("a large mission runs to completion, at a cost that grows with its nodes and edges", () => {
  test.each([
    ["a chain of 10,000 nodes", SIZE, CHAIN, 0],
    ["a fan of 10,000 nodes", SIZE, FAN, SIZE],
    ["2^40 paths through 40 diamonds", 121, PATHS, 0],
    ["a random graph of 1,000 nodes", 1_000, randomDag(1_000, 1), 0],
    ["a random graph of 10,000 nodes", SIZE, randomDag(SIZE, 2), 0],
  ] as const)(
    "%s",
    (_what, nodes, edges, waiting) => {
      const { state, events, visits } = runThrough(systemPlan(nodes, edges));
      expect(state?.status).toBe("completed");
      expect(state?.doneCount).toBe(nodes);
      // Opening and completion; two gates a node, and READY once.
      expect(events).toHaveLength(2 + 3 * nodes);
      const visitsMax = VISITS_MAX * (nodes + edges.length) + waitingVisitsMax(waiting);
      expect(visits).toBeLessThan(visitsMax);
    },
    60_000,
  );

  test.each([
    ["a chain", CHAIN.slice(0, 9_899), 9_900],
    ["2^40 paths through 40 diamonds", PATHS, 121],
    ["a random graph", randomDag(9_900, 3), 9_900],
  ] as const)(
    "and when it is amended on its way: %s",
    (_what, edges, nodes) => {
      // The smallest is done before the fortieth turn.
      const changes = nodes === 121 ? new Map([[1, GROWING.get(10) ?? amendment([])]]) : GROWING;
      const { state, events, visits } = runThrough(systemPlan(nodes, edges), changes);
      const added = 10 * changes.size;
      expect(state).toMatchObject({ status: "completed", doneCount: nodes + added });
      // Each amendment is proposed and applied.
      expect(events).toHaveLength(2 + 3 * (nodes + added) + 2 * changes.size);
      const size = nodes + edges.length + 2 * added;
      expect(visits).toBeLessThan((VISITS_MAX + AMENDMENT_VISITS_MAX * changes.size) * size);
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
