/**
 * Requests to the public API, with the session's token, and what it answers. A refusal is a value to show,
 * never an exception; a token that is no longer accepted ends the session.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { err, ok, type Result } from "../../shared/result.ts";
import { currentSession, signOut } from "./session.ts";

/** A problem as the API tells it (RFC 9457), or what kept the request from being answered at all. */
export interface Problem {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | null;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  /** What a gate answered beside its refusal. */
  readonly answer?: unknown;
}

/** One request. A body makes it a POST unless `method` says otherwise. */
interface Ask {
  readonly body?: unknown;
  readonly method?: "PATCH" | "DELETE";
  readonly signal?: AbortSignal;
}

/** Asks for JSON. Errors: the API's problem, or `unreachable`. */
export async function ask<T>(
  path: string,
  { body, method, signal }: Ask = {},
): Promise<Result<T, Problem>> {
  const sent = await send(path, { body, method, signal, accept: "application/json" });
  if (!sent.ok) return sent;
  if (sent.value.status === 204) return ok(null as T);
  try {
    return ok((await sent.value.json()) as T);
  } catch {
    return err(unreachable("the answer was no JSON"));
  }
}

/** Asks for a body to be read as it comes; the caller reads it. */
export async function askForStream(
  path: string,
  accept: string,
  signal: AbortSignal,
): Promise<Result<ReadableStream<Uint8Array>, Problem>> {
  const sent = await send(path, { signal, accept, body: undefined });
  if (!sent.ok) return sent;
  return sent.value.body === null ? err(unreachable("the answer was empty")) : ok(sent.value.body);
}

/** The seq of a mission's head, from the ETag; null when it cannot be had. */
export async function askForHead(path: string): Promise<number | null> {
  const sent = await send(path, { body: undefined, accept: "application/json" });
  if (!sent.ok) return null;
  void sent.value.body?.cancel();
  const seq = /^"(\d+)-/.exec(sent.value.headers.get("etag") ?? "")?.[1];
  return seq === undefined ? null : Number(seq);
}

async function send(
  path: string,
  asked: {
    readonly body: unknown;
    readonly method?: Ask["method"] | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly accept: string;
  },
): Promise<Result<Response, Problem>> {
  const token = currentSession()?.token ?? "";
  const headers: Record<string, string> = {
    accept: asked.accept,
    authorization: `Bearer ${token}`,
  };
  const hasBody = asked.body !== undefined;
  const method = asked.method ?? (hasBody ? "POST" : "GET");
  if (hasBody) headers["content-type"] = "application/json";
  if (method !== "GET") headers["idempotency-key"] = crypto.randomUUID();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      ...(hasBody ? { body: JSON.stringify(asked.body) } : {}),
      ...(asked.signal === undefined ? {} : { signal: asked.signal }),
    });
  } catch (thrown) {
    return err(unreachable(thrown instanceof Error ? thrown.message : String(thrown)));
  }
  if (response.ok) return ok(response);
  const problem = await readProblem(response);
  if (problem.status === 401 && token !== "")
    signOut("The session has ended; please sign in again.");
  return err(problem);
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null;
  return {
    status: response.status,
    code: body?.code ?? "unknown",
    title: body?.title ?? `The API answered ${response.status}`,
    detail: body?.detail ?? null,
    errors: body?.errors ?? [],
    ...(body?.answer === undefined ? {} : { answer: body.answer }),
  };
}

function unreachable(detail: string): Problem {
  return { status: 0, code: "unreachable", title: "The API did not answer", detail, errors: [] };
}

/** What a page knows of something it has asked for. */
export interface Resource<T> {
  /** The newest answer; kept while a newer one is on its way, or fails to come. */
  readonly data: T | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

/**
 * Asks for `path` when it changes, and every `pollMs` while somebody looks; null asks for nothing.
 * A page that is hidden asks for nothing either, and asks at once when it is seen again.
 */
export function useResource<T>(path: string | null, pollMs: number | null = null): Resource<T> {
  const [held, setHeld] = useState<{ path: string; data: T | null; problem: Problem | null }>();
  const [turn, setTurn] = useState(0);
  const latest = useRef("");
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    const load = async () => {
      const answered = await ask<T>(path, { signal: stop.signal });
      if (stop.signal.aborted) return;
      const text = JSON.stringify(answered);
      // An unchanged answer must not disturb what somebody is reading.
      if (latest.current === path + text) return;
      latest.current = path + text;
      setHeld((before) => {
        const kept = before?.path === path ? before.data : null;
        return answered.ok
          ? { path, data: answered.value, problem: null }
          : { path, data: kept, problem: answered.error };
      });
    };
    void load();
    const look = () => {
      if (document.visibilityState === "visible") void load();
    };
    const timer = pollMs === null ? null : setInterval(look, pollMs);
    if (pollMs !== null) document.addEventListener("visibilitychange", look);
    return () => {
      stop.abort();
      if (timer !== null) clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [path, pollMs, turn]);
  const reload = useCallback(() => {
    latest.current = "";
    setTurn((before) => before + 1);
  }, []);
  const isHeld = held !== undefined && held.path === path;
  return { data: isHeld ? held.data : null, problem: isHeld ? held.problem : null, reload };
}
