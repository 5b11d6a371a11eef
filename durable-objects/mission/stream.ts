/**
 * The live stream of a mission: every connection is sent the journal from where its receiver is, in order,
 * as far as its window reaches. What a connection needs to know rides on its socket, so the object may
 * sleep and wake, and holds no timer. Specification: docs/stream.md; rules: shared/stream.
 */
import { LIMITS } from "../../shared/limits.ts";
import { outstandingTickets, type Rejection } from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  acknowledge,
  type Connection,
  finish,
  openConnection,
  outlineOf,
  parseSeq,
  roomOf,
  sentOne,
  STREAM_ENDS,
  type StreamEnd,
} from "../../shared/stream/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { StreamAdmission, StreamAsk, StreamReject } from "../../shared/wire/stream.ts";
import type { Journal } from "./journal.ts";
import type { Loaded } from "./load.ts";

export interface StreamDeps {
  readonly journal: Journal;
  load(): Loaded;
  isOwn(team: string): boolean;
  /** The sockets this object has accepted, also those that are closing. */
  sockets(): readonly WebSocket[];
  nowMs(): number;
  warn(what: string, error: unknown): void;
}

export interface Stream {
  /** Whether a connection from `after` would be taken, and whether it would ever be sent anything. */
  admit(team: string, after: number): Result<StreamAdmission, Rejection | StreamReject>;
  /** Takes over a socket that the object has accepted; refuses by closing it. */
  connect(socket: WebSocket, ask: StreamAsk | null): void;
  /**
   * Sends what the journal holds and its connections do not. Right after a commit, in its turn: the output
   * gate keeps it back until the commit is durable. Never throws.
   */
  publish(): void;
  /** What the receiver said: the last seq it has. */
  hear(socket: WebSocket, message: string | ArrayBuffer): void;
}

export function createStream(deps: StreamDeps): Stream {
  return {
    admit: (team, after) => admit(deps, team, after),
    connect: (socket, ask) => guarded(deps, socket, () => connect(deps, socket, ask)),
    publish() {
      for (const socket of openSockets(deps)) guarded(deps, socket, () => pump(deps, socket));
    },
    hear: (socket, message) => guarded(deps, socket, () => hear(deps, socket, message)),
  };
}

function admit(
  deps: StreamDeps,
  team: string,
  after: number,
): Result<StreamAdmission, Rejection | StreamReject> {
  const loaded = deps.load();
  if (loaded.kind === "unknown" || !deps.isOwn(team)) return err({ reason: "mission_unknown" });
  const lastSeq = deps.journal.lastSeq();
  if (after > lastSeq) return err({ reason: "replay_point_unknown", after, lastSeq });
  const max = LIMITS.streamConnectionsMax;
  if (openSockets(deps).length >= max) return err({ reason: "stream_full", max });
  return ok({ isOver: after === lastSeq && isOver(loaded) });
}

function connect(deps: StreamDeps, socket: WebSocket, ask: StreamAsk | null): void {
  // A connection that is due to end takes the place of nobody who asks.
  for (const other of openSockets(deps)) endIfDue(deps, other);
  const loaded = deps.load();
  if (!ask || loaded.kind === "unknown" || !deps.isOwn(ask.team)) return end(socket, "unknown");
  if (ask.after > deps.journal.lastSeq()) return end(socket, "unknown");
  // The socket itself is among them by now.
  if (openSockets(deps).length > LIMITS.streamConnectionsMax) return end(socket, "full");
  remember(socket, openConnection(ask.detail, ask.after, deps.nowMs()));
  pump(deps, socket);
}

function hear(deps: StreamDeps, socket: WebSocket, message: string | ArrayBuffer): void {
  const before = connectionOf(socket);
  if (!before) return;
  const seq = typeof message === "string" ? parseSeq(message) : null;
  const after = seq === null ? null : acknowledge(before, seq);
  if (!after) return end(socket, "malformed");
  if (after === before) return;
  remember(socket, after);
  // Nothing to send: then there is no need to load what may just have been woken.
  if (after.sent < deps.journal.lastSeq()) pump(deps, socket);
}

/** Sends until the window is full or the journal ends, and ends the connection where it must. */
function pump(deps: StreamDeps, socket: WebSocket): void {
  if (endIfDue(deps, socket)) return;
  const lastSeq = deps.journal.lastSeq();
  let connection = connectionOf(socket);
  while (connection && connection.sent < lastSeq && roomOf(connection) > 0) {
    const events = deps.journal.read(connection.sent, roomOf(connection));
    if (events.length === 0) return end(socket, "broken");
    connection = send(deps, socket, connection, events);
    remember(socket, connection);
  }
  if (connection && connection.sent >= lastSeq && isOver(deps.load())) end(socket, "ended");
}

function send(
  deps: StreamDeps,
  socket: WebSocket,
  from: Connection,
  events: readonly TraceEvent[],
): Connection {
  let connection = from;
  for (const event of events) {
    const text = JSON.stringify(connection.detail === "event" ? event : outlineOf(event));
    socket.send(text);
    const bytes = utf8.encode(text).byteLength;
    connection = sentOne(connection, { seq: event.seq, bytes }, deps.nowMs());
    if (roomOf(connection) === 0) break;
  }
  return connection;
}

const utf8 = new TextEncoder();

/** Whether nothing more is to come: a receipt of an action under way still may, after a stop too. */
function isOver(loaded: Loaded): boolean {
  if (loaded.kind !== "live") return loaded.kind === "broken";
  const { state } = loaded;
  const hasEnded = state.status === "completed" || state.status === "stopped";
  return hasEnded && outstandingTickets(state).length === 0;
}

function endIfDue(deps: StreamDeps, socket: WebSocket): boolean {
  const connection = connectionOf(socket);
  const due = connection && finish(connection, deps.nowMs());
  if (due) end(socket, due);
  return Boolean(due);
}

function end(socket: WebSocket, reason: StreamEnd): void {
  socket.close(STREAM_ENDS[reason].code, reason);
}

function openSockets(deps: StreamDeps): readonly WebSocket[] {
  return deps.sockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
}

function connectionOf(socket: WebSocket): Connection | null {
  return socket.deserializeAttachment() as Connection | null;
}

function remember(socket: WebSocket, connection: Connection): void {
  socket.serializeAttachment(connection);
}

/** A connection that fails ends alone: its receiver comes back with the last seq it has. */
function guarded(deps: StreamDeps, socket: WebSocket, work: () => void): void {
  try {
    work();
  } catch (error) {
    deps.warn("stream_failed", error);
    try {
      end(socket, "fault");
    } catch {
      // Closed already: all that was wanted.
    }
  }
}
