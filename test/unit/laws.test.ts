/**
 * The laws of the core: on random plans and random commands, honest and hostile, every invariant holds
 * after every command, and every run can be replayed, certified and woken from a snapshot. The seed is
 * printed; `LAWS_SEED=<n>` and `LAWS_RUNS=<n>` run it again.
 */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  certifyReplay,
  confirmTicket,
  foldTrace,
  type MissionState,
  nextDueMs,
  replayTrace,
  snapshotToState,
  stateHash,
  stateToSnapshot,
  viewBlocked,
} from "../../shared/mission/index.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { evidence, ms, TICKET_KEY } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { happeningsOf, isUnvouched, outcomesOf } from "../support/law-happenings.ts";
import { BY_CHANCE, BY_EXAMPLE, EXAMPLES } from "../support/law-floors.ts";
import { planGene, type PlanGene, planOf, policyOf } from "../support/random-plan.ts";
import { commandFor } from "../support/random-step.ts";
import { stepGene, type StepGene } from "../support/random-turn.ts";
import { createRun } from "../support/scenario.ts";

const SEED = Number(process.env["LAWS_SEED"] ?? randomInt(2 ** 31 - 1));
const RUNS = Number(process.env["LAWS_RUNS"] ?? 700);
/** How many seeds to look through for EXAMPLES; only after the generators have changed. */
const SEARCHED = Number(process.env["LAWS_SEARCH"] ?? 0);
process.stdout.write(`laws: seed ${SEED}, ${RUNS} runs (LAWS_SEED=${SEED} runs them again)\n`);

const KEYS = { ticketKeys: new Map([[TICKET_KEY.kid, TICKET_KEY.publicJwk]]) };

/** In how many runs something happened. */
type Sometimes = Map<string, number>;

function note(sometimes: Sometimes, names: Iterable<string>): void {
  for (const name of new Set(names)) sometimes.set(name, (sometimes.get(name) ?? 0) + 1);
}

function live(planned: PlanGene, steps: readonly StepGene[]) {
  const run = createRun();
  const inputs = planned.policy % 2 === 0 ? [evidence("input")] : [];
  const opened = run.execute(openMission(planOf(planned), { policy: policyOf(planned), inputs }));
  expect(opened.ok).toBe(true);
  const outcomes: string[] = [];
  for (const [at, gene] of steps.entries()) {
    const command = commandFor(gene, run, at);
    const decided = run.execute(command);
    // Evidence and results of an agent that the directory does not vouch for touch nothing, ever.
    expect(isUnvouched(command) && decided.ok).toBe(false);
    outcomes.push(...outcomesOf(command, decided));
  }
  return { run, outcomes };
}

/** A random run, and everything that must hold of it from its trace alone. Answers what happened in it. */
function holds(planned: PlanGene, steps: readonly StepGene[]): readonly string[] {
  const { run, outcomes } = live(planned, steps);
  const { state, events, snapshots, stateHashes } = run;
  if (!state) throw new Error("the mission is open");
  const stored = JSON.parse(JSON.stringify(events)) as TraceEvent[];

  // I9: the stored trace folds to the state recorded at every seq.
  let folded: MissionState | null = null;
  for (const [seq, event] of stored.entries()) {
    folded = foldTrace([event], folded);
    expect(folded && stateToSnapshot(folded)).toBe(snapshots[seq]);
  }
  const [seq, hash] = [...stateHashes].at(steps.length % stateHashes.size) ?? [];
  const replayed = replayTrace(stored, seq ?? 0);
  expect(replayed.ok && replayed.value.stateHash).toBe(hash);

  // Every event follows again from the inputs, byte for byte.
  const certified = certifyReplay(stored, KEYS);
  expect(certified).toMatchObject({ certified: true, exact: true, unjudged: 0 });
  expect(certified).toMatchObject({ stateHash: stateHash(state), head: state.head });

  // A snapshot is the state it was taken of.
  const woken = snapshotToState(stateToSnapshot(state), state.plan, state.policy);
  expect(woken && stateHash(woken)).toBe(stateHash(state));
  expect(woken && nextDueMs(woken)).toBe(nextDueMs(state));
  expect(woken && viewBlocked(woken)).toEqual(viewBlocked(state));

  return [...outcomes, ...happeningsOf(events), ...confirmed(state, events)];
}

