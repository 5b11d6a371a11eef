/**
 * Receivers of a mission's stream for tests in workerd: a WebSocket that acknowledges, or not, and a reader of
 * server-sent events. Both keep what they got, and wait for what a test names instead of for a time.
 */
import { createSseReader, type SseMessage, type StreamedEvent } from "../../shared/stream/index.ts";
import { type Caller, fetchApi, mintToken } from "./api.ts";

export interface SocketReceiver {
  /** What came so far, in the order it came. */
  readonly events: readonly StreamedEvent[];
  /** When the event of this seq has come, or the connection closed. */
  until(seq: number): Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** A round trip: whatever was on its way before has come. */
  pong(): Promise<void>;
  isClosed(): boolean;
  say(text: string): void;
  close(): void;
}

/** A receiver by WebSocket. Without a caller the path must hold a ticket. */
export async function openSocket(
  caller: Caller | null,
  path: string,
  {
    acknowledges = true,
    headers = {},
  }: { acknowledges?: boolean; headers?: Record<string, string> } = {},
): Promise<SocketReceiver> {
  const authorization: Record<string, string> = caller
    ? { authorization: `Bearer ${await mintToken(caller)}` }
    : {};
  const response = await fetchApi(path, {
    headers: { upgrade: "websocket", ...authorization, ...headers },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`${response.status}, no socket: ${await response.text()}`);
  const events: StreamedEvent[] = [];
  const waiting = createWaiting();
  let isClosed = false;
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let pongs = 0;
  socket.addEventListener("message", ({ data }) => {
    if (data === "pong") {
      pongs += 1;
      waiting.look();
      return;
    }
    const event = JSON.parse(String(data)) as StreamedEvent;
    events.push(event);
    if (acknowledges && socket.readyState === WebSocket.OPEN) socket.send(String(event.seq));
    waiting.look();
  });
  socket.addEventListener("close", ({ code, reason }) => {
    isClosed = true;
    closed.resolve({ code, reason });
    waiting.end();
  });
  socket.accept();
  return {
    events,
    until: (seq) => waiting.until(() => (events.at(-1)?.seq ?? -1) >= seq),
    closed: closed.promise,
    async pong() {
      const before = pongs;
      socket.send("ping");
      await waiting.until(() => pongs > before);
    },
    isClosed: () => isClosed,
    say: (text) => socket.send(text),
    close: () => socket.close(1000, "done"),
  };
}

export interface SseReceiver {
  readonly response: Response;
  readonly messages: readonly SseMessage[];
  retryMs(): number | null;
  /** Reads on until a message is as asked, or the response ends. */
  until(isIt: (message: SseMessage) => boolean): Promise<void>;
  cancel(): Promise<void>;
}

/** A receiver of server-sent events, like curl: it reads when it is asked to. */
export async function openSse(
  caller: Caller,
  path: string,
  headers: Record<string, string> = {},
): Promise<SseReceiver> {
  const authorization = `Bearer ${await mintToken(caller)}`;
  const response = await fetchApi(path, { headers: { authorization, ...headers } });
  const reader = response.body?.getReader();
  const sse = createSseReader();
  const utf8 = new TextDecoder();
  const messages: SseMessage[] = [];
  return {
    response,
    messages,
    retryMs: () => sse.retryMs(),
    async until(isIt) {
      while (!messages.some(isIt)) {
        const piece = await reader?.read();
        if (!piece || piece.done) return;
        messages.push(...sse.push(utf8.decode(piece.value as Uint8Array, { stream: true })));
      }
    },
    cancel: async () => reader?.cancel(),
  };
}

function createWaiting() {
  let isClosed = false;
  let waiters: { readonly isIt: () => boolean; readonly wake: () => void }[] = [];
  const look = () => {
    const due = waiters.filter(({ isIt }) => isClosed || isIt());
    waiters = waiters.filter((waiter) => !due.includes(waiter));
    for (const { wake } of due) wake();
  };
  return {
    look,
    end() {
      isClosed = true;
      look();
    },
    until: (isIt: () => boolean) =>
      new Promise<void>((wake) => {
        waiters.push({ isIt, wake });
        look();
      }),
  };
}
