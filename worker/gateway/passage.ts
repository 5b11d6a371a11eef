/**
 * What the steps of a ticket's way through the gateway share: the delivery, what the queue is told, and
 * the world outside as one object of dependencies. Refuses to know how any of them is reached.
 */
import type { LedgerRpc, TicketClaims, TicketContext } from "../../shared/ticket/index.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import type { GatewayCallbacksRpc } from "../../shared/wire/rpc.ts";
import type { ActionRegistry, RegisteredAction } from "./actions.ts";
import type { Performed } from "./connectors/http.ts";
import type { Log } from "./log.ts";

/** One delivery of a queue message. `attempts` counts deliveries of it, from 1. */
export interface Delivery {
  readonly messageId: string;
  readonly attempts: number;
  readonly body: unknown;
}

/** What the queue is told. A message retried past the queue's limit goes to its dead-letter queue. */
export type Disposition =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly delaySeconds: number };

/** What leaves the gateway; everything about the permission, nothing secret of it. */
export interface OutwardCall {
  /** Canonical JSON. */
  readonly body: string;
  /** The ticket's id: the same for every repetition of this one side effect. */
  readonly idempotencyKey: string;
}

export interface Deps {
  readonly nowMs: () => UnixMs;
  readonly terms: Pick<TicketContext, "keyByKid" | "issuer" | "audience">;
  readonly actionByType: ActionRegistry;
  /** A fresh stub at each call: one whose call failed stays broken. Contract: `LedgerRpc`. */
  readonly ledger: (team: string) => LedgerRpc;
  /** Contract: `GatewayCallbacksRpc`. A throw means "not known whether it arrived"; the message is retried. */
  readonly missions: GatewayCallbacksRpc;
  /** Makes the call once; never retries by itself. A throw counts as an unknown outcome. */
  readonly perform: (action: RegisteredAction, call: OutwardCall) => Promise<Performed>;
  readonly log: Log;
}

/** One ticket on its way: what every later step needs. */
export interface Passage {
  readonly delivery: Delivery;
  readonly message: TicketMessage;
  readonly claims: TicketClaims;
  readonly deps: Deps;
}

/** Doubles from one second; the sixth retry lies beyond a ticket's life. */
const RETRY_DELAY_MAX_SECONDS = 30;

/** Seconds before the next delivery: 1, 2, 4, 8, 16, 30, 30, ... */
export function retryDelaySeconds(attempts: number): number {
  return Math.min(2 ** Math.max(attempts - 1, 0), RETRY_DELAY_MAX_SECONDS);
}

/** Not now: nothing is lost, the message comes again. */
export function retryLater(delivery: Delivery): Disposition {
  return { kind: "retry", delaySeconds: retryDelaySeconds(delivery.attempts) };
}
