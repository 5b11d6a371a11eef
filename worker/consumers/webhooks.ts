/**
 * The webhooks queue's consumer. First stage, here: one event becomes one delivery per endpoint that asked for
 * its type. Second stage, delivery.ts: one signed POST. Refuses to let one message's trouble become another's.
 * Specification: docs/webhooks.md.
 */
import { LIMITS } from "../../shared/limits.ts";
import {
  isSubscribed,
  webhookBodyIn,
  webhookDeliveryId,
  webhookEventType,
  type WebhookEvent,
} from "../../shared/webhook/index.ts";
import {
  webhookDeliveryMessageSchema,
  webhookEventMessageSchema,
  type WebhookDeliveryMessage,
  type WebhookEventMessage,
} from "../../shared/wire/message.ts";
import type { WebhookEndpoint } from "../../shared/wire/rpc.ts";
import { errorFacts, log, type LogFacts } from "../log.ts";
import type { MissionKey } from "../read-model/queries.ts";
import { isEnding } from "./checkpoint.ts";
import { deliver, type DeliveryDeps } from "./delivery.ts";
import type { QueueMessage } from "./indexing.ts";
import { WEBHOOK_BACKOFF, retryDelaySeconds } from "./retry.ts";

/** What both stages need of the outside; every call may be repeated, the queue retries. */
export interface WebhookDeps extends DeliveryDeps {
  readonly endpoints: (team: string) => Promise<readonly WebhookEndpoint[]>;
  /** What follows an event that ended its mission; called for no other. The same event, the same answer. */
  readonly checkpoint: (event: WebhookEventMessage) => Promise<WebhookEvent | null>;
  readonly acknowledge: (key: MissionKey, seq: number) => Promise<void>;
  /** The API's origin: `source` of every event, and where its pages are. */
  readonly origin: string;
}

interface Parsed<T> {
  readonly message: QueueMessage;
  readonly body: T;
}

/** Consumes one batch of both stages. Settles every message; never throws. */
export async function consumeWebhooks(
  messages: readonly QueueMessage[],
  deps: WebhookDeps,
): Promise<void> {
  const events = new Map<string, Parsed<WebhookEventMessage>[]>();
  const deliveries = new Map<string, Parsed<WebhookDeliveryMessage>[]>();
  for (const message of messages) {
    const event = webhookEventMessageSchema.safeParse(message.body);
    const delivery = event.success ? null : webhookDeliveryMessageSchema.safeParse(message.body);
    if (event.success) {
      const mission = `${event.data.team}/${event.data.missionId}`;
      events.set(mission, [...(events.get(mission) ?? []), { message, body: event.data }]);
    } else if (delivery?.success) {
      const { endpointId, deliveryId } = delivery.data;
      const name = `${endpointId}/${deliveryId}`;
      const others = deliveries.get(name) ?? [];
      deliveries.set(name, [...others, { message, body: delivery.data }]);
    } else {
      retry(message, { reason: "message_malformed" }, deps);
    }
  }
  await Promise.all([
    ...[...events.values()].map((ofMission) => fanOut(ofMission, deps)),
    ...[...deliveries.values()].map((ofDelivery) => attemptEach(ofDelivery, deps)),
  ]);
}

/**
 * In seq order, and no further than the first failure, so that receivers hear in order where they can.
 * Nothing depends on it: the mission's cursor stops before any event that was not acknowledged.
 */
async function fanOut(
  items: readonly Parsed<WebhookEventMessage>[],
  deps: WebhookDeps,
): Promise<void> {
  let failed = false;
  for (const { message, body } of items.toSorted((a, b) => a.body.seq - b.body.seq)) {
    if (failed) {
      retry(message, { reason: "event_before_failed" }, deps);
      continue;
    }
    try {
      await handOn(body, deps);
      message.ack();
    } catch (thrown) {
      failed = true;
      retry(message, { reason: "fan_out_failed", ...errorFacts(thrown) }, deps);
    }
  }
}

/**
 * 1 deliveries enqueued (a crash enqueues them again under the same ids), 2 where the mission ended, its
 * checkpoint entered in the team's log and enqueued as well (the same), 3 the event acknowledged.
 */
async function handOn(event: WebhookEventMessage, deps: WebhookDeps): Promise<void> {
  const { team, missionId, seq } = event;
  const endpoints = await deps.endpoints(team);
  await enqueueFor(endpoints, team, event, deps);
  const checkpoint = isEnding(event.type) ? await deps.checkpoint(event) : null;
  if (checkpoint !== null) await enqueueFor(endpoints, team, checkpoint, deps);
  await deps.acknowledge({ team, missionId }, seq);
}

async function enqueueFor(
  endpoints: readonly WebhookEndpoint[],
  team: string,
  event: WebhookEvent,
  deps: WebhookDeps,
): Promise<void> {
  const { hash, type } = event;
  for (const { id: endpointId, events, disabledAt, format } of endpoints) {
    if (disabledAt !== null || !isSubscribed(events, type)) continue;
    await deps.enqueue({
      kind: "delivery",
      team,
      endpointId,
      deliveryId: webhookDeliveryId(hash, endpointId),
      type: webhookEventType(type),
      body: webhookBodyIn(format, event, deps.origin, LIMITS.queueMessageBytesMax),
      cause: "event",
      run: 0,
      attempt: 1,
    });
  }
}

/** One after the other, so that a message that came twice finds what its twin has recorded. */
async function attemptEach(
  items: readonly Parsed<WebhookDeliveryMessage>[],
  deps: WebhookDeps,
): Promise<void> {
  for (const { message, body } of items) await attempt(message, body, deps);
}

/** What throws here is a fault of ours: the queue repeats the message, and the attempt is not counted. */
async function attempt(
  message: QueueMessage,
  delivery: WebhookDeliveryMessage,
  deps: WebhookDeps,
): Promise<void> {
  try {
    await deliver(delivery, deps);
    message.ack();
  } catch (thrown) {
    const { endpointId } = delivery;
    retry(message, { reason: "delivery_failed", endpointId, ...errorFacts(thrown) }, deps);
  }
}

function retry(message: QueueMessage, facts: LogFacts, deps: WebhookDeps): void {
  const { id, attempts } = message;
  log("warn", "webhook.retried", { id, attempts, ...facts });
  message.retry({ delaySeconds: retryDelaySeconds(WEBHOOK_BACKOFF, attempts, deps.random()) });
}
