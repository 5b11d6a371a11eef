/**
 * The only place that names an object and gets its stub. A mission's object is found by team and
 * id together, so another team's id leads to an empty object and answers as unknown (I11).
 */
import type { MissionRpc, TeamRpc } from "../shared/wire/rpc.ts";
import { type StreamAsk, streamAskToUrl } from "../shared/wire/stream.ts";
import type { Env } from "./env.ts";

/** A fresh stub; a stub whose call failed stays broken, so never keep one across a retry. */
export function missionStub(env: Env, team: string, missionId: string): MissionRpc {
  return env.MISSION.getByName(`${team}/${missionId}`) as unknown as MissionRpc;
}

/** The handshake of a stream with a mission's object: always answered, refused by closing. */
export async function missionSocket(
  env: Env,
  ask: StreamAsk,
  missionId: string,
): Promise<WebSocket> {
  const stub = env.MISSION.getByName(`${ask.team}/${missionId}`);
  const { webSocket } = await stub.fetch(streamAskToUrl(ask), {
    headers: { upgrade: "websocket" },
  });
  if (webSocket === null) throw new Error("the mission answered a handshake without a socket");
  return webSocket;
}

/** A fresh stub of the team's object. */
export function teamStub(env: Env, team: string): TeamRpc {
  return env.TEAM.getByName(team) as unknown as TeamRpc;
}
