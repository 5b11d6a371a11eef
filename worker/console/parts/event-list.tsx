/** Events of a trace, one a line; each opens to all of what was recorded. */
import type { JSX } from "preact";
import type { TraceEvent } from "../../../shared/trace/index.ts";
import { Badge } from "./badge.tsx";
import { Reasons } from "./gate.tsx";
import { Moment } from "./moment.tsx";
import { Json } from "./page.tsx";

export function EventList({
  events,
  markedSeq,
}: {
  events: readonly TraceEvent[];
  /** The event this is about. */
  markedSeq: number | null;
}): JSX.Element {
  return (
    <ol class="events">
      {events.map((event) => (
        <li
          key={event.seq}
          class={event.seq === markedSeq ? "selected" : undefined}
          aria-current={event.seq === markedSeq ? "true" : undefined}
        >
          <details>
            <summary>
              <EventLine event={event} />
            </summary>
            {event.gateResult === null ? null : <Reasons reasons={event.gateResult.reasons} />}
            <Json value={event} label={`Event ${event.seq}`} />
          </details>
        </li>
      ))}
    </ol>
  );
}

/** An event in one line: place, time, what, where, by whom, and what it moved. */
export function EventLine({ event }: { event: TraceEvent }): JSX.Element {
  const { stateBefore, stateAfter, gateResult } = event;
  return (
    <>
      <span class="seq">{event.seq}</span> <code>{event.type}</code>{" "}
      {event.nodeId === null ? null : <strong>{event.nodeId}</strong>}{" "}
      {gateResult === null ? null : <Badge word={gateResult.verdict} />}{" "}
      {stateBefore === stateAfter || stateAfter === null ? null : (
        <span class="moved">
          {stateBefore ?? "–"} → {stateAfter}
        </span>
      )}{" "}
      <span class="dim">
        {event.actor.kind} {event.actor.id}, <Moment at={event.at} />
      </span>
    </>
  );
}
