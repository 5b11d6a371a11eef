/**
 * The API worker's queues and its cron: which consumer a batch goes to, and what each is given of the
 * outside. Refuses to know what a message says.
 */
import { checkEgressUrl, parseEgressAllowList } from "../../shared/egress.ts";
import type { IncidentRecord } from "../../shared/wire/rpc.ts";
import { logVkey, signMissionHead, signTeamHead } from "../checkpoints.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { missionStub, teamStub } from "../missions.ts";
import { signersOf } from "../webhook-keys.ts";
import { catchUpDeps } from "../read-model/deps.ts";
import { toIncidentRow, type RaisedIncident } from "../read-model/project.ts";
import {
  listOverdueMissions,
  listQuietMissions,
  NO_CHANGES,
  readMissionRows,
  writeChanges,
  type MissionKey,
} from "../read-model/queries.ts";
import { consumeBreaches, type BreachDeps } from "./breach.ts";
import { issueCheckpoint, type CheckpointDeps } from "./checkpoint.ts";
import { consumeDeadLetters, type DeadLetterDeps } from "./dead-letter.ts";
import { consumeIndex, type IndexDeps } from "./indexing.ts";
import { sweepMissions } from "./sweep.ts";
import { postWebhook } from "./webhook-post.ts";
import { consumeWebhooks, type WebhookDeps } from "./webhooks.ts";

/** Who hears of what belongs to no team, where the setting is missing. */
const OPERATOR_TEAM_DEFAULT = "operators";

/** Consumes one batch. A queue nobody here knows is a fault: the platform retries, nothing is lost. */
export async function handleQueue(batch: MessageBatch, env: Env): Promise<void> {
  switch (batch.queue) {
    case "sekisho-index":
      return consumeIndex(await consumeBreaches(batch.messages, breachDeps(env)), indexDeps(env));
    case "sekisho-webhooks":
      return consumeWebhooks(batch.messages, webhookDeps(env));
    case "sekisho-index-dlq":
    case "sekisho-webhooks-dlq":
    case "sekisho-tickets-dlq":
      return consumeDeadLetters(batch.queue, batch.messages, deadLetterDeps(env));
    default:
      throw new Error(`no consumer for queue ${batch.queue}`);
  }
}

/** The cron: wakes missions whose alarm may be lost. */
export async function handleSchedule(env: Env): Promise<void> {
  const woken = await sweepMissions(Date.now(), {
    listOverdue: (beforeIso, limit) => listOverdueMissions(env.DB, beforeIso, limit),
    listQuiet: (beforeIso, turn, limit) => listQuietMissions(env.DB, beforeIso, turn, limit),
    wake: async ({ team, missionId }) => {
      await missionStub(env, team, missionId).view(team);
    },
  });
  log("info", "sweep.done", { woken });
}

/** The team that hears of unattributable messages and tickets. */
export function operatorTeam(env: Env): string {
  return env.OPERATOR_TEAM || OPERATOR_TEAM_DEFAULT;
}

/**
 * Numbers an incident in the team's object and writes it to the index. Throws when either does not
 * answer; calling again is safe.
 */
export async function openIncident(
  env: Env,
  team: string,
  incident: RaisedIncident,
): Promise<void> {
  await showIncident(env, team, await teamStub(env, team).assignIncident(incident));
}

/** Writes an incident that stands in its team's object to the index. */
async function showIncident(env: Env, team: string, record: IncidentRecord): Promise<void> {
  const incidents = [toIncidentRow(team, record)];
  await writeChanges(env.DB, { ...NO_CHANGES, incidents });
}

function indexDeps(env: Env): IndexDeps {
  return {
    ...catchUpDeps(env),
    readRows: (keys) => readMissionRows(env.DB, keys),
    acknowledge: ({ team, missionId }, seq) =>
      missionStub(env, team, missionId).acknowledge("index", seq),
    random: Math.random,
  };
}

function breachDeps(env: Env): BreachDeps {
  return {
    isMissionKnown: (key) => isMissionKnown(env, key),
    openIncident: (team, incident) => openIncident(env, team, incident),
    operatorTeam: operatorTeam(env),
    random: Math.random,
  };
}

function webhookDeps(env: Env): WebhookDeps {
  const allow = parseEgressAllowList(env.EGRESS_ALLOW_HOSTS);
  return {
    endpoints: (team) => teamStub(env, team).webhooks(),
    checkpoint: (event) => issueCheckpoint(event, checkpointDeps(env)),
    enqueue: async (message, delaySeconds = 0) => {
      await env.WEBHOOKS.send(message, { delaySeconds });
    },
    bury: async (message) => {
      await env.WEBHOOKS_DLQ.send(message);
    },
    acknowledge: ({ team, missionId }, seq) =>
      missionStub(env, team, missionId).acknowledge("webhooks", seq),
    dispatch: (team, attempt) => teamStub(env, team).dispatch(attempt),
    recordDelivery: (team, delivery, body) => teamStub(env, team).recordDelivery(delivery, body),
    showIncident: (team, incident) => showIncident(env, team, incident),
    checkUrl: (url) => checkEgressUrl(url, allow),
    post: postWebhook,
    signers: (team, endpoint) => signersOf(env, team, endpoint, Date.now()),
    origin: env.API_ORIGIN,
    nowMs: Date.now,
    random: Math.random,
  };
}

function checkpointDeps(env: Env): CheckpointDeps {
  return {
    head: ({ team, missionId }, size) => missionStub(env, team, missionId).checkpoint(team, size),
    enter: (team, entry) => teamStub(env, team).appendLogEntry(entry),
    signMission: ({ team, missionId }, head) => signMissionHead(env, team, missionId, head),
    signTeam: (team, head) => signTeamHead(env, team, head),
    vkey: () => logVkey(env),
    openIncident: (team, incident) => openIncident(env, team, incident),
  };
}

function deadLetterDeps(env: Env): DeadLetterDeps {
  return {
    isMissionKnown: (key) => isMissionKnown(env, key),
    isEndpointKnown: async (team, endpointId) => {
      const endpoints = await teamStub(env, team).webhooks();
      return endpoints.some(({ id }) => id === endpointId);
    },
    openIncident: (team, incident) => openIncident(env, team, incident),
    operatorTeam: operatorTeam(env),
    nowMs: Date.now,
    random: Math.random,
  };
}

/** A broken mission is known; only one that never opened for this team is not. */
async function isMissionKnown(env: Env, { team, missionId }: MissionKey): Promise<boolean> {
  const first = await missionStub(env, team, missionId).readTrace(team, -1, 1);
  return first.ok || first.error.reason !== "mission_unknown";
}
