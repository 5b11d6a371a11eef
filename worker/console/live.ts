/**
 * Hears at once when a mission has moved on: its WebSocket, opened with a ticket that is good once, because a token
 * never stands in an address. Only says that something happened; what is shown is asked of the API. While it is
 * not connected, pages poll. Specification: docs/stream.md.
 */
import { useEffect, useState } from "preact/hooks";
import { ask, askForHead } from "./api.ts";

/** Events come in bursts, and one question answers all of them. */
const GATHER_MS = 80;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** Ended, broken, unknown: nothing more will come. */
const FINAL_CODES: readonly number[] = [1_000, 4_004, 4_006];

/** Calls `onChange` after each burst of events; answers whether it is connected. */
export function useLive(missionId: string, onChange: () => void): boolean {
  const [isLive, setLive] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    void follow(missionId, { signal: stop.signal, onChange, onLive: setLive });
    return () => stop.abort();
  }, [missionId, onChange]);
  return isLive;
}

interface Following {
  readonly signal: AbortSignal;
  readonly onChange: () => void;
  readonly onLive: (isLive: boolean) => void;
}

async function follow(missionId: string, following: Following): Promise<void> {
  const { signal } = following;
  const place = { after: -1 };
  const head = await askForHead(`/v1/missions/${encodeURIComponent(missionId)}`);
  if (head === null) return;
  place.after = head;
  for (let waitMs = RETRY_FIRST_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
    const begunMs = Date.now();
    if ((await connect(missionId, place, following)) === "ended") return;
    if (Date.now() - begunMs > RETRY_MAX_MS) waitMs = RETRY_FIRST_MS;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** One connection from its ticket to its end. `place.after` is the last seq seen, kept for the next one. */
async function connect(
  missionId: string,
  place: { after: number },
  { signal, onChange, onLive }: Following,
): Promise<"ended" | "lost"> {
  const address = `/v1/missions/${encodeURIComponent(missionId)}`;
  const ticket = await ask<{ ticket: string }>(`${address}/stream-tickets`, { body: {}, signal });
  if (!ticket.ok) return ticket.error.status === 0 || ticket.error.status >= 429 ? "lost" : "ended";
  const query = new URLSearchParams({ ticket: ticket.value.ticket, after: String(place.after) });
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}${address}/stream?${query.toString()}`);
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const close = () => socket.close();
  signal.addEventListener("abort", close);
  socket.addEventListener("open", () => onLive(true));
  socket.addEventListener("message", ({ data }) => {
    const { seq } = JSON.parse(String(data)) as { seq: number };
    place.after = seq;
    socket.send(String(seq));
    gathering ??= setTimeout(() => {
      gathering = undefined;
      if (!signal.aborted) onChange();
    }, GATHER_MS);
  });
  const code = await new Promise<number>((resolve) =>
    socket.addEventListener("close", (event) => resolve(event.code)),
  );
  signal.removeEventListener("abort", close);
  if (!signal.aborted) onLive(false);
  return FINAL_CODES.includes(code) ? "ended" : "lost";
}
