/** The face of webhooks: what is sent, how it is signed and verified, how keys are spelled. */
export {
  ALL_EVENTS,
  isAnnounced,
  isSubscribable,
  isSubscribed,
  webhookBody,
  webhookDeliveryId,
} from "./event.ts";
export type { WebhookEvent } from "./event.ts";
export { formatWebhookPublicKey, parseWebhookPublicKey, parseWebhookSeed } from "./key.ts";
export { WEBHOOK_TOLERANCE_S, signWebhook, verifyWebhook } from "./signature.ts";
export type { WebhookHeaders, WebhookReject } from "./signature.ts";
