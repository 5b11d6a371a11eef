/**
 * Brings one mission's rows forward: verifies that events continue the chain the index stands at,
 * projects them, has their incidents numbered, and writes. The mission's own trace is asked whenever
 * the events at hand are missing, torn or do not fit.
 *
 * Order and what a crash right after each step leaves: 1 incidents numbered and outcomes told (both stand in
 * the team's object, and the same events find them there again), 2 rows written in one D1 transaction (the head moved).
 */
import { invariant } from "../../shared/invariant.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { trustOutcomesIn } from "../../shared/mission/index.ts";
import { EMPTY_HEAD, verifyTrace, type TraceEvent } from "../../shared/trace/index.ts";
import type { TrustOutcome } from "../../shared/trust/index.ts";
import type { IncidentRecord } from "../../shared/wire/rpc.ts";
import { projectEvents, toIncidentRow, type RaisedIncident } from "./project.ts";
import type { MissionKey, RowChanges } from "./queries.ts";
import type { MissionRow } from "./schema.ts";

/** Events asked of a mission at once: small enough for one RPC answer even when each is large. */
const PAGE_EVENTS = 250;

/** What indexing needs of the outside. Every call may be repeated; the consumer's queue retries. */
export interface CatchUpDeps {
  /** Durable, all or nothing, when it returns. */
  readonly write: (changes: RowChanges) => Promise<void>;
  readonly readTrace: (
    key: MissionKey,
    after: number,
    limit: number,
  ) => Promise<Result<{ readonly events: readonly TraceEvent[] }, { readonly reason: string }>>;
  /** The same event gets the same number again. */
  readonly assignIncident: (team: string, incident: RaisedIncident) => Promise<IncidentRecord>;
  /** Each outcome counts once, however often it is told. */
  readonly recordTrust: (team: string, outcomes: readonly TrustOutcome[]) => Promise<void>;
}

export type IndexReject =
  | { readonly reason: "mission_refused"; readonly detail: string }
  | { readonly reason: "trace_short"; readonly detail: string }
  | { readonly reason: "trace_broken"; readonly detail: string };

/** Rows of one mission, ready to write, and the mission's new row. */
export interface Prepared {
  readonly row: MissionRow;
  readonly changes: RowChanges;
}

/**
 * Turns events into rows, numbers included. `events` may start before the row's head; what it already
 * covers is dropped. Errors: `trace_broken` when the rest does not continue the chain.
 */
export async function prepareChanges(
  deps: Pick<CatchUpDeps, "assignIncident" | "recordTrust">,
  key: MissionKey,
  base: MissionRow | null,
  events: readonly unknown[],
): Promise<Result<Prepared, IndexReject>> {
  const head = base === null ? EMPTY_HEAD : { seq: base.headSeq, hash: base.headHash };
  const verified = verifyTrace(events, { from: head, missionId: key.missionId });
  if (!verified.ok) {
    const { seq, reason } = verified.error;
    return err({ reason: "trace_broken", detail: `${reason} at seq ${seq}` });
  }
  invariant(events.length > 0, "there is something to project");
  const changes = projectEvents(key.team, base, events as readonly TraceEvent[]);
  const incidents = [];
  for (const raised of changes.raised) {
    incidents.push(toIncidentRow(key.team, await deps.assignIncident(key.team, raised)));
  }
  const outcomes = trustOutcomesIn(events as readonly TraceEvent[]);
  if (outcomes.length > 0) await deps.recordTrust(key.team, outcomes);
  const { mission: row, events: rows, raised: _raised, ...others } = changes;
  return ok({ row, changes: { ...others, missions: [row], events: rows, incidents } });
}

/**
 * Reads the mission's own trace from the row's head up to at least `toSeq` and writes it, page by page.
 * Shape: `toSeq` may be Infinity for all there is; the answer is null when there is nothing at all.
 * Errors: `mission_refused` when the mission does not answer for this team, `trace_short` when it
 * ends before `toSeq`, `trace_broken` when it does not continue the row.
 */
export async function catchUpMission(
  deps: CatchUpDeps,
  key: MissionKey,
  base: MissionRow | null,
  toSeq: number,
): Promise<Result<MissionRow | null, IndexReject>> {
  let row = base;
  while ((row?.headSeq ?? -1) < toSeq) {
    const after = row?.headSeq ?? -1;
    const page = await deps.readTrace(key, after, PAGE_EVENTS);
    if (!page.ok) return err({ reason: "mission_refused", detail: page.error.reason });
    const { events } = page.value;
    if (events.length === 0) {
      if (toSeq === Number.POSITIVE_INFINITY) return ok(row);
      return err({ reason: "trace_short", detail: `ends at seq ${after}, not ${toSeq}` });
    }
    const prepared = await prepareChanges(deps, key, row, events);
    if (!prepared.ok) return prepared;
    await deps.write(prepared.value.changes);
    row = prepared.value.row;
  }
  return ok(row);
}
