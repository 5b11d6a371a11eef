/**
 * The arbiter of one artifact without its platform: loads, asks shared/lease, and writes, all in one synchronous
 * transaction, so that of any number of missions one gets a slice. It holds no rule of its own.
 * Specification: docs/leases.md, docs/decisions/0020.
 */
import {
  type AcquireAnswer,
  type AcquireRequest,
  decideAcquire,
  decideRelease,
  nextLookMs,
  type PeekAnswer,
  peekAcquire,
  type SliceRow,
  suspectsOf,
} from "../../shared/lease/index.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { SliceRpc } from "../../shared/wire/rpc.ts";
import { isDenied, serve, type ServeDeps, takeBack } from "./serve.ts";

export interface ArbiterDeps extends ServeDeps {
  /** Work that goes on after the answer. */
  goOn(work: Promise<void>): void;
  /** When the stored alarm comes; null: there is none. */
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

export interface Arbiter extends SliceRpc {
  /** Looks after those who wait. Never throws: the next look is set whatever this one met. */
  look(): Promise<void>;
}

export function createArbiter(deps: ArbiterDeps): Arbiter {
  // Where the last look stopped; forgetting it starts again from the first slice.
  let lookedUpTo = "";
  return {
    async acquire(request) {
      const suspects = suspectsOf(request, booksOf(deps, request), deps.nowMs());
      // Nothing is written before this wait, and everything is looked at anew after it.
      for (const row of suspects) await takeBack(deps, row);
      const answer = acquire(deps, request);
      if (answer.outcome === "held") {
        await arm(deps);
        // What was taken back, but from under somebody who waits longer.
        for (const { slice } of suspects) deps.goOn(serve(deps, slice));
      }
      return answer;
    },
    peek: (request) => peek(deps, request),
    async release(missionId, grants) {
      const freed = deps.transaction(() =>
        grants.filter(({ slice, fence }) => {
          const row = decideRelease(deps.store.read(slice), { missionId, fence });
          if (row) deps.store.write(row);
          return row !== null;
        }),
      );
      for (const { slice } of freed) deps.goOn(serve(deps, slice));
    },
    async look() {
      try {
        const slices = deps.store.waitedFor(lookedUpTo, LIMITS.leaseLookSlicesMax);
        lookedUpTo = slices.length < LIMITS.leaseLookSlicesMax ? "" : (slices.at(-1) ?? "");
        for (const slice of slices) {
          const row = deps.store.read(slice);
          if (row) await takeBack(deps, row);
          await serve(deps, slice);
        }
      } catch (error) {
        // Caught and armed again, because the platform drops an alarm that failed six times.
        deps.warn("alarm_failed", error);
      }
      await arm(deps);
    },
  };
}

function acquire(deps: ArbiterDeps, request: AcquireRequest): AcquireAnswer {
  const { missionId, nodeId } = request;
  return deps.transaction(() => {
    const decision = decideAcquire(request, booksOf(deps, request), deps.nowMs());
    for (const row of decision.rows) deps.store.write(row);
    for (const slice of decision.servedAt) deps.store.leave({ slice, missionId });
    const { answer } = decision;
    if (answer.outcome === "held")
      for (const slice of decision.waitsAt)
        deps.store.wait({ slice, missionId, nodeId, sinceMs: answer.sinceMs });
    return answer;
  });
}

/** What `acquire` would meet. A holder that is asked here and says no keeps its grant: nothing is written. */
async function peek(deps: ArbiterDeps, request: AcquireRequest): Promise<PeekAnswer> {
  const denied: SliceRow[] = [];
  for (const row of suspectsOf(request, booksOf(deps, request), deps.nowMs()))
    if (await isDenied(deps, row)) denied.push(row);
  return peekAcquire(request, booksOf(deps, request), denied, deps.nowMs());
}

function booksOf({ store }: ArbiterDeps, { slices }: AcquireRequest) {
  return new Map(slices.map(({ slice }) => [slice, store.book(slice)] as const));
}

/** While somebody waits there is an alarm; one that is set stays, so that a busy queue cannot push it away. */
async function arm(deps: ArbiterDeps): Promise<void> {
  const nextMs = nextLookMs(deps.store.hasWaiters(), deps.nowMs());
  if (nextMs !== null && (await deps.getAlarm()) === null) await deps.setAlarm(nextMs);
}
