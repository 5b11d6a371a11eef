/**
 * Standard Webhooks signatures over `id.timestamp.body`: Ed25519 (`v1a`) and HMAC-SHA-256 (`v1`).
 * Refuses ids with a full stop, because two messages could then share one signature, and timestamps in
 * any spelling but decimal seconds. Specification: Standard Webhooks 1.0.0 and docs/webhooks.md.
 */
import {
  base64Decode,
  base64Encode,
  equalInConstantTime,
  hmacSha256,
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

const ID = /^[^.\s]{1,128}$/;
const SECONDS = /^(?:0|[1-9]\d{0,11})$/;
/** More entries than any rotation leaves; each costs a verification by whoever may send anything. */
const ENTRIES_MAX = 16;
const utf8 = new TextEncoder();

/** The two kinds of signature, by the version that stands in front of them. */
export const SIGNATURE_KINDS = ["v1a", "v1"] as const;
export type SignatureKind = (typeof SIGNATURE_KINDS)[number];

export type WebhookSigner =
  | { readonly kind: "v1a"; readonly key: PrivateJwk }
  | { readonly kind: "v1"; readonly secret: Uint8Array };

/** A key of one kind never verifies an entry of the other. */
export type WebhookVerifier =
  | { readonly kind: "v1a"; readonly key: Ed25519PublicJwk }
  | { readonly kind: "v1"; readonly secret: Uint8Array };

/** The three headers as received; names of headers do not matter here, their values do. */
export interface WebhookHeaders {
  readonly id: string;
  readonly timestamp: string;
  /** Space-separated `version,base64` entries; versions no key is of are passed over. */
  readonly signature: string;
}

export type WebhookReject =
  | { readonly reason: "webhook_id_malformed" }
  | { readonly reason: "webhook_timestamp_malformed" }
  | { readonly reason: "webhook_timestamp_too_old"; readonly toleranceS: number }
  | { readonly reason: "webhook_timestamp_too_new"; readonly toleranceS: number }
  | { readonly reason: "webhook_signature_invalid" };

/**
 * Signs one message with each key and answers its headers. The id stays the same over every retry, the
 * timestamp is that of the attempt. Breaches without a key, and on an id with a full stop or white space.
 */
export function signWebhook(
  id: string,
  atMs: UnixMs,
  body: string,
  signers: readonly WebhookSigner[],
): WebhookHeaders {
  invariant(ID.test(id), "a webhook id has no full stop and no white space");
  invariant(signers.length > 0, "a webhook is signed by at least one key");
  const timestamp = String(Math.floor(atMs / 1_000));
  const signed = signedBytes(id, timestamp, body);
  const entries = signers.map((signer) => {
    const bytes =
      signer.kind === "v1a" ? signEd25519(signer.key, signed) : hmacSha256(signer.secret, signed);
    return `${signer.kind},${base64Encode(bytes)}`;
  });
  return { id, timestamp, signature: entries.join(" ") };
}

/**
 * Whether a received message is the sender's: one of its entries verifies under one of the keys, and
 * its timestamp is within the tolerance. Give the body's bytes as received, decoded as UTF-8.
 * Errors in the order of `WebhookReject`.
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string,
  verifiers: readonly WebhookVerifier[],
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
  const entries = signature.split(" ", ENTRIES_MAX);
  const isSigned = entries.some((entry) =>
    verifiers.some((verifier) => isEntryOf(verifier, entry, signed)),
  );
  return isSigned ? ok({ id, timestampS }) : err({ reason: "webhook_signature_invalid" });
}

function isEntryOf(verifier: WebhookVerifier, entry: string, signed: Uint8Array): boolean {
  const prefix = `${verifier.kind},`;
  const bytes = entry.startsWith(prefix) ? base64Decode(entry.slice(prefix.length)) : null;
  if (bytes === null) return false;
  return verifier.kind === "v1a"
    ? verifySignature(verifier.key, "EdDSA", signed, bytes)
    : equalInConstantTime(hmacSha256(verifier.secret, signed), bytes);
}

function signedBytes(id: string, timestamp: string, body: string): Uint8Array {
  return utf8.encode(`${id}.${timestamp}.${body}`);
}
