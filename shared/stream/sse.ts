/**
 * Server-sent events, written and read. Specification: the HTML standard, "Server-sent events"; the fields
 * used are in docs/stream.md.
 */
import type { StreamEnd } from "./end.ts";

/** A comment: keeps proxies from closing an idle response, and is nothing to a reader. */
export const SSE_HEARTBEAT = ": here\n\n";

/** How long a reader waits before it connects again. */
export function sseRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}

/** One event; `json` is its text, without line breaks as all JSON of ours. */
export function sseEvent(seq: number, type: string, json: string): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${json}\n\n`;
}

/** The last thing of a response that ends well. Without an id, so that the reader's last seq stays. */
export function sseEnd(reason: StreamEnd): string {
  return `event: end\ndata: ${JSON.stringify({ reason })}\n\n`;
}

export interface SseMessage {
  /** The last id seen so far; "" before the first. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface SseReader {
  /** The messages that this piece of text completes. */
  push(text: string): readonly SseMessage[];
  /** What the writer asked for with `retry`, or null. */
  retryMs(): number | null;
}

/** Reads a response piece by piece. A message that its end cut off is dropped, as the standard says. */
export function createSseReader(): SseReader {
  let rest = "";
  let id = "";
  let retryMs: number | null = null;
  let event = "";
  let data: string[] = [];
  const take = (line: string): SseMessage | null => {
    if (line === "") {
      const message =
        data.length === 0 ? null : { id, event: event || "message", data: data.join("\n") };
      event = "";
      data = [];
      return message;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field === "data") data.push(value);
    if (field === "id" && !value.includes("\0")) id = value;
    if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
    return null;
  };
  return {
    push(text) {
      // A carriage return may be half of a line end whose other half is still to come.
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      return lines.map(take).filter((message) => message !== null);
    },
    retryMs: () => retryMs,
  };
}
