/**
 * Whether the worker lives, whether it can work, what it counted, and which keys its tickets verify with.
 */
import * as z from "zod";
import { jwksSchema } from "../../shared/wire/api.ts";
import { checkpointKey } from "../checkpoints.ts";
import { operatorTeam } from "../consumers/index.ts";
import { defineRoute } from "../contract.ts";
import { ticketKeys } from "../keys.ts";
import { errorFacts, log } from "../log.ts";
import { renderMetrics } from "../metrics.ts";
import { teamStub } from "../missions.ts";
import { orUnavailable, problemResponse } from "../problems.ts";
import { countMissions } from "../read-model/counts.ts";
import { pingReadModel } from "../read-model/queries.ts";
import { createRouter } from "../router.ts";

const statusSchema = z.strictObject({ status: z.literal("ok") });
const healthSchema = statusSchema.extend({ mode: z.enum(["local", "hosted"]) });

const healthRoute = defineRoute({
  method: "get",
  path: "/health",
  tag: "health",
  summary: "The worker answers; asks nothing else",
  audience: "anonymous",
  answers: { 200: { description: "It does, and says where it runs.", schema: healthSchema } },
});

const readyRoute = defineRoute({
  method: "get",
  path: "/ready",
  tag: "health",
  summary: "Asks the index and an object, and checks the signing keys",
  audience: "anonymous",
  answers: { 200: { description: "All of them answer.", schema: statusSchema } },
});

const jwksRoute = defineRoute({
  method: "get",
  path: "/.well-known/jwks.json",
  tag: "keys",
  summary: "The public keys that tickets verify with",
  audience: "anonymous",
  answers: { 200: { description: "RFC 7517.", schema: jwksSchema } },
});

const metricsRoute = defineRoute({
  method: "get",
  path: "/metrics",
  tag: "health",
  summary: "Prometheus text: the team's missions by state; for the operators' team also requests",
  description: "Request counters are of all teams together, so only `OPERATOR_TEAM` sees them.",
  audience: ["operator", "auditor", "admin"],
  answers: { 200: { description: "Exposition format 0.0.4.", mediaType: "text/plain" } },
});

/** How long a gateway may keep the key set; a new key is published this long before it signs. */
const JWKS_MAX_AGE_S = 300;

export const healthRoutes = createRouter();

healthRoutes.openapi(healthRoute, (c) =>
  c.json({ status: "ok", mode: c.env.MODE === "local" ? "local" : "hosted" }, 200),
);

healthRoutes.openapi(readyRoute, async (c) => {
  const checks: Record<string, () => unknown> = {
    index: () => pingReadModel(c.env.DB),
    // Any agent will do, known or not: what counts is that an object answers.
    object: () => teamStub(c.env, operatorTeam(c.env)).agentFacts("readiness"),
    keys: () => ticketKeys(c.env),
    checkpoints: () => checkpointKey(c.env),
  };
  const results = await Promise.all(
    Object.entries(checks).map(async ([part, ask]) => {
      try {
        await ask();
        return true;
      } catch (thrown) {
        log("error", "ready.failed", {
          requestId: c.get("requestId"),
          part,
          ...errorFacts(thrown),
        });
        return false;
      }
    }),
  );
  if (results.includes(false)) return problemResponse(c, { code: "unavailable" });
  return c.json({ status: "ok" }, 200);
});

healthRoutes.openapi(jwksRoute, (c) => {
  c.header("cache-control", `public, max-age=${JWKS_MAX_AGE_S}`);
  return c.json(ticketKeys(c.env).published, 200);
});

healthRoutes.openapi(metricsRoute, async (c) => {
  const { team } = c.get("principal");
  const missions = await orUnavailable("the index", countMissions(c.env.DB, team));
  const text = renderMetrics(missions, { withRequests: team === operatorTeam(c.env) });
  return c.body(text, 200, {
    "content-type": "text/plain; version=0.0.4; charset=utf-8",
  });
});
