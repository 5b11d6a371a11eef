/**
 * The sinks of the journal: which messages a stretch of events owes to the index, to the tickets
 * queue and to the webhooks. Pure; sending, cursors and retries are the object's.
 */
import { LIMITS } from "../../shared/limits.ts";
import { dataOf, type HeldTicket, type MissionState } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { isAnnounced } from "../../shared/webhook/index.ts";
import type {
  IndexMessage,
  TicketMessage,
  WebhookEventMessage,
} from "../../shared/wire/message.ts";

/** One message for a contiguous stretch of events; without the events themselves when they do not fit. */
export function indexMessage(
  team: string,
  missionId: string,
  events: readonly TraceEvent[],
): IndexMessage | null {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return null;
  const range = rangeMessage(team, missionId, first.seq - 1, last.seq);
  const fits = bytesOf(events) <= LIMITS.queueMessageBytesMax;
  return { ...range, events: fits ? (events as unknown as IndexMessage["events"]) : null };
}

/** The stretch (afterSeq, toSeq] without its events: whoever indexes it reads them from the mission. */
export function rangeMessage(
  team: string,
  missionId: string,
  afterSeq: number,
  toSeq: number,
): IndexMessage {
  return { kind: "index", team, missionId, afterSeq, toSeq, events: null };
}

/** One message for every event that webhooks want to hear of. Data that does not fit is left out; the trace has it. */
export function webhookMessages(
  team: string,
  events: readonly TraceEvent[],
): readonly WebhookEventMessage[] {
  return events
    .filter(({ type }) => isAnnounced(type))
    .map((event) => {
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

/** Which outstanding tickets are due for another send, given when due ones were last sent. */
export function ticketsToResend(
  tickets: readonly HeldTicket[],
  nextResendMs: (issuedAt: string, afterMs: number) => number,
  resentMs: number,
  nowMs: number,
): readonly HeldTicket[] {
  return tickets.filter((ticket) => nextResendMs(ticket.issuedAt, resentMs) <= nowMs);
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}
