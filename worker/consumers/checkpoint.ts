/**
 * What follows the end of a mission: its head is entered in the team's log and both are signed, so that the
 * webhooks can carry the checkpoints to somebody outside. Every step may be repeated and gives the same
 * again: the size is the ending event's, entries are found by mission and size, Ed25519 is deterministic.
 * Specification: docs/transparency.md.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import type { LogHead, LogReject, TeamLogEntry } from "../../shared/log/index.ts";
import type { EventType, Rejection } from "../../shared/mission/index.ts";
import type { Result } from "../../shared/result.ts";
import type { WebhookEvent } from "../../shared/webhook/index.ts";
import type { WebhookEventMessage } from "../../shared/wire/message.ts";
import type { LogFork } from "../../shared/wire/rpc.ts";
import type { SignedHead } from "../checkpoints.ts";
import { log } from "../log.ts";
import type { RaisedIncident } from "../read-model/project.ts";
import type { MissionKey } from "../read-model/queries.ts";

/** The objects and the key; every call may be repeated, and a throw means that the queue tries again. */
export interface CheckpointDeps {
  readonly head: (
    key: MissionKey,
    size: number,
  ) => Promise<Result<LogHead & { readonly at: string | null }, Rejection | LogReject>>;
  readonly enter: (
    team: string,
    entry: TeamLogEntry,
  ) => Promise<Result<{ readonly index: number; readonly head: LogHead }, LogFork>>;
  readonly signMission: (key: MissionKey, head: LogHead) => SignedHead;
  readonly signTeam: (team: string, head: LogHead) => SignedHead;
  readonly vkey: () => string;
  readonly openIncident: (team: string, incident: RaisedIncident) => Promise<void>;
}

const ENDINGS = new Set<string>([
  "mission.completed",
  "mission.stopped",
  "mission.sealed",
] satisfies EventType[]);

/** Whether an event ends its mission, so that a checkpoint is due. */
export function isEnding(type: string): boolean {
  return ENDINGS.has(type);
}

/**
 * The `checkpoint.signed` event that follows an ending one. null where the mission cannot show a head: it is
 * broken, or shows another root than it once did, which opens an incident. Throws on faults.
 */
export async function issueCheckpoint(
  { team, missionId, seq, at }: WebhookEventMessage,
  deps: CheckpointDeps,
): Promise<WebhookEvent | null> {
  const key = { team, missionId };
  const head = await deps.head(key, seq + 1);
  if (!head.ok) {
    // A broken mission has raised its own incident; nothing that it says may be signed.
    log("error", "checkpoint.refused", { team, missionId, seq, reason: head.error.reason });
    return null;
  }
  const { size, root } = head.value;
  const entered = await deps.enter(team, { missionId, size, root, at });
  if (!entered.ok) {
    await deps.openIncident(team, forkIncident(missionId, size, at, entered.error));
    return null;
  }
  const mission = deps.signMission(key, { size, root });
  const { index, head: teamHead } = entered.value;
  const ofTeam = deps.signTeam(team, teamHead);
  return {
    missionId,
    seq,
    hash: sha256Hex(mission.note),
    type: "checkpoint.signed",
    at,
    nodeId: null,
    data: {
      origin: mission.origin,
      size,
      root,
      checkpoint: mission.note,
      vkey: deps.vkey(),
      log: { origin: ofTeam.origin, index, ...teamHead, checkpoint: ofTeam.note },
    },
  };
}

function forkIncident(
  missionId: string,
  size: number,
  at: string,
  { logged, offered }: LogFork,
): RaisedIncident {
  return {
    missionId,
    nodeId: null,
    seq: null,
    kind: "log_forked",
    severity: "critical",
    reasonCodes: ["CHAIN_BROKEN"],
    summary: `Mission ${missionId} shows root ${offered} at size ${size}; the team's log holds ${logged}`,
    openedAt: at,
  };
}
