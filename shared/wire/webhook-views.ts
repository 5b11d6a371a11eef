/**
 * The bodies of the routes over webhook endpoints, and their deliveries. Requests are strict; an
 * answer's schema is checked against its type. Specification: docs/api.md, docs/webhooks.md.
 */
import * as z from "zod";
import { TEAM_LIMITS } from "../team/index.ts";
import {
  DELIVERY_CAUSES,
  DISABLED_REASONS,
  isSubscribable,
  OVERLAP_DEFAULT_MS,
  OVERLAP_MAX_MS,
  SIGNATURE_KINDS,
  WEBHOOK_FORMATS,
} from "../webhook/index.ts";
import type { DeliveryRecord, WebhookEndpoint } from "./rpc.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const signatureSchema = z.enum(SIGNATURE_KINDS);
const SECOND_MS = 1_000;

export const addWebhookSchema = z.strictObject({
  url: z.string().min(1).max(2_048),
  events: z
    .array(z.string().refine(isSubscribable, "no event type, and not *"))
    .min(1)
    .max(64)
    .refine((events) => new Set(events).size === events.length, "an event type stands here twice"),
  signature: signatureSchema.default("v1a"),
  format: z.enum(WEBHOOK_FORMATS).default("cloudevents"),
});

/** How long the key before goes on beside the new one. */
export const overlapSchema = z
  .int()
  .min(0)
  .max(OVERLAP_MAX_MS / SECOND_MS)
  .default(OVERLAP_DEFAULT_MS / SECOND_MS);

export const rotateWebhookSchema = z.strictObject({ overlapSeconds: overlapSchema });

export const setEndpointStatusSchema = z.strictObject({ status: z.enum(["enabled", "disabled"]) });

/** A key in use. */
export const keySchema = z.strictObject({
  publicKey: z.string().nullable(),
  createdAt: momentSchema,
  expiresAt: momentSchema.nullable(),
});

/**
 * `publicKey` (`whpk_…`) is what the receiver verifies signatures with, null with `v1`; `keys` are all in use,
 * the newest first.
 */
export const webhookSchema = z.strictObject({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  signature: signatureSchema,
  format: z.enum(WEBHOOK_FORMATS),
  createdAt: momentSchema,
  disabledAt: momentSchema.nullable(),
  disabledReason: z.enum(DISABLED_REASONS).nullable(),
  failingSince: momentSchema.nullable(),
  publicKey: z.string().nullable(),
  keys: z.array(keySchema),
}) satisfies z.ZodType<Omit<WebhookEndpoint, "keys">>;

/** `secret` (`whsec_…`) is there with `v1`, and in this answer alone. */
export const newWebhookSchema = webhookSchema.extend({ secret: z.string().exactOptional() });

export const deliverySchema = z.strictObject({
  id: z.string(),
  endpointId: z.string(),
  type: z.string(),
  cause: z.enum(DELIVERY_CAUSES),
  run: z.int(),
  attempt: z.int(),
  status: z.int().nullable(),
  outcome: z.enum(["delivered", "failed"]),
  detail: z.string(),
  excerpt: z.string(),
  durationMs: z.int().nullable(),
  at: momentSchema,
}) satisfies z.ZodType<DeliveryRecord>;

export const deliveriesLimitSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(TEAM_LIMITS.deliveriesPerEndpointMax)
  .default(50);

/** A delivery that was put into the queue; the log tells what became of it. */
export const queuedDeliverySchema = z.strictObject({
  deliveryId: z.string(),
  cause: z.enum(DELIVERY_CAUSES),
  run: z.int(),
});
