/**
 * Rebuilds a team's rows from the truth: the missions' journals and the team object's incidents. Goes in
 * steps that each fit one request; any step may be repeated. While it runs the index consumer may run
 * too: rows only move forward, and a rebuild always starts a mission at its first event.
 *
 * Repairs wrong and missing rows of every mission the team ever reserved; a mission id that nobody
 * reserved is not looked for. Specification: docs/read-model.md.
 */
import type { Env } from "../env.ts";
import { teamStub } from "../missions.ts";
import { catchUpMission } from "./catch-up.ts";
import { catchUpDeps } from "./deps.ts";
import { toIncidentRow } from "./project.ts";
import { clearMission, replaceIncidents } from "./queries.ts";

/** Missions of one step: about a second of work when each has a few hundred events. */
const MISSIONS_PER_STEP = 25;
/** Incidents of one step: one read, one write. */
const INCIDENTS_PER_STEP = 500;

/** Where the next step continues: after a mission id, or, those done, after an incident number. */
export type RebuildPlace =
  | { readonly phase: "missions"; readonly after: string }
  | { readonly phase: "incidents"; readonly after: number };

export interface RebuildStep {
  /** Missions and incidents written by this step. */
  readonly missions: number;
  readonly incidents: number;
  /** Missions whose trace cannot be projected, and why; their rows are gone until that is mended. */
  readonly skipped: readonly { readonly missionId: string; readonly reason: string }[];
  readonly next: RebuildPlace | null;
}

export const REBUILD_START: RebuildPlace = { phase: "missions", after: "" };

/** Rebuilds everything, step after step. For teams whose rebuild fits one invocation, and for tests. */
export async function rebuildIndex(env: Env, team: string): Promise<Omit<RebuildStep, "next">> {
  let place: RebuildPlace | null = REBUILD_START;
  let missions = 0;
  let incidents = 0;
  const skipped: RebuildStep["skipped"][number][] = [];
  while (place !== null) {
    const step: RebuildStep = await rebuildStep(env, team, place);
    missions += step.missions;
    incidents += step.incidents;
    skipped.push(...step.skipped);
    place = step.next;
  }
  return { missions, incidents, skipped };
}

/** One step. Throws when D1 or an object does not answer; the same step may then be taken again. */
export async function rebuildStep(
  env: Env,
  team: string,
  place: RebuildPlace,
): Promise<RebuildStep> {
  return place.phase === "missions"
    ? rebuildMissions(env, team, place.after)
    : rebuildIncidents(env, team, place.after);
}

async function rebuildMissions(env: Env, team: string, after: string): Promise<RebuildStep> {
  const ids = await teamStub(env, team).missionIds(after, MISSIONS_PER_STEP);
  const skipped: RebuildStep["skipped"][number][] = [];
  let missions = 0;
  for (const missionId of ids) {
    const key = { team, missionId };
    await clearMission(env.DB, key);
    const done = await catchUpMission(catchUpDeps(env), key, null, Number.POSITIVE_INFINITY);
    if (done.ok) missions += done.value === null ? 0 : 1;
    // Reserved and never opened: a crash between the two, or a plan the mission refused.
    else if (done.error.detail !== "mission_unknown") {
      skipped.push({ missionId, reason: `${done.error.reason}: ${done.error.detail}` });
    }
  }
  const last = ids.at(-1);
  const next: RebuildPlace =
    last === undefined ? { phase: "incidents", after: 0 } : { phase: "missions", after: last };
  return { missions, incidents: 0, skipped, next };
}

async function rebuildIncidents(env: Env, team: string, after: number): Promise<RebuildStep> {
  const records = await teamStub(env, team).incidents(after, INCIDENTS_PER_STEP);
  const last = records.at(-1)?.number;
  if (last === undefined) return { missions: 0, incidents: 0, skipped: [], next: null };
  const rows = records.map((record) => toIncidentRow(team, record));
  await replaceIncidents(env.DB, team, after, last, rows);
  const next: RebuildPlace = { phase: "incidents", after: last };
  return { missions: 0, incidents: rows.length, skipped: [], next };
}
