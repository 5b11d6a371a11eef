/**
 * Every question and every write the API worker sends to D1, as functions. Reads go through drizzle;
 * the text of the bulk writes is in bulk.ts. Refuses to be asked without a team, but for the sweep.
 */
import { and, asc, desc, eq, gt, gte, lt, lte, min, or, sql, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import {
  INSERT_ASKED,
  INSERT_DECISIONS,
  INSERT_EVENTS,
  INSERT_WITHDRAWN,
  PATCH_APPROVALS,
  UPSERT_APPROVALS,
  UPSERT_INCIDENTS,
  UPSERT_MISSIONS,
  bulk,
} from "./bulk.ts";
import type { ApprovalPatch } from "./project.ts";
import {
  approvalRequest,
  incident,
  mission,
  type ApprovalRow,
  type AskedRow,
  type DecisionRow,
  type IncidentRow,
  type MissionRow,
  type TraceEventRow,
  withdrawnApproval,
  type WithdrawnRow,
} from "./schema.ts";

/** What one batch writes, all of it or nothing. */
export interface RowChanges {
  readonly missions: readonly MissionRow[];
  readonly events: readonly TraceEventRow[];
  readonly approvals: readonly ApprovalRow[];
  readonly patches: readonly ApprovalPatch[];
  readonly incidents: readonly IncidentRow[];
  readonly withdrawn: readonly WithdrawnRow[];
  readonly asked: readonly AskedRow[];
  readonly decisions: readonly DecisionRow[];
}

export const NO_CHANGES: RowChanges = {
  missions: [],
  events: [],
  approvals: [],
  patches: [],
  incidents: [],
  withdrawn: [],
  asked: [],
  decisions: [],
};

export interface MissionKey {
  readonly team: string;
  readonly missionId: string;
}

/** Writes all changes in one D1 transaction. Throws when D1 does. */
export async function writeChanges(db: D1Database, changes: RowChanges): Promise<void> {
  const statements = [
    ...bulk(db, UPSERT_MISSIONS, changes.missions),
    ...bulk(db, INSERT_EVENTS, changes.events),
    // A request before what became of it: the patch of one batch may be for the request of another.
    ...bulk(db, UPSERT_APPROVALS, changes.approvals),
    ...bulk(db, PATCH_APPROVALS, changes.patches),
    ...bulk(db, UPSERT_INCIDENTS, changes.incidents),
    ...bulk(db, INSERT_WITHDRAWN, changes.withdrawn),
    ...bulk(db, INSERT_ASKED, changes.asked),
    ...bulk(db, INSERT_DECISIONS, changes.decisions),
  ];
  if (statements.length > 0) await db.batch(statements);
}

/** Deletes one mission's rows, in one transaction; its incidents stay. */
export async function clearMission(db: D1Database, key: MissionKey): Promise<void> {
  await db.batch(
    [
      "DELETE FROM mission WHERE team = ?1 AND id = ?2",
      "DELETE FROM trace_event WHERE team = ?1 AND mission_id = ?2",
      "DELETE FROM approval_request WHERE team = ?1 AND mission_id = ?2",
      "DELETE FROM withdrawn_approval WHERE team = ?1 AND mission_id = ?2",
      "DELETE FROM approval_asked WHERE team = ?1 AND mission_id = ?2",
      "DELETE FROM approval_decision WHERE team = ?1 AND mission_id = ?2",
    ].map((text) => db.prepare(text).bind(key.team, key.missionId)),
  );
}

/** Replaces a team's incident rows with numbers in (after, to] by `incidents`, in one transaction. */
export async function replaceIncidents(
  db: D1Database,
  team: string,
  after: number,
  to: number,
  incidents: readonly IncidentRow[],
): Promise<void> {
  const clear = db
    .prepare("DELETE FROM incident WHERE team = ?1 AND number > ?2 AND number <= ?3")
    .bind(team, after, to);
  await db.batch([clear, ...bulk(db, UPSERT_INCIDENTS, incidents)]);
}

/** The stored rows of these missions; a mission the index has not met is absent. */
export async function readMissionRows(
  db: D1Database,
  keys: readonly MissionKey[],
): Promise<readonly MissionRow[]> {
  const wanted = JSON.stringify(keys);
  return drizzle(db)
    .select()
    .from(mission)
    .where(
      sql`(${mission.team}, ${mission.id}) IN (SELECT value ->> 'team', value ->> 'missionId' FROM json_each(${wanted}))`,
    );
}

export interface MissionFilter {
  readonly state?: string | undefined;
  readonly canary?: boolean;
  /** Ids below this one only: the last id of the page before. */
  readonly beforeId?: string | undefined;
  readonly limit: number;
}

/** A team's missions, newest first. */
export async function listMissions(
  db: D1Database,
  team: string,
  filter: MissionFilter,
): Promise<readonly MissionRow[]> {
  const { state, beforeId, canary } = filter;
  return drizzle(db)
    .select()
    .from(mission)
    .where(
      and(
        eq(mission.team, team),
        state === undefined ? undefined : eq(mission.state, state),
        // Written out, because only a literal lets SQLite use the partial index.
        canary === true ? sql`canary = 1` : undefined,
        beforeId === undefined ? undefined : lt(mission.id, beforeId),
      ),
    )
    .orderBy(desc(mission.id))
    .limit(filter.limit);
}

export interface IncidentFilter {
  readonly kind?: string | undefined;
  readonly severity?: string | undefined;
  readonly reason?: string | undefined;
  readonly mission?: string | undefined;
  readonly status?: string | undefined;
  /** RFC 3339 UTC with milliseconds; `from` is included, `to` is not. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Text that the summary contains, whatever its ASCII case. */
  readonly q?: string | undefined;
  readonly beforeNumber?: number | undefined;
  readonly limit: number;
}

/** A team's incidents, newest first. */
export async function listIncidents(
  db: D1Database,
  team: string,
  filter: IncidentFilter,
): Promise<readonly IncidentRow[]> {
  const { kind, severity, reason, status, from, to, q, beforeNumber } = filter;
  const conditions: readonly (SQL | false | undefined)[] = [
    eq(incident.team, team),
    kind !== undefined && eq(incident.kind, kind),
    severity !== undefined && eq(incident.severity, severity),
    filter.mission !== undefined && eq(incident.missionId, filter.mission),
    status !== undefined && eq(incident.status, status),
    from !== undefined && gte(incident.openedAt, from),
    to !== undefined && lt(incident.openedAt, to),
    beforeNumber !== undefined && lt(incident.number, beforeNumber),
    reason !== undefined &&
      sql`EXISTS (SELECT 1 FROM json_each(${incident.reasonCodes}) WHERE value = ${reason})`,
    // D1 caps LIKE patterns at 50 bytes; instr has no such limit and no wildcards to escape.
    q !== undefined && sql`instr(lower(${incident.summary}), lower(${q})) > 0`,
  ];
  return drizzle(db)
    .select()
    .from(incident)
    .where(and(...conditions.map((condition) => (condition === false ? undefined : condition))))
    .orderBy(desc(incident.number))
    .limit(filter.limit);
}

export interface ApprovalFilter {
  readonly state: string;
  /** The place of the last row of the page before. */
  readonly after?:
    | { readonly deadlineAt: string; readonly missionId: string; readonly nodeId: string }
    | undefined;
  readonly limit: number;
}

/**
 * A team's approval requests in a state, the nearest deadline first. A pending request of a mission that
 * has stopped or completed waits for nobody, so the inbox leaves it out.
 */
export async function listApprovals(
  db: D1Database,
  team: string,
  filter: ApprovalFilter,
): Promise<readonly ApprovalRow[]> {
  const { after, state } = filter;
  const { deadlineAt, missionId, nodeId } = approvalRequest;
  const isAfter =
    after === undefined
      ? undefined
      : or(
          gt(deadlineAt, after.deadlineAt),
          and(eq(deadlineAt, after.deadlineAt), gt(missionId, after.missionId)),
          and(
            eq(deadlineAt, after.deadlineAt),
            eq(missionId, after.missionId),
            gt(nodeId, after.nodeId),
          ),
        );
  return drizzle(db)
    .select()
    .from(approvalRequest)
    .where(
      and(
        eq(approvalRequest.team, team),
        // Written out for 'pending', because only a literal lets SQLite use the partial index.
        state === "pending" ? sql`state = 'pending'` : eq(approvalRequest.state, state),
        state === "pending" ? OF_OPEN_MISSION : undefined,
        isAfter,
      ),
    )
    .orderBy(asc(deadlineAt), asc(missionId), asc(nodeId))
    .limit(filter.limit);
}

/** A person's own approvals that stopped counting, newest first; `before` is the last of the page before. */
export async function listWithdrawn(
  db: D1Database,
  team: string,
  approver: string,
  filter: {
    readonly before?:
      | { readonly at: string; readonly missionId: string; readonly seq: number }
      | undefined;
    readonly limit: number;
  },
): Promise<readonly WithdrawnRow[]> {
  const { at, missionId, seq } = withdrawnApproval;
  const { before } = filter;
  const isBefore =
    before === undefined
      ? undefined
      : or(
          lt(at, before.at),
          and(eq(at, before.at), lt(missionId, before.missionId)),
          and(eq(at, before.at), eq(missionId, before.missionId), lt(seq, before.seq)),
        );
  return drizzle(db)
    .select()
    .from(withdrawnApproval)
    .where(
      and(eq(withdrawnApproval.team, team), eq(withdrawnApproval.approver, approver), isBefore),
    )
    .orderBy(desc(at), desc(missionId), desc(seq))
    .limit(filter.limit);
}

/** A request of a mission that has stopped or completed waits for nobody, whatever its row says. */
const OF_OPEN_MISSION = sql`EXISTS (SELECT 1 FROM mission WHERE mission.team = ${approvalRequest.team}
  AND mission.id = ${approvalRequest.missionId} AND mission.state IN ('active', 'paused'))`;

/**
 * Open missions with a pending approval whose deadline has passed: their alarm may be lost. The one that
 * has waited longest first.
 */
export async function listOverdueMissions(
  db: D1Database,
  beforeIso: string,
  limit: number,
): Promise<readonly MissionKey[]> {
  return drizzle(db)
    .select({ team: approvalRequest.team, missionId: approvalRequest.missionId })
    .from(approvalRequest)
    .where(and(sql`state = 'pending'`, lte(approvalRequest.deadlineAt, beforeIso), OF_OPEN_MISSION))
    .groupBy(approvalRequest.team, approvalRequest.missionId)
    .orderBy(asc(min(approvalRequest.deadlineAt)))
    .limit(limit);
}

/**
 * Open missions that have been quiet since `beforeIso`, the quietest first, a window of `limit` that moves
 * with `turn` and comes around, so that missions waiting for weeks never keep the sweep from the others.
 */
export async function listQuietMissions(
  db: D1Database,
  beforeIso: string,
  turn: number,
  limit: number,
): Promise<readonly MissionKey[]> {
  const quiet = and(sql`state IN ('active', 'paused')`, lt(mission.updatedAt, beforeIso));
  const total = await drizzle(db).$count(mission, quiet);
  if (total === 0) return [];
  const windows = Math.ceil(total / limit);
  return drizzle(db)
    .select({ team: mission.team, missionId: mission.id })
    .from(mission)
    .where(quiet)
    .orderBy(asc(mission.updatedAt), asc(mission.id))
    .limit(limit)
    .offset((turn % windows) * limit);
}

/** Whether D1 answers; throws when it does not. */
export async function pingReadModel(db: D1Database): Promise<void> {
  await db.prepare("SELECT 1 FROM mission LIMIT 1").all();
}
