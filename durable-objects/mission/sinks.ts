/**
 * The sinks of the journal: which messages a stretch of events owes to the index, to the tickets
 * queue and to the webhooks. Pure; sending, cursors and retries are the object's.
 */
import { LIMITS } from "../../shared/limits.ts";
import {
  dataOf,
  type EventType,
  type HeldTicket,
  type MissionState,
} from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type {
  IndexMessage,
  TicketMessage,
  WebhookEventMessage,
} from "../../shared/wire/message.ts";

/** Event types that somebody outside may have subscribed to. */
const ANNOUNCED = new Set<string>([
  "approval.requested",
  "approval.voided",
  "approval.expired",
  "mission.completed",
  "mission.sealed",
  "mission.stopped",
  "incident.raised",
] satisfies EventType[]);

/** Whether webhooks want to hear of this event. */
export function isAnnounced(event: TraceEvent): boolean {
  return ANNOUNCED.has(event.type);
}

/** One message for a contiguous stretch of events; without the events themselves when they do not fit. */
export function indexMessage(
  team: string,
  missionId: string,
  events: readonly TraceEvent[],
): IndexMessage | null {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return null;
  const range = {
    kind: "index",
    team,
    missionId,
    afterSeq: first.seq - 1,
    toSeq: last.seq,
  } as const;
  const fits = bytesOf(events) <= LIMITS.queueMessageBytesMax;
  return { ...range, events: fits ? (events as unknown as IndexMessage["events"]) : null };
}

/** One message for every event that webhooks want to hear of. Data that does not fit is left out; the trace has it. */
export function webhookMessages(
  team: string,
  events: readonly TraceEvent[],
): readonly WebhookEventMessage[] {
  return events.filter(isAnnounced).map((event) => {
    const data = event.data as WebhookEventMessage["data"];
    return {
      kind: "event",
      team,
      missionId: event.missionId,
      seq: event.seq,
      hash: event.hash,
      type: event.type,
      at: event.at,
      nodeId: event.nodeId,
      data: bytesOf(data) <= LIMITS.queueMessageBytesMax / 2 ? data : { truncated: true },
    };
  });
}

/** The message of an issued ticket, while its node still holds the proposal it was issued for. */
export function ticketMessage(state: MissionState, event: TraceEvent): TicketMessage | null {
  if (event.type !== "ticket.issued" || event.nodeId === null) return null;
  const { claims, ticket } = dataOf(event, "ticket.issued");
  const record = state.nodes.get(event.nodeId);
  const action = record?.proposal?.action;
  if (ticket === undefined || !action || record.ticket?.jti !== claims.jti) return null;
  return {
    kind: "ticket",
    team: state.team,
    missionId: state.missionId,
    ticket,
    action: { type: action.type, args: action.args as TicketMessage["action"]["args"] },
  };
}

/** Which outstanding tickets are due for another send, given when they were last looked at. */
export function ticketsToResend(
  tickets: readonly HeldTicket[],
  nextResendMs: (issuedAt: string, afterMs: number) => number,
  lookedAtMs: number,
  nowMs: number,
): readonly HeldTicket[] {
  return tickets.filter((ticket) => nextResendMs(ticket.issuedAt, lookedAtMs) <= nowMs);
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}
