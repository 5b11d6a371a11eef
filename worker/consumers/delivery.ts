/**
 * One attempt of one delivery: judge the address, sign, post, record, and say when to try again.
 *
 * A delivery keeps its id over every attempt, so that receivers can drop what they have seen. Nothing here
 * follows a redirect; of an answer its start is kept, without secrets. Specification: docs/webhooks.md.
 */
import type { EgressRefusal } from "../../shared/egress.ts";
import type { Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  responseExcerpt,
  signWebhook,
  WEBHOOK_MEDIA_TYPES,
  webhookDelaySeconds,
  type WebhookSigner,
} from "../../shared/webhook/index.ts";
import type { WebhookDeliveryMessage } from "../../shared/wire/message.ts";
import type {
  AttemptName,
  DeliveryRecord,
  Dispatch,
  IncidentRecord,
  WebhookEndpoint,
} from "../../shared/wire/rpc.ts";
import { log } from "../log.ts";

/** What was answered; `text` is the start of the body, empty where it could not be read. */
export interface WebhookAnswer {
  readonly status: number;
  readonly text: string;
}

/** What an attempt needs of the outside. */
export interface DeliveryDeps {
  readonly dispatch: (team: string, attempt: AttemptName) => Promise<Dispatch | null>;
  /** Durable when it returns; the same attempt again changes nothing and answers the same. */
  readonly recordDelivery: (
    team: string,
    delivery: DeliveryRecord,
    body: string,
  ) => Promise<{ readonly disabled: IncidentRecord | null }>;
  /** Makes an incident of the team's object searchable. May be called twice. */
  readonly showIncident: (team: string, incident: IncidentRecord) => Promise<void>;
  /** Durable when it returns. */
  readonly enqueue: (message: WebhookDeliveryMessage, delaySeconds?: number) => Promise<void>;
  /** Puts a delivery whose last attempt failed where it becomes an incident. Durable when it returns. */
  readonly bury: (message: WebhookDeliveryMessage) => Promise<void>;
  readonly checkUrl: (url: string) => Result<URL, EgressRefusal>;
  /** One POST, no redirect followed, at most LIMITS.webhookTimeoutMs; throws when nothing answered. */
  readonly post: (
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => Promise<WebhookAnswer>;
  readonly signers: (team: string, endpoint: WebhookEndpoint) => Promise<readonly WebhookSigner[]>;
  readonly nowMs: () => number;
  readonly random: () => number;
}

type Attempted = Pick<DeliveryRecord, "status" | "outcome" | "detail" | "excerpt" | "durationMs">;

const DETAIL_CHARS_MAX = 300;

/**
 * Makes one attempt; throws only for faults of ours. What a crash leaves behind: after the POST and before the
 * record, the queue repeats the message and the receiver hears the same id again; after the record, the repeated
 * message posts nothing and goes on from there; after the next attempt was enqueued, that one comes twice, and
 * the second of them finds the first recorded.
 */
export async function deliver(message: WebhookDeliveryMessage, deps: DeliveryDeps): Promise<void> {
  const { team, endpointId, deliveryId, cause, run, attempt } = message;
  const name = { endpointId, id: deliveryId, run, attempt };
  const found = await deps.dispatch(team, name);
  const dropped = reasonToDrop(message, found);
  if (found === null || dropped !== null) {
    log("info", "webhook.dropped", { team, endpointId, deliveryId, reason: dropped });
    return;
  }
  const record = found.recorded ?? (await makeAttempt(found.endpoint, message, deps));
  const { disabled } = await deps.recordDelivery(team, record, message.body);
  if (disabled !== null) await deps.showIncident(team, disabled);
  if (record.outcome === "delivered") return;
  const { status, detail } = record;
  log("warn", "webhook.failed", { team, endpointId, deliveryId, attempt, status, detail });
  // A person waits for the result of these two, and asks again when they want to.
  if (disabled !== null || cause !== "event") return;
  const delaySeconds = webhookDelaySeconds(attempt, deps.random());
  if (delaySeconds === null) await deps.bury(message);
  else await deps.enqueue({ ...message, attempt: attempt + 1 }, delaySeconds);
}

/** A disabled endpoint is sent tests only; an attempt that was recorded is carried through all the same. */
function reasonToDrop({ cause }: WebhookDeliveryMessage, found: Dispatch | null): string | null {
  if (found === null) return "the endpoint is gone";
  if (found.recorded !== null) return null;
  if (found.isDelivered) return "it was delivered before";
  return found.endpoint.disabledAt !== null && cause !== "test" ? "the endpoint is disabled" : null;
}

async function makeAttempt(
  endpoint: WebhookEndpoint,
  message: WebhookDeliveryMessage,
  deps: DeliveryDeps,
): Promise<DeliveryRecord> {
  const { deliveryId: id, endpointId, type, cause, run, attempt } = message;
  const attempted = await tryOnce(endpoint, message, deps);
  const at = unixMsToIso(deps.nowMs());
  return { id, endpointId, type, cause, run, attempt, ...attempted, at };
}

/** The address is judged at every dispatch, because what is allowed may have changed since registration. */
async function tryOnce(
  endpoint: WebhookEndpoint,
  { team, deliveryId, body }: WebhookDeliveryMessage,
  deps: DeliveryDeps,
): Promise<Attempted> {
  const url = deps.checkUrl(endpoint.url);
  if (!url.ok) return failure(`address refused: ${url.error.reason}`);
  const startMs = deps.nowMs();
  const signed = signWebhook(deliveryId, startMs, body, await deps.signers(team, endpoint));
  const headers = {
    "content-type": WEBHOOK_MEDIA_TYPES[endpoint.format],
    "user-agent": "sekisho-webhooks/1",
    "webhook-id": signed.id,
    "webhook-timestamp": signed.timestamp,
    "webhook-signature": signed.signature,
  };
  try {
    const { status, text } = await deps.post(url.value, headers, body);
    const durationMs = deps.nowMs() - startMs;
    const excerpt = responseExcerpt(text, signed.signature.split(" "));
    if (status >= 200 && status < 300) {
      return { status, outcome: "delivered", detail: "", excerpt, durationMs };
    }
    const detail = status < 400 ? "redirects are not followed" : "the receiver refused";
    return { ...failure(detail), status, excerpt, durationMs };
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.name : "no answer";
    return { ...failure(detail), durationMs: deps.nowMs() - startMs };
  }
}

function failure(detail: string): Attempted {
  return {
    status: null,
    outcome: "failed",
    detail: detail.slice(0, DETAIL_CHARS_MAX),
    excerpt: "",
    durationMs: null,
  };
}
