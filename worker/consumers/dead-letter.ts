/**
 * The dead-letter queues' consumer: whatever the other consumers gave up on becomes one log line and an
 * incident of the team it belongs to, or of the operators' when that cannot be told. Nothing is thrown
 * away: a message is acknowledged only when its incident stands in the team's object and in the index.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  breachMessageSchema,
  indexMessageSchema,
  ticketMessageSchema,
  webhookDeliveryMessageSchema,
  webhookEventMessageSchema,
} from "../../shared/wire/message.ts";
import { errorFacts, log } from "../log.ts";
import type { RaisedIncident } from "../read-model/project.ts";
import type { MissionKey } from "../read-model/queries.ts";
import type { QueueMessage } from "./indexing.ts";
import { DEAD_LETTER_BACKOFF, retryDelaySeconds } from "./retry.ts";

/** What dead letters need of the outside; every call may be repeated, the queue retries. */
export interface DeadLetterDeps {
  readonly isMissionKnown: (key: MissionKey) => Promise<boolean>;
  readonly isEndpointKnown: (team: string, endpointId: string) => Promise<boolean>;
  /** Numbered in the team's object and written to the index when it returns. */
  readonly openIncident: (team: string, incident: RaisedIncident) => Promise<void>;
  readonly operatorTeam: string;
  readonly nowMs: () => number;
  readonly random: () => number;
}

type Description = Pick<
  RaisedIncident,
  "missionId" | "nodeId" | "severity" | "reasonCodes" | "summary"
>;

/** Whose a message says it is. It is no proof of anything, so `isPlausible` asks the team's own objects. */
interface Claim {
  readonly team: string;
  readonly described: Description;
  readonly isPlausible: (deps: DeadLetterDeps) => Promise<boolean>;
}

/** Consumes one batch of a dead-letter queue. Settles every message; never throws. */
export async function consumeDeadLetters(
  queue: string,
  messages: readonly QueueMessage[],
  deps: DeadLetterDeps,
): Promise<void> {
  await Promise.all(messages.map((message) => bury(queue, message, deps)));
}

async function bury(queue: string, message: QueueMessage, deps: DeadLetterDeps): Promise<void> {
  const { id, attempts } = message;
  try {
    const claim = readClaim(message.body);
    const isOwned = claim !== null && (await claim.isPlausible(deps));
    const team = isOwned ? claim.team : deps.operatorTeam;
    const described = isOwned ? claim.described : unattributable(queue, message.body);
    log("error", "queue.dead_letter", { queue, id, team, summary: described.summary });
    const openedAt = unixMsToIso(deps.nowMs());
    // No seq: the incident is about the message, not about the event it carried.
    await deps.openIncident(team, { ...described, seq: null, kind: "dead_letter", openedAt });
    message.ack();
  } catch (thrown) {
    log("error", "queue.dead_letter_failed", { queue, id, attempts, ...errorFacts(thrown) });
    const delaySeconds = retryDelaySeconds(DEAD_LETTER_BACKOFF, attempts, deps.random());
    message.retry({ delaySeconds });
  }
}

/**
 * What the message says it is about. Summaries name the mission or endpoint and not the message, so an
 * outage is one unresolved incident each and not one per message.
 */
function readClaim(body: unknown): Claim | null {
  const index = indexMessageSchema.safeParse(body);
  if (index.success) {
    return ofMission(index.data, "DELIVERY_FAILED", "medium", "The index cannot take its events");
  }
  const breach = breachMessageSchema.safeParse(body);
  if (breach.success) {
    return ofMission(breach.data, "CHAIN_BROKEN", "critical", "Its chain does not verify");
  }
  const ticket = ticketMessageSchema.safeParse(body);
  if (ticket.success) {
    return ofMission(ticket.data, "GATEWAY_FAILURE", "high", "The gateway cannot take its tickets");
  }
  const event = webhookEventMessageSchema.safeParse(body);
  if (event.success) {
    const summary = "Its events cannot be handed to the webhooks";
    return ofMission(event.data, "DELIVERY_FAILED", "medium", summary);
  }
  const delivery = webhookDeliveryMessageSchema.safeParse(body);
  if (!delivery.success) return null;
  const { team, endpointId } = delivery.data;
  const described: Description = {
    missionId: null,
    nodeId: null,
    severity: "medium",
    reasonCodes: ["DELIVERY_FAILED"],
    summary: `Webhook ${endpointId} did not answer 2xx to any retry; its deliveries tell more`,
  };
  return { team, described, isPlausible: (deps) => deps.isEndpointKnown(team, endpointId) };
}

function ofMission(
  { team, missionId }: MissionKey,
  reasonCode: string,
  severity: RaisedIncident["severity"],
  what: string,
): Claim {
  const summary = `${what}: ${missionId}`;
  const described = { missionId, nodeId: null, severity, reasonCodes: [reasonCode], summary };
  return { team, described, isPlausible: (deps) => deps.isMissionKnown({ team, missionId }) };
}

/**
 * What the operators hear of a message that names nobody, or somebody it does not belong to. Named by a
 * hash, so that the same poison is one incident; the content itself may hold anything.
 */
export function unattributable(queue: string, body: unknown): Description {
  const hash = sha256Hex(JSON.stringify(body) ?? "undefined").slice(0, 16);
  return {
    missionId: null,
    nodeId: null,
    severity: "high",
    reasonCodes: [queue.includes("tickets") ? "GATEWAY_FAILURE" : "DELIVERY_FAILED"],
    summary: `A message of ${queue} could not be attributed to a team (sha256 ${hash})`,
  };
}
