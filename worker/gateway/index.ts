/**
 * Entry of the gateway worker: tickets in from the queue, side effects out. It has no route but its
 * health; everything it may do is in its queue. Specification: docs/tickets.md.
 */
import { parseEgressAllowList } from "../../shared/egress.ts";
import type { LedgerRpc } from "../../shared/ticket/index.ts";
import { NO_ACTIONS, parseActions } from "./actions.ts";
import { performHttp } from "./connectors/http.ts";
import { performDryRun } from "./connectors/log.ts";
import { connectorSecret, parseKeySet, type Env } from "./env.ts";
import { log } from "./log.ts";
import type { Deps } from "./passage.ts";
import { present } from "./present.ts";

export { TicketLedger } from "../../durable-objects/ledger/index.ts";

/**
 * Tickets at work at a time. The platform opens six connections and makes a seventh wait, and a call
 * that waited out its timeout would be reported as doubtful although it never left.
 */
const LANES = 5;

export default {
  async queue(batch: MessageBatch, env: Env): Promise<void> {
    const deps = createDeps(env);
    const waiting = batch.messages.values();
    const lane = async () => {
      for (const message of waiting) {
        const { id: messageId, attempts, body } = message;
        const disposition = await present({ messageId, attempts, body }, deps);
        if (disposition.kind === "ack") message.ack();
        else message.retry({ delaySeconds: disposition.delaySeconds });
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  },

  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/health" && request.method === "GET") {
      return Response.json({ status: "ok" });
    }
    return Response.json(
      {
        type: "about:blank",
        title: "Not Found",
        status: 404,
        detail: "The gateway has no such door.",
      },
      { status: 404, headers: { "content-type": "application/problem+json" } },
    );
  },
} satisfies ExportedHandler<Env>;

function createDeps(env: Env): Deps {
  const actions = parseActions(
    env.ACTIONS,
    parseEgressAllowList(env.EGRESS_ALLOW_HOSTS),
    (name) => connectorSecret(env, name) !== null,
  );
  if (!actions.ok) log("error", "actions.unreadable", { detail: actions.error.detail });
  return {
    nowMs: () => Date.now(),
    terms: {
      keyByKid: parseKeySet(env.TICKET_JWKS),
      issuer: env.TICKET_ISSUER,
      audience: env.GATEWAY_ID,
    },
    actionByType: actions.ok ? actions.value : NO_ACTIONS,
    ledger: (team) => env.LEDGER.getByName(team) as unknown as LedgerRpc,
    missions: env.MISSIONS,
    perform: async (action, call) =>
      action.connector === "http"
        ? performHttp(
            {
              ...call,
              url: action.url,
              timeoutMs: action.timeoutMs,
              bearer: action.bearerSecret ? connectorSecret(env, action.bearerSecret) : null,
            },
            (input, init) => fetch(input, init),
          )
        : performDryRun(),
    log,
  };
}
