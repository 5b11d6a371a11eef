/**
 * The bindings of the API worker, as wrangler.toml names them. Everything that is text arrives as
 * text; whoever reads a setting parses it and refuses to start work on a malformed one.
 */
import type { MissionObject, TeamObject } from "../durable-objects/index.ts";
import type {
  IndexMessage,
  TicketMessage,
  WebhookDeliveryMessage,
  WebhookEventMessage,
} from "../shared/wire/message.ts";

export interface Env {
  readonly MISSION: DurableObjectNamespace<MissionObject>;
  readonly TEAM: DurableObjectNamespace<TeamObject>;
  readonly DB: D1Database;
  readonly TICKETS: Queue<TicketMessage>;
  readonly INDEX: Queue<IndexMessage>;
  readonly WEBHOOKS: Queue<WebhookEventMessage | WebhookDeliveryMessage>;
  /** The console's built files: `index.html`, and `assets/` whose names carry their content's hash. */
  readonly CONSOLE: Fetcher;
  /** The dead-letter queue of WEBHOOKS: deliveries whose last attempt failed are put there. */
  readonly WEBHOOKS_DLQ: Queue<WebhookDeliveryMessage>;
  /** "local" only under the local runtime; anything else counts as hosted. */
  readonly MODE: string;
  /** Issuer of tickets and base of problem types: scheme and host, no trailing slash. */
  readonly API_ORIGIN: string;
  /** Audience of tickets. */
  readonly GATEWAY_ID: string;
  readonly AUTH_ISSUER: string;
  /** Public JWKS (JSON text) that bearer tokens are verified with. */
  readonly AUTH_JWKS: string;
  /** Where the console's users sign in: an OpenID issuer, https; empty: with a token of their own. */
  readonly OIDC_ISSUER: string;
  readonly OIDC_CLIENT_ID: string;
  /** The scope the console asks for, space-separated. */
  readonly OIDC_SCOPE: string;
  /** Private JWKS (JSON text), Ed25519; the first key signs, the others are still published. */
  readonly TICKET_SIGNING_KEYS: string;
  /** One to three of `whsk_` and the base64 of a 32-byte Ed25519 seed, parted by spaces: roots of all webhook keys. */
  readonly WEBHOOK_SIGNING_KEY: string;
  /** Private JWK (JSON text), Ed25519: signs the checkpoints of every log. Serves nothing else. */
  readonly CHECKPOINT_SIGNING_KEY: string;
  /** Comma-separated host:port that outgoing requests may reach although they are local. Empty when hosted. */
  readonly EGRESS_ALLOW_HOSTS: string;
  /** The domain passkeys belong to. Empty or absent: the host of API_ORIGIN. */
  readonly PASSKEY_RP_ID?: string;
  /** Comma-separated origins of pages that may ask for passkeys. Empty or absent: API_ORIGIN. */
  readonly PASSKEY_ORIGINS?: string;
  /** Team that hears of what belongs to no team: poison messages, unattributable tickets. */
  readonly OPERATOR_TEAM: string;
}
