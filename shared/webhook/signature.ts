/**
 * Standard Webhooks signatures of the asymmetric kind (`v1a`): Ed25519 over `id.timestamp.body`.
 * Refuses ids with a full stop, because two messages could then share one signature, and timestamps in
 * any spelling but decimal seconds. Specification: Standard Webhooks 1.0.0 and docs/webhooks.md.
 */
import {
  base64Decode,
  base64Encode,
  signEd25519,
  verifySignature,
  type Ed25519PublicJwk,
  type PrivateJwk,
} from "../crypto.ts";
import { invariant } from "../invariant.ts";
import { err, ok, type Result } from "../result.ts";
import type { UnixMs } from "../time.ts";

/** How old or how far ahead a message's timestamp may be, both ends included. */
export const WEBHOOK_TOLERANCE_S = 300;

const VERSION = "v1a";
const ID = /^[^.\s]{1,128}$/;
const SECONDS = /^(?:0|[1-9]\d{0,11})$/;
const utf8 = new TextEncoder();

/** The three headers as received; names of headers do not matter here, their values do. */
export interface WebhookHeaders {
  readonly id: string;
  readonly timestamp: string;
  /** Space-separated `version,base64` entries; versions other than v1a are passed over. */
  readonly signature: string;
}

export type WebhookReject =
  | { readonly reason: "webhook_id_malformed" }
  | { readonly reason: "webhook_timestamp_malformed" }
  | { readonly reason: "webhook_timestamp_too_old"; readonly toleranceS: number }
  | { readonly reason: "webhook_timestamp_too_new"; readonly toleranceS: number }
  | { readonly reason: "webhook_signature_invalid" };

/**
 * Signs one message and answers its headers. The id stays the same over every retry, the timestamp is
 * that of the attempt. Breaches on an id with a full stop or white space.
 */
export function signWebhook(
  id: string,
  atMs: UnixMs,
  body: string,
  key: PrivateJwk,
): WebhookHeaders {
  invariant(ID.test(id), "a webhook id has no full stop and no white space");
  const timestamp = String(Math.floor(atMs / 1_000));
  const signature = signEd25519(key, signedBytes(id, timestamp, body));
  return { id, timestamp, signature: `${VERSION},${base64Encode(signature)}` };
}

/**
 * Whether a received message is the sender's: one of its entries verifies under one of the keys, and
 * its timestamp is within the tolerance. Give the body's bytes as received, decoded as UTF-8.
 * Errors in the order of `WebhookReject`.
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string,
  keys: readonly Ed25519PublicJwk[],
  nowMs: UnixMs,
): Result<{ readonly id: string; readonly timestampS: number }, WebhookReject> {
  const { id, timestamp, signature } = headers;
  if (!ID.test(id)) return err({ reason: "webhook_id_malformed" });
  if (!SECONDS.test(timestamp)) return err({ reason: "webhook_timestamp_malformed" });
  const timestampS = Number(timestamp);
  const nowS = Math.floor(nowMs / 1_000);
  const toleranceS = WEBHOOK_TOLERANCE_S;
  if (nowS - timestampS > toleranceS)
    return err({ reason: "webhook_timestamp_too_old", toleranceS });
  if (timestampS - nowS > toleranceS)
    return err({ reason: "webhook_timestamp_too_new", toleranceS });
  const signed = signedBytes(id, timestamp, body);
  const isSigned = signature.split(" ").some((entry) => {
    const bytes = entry.startsWith(`${VERSION},`) ? base64Decode(entry.slice(4)) : null;
    return bytes !== null && keys.some((key) => verifySignature(key, "EdDSA", signed, bytes));
  });
  return isSigned ? ok({ id, timestampS }) : err({ reason: "webhook_signature_invalid" });
}

function signedBytes(id: string, timestamp: string, body: string): Uint8Array {
  return utf8.encode(`${id}.${timestamp}.${body}`);
}
