/**
 * One connection as arithmetic: how far it was sent, what of that the receiver has acknowledged, and when it
 * must end. The events themselves wait in the journal, never here, so nothing is lost by ending a connection.
 * Small enough to be a WebSocket's attachment. The choice: docs/decisions/0022-stream-windows.md.
 */
import { LIMITS } from "../limits.ts";
import type { UnixMs } from "../time.ts";
import type { StreamEnd } from "./end.ts";

/** Whole events, or outlines. */
export type Detail = "event" | "outline";

/** JSON; a later one replaces an earlier one. */
export interface Connection {
  readonly detail: Detail;
  /** The last seq sent; -1 before the first. */
  readonly sent: number;
  /** Events and bytes sent since the receiver last had everything. */
  readonly openEvents: number;
  readonly openBytes: number;
  /** Since when nothing fits any more; null while something does. */
  readonly fullSince: UnixMs | null;
  /** Nothing is sent at or after this. */
  readonly until: UnixMs;
}

/** A connection whose receiver has everything up to `after`. */
export function openConnection(detail: Detail, after: number, now: UnixMs): Connection {
  const until = now + LIMITS.streamConnectionMs;
  return { detail, sent: after, openEvents: 0, openBytes: 0, fullSince: null, until };
}

/** How many more events may be sent before an acknowledgement; the last of them may overrun the bytes. */
export function roomOf({ openEvents, openBytes }: Connection): number {
  if (openBytes >= LIMITS.streamWindowBytesMax) return 0;
  return Math.max(0, LIMITS.streamWindowEventsMax - openEvents);
}

/** The connection after sending the event `seq`. */
export function sentOne(
  connection: Connection,
  { seq, bytes }: { readonly seq: number; readonly bytes: number },
  now: UnixMs,
): Connection {
  const { openEvents, openBytes } = connection;
  const after = {
    ...connection,
    sent: seq,
    openEvents: openEvents + 1,
    openBytes: openBytes + bytes,
  };
  return roomOf(after) > 0 ? after : { ...after, fullSince: now };
}

/**
 * The connection after the receiver said that it has everything up to `seq`. Only the last seq sent makes
 * room; an earlier one changes nothing. null for a seq that was never sent.
 */
export function acknowledge(connection: Connection, seq: number): Connection | null {
  if (seq > connection.sent) return null;
  if (seq < connection.sent) return connection;
  return { ...connection, openEvents: 0, openBytes: 0, fullSince: null };
}

/** Why the connection must end now, whatever there is to send; null: it need not. */
export function finish({ until, fullSince }: Connection, now: UnixMs): StreamEnd | null {
  if (now >= until) return "renew";
  return fullSince !== null && now - fullSince >= LIMITS.streamSilenceMs ? "behind" : null;
}
