/**
 * The messages of the queues. Each is plain JSON, at most LIMITS.queueMessageBytesMax; whoever
 * receives one parses it with the schema here and treats it as untrusted.
 */
import { LIMITS } from "../limits.ts";
import * as z from "zod";
import { MISSION_ID, WEBHOOK_ID } from "../ids.ts";
import { actionTypeSchema } from "../plan/index.ts";
import { DELIVERY_CAUSES, WEBHOOK_ATTEMPTS_MAX } from "../webhook/index.ts";

const teamSchema = z.string().min(1).max(128);
const missionIdSchema = z.string().regex(MISSION_ID);

/** Tickets queue: API worker -> gateway. `team` and `missionId` are routing hints for denials; the signed claims decide. */
export const ticketMessageSchema = z.strictObject({
  kind: z.literal("ticket"),
  team: teamSchema,
  missionId: missionIdSchema,
  ticket: z.string().max(LIMITS.compactJwsCharsMax),
  action: z.strictObject({ type: actionTypeSchema, args: z.record(z.string(), z.json()) }),
});
export type TicketMessage = z.output<typeof ticketMessageSchema>;

/** Index queue: mission -> D1. `events` is null when they did not fit; the consumer then reads them from the mission. */
export const indexMessageSchema = z.strictObject({
  kind: z.literal("index"),
  team: teamSchema,
  missionId: missionIdSchema,
  /** The range (afterSeq, toSeq]. */
  afterSeq: z.int().min(-1),
  toSeq: z.int().min(0),
  events: z.array(z.record(z.string(), z.json())).nullable(),
});
export type IndexMessage = z.output<typeof indexMessageSchema>;

/** Index queue: a mission whose chain no longer verifies; it cannot record its own incident. */
export const breachMessageSchema = z.strictObject({
  kind: z.literal("breach"),
  team: teamSchema,
  missionId: missionIdSchema,
  seq: z.int().min(0),
  detail: z.string().max(2000),
  at: z.iso.datetime({ precision: 3 }),
});
export type BreachMessage = z.output<typeof breachMessageSchema>;

/** Webhooks queue, first stage: one event of a mission that somebody may want to hear of. */
export const webhookEventMessageSchema = z.strictObject({
  kind: z.literal("event"),
  team: teamSchema,
  missionId: missionIdSchema,
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  type: z.string().min(1).max(128),
  at: z.string(),
  nodeId: z.string().nullable(),
  data: z.record(z.string(), z.json()),
});
/**
 * Webhooks queue, second stage: one attempt of one delivery to one endpoint, the body already final. The
 * attempt is counted here, not by the queue, whose own retries are for faults of ours.
 */
export const webhookDeliveryMessageSchema = z.strictObject({
  kind: z.literal("delivery"),
  team: teamSchema,
  endpointId: z.string().regex(WEBHOOK_ID),
  deliveryId: z.string().min(1).max(64),
  type: z.string().max(128).default("unknown"),
  body: z.string(),
  cause: z.enum(DELIVERY_CAUSES).default("event"),
  run: z.int().min(0).default(0),
  attempt: z.int().min(1).max(WEBHOOK_ATTEMPTS_MAX).default(1),
});
export type WebhookEventMessage = z.output<typeof webhookEventMessageSchema>;
export type WebhookDeliveryMessage = z.output<typeof webhookDeliveryMessageSchema>;
