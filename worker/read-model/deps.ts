/**
 * What indexing is given of the outside, from the bindings; the queue's consumer and a rebuild share it.
 */
import type { Env } from "../env.ts";
import { missionStub, teamStub } from "../missions.ts";
import type { CatchUpDeps } from "./catch-up.ts";
import { writeChanges } from "./queries.ts";

/** A fresh stub per call, because one whose call failed stays broken. */
export function catchUpDeps(env: Env): CatchUpDeps {
  return {
    write: (changes) => writeChanges(env.DB, changes),
    readTrace: ({ team, missionId }, after, limit) =>
      missionStub(env, team, missionId).readTrace(team, after, limit),
    recordTrust: (team, outcomes) => teamStub(env, team).recordTrust(outcomes),
    assignIncident: (team, incident) => teamStub(env, team).assignIncident(incident),
  };
}
