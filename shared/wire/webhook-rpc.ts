/**
 * The part of a team's calls that is about webhook endpoints, deliveries and hooks. Part of TeamRpc (rpc.ts),
 * where the rules of all calls stand.
 */
import type { Result } from "../result.ts";
import type {
  DeliveryCause,
  EndpointHealth,
  EndpointKey,
  SignatureKind,
  WebhookFormat,
} from "../webhook/index.ts";
import type { Idempotency, IncidentRecord, TeamRejection } from "./rpc.ts";

export interface WebhookEndpoint extends EndpointHealth {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly signature: SignatureKind;
  readonly format: WebhookFormat;
  readonly createdAt: string;
  /** Newest first; expired ones go at the next rotation. */
  readonly keys: readonly EndpointKey[];
}

/** An endpoint of ours at which somebody else's system hands in signed approvals. */
export interface HookEndpoint {
  readonly id: string;
  readonly title: string;
  readonly signature: SignatureKind;
  readonly createdAt: string;
  readonly disabledAt: string | null;
  readonly keys: readonly EndpointKey[];
}

export interface DeliveryRecord {
  readonly id: string;
  readonly endpointId: string;
  readonly type: string;
  /** What it was sent for; 1 for the first redelivery, 0 for anything that is none. */
  readonly cause: DeliveryCause;
  readonly run: number;
  readonly attempt: number;
  readonly status: number | null;
  readonly outcome: "delivered" | "failed";
  readonly detail: string;
  /** The start of the receiver's answer, without control characters and secrets. */
  readonly excerpt: string;
  /** From sending to the answer's end; null where nothing was sent. */
  readonly durationMs: number | null;
  readonly at: string;
}

/** Names one attempt of one delivery. */
export type AttemptName = Pick<DeliveryRecord, "endpointId" | "id" | "run" | "attempt">;

/** What is known before an attempt. */
export interface Dispatch {
  readonly endpoint: WebhookEndpoint;
  /** The attempt itself, where it was made before: a queue repeats its messages. */
  readonly recorded: DeliveryRecord | null;
  /** Whether any attempt of the same run succeeded. */
  readonly isDelivered: boolean;
}

/** Whether an endpoint sends or takes anything. */
type EndpointStatus = "enabled" | "disabled";

export interface TeamWebhookRpc {
  addWebhook(request: {
    id: string;
    url: string;
    events: readonly string[];
    signature: SignatureKind;
    format: WebhookFormat;
    root: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<WebhookEndpoint, TeamRejection>>;
  webhooks(): Promise<readonly WebhookEndpoint[]>;
  /** A new key, derived from `root`; the one before goes on for `overlapMs`. */
  rotateWebhook(request: {
    id: string;
    root: string;
    overlapMs: number;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<WebhookEndpoint, TeamRejection>>;
  /** Enabling forgets what failed before. Asking for the status it already has changes nothing. */
  setWebhookStatus(request: {
    id: string;
    status: EndpointStatus;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<WebhookEndpoint, TeamRejection>>;
  /** Its keys, its log and the bodies kept go with it. */
  removeWebhook(request: {
    id: string;
    idempotency: Idempotency;
  }): Promise<Result<null, TeamRejection>>;
  /** null: no such endpoint. */
  dispatch(attempt: AttemptName): Promise<Dispatch | null>;
  /**
   * Records an attempt once and says what became of the endpoint: disabled by it, with the incident then
   * opened, or null. `body` is kept for redelivery. null also where the endpoint is gone.
   */
  recordDelivery(
    delivery: DeliveryRecord,
    body: string,
  ): Promise<{ readonly disabled: IncidentRecord | null }>;
  deliveries(
    endpointId: string,
    limit: number,
  ): Promise<Result<readonly DeliveryRecord[], TeamRejection>>;
  /** Counts one more redelivery of a delivery whose body is still kept; the same key, the same run. */
  redeliver(request: {
    endpointId: string;
    deliveryId: string;
    idempotency: Idempotency;
  }): Promise<
    Result<{ readonly run: number; readonly type: string; readonly body: string }, TeamRejection>
  >;
  /** Gives a test its delivery id: the same key, the same id, so that a repeated request is one test. */
  beginTest(request: {
    endpointId: string;
    deliveryId: string;
    idempotency: Idempotency;
  }): Promise<
    Result<{ readonly endpoint: WebhookEndpoint; readonly deliveryId: string }, TeamRejection>
  >;
  addHook(request: {
    id: string;
    title: string;
    signature: SignatureKind;
    root: string | null;
    publicKey: string | null;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<HookEndpoint, TeamRejection>>;
  hooks(): Promise<readonly HookEndpoint[]>;
  hook(id: string): Promise<HookEndpoint | null>;
  rotateHook(request: {
    id: string;
    root: string | null;
    publicKey: string | null;
    overlapMs: number;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<HookEndpoint, TeamRejection>>;
  setHookStatus(request: {
    id: string;
    status: EndpointStatus;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<HookEndpoint, TeamRejection>>;
  removeHook(request: {
    id: string;
    idempotency: Idempotency;
  }): Promise<Result<null, TeamRejection>>;
  /**
   * Takes a message whose signature verified, durably, before it has any effect. The same id with the same
   * body is the same message; with another body it is refused, and so is any once the hook takes nothing.
   */
  admitHookMessage(request: {
    hookId: string;
    messageId: string;
    bodyHash: string;
    at: number;
  }): Promise<
    Result<null, { readonly reason: "idempotency_key_reused" } | { readonly reason: "hook_closed" }>
  >;
}
