/** The face of webhooks: what is sent and when again, how it is signed and verified, whose keys live how long. */
export {
  ALL_EVENTS,
  isAnnounced,
  isSubscribable,
  isSubscribed,
  TEST_EVENT,
  WEBHOOK_FORMATS,
  WEBHOOK_MEDIA_TYPES,
  webhookBody,
  webhookBodyIn,
  webhookDeliveryId,
  webhookEventType,
  webhookTestBody,
} from "./event.ts";
export type { WebhookEvent, WebhookFormat } from "./event.ts";
export { EXCERPT_BYTES_MAX, EXCERPT_CHARS_MAX, responseExcerpt } from "./excerpt.ts";
export {
  DELIVERY_CAUSES,
  DISABLED_REASONS,
  FAILING_MAX_MS,
  healthAfter,
  HEALTHY,
} from "./health.ts";
export type { DeliveryCause, DisabledReason, EndpointHealth } from "./health.ts";
export {
  endpointKeyBytes,
  formatWebhookPublicKey,
  formatWebhookSecret,
  parseWebhookPublicKey,
  parseWebhookSeed,
} from "./key.ts";
export { firstKey, liveKeys, OVERLAP_DEFAULT_MS, OVERLAP_MAX_MS, rotateKeys } from "./rotation.ts";
export type { EndpointKey } from "./rotation.ts";
export { WEBHOOK_ATTEMPTS_MAX, webhookDelaySeconds } from "./schedule.ts";
export { SIGNATURE_KINDS, WEBHOOK_TOLERANCE_S, signWebhook, verifyWebhook } from "./signature.ts";
export type {
  SignatureKind,
  WebhookHeaders,
  WebhookReject,
  WebhookSigner,
  WebhookVerifier,
} from "./signature.ts";
