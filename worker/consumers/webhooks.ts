/**
 * The webhooks queue's consumer. First stage: one event becomes one delivery per endpoint that asked for
 * its type. Second stage: one signed POST, tried again with backoff until the receiver says 2xx.
 *
 * A delivery keeps its id over every retry and re-send, so that receivers can drop what they have seen.
 * Nothing here follows a redirect or reads an answer's body. Specification: docs/webhooks.md.
 */
import type { PrivateJwk } from "../../shared/crypto.ts";
import type { EgressRefusal } from "../../shared/egress.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  isSubscribed,
  signWebhook,
  webhookBody,
  webhookDeliveryId,
  type WebhookEvent,
} from "../../shared/webhook/index.ts";
import {
  webhookDeliveryMessageSchema,
  webhookEventMessageSchema,
  type WebhookDeliveryMessage,
  type WebhookEventMessage,
} from "../../shared/wire/message.ts";
import type { DeliveryRecord, WebhookEndpoint } from "../../shared/wire/rpc.ts";
import { errorFacts, log, type LogFacts } from "../log.ts";
import type { MissionKey } from "../read-model/queries.ts";
import { isEnding } from "./checkpoint.ts";
import type { QueueMessage } from "./indexing.ts";
import { WEBHOOK_BACKOFF, retryDelaySeconds } from "./retry.ts";

/** What deliveries need of the outside; every call may be repeated, the queue retries. */
export interface WebhookDeps {
  readonly endpoints: (team: string) => Promise<readonly WebhookEndpoint[]>;
  /** What follows an event that ended its mission; called for no other. The same event, the same answer. */
  readonly checkpoint: (event: WebhookEventMessage) => Promise<WebhookEvent | null>;
  /** Durable when it returns. */
  readonly enqueue: (message: WebhookDeliveryMessage) => Promise<void>;
  readonly acknowledge: (key: MissionKey, seq: number) => Promise<void>;
  readonly recordDelivery: (team: string, delivery: DeliveryRecord) => Promise<void>;
  readonly checkUrl: (url: string) => Result<URL, EgressRefusal>;
  /** One POST, no redirect followed, at most LIMITS.webhookTimeoutMs; throws when nothing answered. */
  readonly post: (
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => Promise<{ readonly status: number }>;
  readonly signingKey: () => Promise<PrivateJwk>;
  /** The API's origin: `source` of every event. */
  readonly origin: string;
  readonly nowMs: () => number;
  readonly random: () => number;
}

const DETAIL_CHARS_MAX = 300;

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
  const deliveries: Parsed<WebhookDeliveryMessage>[] = [];
  for (const message of messages) {
    const event = webhookEventMessageSchema.safeParse(message.body);
    const delivery = event.success ? null : webhookDeliveryMessageSchema.safeParse(message.body);
    if (event.success) {
      const mission = `${event.data.team}/${event.data.missionId}`;
      events.set(mission, [...(events.get(mission) ?? []), { message, body: event.data }]);
    } else if (delivery?.success) {
      deliveries.push({ message, body: delivery.data });
    } else {
      retry(message, { reason: "message_malformed" }, deps);
    }
  }
  await Promise.all([
    ...[...events.values()].map((ofMission) => fanOut(ofMission, deps)),
    ...deliveries.map((item) => deliver(item, deps)),
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
  const wanted = endpoints.filter(
    ({ events, disabledAt }) => disabledAt === null && isSubscribed(events, type),
  );
  const body =
    wanted.length > 0 ? webhookBody(event, deps.origin, LIMITS.queueMessageBytesMax) : "";
  for (const { id: endpointId } of wanted) {
    const deliveryId = webhookDeliveryId(hash, endpointId);
    await deps.enqueue({ kind: "delivery", team, endpointId, deliveryId, body });
  }
}

async function deliver(
  { message, body }: Parsed<WebhookDeliveryMessage>,
  deps: WebhookDeps,
): Promise<void> {
  const { team, endpointId, deliveryId } = body;
  try {
    const endpoint = (await deps.endpoints(team)).find(({ id }) => id === endpointId);
    if (endpoint === undefined || endpoint.disabledAt !== null) {
      log("info", "webhook.dropped", { team, endpointId, deliveryId, reason: "endpoint is gone" });
      message.ack();
      return;
    }
    const attempt = await tryOnce(endpoint, body, deps);
    await deps.recordDelivery(team, {
      id: deliveryId,
      endpointId,
      type: eventType(body.body),
      attempt: message.attempts,
      at: unixMsToIso(deps.nowMs()),
      ...attempt,
    });
    if (attempt.outcome === "delivered") message.ack();
    else retry(message, { reason: "not_delivered", endpointId, detail: attempt.detail }, deps);
  } catch (thrown) {
    retry(message, { reason: "delivery_failed", endpointId, ...errorFacts(thrown) }, deps);
  }
}

type Attempt = Pick<DeliveryRecord, "status" | "outcome" | "detail">;

/** The address is judged at every dispatch, because what is allowed may have changed since registration. */
async function tryOnce(
  endpoint: WebhookEndpoint,
  { deliveryId, body }: WebhookDeliveryMessage,
  deps: WebhookDeps,
): Promise<Attempt> {
  const url = deps.checkUrl(endpoint.url);
  if (!url.ok) return failure(null, `address refused: ${url.error.reason}`);
  const signed = signWebhook(deliveryId, deps.nowMs(), body, await deps.signingKey());
  const headers = {
    "content-type": "application/cloudevents+json; charset=utf-8",
    "user-agent": "sekisho-webhooks/1",
    "webhook-id": signed.id,
    "webhook-timestamp": signed.timestamp,
    "webhook-signature": signed.signature,
  };
  try {
    const { status } = await deps.post(url.value, headers, body);
    if (status >= 200 && status < 300) return { status, outcome: "delivered", detail: "" };
    return failure(status, status < 400 ? "redirects are not followed" : "the receiver refused");
  } catch (thrown) {
    return failure(null, thrown instanceof Error ? thrown.name : "no answer");
  }
}

function failure(status: number | null, detail: string): Attempt {
  return { status, outcome: "failed", detail: detail.slice(0, DETAIL_CHARS_MAX) };
}

/** The body is our own text, but a queue's content is read as a stranger's. */
function eventType(body: string): string {
  try {
    const { type } = JSON.parse(body) as { readonly type?: unknown };
    return typeof type === "string" ? type : "unknown";
  } catch {
    return "unknown";
  }
}

function retry(message: QueueMessage, facts: LogFacts, deps: WebhookDeps): void {
  const { id, attempts } = message;
  log("warn", "webhook.retried", { id, attempts, ...facts });
  message.retry({ delaySeconds: retryDelaySeconds(WEBHOOK_BACKOFF, attempts, deps.random()) });
}
