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
  /** Up to when due re-sends of tickets have been made, Unix ms; 0 before the first. */
  readonly resentMs: number;
}

/** A snapshot as it is stored: unsigned text is not believed (snapshot.ts). */
export interface StoredSnapshot {
  readonly head: Head;
  readonly body: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

export interface Journal {
  /** Also brings the tables of an older object up to date. */
  exists(): boolean;
  /**
   * Adds a command's events behind the head, in the caller's transaction, and answers the bytes they
   * take. Throws when a seq is taken.
   */
  append(
    events: readonly TraceEvent[],
    idempotency: { readonly key: string; readonly requestHash: string } | null,
  ): number;
  /**
   * One page: events with seq > after in order, at most `limit`, fewer where they would take more than
   * LIMITS.tracePageBytesMax. Stops before a row that cannot be read, so an empty page below `lastSeq`
   * means that the journal is damaged there.
   */
  read(after: number, limit: number): TraceEvent[];
  /** All events with seq > after, a page at a time; each page is read when it is asked for. */
  pages(after: number): Iterable<readonly TraceEvent[]>;
  /** What all events take. O(rows). */
  bytes(): number;
  /** The seq of the last event, from the row alone. */
  lastSeq(): number;
  /** The events of the command that carried this idempotency key. */
  command(
    key: string,
  ): { readonly requestHash: string; readonly events: readonly TraceEvent[] } | null;
  cursors(): Cursors;
  moveCursors(cursors: Cursors): void;
  saveSnapshot(snapshot: StoredSnapshot): void;
  snapshot(): StoredSnapshot | null;
}

type Row = { seq: number; last_seq: number; events: string };
type PageRow = Row & { bytes: number };

/** The journal over an object's database. Reading an unopened mission's journal finds nothing and writes nothing. */
export function createJournal(sql: SqlStorage): Journal {
  const rowsFrom = (seq: number) =>
    sql.exec<PageRow>(
      "SELECT seq, last_seq, events, octet_length(events) AS bytes FROM journal WHERE seq >= (SELECT coalesce(max(seq), 0) FROM journal WHERE seq <= ?) ORDER BY seq",
      seq,
    );
  return {
    exists() {
      if (!isMigrated(sql)) return false;
      migrate(sql);
      return sql.exec("SELECT 1 FROM journal LIMIT 1").toArray().length > 0;
    },
    append(events, idempotency) {
      if (!isMigrated(sql)) migrate(sql);
      return appendRows(sql, events, idempotency);
    },
    read: (after, limit) => pageOf(rowsFrom(after + 1), after, limit),
    *pages(after) {
      for (let from = after; ;) {
        const page = pageOf(rowsFrom(from + 1), from, LIMITS.tracePageMax);
        const last = page.at(-1);
        if (!last) return;
        yield page;
        // Rows may have been changed behind our back: a seq that does not rise would loop for ever.
        if (!(last.seq > from)) return;
        from = last.seq;
      }
    },
    bytes: () =>
      sql
        .exec<{ bytes: number }>(
          "SELECT coalesce(sum(octet_length(events)), 0) AS bytes FROM journal",
        )
        .one().bytes,
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
        .exec<{ indexed: number; announced: number; resentMs: number }>(
          "SELECT indexed, announced, resent_ms AS resentMs FROM cursor WHERE id = 1",
        )
        .one(),
    moveCursors: ({ indexed, announced, resentMs }) =>
      void sql.exec(
        "UPDATE cursor SET indexed = ?, announced = ?, resent_ms = ? WHERE id = 1",
        indexed,
        announced,
        resentMs,
      ),
    saveSnapshot: (snapshot) => writeSnapshot(sql, snapshot),
    snapshot: () => readSnapshot(sql),
  };
}

function pageOf(rows: Iterable<PageRow>, after: number, limit: number): TraceEvent[] {
  const events: TraceEvent[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row.bytes;
    if (events.length > 0 && bytes > LIMITS.tracePageBytesMax) return events;
    const own = readableEventsOf(row);
    if (own === null) return events;
    for (const event of own) {
      if (event.seq <= after) continue;
      if (events.length === limit) return events;
      events.push(event);
    }
  }
  return events;
}

/** One row a command; a command whose events outgrow a row's bound takes several, all in one transaction. */
function appendRows(
  sql: SqlStorage,
  events: readonly TraceEvent[],
  idempotency: { readonly key: string; readonly requestHash: string } | null,
): number {
  const last = events.at(-1);
  invariant(last, "a command that is appended has events");
  let identity = idempotency;
  let bytes = 0;
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
    bytes += utf8.encode(row.text).byteLength;
  }
  return bytes;
}

const utf8 = new TextEncoder();

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

/** null for a row that holds anything but events: then it was changed behind our back. */
function readableEventsOf(row: Row): readonly TraceEvent[] | null {
  try {
    const events: unknown = JSON.parse(row.events);
    const isList = Array.isArray(events) && events.every((event) => typeof event?.seq === "number");
    return isList ? (events as readonly TraceEvent[]) : null;
  } catch {
    return null;
  }
}

function writeSnapshot(sql: SqlStorage, { head, body, signature }: StoredSnapshot): void {
  sql.exec("DELETE FROM snapshot");
  let part = 0;
  for (let start = 0; start < body.length; part += 1) {
    const end = wholeCharacterEnd(body, start + LIMITS.journalRowBytesMax);
    sql.exec(
      "INSERT INTO snapshot (part, seq, hash, signature, body) VALUES (?, ?, ?, ?, ?)",
      part,
      head.seq,
      head.hash,
      signature,
      body.slice(start, end),
    );
    start = end;
  }
}

/** Never between the halves of a surrogate pair: SQLite would give each back as U+FFFD. */
function wholeCharacterEnd(text: string, end: number): number {
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : Math.min(end, text.length);
}

function readSnapshot(sql: SqlStorage): StoredSnapshot | null {
  const parts = sql
    .exec<{ seq: number; hash: string; signature: string; body: string }>(
      "SELECT seq, hash, signature, body FROM snapshot ORDER BY part",
    )
    .toArray();
  const first = parts[0];
  if (!first) return null;
  return {
    head: { seq: first.seq, hash: first.hash },
    signature: first.signature,
    body: parts.map((part) => part.body).join(""),
  };
}
