/**
 * A mission's stream as server-sent events. The worker holds the response; the mission holds a socket that
 * it may sleep behind. One event is acknowledged when the response has taken it, so a slow reader slows its
 * own connection and nobody's memory grows. Specification: docs/stream.md.
 */
import { LIMITS } from "../shared/limits.ts";
import {
  SSE_HEARTBEAT,
  sseEnd,
  sseEvent,
  sseRetry,
  STREAM_ENDS,
  type StreamedEvent,
} from "../shared/stream/index.ts";

/** What arrived from the mission: an event's text, or that the socket is closed. */
type Arrival =
  | { readonly kind: "event"; readonly text: string }
  | { readonly kind: "closed"; readonly code: number };

/** RFC 6455 section 7.4.1: the connection went away without a word. */
const ABNORMAL_CLOSE_CODE = 1006;

/** The body of the response, over a socket that nobody has accepted yet. */
export function eventStream(socket: WebSocket): ReadableStream<Uint8Array> {
  const utf8 = new TextEncoder();
  const arrivals = listen(socket);
  let isStarted = false;
  let unacknowledged: number | null = null;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!isStarted) {
          isStarted = true;
          controller.enqueue(utf8.encode(sseRetry(LIMITS.streamRetryMs)));
          return;
        }
        // Being asked again means that the reader has taken the last one.
        if (unacknowledged !== null && socket.readyState === WebSocket.OPEN)
          socket.send(String(unacknowledged));
        unacknowledged = null;
        const arrival = await arrivals.next(LIMITS.streamHeartbeatMs);
        if (arrival === null) {
          controller.enqueue(utf8.encode(SSE_HEARTBEAT));
        } else if (arrival.kind === "event") {
          const { seq, type } = JSON.parse(arrival.text) as StreamedEvent;
          controller.enqueue(utf8.encode(sseEvent(seq, type, arrival.text)));
          unacknowledged = seq;
        } else {
          // Anything but a good end just stops: the reader comes back with the last id it has.
          const isEnded = arrival.code === STREAM_ENDS.ended.code;
          if (isEnded) controller.enqueue(utf8.encode(sseEnd("ended")));
          controller.close();
        }
      },
      cancel: () => socket.close(1000, "the reader is gone"),
    },
    // Nothing is read ahead: what has not been asked for waits in the mission's journal.
    { highWaterMark: 0 },
  );
}

/** What a socket brings, as a queue; never longer than the mission's window. */
function listen(socket: WebSocket) {
  const waiting: Arrival[] = [];
  let wake: (() => void) | null = null;
  const arrive = (arrival: Arrival) => {
    waiting.push(arrival);
    wake?.();
  };
  socket.addEventListener("message", ({ data }) => arrive({ kind: "event", text: String(data) }));
  socket.addEventListener("close", ({ code }) => arrive({ kind: "closed", code }));
  socket.addEventListener("error", () => arrive({ kind: "closed", code: ABNORMAL_CLOSE_CODE }));
  socket.accept();
  return {
    /** The next arrival; null when there was none for `waitMs`. */
    async next(waitMs: number): Promise<Arrival | null> {
      if (waiting.length === 0) {
        const waited = Promise.withResolvers<void>();
        wake = waited.resolve;
        const timer = setTimeout(waited.resolve, waitMs);
        await waited.promise;
        clearTimeout(timer);
        wake = null;
      }
      return waiting.shift() ?? null;
    },
  };
}
