/**
 * Reads request bodies: media type, size, UTF-8, strict JSON, then the schema, each refusal with its own
 * code. The framework's JSON validator is never used, because JSON.parse lets through what must not be hashed.
 * Specification: RFC 8259, RFC 7493; the limits are in shared/limits.ts.
 */
import type { Context } from "hono";
import type * as z from "zod";
import { LIMITS } from "../shared/limits.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { decodeUtf8Strict, parseStrictJson, type JsonValue } from "../shared/strict-json.ts";
import { jsonRejectToProblem, type Problem } from "../shared/wire/problem.ts";
import type { AppContext } from "./context.ts";
import { invalidRequest } from "./router.ts";

/** A body as read: the JSON as it came, and what the schema made of it. */
export interface Body<T> {
  readonly json: JsonValue;
  readonly value: T;
}

export interface BodyLimits {
  /** Default: LIMITS.jsonDepthMax. */
  readonly depthMax?: number;
}

const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.-]+\+)?json$/;

/**
 * Reads, parses and validates the body.
 * Errors: `media_type_unsupported`, `body_too_large`, the rejects of strict JSON, `request_invalid` with
 * a pointer for every place the schema refuses.
 */
export async function parseBody<S extends z.ZodType>(
  c: Context<AppContext>,
  schema: S,
  limits: BodyLimits = {},
): Promise<Result<Body<z.output<S>>, Problem>> {
  const text = await readBodyText(c, LIMITS.bodyBytesMax);
  return text.ok ? parseBodyText(text.value, schema, limits) : text;
}

/**
 * The body as text, exactly as it came, for what is signed over its bytes.
 * Errors: `media_type_unsupported`, `body_too_large`, `json_malformed` where it is not UTF-8.
 */
export async function readBodyText(
  c: Context<AppContext>,
  bytesMax: number,
): Promise<Result<string, Problem>> {
  if (!isJsonType(c)) return err({ code: "media_type_unsupported" });
  const bytes = await readBytes(c.req.raw, bytesMax);
  if (bytes === null) return err({ code: "body_too_large", facts: { bytesMax } });
  const text = decodeUtf8Strict(bytes);
  return text.ok ? text : err(jsonRejectToProblem(text.error));
}

/** Parses and validates a body that was read as text. Errors: those of strict JSON, `request_invalid`. */
export function parseBodyText<S extends z.ZodType>(
  text: string,
  schema: S,
  limits: BodyLimits = {},
): Result<Body<z.output<S>>, Problem> {
  const json = parseStrictJson(text, limits);
  return json.ok ? check(json.value, schema) : err(jsonRejectToProblem(json.error));
}

/** As `parseBody`, where no body at all stands for an empty object. */
export async function parseOptionalBody<S extends z.ZodType>(
  c: Context<AppContext>,
  schema: S,
): Promise<Result<Body<z.output<S>>, Problem>> {
  if (c.req.header("content-type") !== undefined) return parseBody(c, schema);
  const bytes = await readBytes(c.req.raw);
  if (bytes === null || bytes.byteLength > 0) return err({ code: "media_type_unsupported" });
  return check({}, schema);
}

function isJsonType(c: Context<AppContext>): boolean {
  const encoding = c.req.header("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") return false;
  const [type = "", ...parameters] = (c.req.header("content-type") ?? "").toLowerCase().split(";");
  const foreignCharset = parameters
    .map((parameter) => parameter.trim())
    .some((text) => text.startsWith("charset=") && !/^charset="?utf-8"?$/.test(text));
  return JSON_TYPE.test(type.trim()) && !foreignCharset;
}

/** The body's bytes, or null as soon as they are more than allowed. */
async function readBytes(
  request: Request,
  bytesMax: number = LIMITS.bodyBytesMax,
): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return null;
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > bytesMax) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  return joinBytes(chunks, length);
}

function joinBytes(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function check<S extends z.ZodType>(
  json: JsonValue,
  schema: S,
): Result<Body<z.output<S>>, Problem> {
  const value = schema.safeParse(json);
  return value.success ? ok({ json, value: value.data }) : err(invalidRequest(value.error));
}
