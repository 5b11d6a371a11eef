/**
 * What the arbiter of an artifact decides: who gets a slice, under which fencing number, and who waits. Pure;
 * durable-objects/slice moves the rows. An arbiter only says who may; who does hold is the mission's to say,
 * so nothing is taken from a mission that has not said it is free. Specification: docs/leases.md.
 */
import { LIMITS } from "../limits.ts";
import type { UnixMs } from "../time.ts";
import type { HeldElsewhere } from "./facts.ts";

/** Who was last given a slice. The mission may use the grant until `usableUntilMs`, and hold the slice long after. */
export interface Grant {
  readonly missionId: string;
  readonly nodeId: string;
  readonly fence: number;
  readonly usableUntilMs: UnixMs;
}

/** One slice. `highest` never falls; `grant` null: nobody has it. */
export interface SliceRow {
  readonly slice: string;
  readonly highest: number;
  readonly grant: Grant | null;
}

/**
 * A mission that was refused. Whoever has waited longest is served first; of two, the one whose mission's name comes
 * first, so that all arbiters agree. `place` is another one each time somebody is refused.
 */
export interface Waiter {
  readonly slice: string;
  readonly missionId: string;
  readonly nodeId: string;
  readonly sinceMs: UnixMs;
  readonly place: number;
}

/** All the slices of one artifact that one node needs. */
export interface AcquireRequest {
  readonly missionId: string;
  readonly nodeId: string;
  /** Since when the node waits, as the first arbiter that refused it said; null: it asks anew. */
  readonly sinceMs: UnixMs | null;
  readonly slices: readonly { readonly slice: string; readonly floor: number }[];
}

export type AcquireAnswer =
  | {
      readonly outcome: "granted";
      readonly fence: Readonly<Record<string, number>>;
      readonly usableUntilMs: UnixMs;
    }
  | {
      readonly outcome: "held";
      readonly by: readonly HeldElsewhere[];
      /** Since when the asker waits. */
      readonly sinceMs: UnixMs;
    };

/** What `acquire` would answer now, without a number: nothing has been given. */
export type PeekAnswer =
  | { readonly outcome: "free" }
  | { readonly outcome: "held"; readonly by: readonly HeldElsewhere[] };

/** A slice as its arbiter knows it; `row` null: never asked for. Waiters in the order they are served. */
export interface SliceBook {
  readonly row: SliceRow | null;
  readonly waiters: readonly Waiter[];
}

/** What to answer, and what to write first. */
export interface AcquireDecision {
  readonly answer: AcquireAnswer;
  /** Changed rows; those of a grant are all of the request's. */
  readonly rows: readonly SliceRow[];
  /** Slices at which the asker now waits, and at which it need wait no more. */
  readonly waitsAt: readonly string[];
  readonly servedAt: readonly string[];
}

/** Whether the grant can be used no more, whatever clock its mission has: then the mission can be asked what became of it. */
export function isGrantOver({ usableUntilMs }: Grant, nowMs: UnixMs): boolean {
  return nowMs > usableUntilMs + LIMITS.leaseLeewayMs;
}

/** The grants in the request's way whose missions must be asked before it is refused. */
export function suspectsOf(
  request: AcquireRequest,
  books: ReadonlyMap<string, SliceBook>,
  nowMs: UnixMs,
): readonly SliceRow[] {
  return request.slices.flatMap(({ slice }) => {
    const row = books.get(slice)?.row;
    const isInTheWay = row?.grant && row.grant.missionId !== request.missionId;
    return row?.grant && isInTheWay && isGrantOver(row.grant, nowMs) ? [row] : [];
  });
}

/**
 * Decides a request: all of its slices, or none and a place in the queue of each that is refused. First come,
 * first served: whoever has waited longer goes first, wherever that was. If the order were each arbiter's own, missions
 * that need several could send each other away from free slices for ever. A mission's own grant is in nobody's way but
 * its waiters': which of its nodes holds a slice is its own affair.
 */
export function decideAcquire(
  request: AcquireRequest,
  books: ReadonlyMap<string, SliceBook>,
  nowMs: UnixMs,
): AcquireDecision {
  const by = request.slices.flatMap(({ slice }) => {
    const holder = inTheWay(request, books.get(slice));
    return holder ? [{ slice, missionId: holder.missionId, nodeId: holder.nodeId }] : [];
  });
  if (by.length > 0) {
    const answer = { outcome: "held", by, sinceMs: request.sinceMs ?? nowMs } as const;
    return { answer, rows: [], waitsAt: by.map(({ slice }) => slice), servedAt: [] };
  }
  const { missionId, nodeId } = request;
  const usableUntilMs = nowMs + LIMITS.leaseGrantMs;
  const rows = request.slices.map(({ slice, floor }) => {
    const fence = Math.max(books.get(slice)?.row?.highest ?? 0, floor) + 1;
    return { slice, highest: fence, grant: { missionId, nodeId, fence, usableUntilMs } };
  });
  const fence = Object.fromEntries(rows.map(({ slice, highest }) => [slice, highest]));
  const servedAt = request.slices.map(({ slice }) => slice);
  return { answer: { outcome: "granted", fence, usableUntilMs }, rows, waitsAt: [], servedAt };
}

/** What a request would be told now. `denied`: rows whose missions say that they do not hold their slice. */
export function peekAcquire(
  request: AcquireRequest,
  books: ReadonlyMap<string, SliceBook>,
  denied: readonly SliceRow[],
  nowMs: UnixMs,
): PeekAnswer {
  const seen = new Map(books);
  for (const { slice, grant } of denied) {
    const book = books.get(slice);
    // As `acquire` does: a word about an older grant says nothing of the newer.
    const row = grant && decideRelease(book?.row ?? null, grant);
    if (book && row) seen.set(slice, { ...book, row });
  }
  const { answer } = decideAcquire(request, seen, nowMs);
  return answer.outcome === "held" ? { outcome: "held", by: answer.by } : { outcome: "free" };
}

function inTheWay(request: AcquireRequest, book: SliceBook | undefined): Grant | Waiter | null {
  const { grant = null } = book?.row ?? {};
  if (grant && grant.missionId !== request.missionId) return grant;
  const [first] = book?.waiters ?? [];
  if (!first || first.missionId === request.missionId) return null;
  const { sinceMs, missionId } = request;
  if (sinceMs === null || first.sinceMs < sinceMs) return first;
  return first.sinceMs === sinceMs && first.missionId < missionId ? first : null;
}

/**
 * The mission gives `fence` back, or has been heard not to hold it. Frees only that very grant: a word about
 * an older one says nothing of the newer. null: nothing changes.
 */
export function decideRelease(
  row: SliceRow | null,
  given: { readonly missionId: string; readonly fence: number },
): SliceRow | null {
  const isOwn = row?.grant?.missionId === given.missionId && row.grant.fence === given.fence;
  return row && isOwn ? { ...row, grant: null } : null;
}

/** Who is to be told that the slice is free: the first who waits; nobody while it is given to somebody. */
export function nextServed({ row, waiters }: SliceBook): Waiter | null {
  return row?.grant ? null : (waiters[0] ?? null);
}

/** When the arbiter looks again by itself; null while nobody waits. */
export function nextLookMs(hasWaiters: boolean, nowMs: UnixMs): UnixMs | null {
  return hasWaiters ? nowMs + LIMITS.leaseLookMs : null;
}