/** I7: only the outstanding ticket of a running node of an active mission is confirmed. */
function confirmed(state: MissionState, events: readonly TraceEvent[]): readonly string[] {
  return events
    .filter((event) => event.type === "ticket.issued")
    .map((event) => {
      const claims = event.data["claims"] as TicketClaims;
      const record = state.nodes.get(claims.node_id);
      const ends = state.plan.plan.authorizationExpiresAt;
      const standing =
        (ends === undefined || ends > state.lastAt) &&
        state.status === "active" &&
        record?.status === "RUNNING" &&
        record.ticket?.jti === claims.jti;
      expect(confirmTicket(state, claims, ms(0)).ok).toBe(standing);
      return standing ? "ticket confirmed" : "ticket not confirmed";
    });
}

const COMMANDS = fc.array(stepGene, { minLength: 15, maxLength: 60, size: "max" });

/** The one run of a seed. */
function runOf(seed: number): [PlanGene, StepGene[]] {
  const [run] = fc.sample(fc.tuple(planGene, COMMANDS), { seed, numRuns: 1 });
  if (!run) throw new Error("a sample of one has one");
  return run;
}

/** Takes seeds that show what is missing, those first that show most of it. */
function coverOf(missing: Set<string>, showing: ReadonlyMap<number, readonly string[]>) {
  const taken: number[] = [];
  for (;;) {
    const fresh = (names: readonly string[]) => names.filter((name) => missing.has(name)).length;
    const [best] = [...showing].sort(([, a], [, b]) => fresh(b) - fresh(a));
    if (!best || fresh(best[1]) === 0) return taken;
    taken.push(best[0]);
    for (const name of best[1]) missing.delete(name);
  }
}

describe(`laws of the core, seed ${SEED}`, () => {
  const byChance: Sometimes = new Map();
  const byExample: Sometimes = new Map();

  test(
    "every invariant holds after every command, on any plan and any commands",
    { timeout: 600_000 },
    () => {
      const property = fc.property(planGene, COMMANDS, (planned, steps) =>
        note(byChance, holds(planned, steps)),
      );
      fc.assert(property, { seed: SEED, numRuns: RUNS });
    },
  );

  test("and in the examples, which are the same in every run", { timeout: 60_000 }, () => {
    for (const seed of EXAMPLES) note(byExample, holds(...runOf(seed)));
    expect(BY_EXAMPLE.filter((name) => !byExample.has(name))).toEqual([]);
  });

  test.runIf(SEARCHED > 0)("examples are found", { timeout: 3_600_000 }, () => {
    const showing = new Map<number, readonly string[]>();
    for (let seed = 1; seed <= SEARCHED; seed += 1)
      showing.set(seed, [...new Set(holds(...runOf(seed)))]);
    const missing = new Set(BY_EXAMPLE);
    const found = coverOf(missing, showing);
    process.stdout.write(
      `laws: examples ${JSON.stringify(found)}, missing ${[...missing].join()}\n`,
    );
  });

  test("the same plan and the same commands give the same trace", { timeout: 60_000 }, () => {
    const property = fc.property(planGene, COMMANDS, (planned, steps) => {
      const [one, other] = [live(planned, steps).run, live(planned, steps).run];
      expect(other.events).toEqual(one.events);
      expect(other.state && stateHash(other.state)).toBe(one.state && stateHash(one.state));
    });
    fc.assert(property, { seed: SEED, numRuns: Math.ceil(RUNS / 25) });
  });

  test("everything that may happen did happen, so that no law held over nothing", () => {
    const table = [...byChance].sort(([a], [b]) => (a < b ? -1 : 1));
    process.stdout.write(`laws: ${table.map(([name, n]) => `${name} ${n}`).join(", ")}\n`);
    if (RUNS < 700) return;
    const missed = Object.entries(BY_CHANCE).filter(
      ([name, per1000]) => (byChance.get(name) ?? 0) < (per1000 / 4) * (RUNS / 1_000),
    );
    expect(missed.map(([name, n]) => `${name}: ${byChance.get(name) ?? 0}, usual ${n}`)).toEqual(
      [],
    );
  });
});
