/**
 * The only place that names an object and gets its stub. A mission's object is found by team and
 * id together, so another team's id leads to an empty object and answers as unknown (I11).
 */
import type { MissionRpc, TeamRpc } from "../shared/wire/rpc.ts";
import type { Env } from "./env.ts";

/** A fresh stub; a stub whose call failed stays broken, so never keep one across a retry. */
export function missionStub(env: Env, team: string, missionId: string): MissionRpc {
  return env.MISSION.getByName(`${team}/${missionId}`) as unknown as MissionRpc;
}

/** A fresh stub of the team's object. */
export function teamStub(env: Env, team: string): TeamRpc {
  return env.TEAM.getByName(team) as unknown as TeamRpc;
}
