/**
 * Missions that are watched, for tests in workerd: a short life to run, a follower that comes back, and the
 * object's own connections.
 */
import { LIMITS } from "../../shared/limits.ts";
import type { Connection, StreamedEvent } from "../../shared/stream/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { ExecuteRequest, MissionRpc } from "../../shared/wire/rpc.ts";
import { callerOf } from "./api.ts";
import {
  bundle,
  freshMissionId,
  inside,
  missionObject,
  openRequest,
  proposeRequest,
  request,
  TEAM,
} from "./mission-world.ts";
import { openSocket, type SocketReceiver } from "./streams.ts";

const auditor = callerOf(TEAM, "auditor");
export const streamOf = (missionId: string, query = "") =>
  `/v1/missions/${missionId}/stream${query}`;

export async function traceOf(missionId: string): Promise<readonly TraceEvent[]> {
  const read = await missionObject(missionId).readTrace(TEAM, -1, LIMITS.tracePageMax);
  if (!read.ok) throw new Error(read.error.reason);
  return read.value.events;
}

/** The commands of a life that a person ends. */
export function life(missionId: string) {
  return [
    openRequest(missionId),
    proposeRequest("decide", null),
    request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order") }),
    request({ type: "SubmitResult", nodeId: "decide", outputs: { amount: 40 }, tests: [] }),
    request({ type: "Intervene", kind: "pause", reason: "lunch", actor: PERSON }),
    request({ type: "Intervene", kind: "resume", reason: "back", actor: PERSON }),
    request({ type: "Intervene", kind: "stop", reason: "enough", actor: PERSON }),
  ] as const;
}
const PERSON = { kind: "human", id: "operator" } as const;

export async function step(stub: MissionRpc, command: ExecuteRequest): Promise<void> {
  const executed = await stub.execute(command);
  if (!executed.ok) throw new Error(`${command.command.type}: ${JSON.stringify(executed.error)}`);
}

export async function openActive(): Promise<{ missionId: string; stub: MissionRpc }> {
  const missionId = freshMissionId();
  const stub = missionObject(missionId);
  const [open, propose] = life(missionId);
  await step(stub, open);
  await step(stub, propose);
  return { missionId, stub };
}

export async function addNote(missionId: string, note: string): Promise<void> {
  await step(
    missionObject(missionId),
    request({ type: "SubmitEvidence", nodeId: "decide", bundle: bundle("order", note) }),
  );
}

/** A receiver that keeps what it has, and connects again from there whenever it has lost its connection. */
export function createFollower(missionId: string) {
  const got: StreamedEvent[] = [];
  let receiver: SocketReceiver | null = null;
  let taken = 0;
  let connections = 0;
  const take = () => {
    got.push(...(receiver?.events.slice(taken) ?? []));
    taken = receiver?.events.length ?? 0;
    return got.at(-1)?.seq ?? -1;
  };
  return {
    got,
    connections: () => connections,
    async catchUp(seq: number): Promise<void> {
      for (let last = take(); last < seq; last = take()) {
        if (!receiver || receiver.isClosed()) {
          const headers = { "last-event-id": String(last) };
          receiver = await openSocket(auditor, streamOf(missionId), { headers });
          taken = 0;
          connections += 1;
        }
        await receiver.until(seq);
      }
    },
    leave(): void {
      receiver?.close();
      receiver = null;
    },
  };
}

export async function connectionsOf(stub: MissionRpc): Promise<number> {
  return inside(stub, (_storage, instance) => contextOf(instance).getWebSockets().length);
}

function contextOf(instance: unknown): DurableObjectState {
  return (instance as { ctx: DurableObjectState }).ctx;
}

/** As if the connections had come to this by themselves. */
export async function changeConnections(
  stub: MissionRpc,
  change: Partial<Connection>,
): Promise<void> {
  await inside(stub, (_storage, instance) => {
    for (const socket of contextOf(instance).getWebSockets()) {
      socket.serializeAttachment({ ...socket.deserializeAttachment(), ...change });
    }
  });
}
