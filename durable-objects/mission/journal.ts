/**
 * The journal: a mission's recorded events, one packed row per command, and the only SQL of the
 * mission. It stores and reads; whether events are right is for others. Format: docs/event-log.md.
 */
import { invariant } from "../../shared/invariant.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Head, TraceEvent } from "../../shared/trace/index.ts";
import { isMigrated, migrate } from "./migrations.ts";

export interface Cursors {
  /** Highest seq that the index has durably. */
  readonly indexed: number;
  /** Highest seq up to which every webhook event has been handed on. */
  readonly announced: number;
}

export interface Journal {
  exists(): boolean;
  /** Adds a command's events behind the head, in the caller's transaction. Throws when a seq is taken. */
  append(
    events: readonly TraceEvent[],
    idempotency: { readonly key: string; readonly requestHash: string } | null,
  ): void;
  /** Events with seq > after, at most `limit`, in order. */
  read(after: number, limit: number): TraceEvent[];
  /** The seq of the last event, from the row alone. */
  lastSeq(): number;
  /** The events of the command that carried this idempotency key. */
  command(
    key: string,
  ): { readonly requestHash: string; readonly events: readonly TraceEvent[] } | null;
  cursors(): Cursors;
  moveCursors(cursors: Cursors): void;
  saveSnapshot(head: Head, body: string): void;
  snapshot(): { readonly head: Head; readonly body: string } | null;
}

type Row = { seq: number; last_seq: number; events: string };

/** The journal over an object's database. Reading an unopened mission's journal finds nothing and writes nothing. */
export function createJournal(sql: SqlStorage): Journal {
  const rowsFrom = (seq: number) =>
    sql.exec<Row>(
      "SELECT seq, last_seq, events FROM journal WHERE seq >= (SELECT coalesce(max(seq), 0) FROM journal WHERE seq <= ?) ORDER BY seq",
      seq,
    );
  return {
    exists: () => isMigrated(sql) && sql.exec("SELECT 1 FROM journal LIMIT 1").toArray().length > 0,
    append(events, idempotency) {
      if (!isMigrated(sql)) migrate(sql);
      appendRows(sql, events, idempotency);
    },
    read(after, limit) {
      const events: TraceEvent[] = [];
      for (const row of rowsFrom(after + 1)) {
        for (const event of eventsOf(row)) {
          if (event.seq <= after) continue;
          if (events.length === limit) return events;
          events.push(event);
        }
      }
      return events;
    },
    lastSeq: () =>
      sql.exec<{ seq: number }>("SELECT coalesce(max(last_seq), -1) AS seq FROM journal").one().seq,
    command(key) {
      const first = sql
        .exec<Row & { command_last_seq: number; request_hash: string }>(
          "SELECT seq, last_seq, command_last_seq, events, request_hash FROM journal WHERE idempotency_key = ?",
          key,
        )
        .toArray()[0];
      if (!first) return null;
      const rest = sql
        .exec<Row>(
          "SELECT seq, last_seq, events FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq",
          first.last_seq,
          first.command_last_seq,
        )
        .toArray();
      return { requestHash: first.request_hash, events: [first, ...rest].flatMap(eventsOf) };
    },
    cursors: () =>
      sql
        .exec<{ indexed: number; announced: number }>(
          "SELECT indexed, announced FROM cursor WHERE id = 1",
        )
        .one(),
    moveCursors: ({ indexed, announced }) =>
      void sql.exec(
        "UPDATE cursor SET indexed = ?, announced = ? WHERE id = 1",
        indexed,
        announced,
      ),
    saveSnapshot: (head, body) => writeSnapshot(sql, head, body),
    snapshot: () => readSnapshot(sql),
  };
}

/** One row a command; a command whose events outgrow a row's bound takes several, all in one transaction. */
function appendRows(
  sql: SqlStorage,
  events: readonly TraceEvent[],
  idempotency: { readonly key: string; readonly requestHash: string } | null,
): void {
  const last = events.at(-1);
  invariant(last, "a command that is appended has events");
  let identity = idempotency;
  for (const row of packed(events)) {
    sql.exec(
      "INSERT INTO journal (seq, last_seq, command_last_seq, events, idempotency_key, request_hash) VALUES (?, ?, ?, ?, ?, ?)",
      row.seq,
      row.lastSeq,
      last.seq,
      row.text,
      identity?.key ?? null,
      identity?.requestHash ?? null,
    );
    identity = null;
  }
}

function packed(
  events: readonly TraceEvent[],
): readonly { seq: number; lastSeq: number; text: string }[] {
  const rows: { seq: number; lastSeq: number; text: string }[] = [];
  let parts: string[] = [];
  let chars = 0;
  let seq = events[0]?.seq ?? 0;
  for (const event of events) {
    const text = JSON.stringify(event);
    if (parts.length > 0 && chars + text.length > LIMITS.journalRowBytesMax) {
      rows.push({ seq, lastSeq: event.seq - 1, text: `[${parts.join(",")}]` });
      parts = [];
      chars = 0;
      seq = event.seq;
    }
    parts.push(text);
    chars += text.length;
  }
  rows.push({ seq, lastSeq: events.at(-1)?.seq ?? seq, text: `[${parts.join(",")}]` });
  return rows;
}

function eventsOf(row: Row): readonly TraceEvent[] {
  return JSON.parse(row.events) as readonly TraceEvent[];
}

function writeSnapshot(sql: SqlStorage, head: Head, body: string): void {
  sql.exec("DELETE FROM snapshot");
  for (let part = 0; part * LIMITS.journalRowBytesMax < body.length; part += 1) {
    const text = body.slice(
      part * LIMITS.journalRowBytesMax,
      (part + 1) * LIMITS.journalRowBytesMax,
    );
    sql.exec(
      "INSERT INTO snapshot (part, seq, hash, body) VALUES (?, ?, ?, ?)",
      part,
      head.seq,
      head.hash,
      text,
    );
  }
}

function readSnapshot(sql: SqlStorage): { readonly head: Head; readonly body: string } | null {
  const parts = sql
    .exec<{ seq: number; hash: string; body: string }>(
      "SELECT seq, hash, body FROM snapshot ORDER BY part",
    )
    .toArray();
  const first = parts[0];
  if (!first) return null;
  return {
    head: { seq: first.seq, hash: first.hash },
    body: parts.map((part) => part.body).join(""),
  };
}
