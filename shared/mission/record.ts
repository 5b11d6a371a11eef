/**
 * Recording: drafts become chained events. A ticket is signed here, over claims that name the event
 * just before it: no leaf, no ticket. Deterministic, so it runs inside the storage transaction.
 */
import { type EventDraft, type Head, linkEvent, type TraceEvent } from "../trace/index.ts";
import type { TicketClaims } from "../ticket/index.ts";
import type { JsonObject } from "../strict-json.ts";
import { dataOf } from "./event.ts";

/** Signs complete claims as a compact JWS; the same claims give the same text. */
export type SignTicket = (claims: TicketClaims) => string;

/** Links drafts behind `head`, in order. O(bytes). */
export function recordEvents(
  head: Head,
  missionId: string,
  drafts: readonly EventDraft[],
  sign: SignTicket,
): readonly TraceEvent[] {
  const events: TraceEvent[] = [];
  let last = head;
  for (const draft of drafts) {
    const event = linkEvent(
      last,
      missionId,
      draft.type === "ticket.issued" ? signed(draft, last, sign) : draft,
    );
    events.push(event);
    last = event;
  }
  return events;
}

function signed(draft: EventDraft, before: Head, sign: SignTicket): EventDraft {
  const claims: TicketClaims = {
    ...dataOf(draft, "ticket.issued").claims,
    trace_seq: before.seq,
    trace_hash: before.hash,
  };
  return { ...draft, data: { claims, ticket: sign(claims) } as unknown as JsonObject };
}
