/**
 * The one outgoing request of a delivery. Refuses to follow a redirect, to wait longer than allowed, and to
 * read more of an answer than its start.
 */
import { LIMITS } from "../../shared/limits.ts";
import { EXCERPT_BYTES_MAX } from "../../shared/webhook/index.ts";
import type { WebhookAnswer } from "./delivery.ts";

/** `manual`, because "error" throws in workerd; any 3xx then counts as a failure. */
export async function postWebhook(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<WebhookAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers,
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(LIMITS.webhookTimeoutMs),
  });
  return { status: response.status, text: await readStart(response) };
}

/** The status has decided already, so a body that breaks off or never ends costs its excerpt and no more. */
async function readStart(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    while (bytes < EXCERPT_BYTES_MAX) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, EXCERPT_BYTES_MAX - bytes), { stream: true });
      bytes += value.byteLength;
    }
    await reader.cancel();
  } catch {
    return text;
  }
  return text;
}
