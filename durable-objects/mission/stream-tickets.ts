/**
 * Stream tickets: a browser's handshake carries no Authorization header, so a page exchanges its token for
 * a secret that opens one stream of this mission, once, within seconds. Only the secret's hash is stored,
 * and the row is gone before anybody is let in. Specification: docs/stream.md.
 */
import { LIMITS } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { StreamBearer, StreamReject } from "../../shared/wire/stream.ts";

export interface StreamTickets {
  /** Durable when the caller's output gate opens. Errors: `stream_full` while too many are unused. */
  issue(
    hash: string,
    bearer: StreamBearer,
    nowMs: number,
  ): Result<{ readonly expiresAtMs: number }, StreamReject>;
  /** Who the ticket was issued to, once; null for one that is unknown, used or expired. */
  redeem(hash: string, nowMs: number): StreamBearer | null;
}

interface Stored {
  readonly bearer: StreamBearer;
  readonly expiresAtMs: number;
}

const PREFIX = "stream-ticket:";

export function createStreamTickets(kv: SyncKvStorage): StreamTickets {
  return {
    issue(hash, bearer, nowMs) {
      // Read out first: rows go away below.
      const entries = Array.from(kv.list<Stored>({ prefix: PREFIX }));
      let unused = 0;
      for (const [key, { expiresAtMs }] of entries) {
        if (expiresAtMs <= nowMs) kv.delete(key);
        else unused += 1;
      }
      const max = LIMITS.streamTicketsMax;
      if (unused >= max) return err({ reason: "stream_full", max });
      const expiresAtMs = nowMs + LIMITS.streamTicketMs;
      kv.put<Stored>(PREFIX + hash, { bearer, expiresAtMs });
      return ok({ expiresAtMs });
    },
    redeem(hash, nowMs) {
      const stored = kv.get<Stored>(PREFIX + hash);
      if (!stored) return null;
      kv.delete(PREFIX + hash);
      return stored.expiresAtMs > nowMs ? stored.bearer : null;
    },
  };
}
