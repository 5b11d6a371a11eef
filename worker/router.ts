/**
 * What every file of routes starts from: the context's type, a router whose validation answers
 * problems, and the guard that asks for a role. Refuses to know any route.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type * as z from "zod";
import { toPointer, type Problem } from "../shared/wire/problem.ts";
import { hasRole, type Principal, type Role } from "./auth.ts";
import type { AppContext } from "./context.ts";
import { problemResponse, unauthenticatedResponse } from "./problems.ts";

export type { AppContext } from "./context.ts";

/**
 * A router whose failed validations answer problems. A malformed path parameter is an address that
 * leads nowhere (404); a malformed query or header is 422 with pointers.
 */
export function createRouter(): OpenAPIHono<AppContext> {
  return new OpenAPIHono<AppContext>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      if (result.target === "param") return problemResponse(c, { code: "not_found" });
      return problemResponse(c, invalidRequest(result.error, [result.target]));
    },
  });
}

/** Lets a request pass whose principal holds one of the roles; without a principal nothing passes. */
export function requireRole(...roles: readonly Role[]): MiddlewareHandler<AppContext> {
  return async (c, next) => {
    const principal: Principal | undefined = c.get("principal");
    if (principal === undefined) return unauthenticatedResponse(c);
    if (!hasRole(principal, roles)) {
      return problemResponse(c, { code: "role_missing", facts: { roles: [...roles] } });
    }
    return next();
  };
}

/** How many places of one request are named; a person mends no more before trying again. */
const ERRORS_MAX = 50;

/** A failed validation as a problem; `base` is where in the request the validated value sits. */
export function invalidRequest(error: z.ZodError, base: readonly string[] = []): Problem {
  const errors = error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path.map(String)];
    if (issue.code !== "unrecognized_keys")
      return [{ pointer: toPointer(path), detail: issue.message }];
    return issue.keys.map((key) => ({
      pointer: toPointer([...path, key]),
      detail: "unknown field",
    }));
  });
  return { code: "request_invalid", errors: errors.slice(0, ERRORS_MAX) };
}
