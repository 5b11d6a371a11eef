/**
 * Assembles the API: middleware in order, the routes, and the answers to everything else.
 * The order is the way of a request: a name for it, keys to work with, a principal, then a route.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { authenticate } from "./auth.ts";
import { ticketKeys } from "./keys.ts";
import { log } from "./log.ts";
import { countRequest } from "./metrics.ts";
import { methodsByPath } from "./openapi.ts";
import {
  faultResponse,
  orUnavailable,
  problemResponse,
  unauthenticatedResponse,
} from "./problems.ts";
import { createRouter, type AppContext } from "./router.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { approverRoutes } from "./routes/approvers.ts";
import { attentionRoutes } from "./routes/attention.ts";
import { canaryRoutes } from "./routes/canaries.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { directoryRoutes } from "./routes/directory.ts";
import { decisionRoutes } from "./routes/decisions.ts";
import { consoleRoutes } from "./routes/console.ts";
import { createDocsRoutes } from "./routes/docs.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { graphRoutes } from "./routes/graph.ts";
import { healthRoutes } from "./routes/health.ts";
import { hookApprovalRoutes } from "./routes/hook-approvals.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { incidentRoutes } from "./routes/incidents.ts";
import { logRoutes } from "./routes/log.ts";
import { missionRoutes } from "./routes/missions.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { planRoutes } from "./routes/plans.ts";
import { policyRoutes } from "./routes/policies.ts";
import { policyRepinRoutes } from "./routes/policy-repin.ts";
import { policyRunRoutes } from "./routes/policy-runs.ts";
import { readModelRoutes } from "./routes/read-model.ts";
import { reconciliationRoutes } from "./routes/reconciliation.ts";
import { streamRoutes } from "./routes/stream.ts";
import { traceRoutes } from "./routes/trace.ts";
import { delegationRoutes } from "./routes/delegations.ts";
import { trustRoutes } from "./routes/trust.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { zoneRoutes } from "./routes/zones.ts";
import { redeemStreamTicket, streamTicketOf } from "./stream-tickets.ts";

/** In the order the document shows them. */
const ROUTES = [
  missionRoutes,
  graphRoutes,
  planRoutes,
  nodeRoutes,
  reconciliationRoutes,
  approvalRoutes,
  traceRoutes,
  streamRoutes,
  evidenceRoutes,
  logRoutes,
  incidentRoutes,
  policyRoutes,
  policyRunRoutes,
  policyRepinRoutes,
  decisionRoutes,
  directoryRoutes,
  delegationRoutes,
  trustRoutes,
  approverRoutes,
  attentionRoutes,
  canaryRoutes,
  zoneRoutes,
  webhookRoutes,
  deliveryRoutes,
  hookRoutes,
  hookApprovalRoutes,
  readModelRoutes,
  healthRoutes,
  consoleRoutes,
];

/** Builds the app; it holds no state between requests but counters and parsed keys. */
export function createApp(): OpenAPIHono<AppContext> {
  const app = createRouter();
  app.use(nameRequest);
  app.use("/v1/*", requirePrincipal);
  app.use("/metrics", requirePrincipal);
  for (const routes of ROUTES) app.route("/", routes);
  app.route("/", createDocsRoutes(app));
  const allowed = [...methodsByPath(app)].map(([path, methods]) => ({
    pattern: pathPattern(path),
    methods,
  }));
  app.notFound((c) => {
    const known = allowed.filter(({ pattern }) => pattern.test(c.req.path));
    if (known.length === 0) return problemResponse(c, { code: "not_found" });
    const allow = [...new Set(known.flatMap(({ methods }) => methods))].join(", ");
    return problemResponse(c, { code: "method_not_allowed" }, { allow });
  });
  app.onError((thrown, c) => faultResponse(c, thrown));
  return app;
}

const nameRequest: MiddlewareHandler<AppContext> = async (c, next) => {
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  c.header("x-request-id", requestId);
  c.header("cache-control", "no-store");
  c.header("x-content-type-options", "nosniff");
  await next();
  countRequest(c.req.method, matchedRoute(c), c.res.status);
};

/** Nothing under /v1 works without sound keys: a mission must never find out at its first ticket. */
const requirePrincipal: MiddlewareHandler<AppContext> = async (c, next) => {
  const { env } = c;
  const principal = await orUnavailable(
    "the configuration",
    (async () => {
      ticketKeys(env);
      if (isSignedMessage(c)) return null;
      const url = new URL(c.req.url);
      const header = c.req.header("authorization");
      const ticket = header === undefined ? streamTicketOf(url) : null;
      return ticket === null ? authenticate(env, header) : redeemStreamTicket(env, url, ticket);
    })(),
  );
  if (principal === null) return next();
  if (!principal.ok) {
    log("info", "auth.refused", { requestId: c.get("requestId"), cause: principal.error.cause });
    return unauthenticatedResponse(c);
  }
  c.set("principal", principal.value);
  return next();
};

/** The one route under /v1 that takes a signature for a token; it verifies before it does anything. */
function isSignedMessage(c: Context<AppContext>): boolean {
  return c.req.method === "POST" && /^\/v1\/hooks\/approvals\/[^/]+$/.test(c.req.path);
}

/** The pattern that answered, or one word for everything that none did, so that paths never become labels. */
function matchedRoute(c: Context<AppContext>): string {
  const route = routePath(c, -1);
  return route === "*" || route === "/*" || route.endsWith("/*") ? "none" : route;
}

/** OpenAPI's spelling of a path as the requests it stands for. */
function pathPattern(path: string): RegExp {
  const source = path.split("/").map((part) => (/^\{.+\}$/.test(part) ? "[^/]+" : escaped(part)));
  return new RegExp(`^${source.join("/")}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
