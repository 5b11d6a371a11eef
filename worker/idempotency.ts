/**
 * The two headers that make a repeated or concurrent request safe: Idempotency-Key and If-Match.
 * Keeps nothing: the objects store answers, this file only names requests.
 */
import type { Context } from "hono";
import type * as z from "zod";
import { hashJson } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { JsonValue } from "../shared/strict-json.ts";
import type { Head } from "../shared/trace/index.ts";
import type { ExecuteRequest } from "../shared/wire/rpc.ts";
import type { Problem } from "../shared/wire/problem.ts";
import { parseBody } from "./body.ts";
import type { AppContext } from "./context.ts";

export type Idempotency = ExecuteRequest["idempotency"];

/** A POST as read: its body, and what makes it repeatable. */
export interface Post<T> {
  readonly body: T;
  readonly idempotency: Idempotency;
}

const PRINTABLE = /^[\x20-\x7e]+$/;
const ETAG = /^"((?:0|[1-9]\d{0,15})-[0-9a-f]{64})"$/;

/** Reads the body and the idempotency key of a POST. Errors: those of `parseBody`, `idempotency_key_malformed`. */
export async function parsePost<S extends z.ZodType>(
  c: Context<AppContext>,
  schema: S,
): Promise<Result<Post<z.output<S>>, Problem>> {
  const body = await parseBody(c, schema);
  if (!body.ok) return body;
  const idempotency = readIdempotency(c, body.value.json);
  if (!idempotency.ok) return idempotency;
  return ok({ body: body.value.value, idempotency: idempotency.value });
}

/**
 * The request's name: the key scoped to its caller, so that no one's key answers another's request, and
 * a hash over method, path and body, so that one key names one request. null without the header.
 */
export function readIdempotency(
  c: Context<AppContext>,
  body: JsonValue,
): Result<Idempotency, Problem> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return ok(null);
  if (key.length > LIMITS.idempotencyKeyCharsMax || !PRINTABLE.test(key)) {
    const detail = `1 to ${LIMITS.idempotencyKeyCharsMax} printable ASCII characters`;
    return err({ code: "idempotency_key_malformed", detail });
  }
  // A subject may hold a colon, so it is encoded: `a` with `b:c` and `a:b` with `c` stay two keys.
  const scoped = `${encodeURIComponent(c.get("principal").sub)}:${key}`;
  return ok({ key: scoped, requestHash: hashJson([c.req.method, c.req.path, body]) });
}

/** The head a caller insists on, unquoted; null without the header or for `*`. */
export function readIfMatch(c: Context<AppContext>): Result<string | null, Problem> {
  const header = c.req.header("if-match")?.trim();
  if (header === undefined || header === "*") return ok(null);
  const head = ETAG.exec(header)?.[1];
  if (head === undefined) {
    return err({ code: "if_match_malformed", detail: 'one strong ETag, "<seq>-<hash>"' });
  }
  return ok(head);
}

/** The ETag of a mission at a head. */
export function etagOf(head: Head): string {
  return `"${head.seq}-${head.hash}"`;
}
