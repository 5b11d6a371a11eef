/**
 * Assembles the API: middleware in order, the routes, and the answers to everything else.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { authenticate } from "./auth.ts";
import { log } from "./log.ts";
import { faultResponse, problemResponse, unauthenticatedResponse } from "./problems.ts";
import { createRouter, type AppContext } from "./router.ts";

/** Builds the app; it holds no state between requests. */
export function createApp(): OpenAPIHono<AppContext> {
  const app = createRouter();
  app.use(async (c, next) => {
    const requestId = crypto.randomUUID();
    c.set("requestId", requestId);
    c.header("x-request-id", requestId);
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    await next();
  });
  app.use("/v1/*", async (c, next) => {
    const principal = await authenticate(c.env, c.req.header("authorization"));
    if (!principal.ok) {
      log("info", "auth.refused", { requestId: c.get("requestId"), cause: principal.error.cause });
      return unauthenticatedResponse(c);
    }
    c.set("principal", principal.value);
    return next();
  });
  app.notFound((c) => problemResponse(c, { code: "not_found" }));
  app.onError((thrown, c) => faultResponse(c, thrown));
  return app;
}
