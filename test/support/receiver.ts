/**
 * The far end of webhooks, for tests in workerd: a captured fetch that answers what a test says, and the
 * independent receiver that judges what arrived. Refuses to use our own verification.
 */
import { Webhook } from "standardwebhooks";
import { vi } from "vitest";

export interface Received {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: string | undefined;
}

export interface Receiver {
  readonly received: Received[];
  /** What the next requests are answered. */
  answer: { status: number; body: string };
}

/** Takes every outgoing request of the worker until `vi.restoreAllMocks`. */
export function startReceiver(): Receiver {
  const receiver: Receiver = { received: [], answer: { status: 200, body: "taken" } };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const body = typeof init?.body === "string" ? init.body : "";
    const headers = new Headers(init?.headers);
    receiver.received.push({ url, headers, body, redirect: init?.redirect });
    const { status, body: text } = receiver.answer;
    return new Response(status === 204 ? null : text, { status });
  });
  return receiver;
}

/** The three headers as an object. */
function signedHeaders({ headers }: Received): Record<string, string> {
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  return Object.fromEntries(names.map((name) => [name, headers.get(name) ?? ""]));
}

/** Whether the npm library of Standard Webhooks takes the message under a `whsec_` secret. */
export function isTakenBy(secret: string, message: Received): boolean {
  try {
    new Webhook(secret).verify(message.body, signedHeaders(message));
    return true;
  } catch {
    return false;
  }
}

/** A message as another system signs it, by the same library. */
export function signAsSender(secret: string, id: string, atMs: number, body: string): Headers {
  const at = new Date(atMs);
  return new Headers({
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(atMs / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  });
}
