/**
 * The objects that share slices, over a net that can lose anything: the real arbiter and the real commit path of
 * missions, each with rows that survive its process. Sabotage is what a test plants to see whether the laws notice.
 */
import { type ArbiterDeps, createArbiter } from "../../durable-objects/slice/arbiter.ts";
import type { SliceStore } from "../../durable-objects/slice/store.ts";
import { type CommitPath, createCommitPath, isHeld } from "../../durable-objects/mission/commit.ts";
import type { Journal } from "../../durable-objects/mission/journal.ts";
import { createLeases } from "../../durable-objects/mission/leases.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import type { SliceRow, Waiter } from "../../shared/lease/index.ts";
import { type Command, evolve, type MissionState, nextDueMs } from "../../shared/mission/index.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { SliceRpc } from "../../shared/wire/rpc.ts";
import { TICKET_KEY } from "./builders.ts";
import type { Net, Process } from "./lease-net.ts";
import { startProcess } from "./lease-net.ts";

/** What a planted bug changes of an arbiter. */
export type Sabotage = (deps: ArbiterDeps, sound: SliceRpc) => Partial<ArbiterDeps & SliceRpc>;

export interface ArbiterPlace {
  readonly team: string;
  readonly rows: Map<string, SliceRow>;
  readonly waiters: Waiter[];
  /** Places are never given again. */
  lastPlace: number;
  alarmMs: number | null;
  /** An object's alarm runs once at a time. */
  isFiring: boolean;
  process: Process;
  rpc: SliceRpc & { look(): Promise<void> };
}

export interface MissionPlace {
  readonly team: string;
  readonly id: string;
  readonly plan: CompiledPlan;
  /** How far its own clock is from the arbiters'. */
  readonly skewMs: number;
  readonly journal: TraceEvent[];
  alarmMs: number | null;
  /** An object's alarm runs once at a time. */
  isFiring: boolean;
  process: Process;
  state: MissionState | null;
  commits: CommitPath;
}

/** How the places reach each other, and what is counted. */
export interface Surroundings {
  readonly net: Net;
  missionOf(team: string, missionId: string): MissionPlace;
  arbiterOf(team: string, artifact: string): ArbiterPlace;
  committed(place: MissionPlace, events: readonly TraceEvent[]): void;
  count(what: string): void;
}

/** Starts the arbiter's process anew on its rows. */
export function bootArbiter(place: ArbiterPlace, around: Surroundings, sabotage?: Sabotage): void {
  const { net } = around;
  const process = startProcess();
  const ask = <T>(missionId: string, name: string, effect: (asked: MissionPlace) => Promise<T>) => {
    const asked = around.missionOf(place.team, missionId);
    return net.call(
      process,
      () => asked.process,
      name,
      () => effect(asked),
    );
  };
  const deps: ArbiterDeps = {
    store: storeOf(place),
    transaction: (work) => alive(process, work),
    holdsSlice: (missionId, slice) =>
      ask(missionId, "holdsSlice", async (asked) => {
        const holds = isHeld(loadedOf(asked), slice);
        around.count(holds ? "holder says yes" : "holder says no");
        return holds;
      }),
    leaseFreed: (missionId, slice) =>
      ask(missionId, "leaseFreed", (asked) => execute(asked, leaseFreed(net, [slice]))),
    nowMs: () => net.nowMs,
    goOn: (work) => void work.catch(() => around.count("serving failed")),
    getAlarm: async () => place.alarmMs,
    setAlarm: async (atMs) => void (place.alarmMs = atMs),
    warn: (what) => around.count(what),
  };
  place.process = process;
  const sound = createArbiter(deps);
  const planted = sabotage?.(deps, sound) ?? {};
  place.rpc = {
    ...createArbiter({ ...deps, ...planted }),
    ...("release" in planted ? planted : {}),
  };
}

