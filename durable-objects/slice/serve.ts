/**
 * Serving those who wait: tells them one after the other that their slice is free, and asks a silent holder
 * what became of its grant. Decides nothing: each word ends in one synchronous step whose rule is
 * shared/lease's, and which looks anew at what may have moved meanwhile. Specification: docs/leases.md.
 */
import {
  decideRelease,
  isGrantOver,
  nextServed,
  type SliceRow,
  type Waiter,
} from "../../shared/lease/index.ts";
import type { SliceStore } from "./store.ts";

export interface ServeDeps {
  readonly store: SliceStore;
  /** All or nothing; durable when the caller's output gate opens. */
  transaction<T>(work: () => T): T;
  /** Whether the mission holds the slice. Throws when it cannot be asked. */
  holdsSlice(missionId: string, slice: string): Promise<boolean>;
  /** The mission has asked again for whatever waits for the slice when this returns. Throws when it was not reached. */
  leaseFreed(missionId: string, slice: string): Promise<void>;
  nowMs(): number;
  warn(what: string, error: unknown): void;
}

/**
 * Takes a grant back when its mission says that the slice is free; otherwise it stays. The grant must be over,
 * or its mission could still use it after the answer. A crash here leaves everything as it was.
 */
export async function takeBack(deps: ServeDeps, row: SliceRow): Promise<void> {
  const { slice, grant } = row;
  if (!grant || !(await isDenied(deps, row))) return;
  deps.transaction(() => {
    const freed = decideRelease(deps.store.read(slice), grant);
    if (freed) deps.store.write(freed);
  });
}

/** Whether the mission that was given the slice says that it is free; never before it can use the grant no more. */
export async function isDenied(deps: ServeDeps, { slice, grant }: SliceRow): Promise<boolean> {
  if (!grant || !isGrantOver(grant, deps.nowMs())) return false;
  try {
    return !(await deps.holdsSlice(grant.missionId, slice));
  } catch (error) {
    // Who cannot be asked holds it.
    deps.warn("holder_unreachable", error);
    return false;
  }
}

/**
 * Tells the first who waits that the slice is free, then the next, until somebody has taken it. Whoever was told
 * and did not take it wants it no more, or has a place in the queue anew. Whoever cannot be told goes to the end.
 */
export async function serve(deps: ServeDeps, slice: string): Promise<void> {
  const unreachable = new Set<string>();
  for (;;) {
    const next = nextServed(deps.store.book(slice));
    if (!next || unreachable.has(next.missionId)) return;
    try {
      await deps.leaseFreed(next.missionId, slice);
      deps.transaction(() => deps.store.leave(next));
    } catch (error) {
      deps.warn("waiter_unreachable", error);
      unreachable.add(next.missionId);
      deps.transaction(() => putLast(deps, next));
    }
  }
}

function putLast(deps: ServeDeps, waiter: Waiter): void {
  const { store } = deps;
  if (store.book(waiter.slice).waiters[0]?.place !== waiter.place) return;
  store.leave(waiter);
  store.wait({ ...waiter, sinceMs: deps.nowMs() });
}
