/**
 * Reads a mission's trace page by page: as it is, verified, or folded up to a point. Holds one page and
 * the state at a time, so a trace of any length fits the isolate.
 * Specification: docs/event-log.md; the same rules as replayTrace of shared/mission.
 */
import { LIMITS } from "../shared/limits.ts";
import { foldTrace, type MissionState, type Rejection } from "../shared/mission/index.ts";
import { err, ok, type Result } from "../shared/result.ts";
import {
  EMPTY_HEAD,
  verifyTrace,
  type Head,
  type TraceEvent,
  type TraceFlaw,
} from "../shared/trace/index.ts";
import type { MissionRpc } from "../shared/wire/rpc.ts";

/** One team's view of one mission's trace. `stub` gives a fresh stub, as a failed one stays broken. */
export interface TraceSource {
  readonly stub: () => MissionRpc;
  readonly team: string;
  readonly missionId: string;
}

export interface TracePage {
  readonly events: readonly TraceEvent[];
  /** The head when the page was read. */
  readonly head: Head;
}

/** The events after `after`, a page of the largest size: bounded by bytes as well as by count. */
export function readPage(
  source: TraceSource,
  after: number,
): Promise<Result<TracePage, Rejection>> {
  return source.stub().readTrace(source.team, after, LIMITS.tracePageMax);
}

/** Exactly `count` events after `after`, or as many as there are, however few each page holds. */
export async function readRange(
  source: TraceSource,
  after: number,
  count: number,
): Promise<Result<readonly TraceEvent[], Rejection>> {
  const events: TraceEvent[] = [];
  for (let at = after; events.length < count;) {
    const page = await source.stub().readTrace(source.team, at, count - events.length);
    if (!page.ok) return page;
    const last = page.value.events.at(-1);
    if (last === undefined) break;
    events.push(...page.value.events);
    at = last.seq;
  }
  return ok(events);
}

/** What a verified walk ended with; `flaw` is null for a sound trace. */
export interface Walk {
  readonly events: number;
  readonly head: Head;
  readonly flaw: TraceFlaw | null;
}

/**
 * Walks the trace from seq 0, verifying each page before `visit` sees it, up to the head it had at the
 * start or until `visit` answers false.
 */
export async function walkTrace(
  source: TraceSource,
  visit: (events: readonly TraceEvent[]) => boolean,
): Promise<Result<Walk, Rejection>> {
  let at: Head = EMPTY_HEAD;
  let lastTime = "";
  let target: Head | null = null;
  for (;;) {
    const page = await readPage(source, at.seq);
    if (!page.ok) return page;
    target ??= page.value.head;
    const to = target.seq;
    const events = page.value.events.filter((event) => event.seq <= to);
    const flaw = pageFlaw(source, events, at, target, lastTime);
    if (flaw) return ok({ events: at.seq + 1, head: at, flaw });
    const last = events.at(-1);
    if (last !== undefined) {
      at = { seq: last.seq, hash: last.hash };
      lastTime = last.at;
    }
    if (!visit(events) || at.seq >= target.seq)
      return ok({ events: at.seq + 1, head: at, flaw: null });
  }
}

function pageFlaw(
  source: TraceSource,
  events: readonly TraceEvent[],
  from: Head,
  target: Head,
  lastTime: string,
): TraceFlaw | null {
  const isEnd = events.length === 0 || (events.at(-1)?.seq ?? 0) >= target.seq;
  const options = { from, missionId: source.missionId };
  const verified = verifyTrace(events, isEnd ? { ...options, expectedHead: target } : options);
  if (!verified.ok) return verified.error;
  const [first] = events;
  // Within a page the chain checks this; only the seam between two pages is left to us.
  if (first !== undefined && first.at < lastTime) {
    return { seq: first.seq, reason: "time_decreased", detail: `the event is before ${lastTime}` };
  }
  return null;
}

/** The state at a point: a seq (included) or a time. Errors: `mission_broken` where the trace does not verify. */
export async function foldUpTo(
  source: TraceSource,
  at: number | string,
): Promise<Result<MissionState | null, Rejection>> {
  let state: MissionState | null = null;
  const walk = await walkTrace(source, (events) => {
    const kept = events.filter((event) =>
      typeof at === "number" ? event.seq <= at : event.at <= at,
    );
    state = foldTrace(kept, state);
    return kept.length === events.length;
  });
  if (!walk.ok) return walk;
  const { flaw, head } = walk.value;
  if (flaw) return err({ reason: "mission_broken", seq: flaw.seq, detail: flaw.detail });
  if (typeof at === "number" && at > head.seq) return ok(null);
  return ok(state);
}