/** Starts the mission's process anew: its state is the fold of its journal. */
export function bootMission(place: MissionPlace, around: Surroundings): void {
  const { net } = around;
  const process = startProcess();
  const arbiter = (artifact: string): SliceRpc => {
    const asked = around.arbiterOf(place.team, artifact);
    const to = () => asked.process;
    return {
      acquire: (request) => net.call(process, to, "acquire", () => asked.rpc.acquire(request)),
      peek: (request) => net.call(process, to, "peek", () => asked.rpc.peek(request)),
      release: (id, grants) =>
        net.call(process, to, "release", () => asked.rpc.release(id, grants)),
    };
  };
  place.process = process;
  place.state = null;
  for (const event of place.journal) place.state = evolve(place.state, event, place.plan);
  place.commits = createCommitPath({
    journal: journalOf(place, around),
    leases: createLeases({
      arbiter,
      missionId: () => place.id,
      goOn: (work) => void work,
      warn: (what) => around.count(what),
    }),
    load: () => loadedOf(place),
    remember: (loaded) => {
      if (loaded?.kind === "live") place.state = loaded.state;
    },
    transaction: (work) => alive(process, work),
    isOwn: (team) => team === place.team,
    missionId: () => place.id,
    signingKey: () => TICKET_KEY.privateJwk,
    send: (state) => arm(place, nextDueMs(state)),
    lookAgain: (afterMs) => arm(place, net.nowMs + afterMs),
    nowMs: () => net.nowMs + place.skewMs,
    warn: (what) => around.count(what),
  });
}

/** Runs a command in the mission's process, which may take many steps of the net. */
export async function execute(place: MissionPlace, command: Command): Promise<void> {
  const request = { team: place.team, command, idempotency: null, ifMatch: null };
  await place.commits.execute(request);
}

export function leaseFreed(net: Net, slices: readonly string[]): Command {
  return { ...ownCommand(net), type: "LeaseFreed", slices };
}

/** The true time, as the API worker's, and random bits that no other command has. */
export function freshCommand(net: Net) {
  net.commands += 1;
  return { at: net.nowMs, entropy: sha256Hex(`${net.commands}`).slice(0, 32) };
}

/** What a command of the system's own carries. */
export function ownCommand(net: Net) {
  return {
    ...freshCommand(net),
    actor: { kind: "system" as const, id: "sekisho" },
    terms: { issuer: "https://api.sekisho.test", audience: "sekisho-gateway", ttlMs: 60_000 },
  };
}

export function arm(place: MissionPlace, atMs: number | null): void {
  if (atMs !== null) place.alarmMs = Math.min(place.alarmMs ?? atMs, atMs);
}

function loadedOf({ state }: MissionPlace) {
  return state === null
    ? ({ kind: "unknown" } as const)
    : ({ kind: "live", state, snapshotSeq: -1 } as const);
}

/** What a dead process still computes is never written. */
function alive<T>(process: Process, work: () => T): T {
  if (!process.isAlive) throw new Error("the process is dead");
  return work();
}

function journalOf(place: MissionPlace, around: Surroundings): Journal {
  const journal: Pick<Journal, "append" | "bytes" | "command"> = {
    append(events) {
      place.journal.push(...events);
      around.committed(place, events);
      return 0;
    },
    bytes: () => 0,
    command: () => null,
  };
  return journal as Journal;
}

function storeOf(place: ArbiterPlace): SliceStore {
  const { rows, waiters } = place;
  const at = (slice: string) =>
    waiters
      .filter((one) => one.slice === slice)
      .sort((a, b) => a.sinceMs - b.sinceMs || (a.missionId < b.missionId ? -1 : 1));
  return {
    read: (slice) => rows.get(slice) ?? null,
    write: (row) => void rows.set(row.slice, row),
    book: (slice) => ({ row: rows.get(slice) ?? null, waiters: at(slice) }),
    wait({ slice, missionId, nodeId, sinceMs }) {
      const own = at(slice).find((one) => one.missionId === missionId);
      if (own) waiters.splice(waiters.indexOf(own), 1);
      place.lastPlace += 1;
      const since = Math.min(sinceMs, own?.sinceMs ?? sinceMs);
      waiters.push({ slice, missionId, nodeId, sinceMs: since, place: place.lastPlace });
    },
    leave({ slice, missionId, place: old }) {
      const found = waiters.findIndex(
        (one) =>
          one.slice === slice &&
          one.missionId === missionId &&
          (old === undefined || one.place === old),
      );
      if (found >= 0) waiters.splice(found, 1);
    },
    waitedFor: (after, limit) =>
      [...new Set(waiters.map(({ slice }) => slice))]
        .filter((slice) => slice > after)
        .sort()
        .slice(0, limit),
    hasWaiters: () => waiters.length > 0,
  };
}
