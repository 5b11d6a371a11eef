/**
 * The outbox: sends what the journal owes, remembers what is under way, and says when it must be
 * tried again. The journal is the outbox's only memory; losing this object's memory loses nothing.
 */
import { LIMITS } from "../../shared/limits.ts";
import { nextResendMs, outstandingTickets, type MissionState } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { isAnnounced } from "../../shared/webhook/index.ts";
import type {
  IndexMessage,
  TicketMessage,
  WebhookEventMessage,
} from "../../shared/wire/message.ts";
import type { AlarmNeeds } from "./alarm.ts";
import type { Cursors } from "./journal.ts";
import {
  indexMessage,
  rangeMessage,
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
  /** One page: at most `limit` events with seq > after, fewer when they are large; synchronous. */
  readEvents(after: number, limit: number): readonly TraceEvent[];
  /** The journal's last seq. */
  lastSeq(): number;
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
  /** The index has everything up to `seq`; of the webhooks, the one event `seq` was handed on. */
  acknowledge(sink: "index" | "webhooks", seq: number): void;
  needs(state: MissionState): Pick<AlarmNeeds, "resendMs" | "unacknowledged">;
}

/** What is only known while the object lives. */
interface Memory {
  /** Announced events acknowledged before one that lies below them; forgetting them sends them again. */
  readonly handedOn: Set<number>;
  /** The last send that nothing has acknowledged yet. */
  attempt: { readonly sentAtMs: number; readonly times: number } | null;
}

export function createOutbox(deps: OutboxDeps): Outbox {
  const memory: Memory = { handedOn: new Set(), attempt: null };
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
  await resendTickets(deps, state);
  const { indexed, announced } = deps.cursors();
  if (Math.min(indexed, announced) >= state.head.seq) return;
  memory.attempt = { sentAtMs: deps.nowMs(), times: (memory.attempt?.times ?? 0) + 1 };
  await guarded(deps, "index", () => resendIndex(deps, state, indexed));
  await guarded(deps, "webhooks", () => resendWebhooks(deps, memory, state, announced));
}

/**
 * One send for each ticket with a point of its schedule since the last re-send. That is written before
 * anything is sent and outlives this memory, so there are never more sends than points: `decide` counts
 * the points when it tells an expected duplicate from a replay. A crash right after costs one re-send.
 */
async function resendTickets(deps: OutboxDeps, state: MissionState): Promise<void> {
  const now = deps.nowMs();
  const cursors = deps.cursors();
  const due = ticketsToResend(outstandingTickets(state), nextResendMs, cursors.resentMs, now);
  if (due.length === 0) return;
  deps.moveCursors({ ...cursors, resentMs: now });
  for (const ticket of due) {
    await guarded(deps, "tickets", async () => {
      for (const event of deps.readEvents(ticket.seq - 1, 1)) await sendTicket(deps, state, event);
    });
  }
}

/** One message however much is owed: what one page does not hold, the index reads from the mission. */
async function resendIndex(deps: OutboxDeps, state: MissionState, indexed: number): Promise<void> {
  const { team, missionId, head } = state;
  const page = deps.readEvents(indexed, LIMITS.tracePageMax);
  const last = page.at(-1);
  if (!last) return;
  if (last.seq >= head.seq) await sendIndex(deps, state, page);
  else await deps.sendIndex(rangeMessage(team, missionId, indexed, head.seq));
}

async function resendWebhooks(
  deps: OutboxDeps,
  memory: Memory,
  state: MissionState,
  announced: number,
): Promise<void> {
  for (let after = announced; ;) {
    const page = deps.readEvents(after, LIMITS.tracePageMax);
    const last = page.at(-1);
    if (!last) return;
    await sendWebhooks(
      deps,
      state,
      page.filter(({ seq }) => !memory.handedOn.has(seq)),
    );
    after = last.seq;
  }
}

/** Cursors never pass the head, nor an announced event that nobody has acknowledged. */
function acknowledge(
  deps: OutboxDeps,
  memory: Memory,
  sink: "index" | "webhooks",
  seq: number,
): void {
  const before = deps.cursors();
  const lastSeq = deps.lastSeq();
  if (sink === "webhooks" && seq > before.announced && seq <= lastSeq) memory.handedOn.add(seq);
  const indexed =
    sink === "index" ? Math.max(before.indexed, Math.min(seq, lastSeq)) : before.indexed;
  const announced = announcedUpTo(deps, memory, before.announced);
  if (indexed === before.indexed && announced === before.announced) return;
  deps.moveCursors({ ...before, indexed, announced });
  memory.attempt = null;
}

/** Steps over events that no webhook wants and over acknowledged ones, to the first that is still owed. */
function announcedUpTo(deps: OutboxDeps, memory: Memory, from: number): number {
  let upTo = from;
  for (;;) {
    const page = deps.readEvents(upTo, EVENTS_PER_STEP);
    if (page.length === 0) return upTo;
    for (const { seq, type } of page) {
      if (isAnnounced(type) && !memory.handedOn.has(seq)) return upTo;
      memory.handedOn.delete(seq);
      upTo = seq;
    }
  }
}

function needs(deps: OutboxDeps, memory: Memory, state: MissionState): ReturnType<Outbox["needs"]> {
  const { indexed, announced, resentMs } = deps.cursors();
  // Not from now on: a point that passed while nobody was awake is due at once.
  const resends = outstandingTickets(state).map((ticket) =>
    nextResendMs(ticket.issuedAt, resentMs),
  );
  const isOwing = Math.min(indexed, announced) < state.head.seq;
  if (isOwing) memory.attempt ??= { sentAtMs: deps.nowMs(), times: 1 };
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

/** Most acknowledgements pass a handful of events; a page of a thousand would be read for nothing. */
const EVENTS_PER_STEP = 50;

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
