/**
 * The HTTP connector: one POST, and an honest word about what became of it. Refuses to follow redirects,
 * to repeat itself and to let the answer's body out of here: only its hash leaves.
 * Specification: docs/tickets.md, "What an answer means"; docs/decisions/0005.
 */
import { sha256Hex } from "../../../shared/crypto.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { Receipt } from "../../../shared/ticket/index.ts";

export type Performed = Pick<Receipt, "outcome" | "status" | "responseDigest" | "detail">;

export interface HttpCall {
  readonly url: string;
  /** The exact bytes to send, canonical JSON. */
  readonly body: string;
  readonly idempotencyKey: string;
  /** The credential, which nothing but this header ever holds; null where the action needs none. */
  readonly bearer: string | null;
  readonly timeoutMs: number;
}

/** Statuses by which an upstream says "not now" or "already at it": it may have begun before it said so. */
const DOUBTFUL_STATUSES: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/**
 * Makes the call once. Never throws: whatever goes wrong after the first byte may have left is `unknown`,
 * because a refused connection and one reset after executing look alike from here.
 */
export async function performHttp(call: HttpCall, send: typeof fetch): Promise<Performed> {
  try {
    const response = await send(call.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "idempotency-key": call.idempotencyKey,
        "user-agent": "sekisho-gateway",
        ...(call.bearer === null ? {} : { authorization: `Bearer ${call.bearer}` }),
      },
      body: call.body,
      redirect: "manual",
      // Covers the body too: an answer that never ends is no answer.
      signal: AbortSignal.timeout(call.timeoutMs),
    });
    const answer = await readBounded(response, LIMITS.responseBytesMax);
    const { status } = response;
    return {
      outcome: outcomeOfStatus(status),
      status,
      responseDigest: sha256Hex(answer.bytes),
      detail: answer.isCut
        ? `answered ${status}; the digest covers the first ${LIMITS.responseBytesMax} bytes`
        : `answered ${status}`,
    };
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === "TimeoutError";
    return {
      outcome: "unknown",
      status: null,
      responseDigest: null,
      detail: isTimeout
        ? `no complete answer within ${call.timeoutMs} ms`
        : "the connection broke before a complete answer",
    };
  }
}

/** 2xx acted; most 4xx refused; everything else leaves open whether it acted. */
export function outcomeOfStatus(status: number): Receipt["outcome"] {
  if (status >= 200 && status < 300) return "succeeded";
  if (status >= 400 && status < 500 && !DOUBTFUL_STATUSES.has(status)) return "failed";
  return "unknown";
}

async function readBounded(
  response: Response,
  bytesMax: number,
): Promise<{ readonly bytes: Uint8Array; readonly isCut: boolean }> {
  if (response.body === null) return { bytes: new Uint8Array(), isCut: false };
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const bytes = new Uint8Array(bytesMax);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: bytes.subarray(0, length), isCut: false };
    const part = value.subarray(0, bytesMax - length);
    bytes.set(part, length);
    length += part.length;
    if (part.length < value.length) {
      await reader.cancel();
      return { bytes, isCut: true };
    }
  }
}
