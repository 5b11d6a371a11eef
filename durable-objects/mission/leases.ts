/**
 * The mission's side of the arbiters: asks them for what a node wants, all of it or nothing, and gives back what
 * is held no more. Turns that ask go one after the other, so that a mission never races itself for a slice.
 * Refuses to decide; what is lost here the arbiters ask for themselves. Specification: docs/leases.md.
 */
import {
  artifactOf,
  type HeldElsewhere,
  type LeaseFact,
  type WantedLease,
} from "../../shared/lease/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { EndedGrant } from "../../shared/mission/index.ts";
import type { SliceRpc } from "../../shared/wire/rpc.ts";

/** The seam to the arbiters; a fresh stub each time, since one whose call failed stays broken. */
export interface LeaseDeps {
  arbiter(artifact: string): SliceRpc;
  missionId(): string;
  /** Work that goes on after the answer. */
  goOn(work: Promise<void>): void;
  warn(what: string, error: unknown): void;
}

/** What the arbiters said, the grants that came with it, and until when they may be used; null: none came. */
export interface Asked {
  readonly fact: LeaseFact;
  readonly grants: readonly EndedGrant[];
  readonly usableUntilMs: number | null;
}

export interface Leases {
  /** Asks for all slices of one node. Never throws: an arbiter that cannot be asked is an answer, too. */
  ask(wanted: WantedLease): Promise<Asked>;
  /** What `ask` would be told now, without asking for anything; as if granted while nothing is in the way. */
  peek(wanted: WantedLease): Promise<LeaseFact>;
  /** Gives grants back, in its own time. A crash before it is done leaves them to the arbiters' own questions. */
  giveBack(grants: readonly EndedGrant[]): void;
  /** Runs `work` once every earlier one has ended. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

export function createLeases(deps: LeaseDeps): Leases {
  let last: Promise<unknown> = Promise.resolve();
  // Since when each node waits. A process that forgets it asks anew, behind those who wait.
  const sinceMs = new Map<string, number>();
  return {
    ask: (wanted) => ask(deps, sinceMs, wanted),
    peek: (wanted) => peek(deps, sinceMs, wanted),
    giveBack: (grants) => {
      if (grants.length > 0) deps.goOn(giveBack(deps, grants));
    },
    inTurn(work) {
      const own = last.then(work, work);
      last = own.catch(() => {});
      return own;
    },
  };
}

/** Artifacts in the order of their names: two missions that want the same ones meet at the first. */
async function ask(
  deps: LeaseDeps,
  sinceMs: Map<string, number>,
  { nodeId, slices }: WantedLease,
): Promise<Asked> {
  const grants: EndedGrant[] = [];
  const missionId = deps.missionId();
  let usableUntilMs = Number.POSITIVE_INFINITY;
  const refuse = (fact: LeaseFact): Asked => {
    if (grants.length > 0) deps.goOn(giveBack(deps, grants));
    return { fact, grants: [], usableUntilMs: null };
  };
  try {
    for (const [artifact, own] of byArtifact(slices)) {
      const request = { missionId, nodeId, sinceMs: sinceMs.get(nodeId) ?? null, slices: own };
      const answer = await inTime(deps.arbiter(artifact).acquire(request));
      if (answer.outcome === "held") {
        sinceMs.set(nodeId, answer.sinceMs);
        return refuse({ state: "held", by: answer.by });
      }
      for (const [slice, fence] of Object.entries(answer.fence)) grants.push({ slice, fence });
      usableUntilMs = Math.min(usableUntilMs, answer.usableUntilMs);
    }
  } catch (error) {
    deps.warn("arbiter_unreachable", error);
    return refuse({ state: "unavailable" });
  }
  sinceMs.delete(nodeId);
  const fence = Object.fromEntries(grants.map((grant) => [grant.slice, grant.fence]));
  return { fact: { state: "granted", fence }, grants, usableUntilMs };
}

/** The numbers are what would be asked for and nobody's: no fact of a peek is ever committed. */
async function peek(
  deps: LeaseDeps,
  sinceMs: ReadonlyMap<string, number>,
  { nodeId, slices }: WantedLease,
): Promise<LeaseFact> {
  const asker = { missionId: deps.missionId(), nodeId, sinceMs: sinceMs.get(nodeId) ?? null };
  const by: HeldElsewhere[] = [];
  try {
    for (const [artifact, own] of byArtifact(slices)) {
      const answer = await inTime(deps.arbiter(artifact).peek({ ...asker, slices: own }));
      if (answer.outcome === "held") by.push(...answer.by);
    }
  } catch (error) {
    deps.warn("arbiter_unreachable", error);
    return { state: "unavailable" };
  }
  if (by.length > 0) return { state: "held", by };
  const fence = Object.fromEntries(slices.map(({ slice, floor }) => [slice, floor + 1]));
  return { state: "granted", fence };
}

async function giveBack(deps: LeaseDeps, grants: readonly EndedGrant[]): Promise<void> {
  for (const [artifact, own] of byArtifact(grants)) {
    try {
      await deps.arbiter(artifact).release(deps.missionId(), own);
    } catch (error) {
      deps.warn("release_lost", error);
    }
  }
}

function byArtifact<T extends { readonly slice: string }>(
  slices: readonly T[],
): readonly (readonly [string, readonly T[]])[] {
  const groups = Map.groupBy(slices, ({ slice }) => artifactOf(slice));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A grant that comes after its time is over by then, and its arbiter takes it back. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), LIMITS.leaseAskMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
