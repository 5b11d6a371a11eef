/**
 * The outbox: sends what the journal owes, remembers what is under way, and says when it must be
 * tried again. The journal is the outbox's only memory; losing this object's memory loses nothing.
 */
import { nextResendMs, outstandingTickets, type MissionState } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type {
  IndexMessage,
  TicketMessage,
  WebhookEventMessage,
} from "../../shared/wire/message.ts";
import type { AlarmNeeds } from "./alarm.ts";
import type { Cursors } from "./journal.ts";
import {
  indexMessage,
  isAnnounced,
  ticketMessage,
  ticketsToResend,
  webhookMessages,
} from "./sinks.ts";

/**
 * The seam to the queues and the journal. Sends are durable at the queue when they return and may be
 * called twice with the same message (every receiver is idempotent); the outbox retries, not the queue.
 */
export interface OutboxDeps {
  sendTicket(message: TicketMessage): Promise<void>;
  sendIndex(message: IndexMessage): Promise<void>;
  sendWebhooks(messages: readonly WebhookEventMessage[]): Promise<void>;
  /** At most `limit` events with seq > after; synchronous. */
  readEvents(after: number, limit: number): readonly TraceEvent[];
  cursors(): Cursors;
  /** Durable when the caller's output gate opens. */
  moveCursors(cursors: Cursors): void;
  nowMs(): number;
  /** One line for the operator; the outbox goes on either way. */
  warn(what: string, error: unknown): void;
}

export interface Outbox {
  /** Sends a command's own events. Called right after their commit; a crash before leaves it to the alarm. */
  flush(state: MissionState, events: readonly TraceEvent[]): Promise<void>;
  /** Sends everything owed again: unacknowledged events and tickets whose re-send is due. */
  resend(state: MissionState): Promise<void>;
  acknowledge(sink: "index" | "webhooks", seq: number): void;
  needs(state: MissionState): Pick<AlarmNeeds, "resendMs" | "unacknowledged">;
}

/** What is only known while the object lives. */
interface Memory {
  /** Up to when due re-sends were looked for; 0 at first, because a ticket may have been sent long ago. */
  lookedAtMs: number;
  /** The last send that nothing has acknowledged yet. */
  attempt: { readonly sentAtMs: number; readonly times: number } | null;
}

export function createOutbox(deps: OutboxDeps): Outbox {
  const memory: Memory = { lookedAtMs: 0, attempt: null };
  return {
    flush: (state, events) => flush(deps, memory, state, events),
    resend: (state) => resend(deps, memory, state),
    acknowledge: (sink, seq) => acknowledge(deps, memory, sink, seq),
    needs: (state) => needs(deps, memory, state),
  };
}

async function flush(
  deps: OutboxDeps,
  memory: Memory,
  state: MissionState,
  events: readonly TraceEvent[],
): Promise<void> {
  memory.attempt ??= { sentAtMs: deps.nowMs(), times: 1 };
  await guarded(deps, "tickets", async () => {
    for (const event of events) await sendTicket(deps, state, event);
  });
  await guarded(deps, "index", () => sendIndex(deps, state, events));
  await guarded(deps, "webhooks", () => sendWebhooks(deps, state, events));
}

async function resend(deps: OutboxDeps, memory: Memory, state: MissionState): Promise<void> {
  const now = deps.nowMs();
  const due = ticketsToResend(outstandingTickets(state), nextResendMs, memory.lookedAtMs, now);
  memory.lookedAtMs = now;
  for (const ticket of due) {
    await guarded(deps, "tickets", async () => {
      for (const event of deps.readEvents(ticket.seq - 1, 1)) await sendTicket(deps, state, event);
    });
  }
  const { indexed, announced } = deps.cursors();
  const owed = deps.readEvents(Math.min(indexed, announced), Number.POSITIVE_INFINITY);
  if (owed.length === 0) return;
  memory.attempt = { sentAtMs: now, times: (memory.attempt?.times ?? 0) + 1 };
  const after = (seq: number) => owed.filter((event) => event.seq > seq);
  await guarded(deps, "index", () => sendIndex(deps, state, after(indexed)));
  await guarded(deps, "webhooks", () => sendWebhooks(deps, state, after(announced)));
}

function acknowledge(
  deps: OutboxDeps,
  memory: Memory,
  sink: "index" | "webhooks",
  seq: number,
): void {
  const before = deps.cursors();
  const indexed = sink === "index" ? Math.max(before.indexed, seq) : before.indexed;
  const told = sink === "webhooks" ? Math.max(before.announced, seq) : before.announced;
  // Events that no webhook wants need no acknowledgement: the cursor steps over them.
  const next = deps.readEvents(told, Number.POSITIVE_INFINITY).find(isAnnounced);
  const announced = next ? next.seq - 1 : Math.max(told, indexed);
  if (indexed === before.indexed && announced === before.announced) return;
  deps.moveCursors({ indexed, announced });
  memory.attempt = null;
}

function needs(deps: OutboxDeps, memory: Memory, state: MissionState): ReturnType<Outbox["needs"]> {
  const now = deps.nowMs();
  const since = Math.max(memory.lookedAtMs, now);
  const resends = outstandingTickets(state).map((ticket) => nextResendMs(ticket.issuedAt, since));
  const { indexed, announced } = deps.cursors();
  const isOwing = Math.min(indexed, announced) < state.head.seq;
  if (isOwing) memory.attempt ??= { sentAtMs: now, times: 1 };
  return {
    resendMs: resends.length > 0 ? Math.min(...resends) : null,
    unacknowledged: isOwing ? memory.attempt : null,
  };
}

async function sendTicket(deps: OutboxDeps, state: MissionState, event: TraceEvent): Promise<void> {
  const message = ticketMessage(state, event);
  if (message) await deps.sendTicket(message);
}

async function sendIndex(
  deps: OutboxDeps,
  state: MissionState,
  events: readonly TraceEvent[],
): Promise<void> {
  const message = indexMessage(state.team, state.missionId, events);
  if (message) await deps.sendIndex(message);
}

async function sendWebhooks(
  deps: OutboxDeps,
  state: MissionState,
  events: readonly TraceEvent[],
): Promise<void> {
  const messages = webhookMessages(state.team, events);
  for (let sent = 0; sent < messages.length; sent += WEBHOOKS_PER_SEND) {
    await deps.sendWebhooks(messages.slice(sent, sent + WEBHOOKS_PER_SEND));
  }
}

/** Below the platform's 256 KB a batch, whatever the messages carry. */
const WEBHOOKS_PER_SEND = 4;

async function guarded(deps: OutboxDeps, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Nothing is lost: the cursors did not move, and the alarm sends again.
    deps.warn(what, error);
  }
}
