/**
 * What a webhook says: one trace event as a CloudEvents 1.0 structured-mode JSON body, or as a chat message,
 * and which endpoints asked for it. Refuses to carry a signed ticket out. Specification: docs/webhooks.md.
 */
import { sha256Hex } from "../crypto.ts";
import { deliveryId } from "../ids.ts";
import type { EventType } from "../mission/index.ts";
import type { JsonObject } from "../strict-json.ts";
import { slackBody } from "./slack.ts";

/** The event as the webhooks queue carries it. */
export interface WebhookEvent {
  readonly missionId: string;
  readonly seq: number;
  readonly hash: string;
  readonly type: string;
  readonly at: string;
  readonly nodeId: string | null;
  readonly data: JsonObject;
}

/** The event types that missions announce. */
const ANNOUNCED: ReadonlySet<string> = new Set([
  "approval.requested",
  "approval.escalated",
  "approval.reminded",
  "approval.voided",
  "approval.revoked",
  "approval.expired",
  "mission.completed",
  "mission.sealed",
  "mission.stopped",
  "incident.raised",
] satisfies EventType[]);

/** Not of any trace: follows the event that ended a mission (docs/transparency.md). */
const CHECKPOINT_SIGNED = "checkpoint.signed";

/** Sent on request to one endpoint, whatever it subscribed to. */
export const TEST_EVENT = "webhook.test";

/** Whether missions announce events of this type to webhooks. */
export function isAnnounced(type: string): boolean {
  return ANNOUNCED.has(type);
}

/** Whether a subscription can ever be served: an announced event type, or all of them. */
export function isSubscribable(subscription: string): boolean {
  return (
    subscription === ALL_EVENTS || subscription === CHECKPOINT_SIGNED || isAnnounced(subscription)
  );
}

const utf8 = new TextEncoder();

/** Subscribes to every type; otherwise a subscription names one type exactly. */
export const ALL_EVENTS = "*";

/** Whether an endpoint with these subscriptions wants events of this type. */
export function isSubscribed(subscriptions: readonly string[], type: string): boolean {
  return subscriptions.includes(ALL_EVENTS) || subscriptions.includes(type);
}

/** The id of one event's delivery to one endpoint: the same however often either queue repeats itself. */
export function webhookDeliveryId(eventHash: string, endpointId: string): string {
  return deliveryId(sha256Hex(`${eventHash} ${endpointId}`));
}

/** The shapes a body may have. */
export const WEBHOOK_FORMATS = ["cloudevents", "slack"] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** The media type that goes with a format. */
export const WEBHOOK_MEDIA_TYPES: Readonly<Record<WebhookFormat, string>> = {
  cloudevents: "application/cloudevents+json; charset=utf-8",
  slack: "application/json; charset=utf-8",
};

/** The `type` under which an event is told. */
export function webhookEventType(type: string): string {
  return `sekisho.${type}`;
}

/** The body in the endpoint's format; a chat message is short whatever the event holds. */
export function webhookBodyIn(
  format: WebhookFormat,
  event: WebhookEvent,
  origin: string,
  bytesMax: number,
): string {
  return format === "slack" ? slackBody(event, origin) : webhookBody(event, origin, bytesMax);
}

/** The body of a test: an event of no mission, about the endpoint itself. */
export function webhookTestBody(
  format: WebhookFormat,
  endpointId: string,
  deliveryId: string,
  at: string,
  origin: string,
): string {
  if (format === "slack") {
    const text = "A test of this webhook, sent by an admin. Nothing happened.";
    return JSON.stringify({
      text,
      blocks: [{ type: "section", text: { type: "plain_text", text } }],
    });
  }
  return JSON.stringify({
    specversion: "1.0",
    id: deliveryId,
    source: `${origin}/v1/webhooks/${endpointId}`,
    type: webhookEventType(TEST_EVENT),
    subject: endpointId,
    time: at,
    datacontenttype: "application/json",
    data: { test: true },
  });
}

/**
 * The body as sent and signed. `source` and `id` together name the event; `sequence` is its seq in the
 * mission's trace. Where the body, as a JSON string, would take more than `bytesMax`, the data is left
 * out and says so; the mission's trace has it.
 */
export function webhookBody(event: WebhookEvent, origin: string, bytesMax: number): string {
  const body = cloudEvent(event, origin, withoutSecrets(event));
  const { byteLength } = utf8.encode(JSON.stringify(body));
  return byteLength <= bytesMax ? body : cloudEvent(event, origin, { truncated: true });
}

function cloudEvent(event: WebhookEvent, origin: string, data: JsonObject): string {
  const { missionId, nodeId } = event;
  return JSON.stringify({
    specversion: "1.0",
    id: event.hash,
    source: `${origin}/v1/missions/${missionId}`,
    type: webhookEventType(event.type),
    subject: nodeId === null ? missionId : `${missionId}/${nodeId}`,
    time: event.at,
    sequence: String(event.seq),
    datacontenttype: "application/json",
    data,
  });
}

/** A signed ticket goes to the gateway's queue and nowhere else; whether it is a canary, nobody is told. */
function withoutSecrets(event: WebhookEvent): JsonObject {
  const { ticket: _ticket, canary: _canary, ...data } = event.data;
  return data;
}
