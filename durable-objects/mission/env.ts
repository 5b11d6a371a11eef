/** What a mission's object is given of the outside: its bindings, and how they send. */
import type {
  BreachMessage,
  IndexMessage,
  TicketMessage,
  WebhookEventMessage,
} from "../../shared/wire/message.ts";
import type { TeamRpc } from "../../shared/wire/rpc.ts";
import type { TeamObject } from "../team/object.ts";
import type { OutboxDeps } from "./outbox.ts";

/** The bindings of the API worker that a mission uses. */
export interface MissionEnv {
  readonly TICKETS: Queue<TicketMessage>;
  readonly INDEX: Queue<IndexMessage | BreachMessage>;
  readonly WEBHOOKS: Queue<WebhookEventMessage>;
  readonly TEAM: DurableObjectNamespace<TeamObject>;
  readonly SLICES: DurableObjectNamespace;
  readonly TICKET_SIGNING_KEYS: string;
  readonly API_ORIGIN: string;
  readonly GATEWAY_ID: string;
}

/** The sends of the outbox over the queues; each is durable at its queue when it returns. */
export function queueSends(
  env: MissionEnv,
): Pick<OutboxDeps, "sendTicket" | "sendIndex" | "sendWebhooks"> {
  return {
    sendTicket: async (message) => void (await env.TICKETS.send(message)),
    sendIndex: async (message) => void (await env.INDEX.send(message)),
    sendWebhooks: async (messages) =>
      void (await env.WEBHOOKS.sendBatch(messages.map((body) => ({ body })))),
  };
}

/** The team's object; a fresh stub a call, because one whose call failed stays broken. */
export function teamRpc(env: MissionEnv, team: string): TeamRpc {
  return env.TEAM.getByName(team) as unknown as TeamRpc;
}
