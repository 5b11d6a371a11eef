/**
 * The public HTTP API from outside: one function per verb, tokens from the caller, an idempotency key on
 * every POST. Refuses to retry and to interpret: whoever asks decides what a status means.
 */
import { randomUUID } from "node:crypto";
import { type Result, err, ok } from "../../shared/result.ts";
import { type Context, type Failure, messageOf } from "./command.ts";

export const DEFAULT_URL = "http://127.0.0.1:8787";

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body, or null when it is not JSON. */
  readonly body: unknown;
  readonly text: string;
}

export interface Unreachable {
  readonly reason: "unreachable";
  readonly detail: string;
}

export interface ApiClient {
  readonly url: string;
  /** The response as it begins, for one that does not end soon. */
  open(path: string, signal: AbortSignal): Promise<Result<Response, Unreachable>>;
  get(path: string, accept?: string): Promise<Result<ApiAnswer, Unreachable>>;
  post(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Result<ApiAnswer, Unreachable>>;
}

/** A client of one instance with one token; `token` null asks as nobody. */
export function createApiClient(url: string, token: string | null): ApiClient {
  const base = url.replace(/\/+$/, "");
  const authorization: Record<string, string> =
    token === null ? {} : { authorization: `Bearer ${token}` };
  const reach = async <T>(
    path: string,
    init: RequestInit,
    read: (response: Response) => Promise<T>,
  ): Promise<Result<T, Unreachable>> => {
    try {
      return ok(await read(await fetch(`${base}${path}`, { ...init, redirect: "manual" })));
    } catch (cause) {
      const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
      return err({ reason: "unreachable", detail: messageOf(inner) });
    }
  };
  const send = (path: string, init: RequestInit) => reach(path, init, toAnswer);
  return {
    url: base,
    open: (path, signal) => reach(path, { headers: authorization, signal }, async (begun) => begun),
    get: (path, accept = "application/json") =>
      send(path, { headers: { ...authorization, accept } }),
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        headers: {
          ...authorization,
          "content-type": "application/json",
          "idempotency-key": randomUUID(),
          ...headers,
        },
        body: JSON.stringify(body),
      }),
  };
}

/** Reads a response to its end. */
export async function toAnswer(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: toJson(text), text };
}

/** The client that SEKISHO_URL and SEKISHO_TOKEN describe; tokens never stand in argv. */
export function clientOf(context: Context): ApiClient {
  return createApiClient(
    context.env["SEKISHO_URL"] ?? DEFAULT_URL,
    context.env["SEKISHO_TOKEN"] ?? null,
  );
}

/** The answer of a successful request, or the failure to show. */
export function requireSuccess(
  client: Pick<ApiClient, "url">,
  answered: Result<ApiAnswer, Unreachable>,
): Result<ApiAnswer, Failure> {
  if (!answered.ok) {
    const message = `cannot reach ${client.url}: ${answered.error.detail}`;
    return err({ exit: 3, message, next: "sekisho dev   (or set SEKISHO_URL)" });
  }
  const { status, body } = answered.value;
  if (status >= 200 && status < 300) return answered;
  const problem = isRecord(body) ? body : {};
  const said = [problem["title"], problem["detail"]].filter((part) => typeof part === "string");
  const message = said.length > 0 ? said.join(": ") : `${client.url} answered ${status}`;
  return err({
    exit: status >= 500 ? 3 : 1,
    message: `${message}${errorLines(problem["errors"])}`,
    next: nextAfter(status, problem["code"]),
    facts: body,
  });
}

/** Where the status alone would send the reader astray. */
const NEXT_BY_CODE: Readonly<Record<string, string>> = {
  policy_inactive: "propose a policy (POST /v1/policies) and have a person activate it",
  incident_unknown: "sekisho incidents list",
  webhook_unknown: "sekisho webhooks list",
  webhook_disabled: "sekisho webhooks test ID   (then POST /v1/webhooks/ID/status)",
  delivery_unknown: "sekisho webhooks deliveries ID",
  approval_digest_stale: "sekisho approve ...   (again: what it covers has changed meanwhile)",
};

function nextAfter(status: number, code: unknown): string {
  const known = typeof code === "string" ? NEXT_BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (status === 401 || status === 403) {
    return "export SEKISHO_TOKEN=$(sekisho token --team T --sub S --roles ROLES)";
  }
  if (status === 404) return "sekisho mission list";
  if (status >= 500) return "try again; the instance's log says why";
  return "sekisho mission show ID";
}

/** The `errors` of a problem: each place that was refused, on its own line. */
function errorLines(errors: unknown): string {
  if (!Array.isArray(errors)) return "";
  return errors
    .filter(isRecord)
    .map((error) => `\n  ${String(error["pointer"])}: ${String(error["detail"])}`)
    .join("");
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list member of an answer; empty when there is none. */
export function itemsIn(
  body: unknown,
  member = "items",
): readonly Readonly<Record<string, unknown>>[] {
  const items = isRecord(body) ? body[member] : [];
  return Array.isArray(items) ? items.filter(isRecord) : [];
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
