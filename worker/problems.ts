/**
 * Problems on the wire: a Problem, a rejection or a thrown thing becomes a response of
 * `application/problem+json`. Refuses to tell more of a fault than that there was one.
 * Specification: RFC 9457 and docs/errors.md.
 */
import type { Context } from "hono";
import {
  problemDocument,
  problemStatus,
  rejectionToProblem,
  type Problem,
  type ProblemCode,
} from "../shared/wire/problem.ts";
import type { Rejection } from "../shared/mission/index.ts";
import type { TeamRejection } from "../shared/wire/rpc.ts";
import type { StreamReject } from "../shared/wire/stream.ts";
import { errorFacts, log } from "./log.ts";
import type { AppContext } from "./context.ts";

const CONTENT_TYPE = "application/problem+json; charset=utf-8";

/** Answers a refusal. `headers` come on top of those the context already holds. */
export function problemResponse(
  c: Context<AppContext>,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const document = problemDocument(problem, c.env.API_ORIGIN, c.get("requestId"));
  return c.body(JSON.stringify(document), problemStatus(problem.code), {
    ...headers,
    "content-type": CONTENT_TYPE,
  });
}

/** Answers a rejection of the mission or the team with its own code and facts. */
export function rejectionResponse(
  c: Context<AppContext>,
  rejection: Rejection | TeamRejection | StreamReject,
): Response {
  return problemResponse(c, rejectionToProblem(rejection));
}

/** The one answer to everything that is wrong with a token. */
export function unauthenticatedResponse(c: Context<AppContext>): Response {
  return problemResponse(
    c,
    { code: "unauthenticated" },
    { "www-authenticate": 'Bearer realm="sekisho"' },
  );
}

/** Answers a fault: logged whole, told as a bare `unavailable` or `internal`, never as success. */
export function faultResponse(c: Context<AppContext>, thrown: unknown): Response {
  const code: ProblemCode = isLostPart(thrown) ? "unavailable" : "internal";
  log("error", "request.failed", {
    requestId: c.get("requestId"),
    method: c.req.method,
    path: c.req.path,
    code,
    ...errorFacts(thrown),
  });
  return problemResponse(c, { code }, code === "unavailable" ? { "retry-after": "1" } : {});
}

/** A thrown thing that says a part is away rather than wrong: wrapped with `unavailable`, or the runtime's own marks. */
function isLostPart(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const marks = thrown as {
    retryable?: unknown;
    overloaded?: unknown;
    durableObjectReset?: unknown;
  };
  if (marks.retryable === true || marks.overloaded === true || marks.durableObjectReset === true) {
    return true;
  }
  return thrown.name === "Unavailable" || isLostPart(thrown.cause);
}

/** Marks whatever a part throws as that part being away, so that the caller hears 503 and may retry. */
export async function orUnavailable<T>(part: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    const error = new Error(`${part} does not answer`, { cause });
    error.name = "Unavailable";
    throw error;
  }
}
