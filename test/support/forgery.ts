/**
 * Forging traces: changes events of recorded stories and hashes everything anew, as somebody would who
 * holds the storage but no key. Proves nothing by itself; certification has to catch what comes out.
 */
import { expect } from "vitest";
import { certifyReplay } from "../../shared/mission/index.ts";
import { EMPTY_HEAD, linkEvent, type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import { TICKET_KEY } from "./builders.ts";
import { GOLDEN_STORIES, tell } from "./golden-stories.ts";

export const KEYS = { ticketKeys: new Map([[TICKET_KEY.kid, TICKET_KEY.publicJwk]]) };
export const STORIES = Object.entries(GOLDEN_STORIES).map(([name, story]) => ({
  name,
  events: JSON.parse(JSON.stringify(tell(story()).events)) as readonly TraceEvent[],
}));

/** The trace with another list of events, every one of them linked and hashed as if it had been so. */
export function rehashed(events: readonly TraceEvent[]): readonly TraceEvent[] {
  let head = EMPTY_HEAD;
  return events.map((event) => {
    const linked = linkEvent(head, event.missionId, placed(event, head));
    head = linked;
    return linked;
  });
}

/** A forger also moves a ticket's place along, though nobody can sign it anew. */
function placed(event: TraceEvent, head: { seq: number; hash: string }): TraceEvent {
  if (event.type !== "ticket.issued") return event;
  const claims = {
    ...(event.data["claims"] as object),
    trace_seq: head.seq,
    trace_hash: head.hash,
  };
  return { ...event, data: { ...event.data, claims } };
}

export type Change = (event: TraceEvent) => Partial<Record<keyof TraceEvent, unknown>>;

export function forged(events: readonly TraceEvent[], seq: number, change: Change) {
  return rehashed(
    events.map((event) =>
      event.seq === seq ? ({ ...event, ...change(structuredClone(event)) } as TraceEvent) : event,
    ),
  );
}

/** The seq at which a forgery is caught; fails when its chain is not sound, since then it proves nothing. */
export function caughtAt(events: readonly TraceEvent[], options = {}): number | null {
  expect(verifyTrace(events).ok).toBe(true);
  const certified = certifyReplay(events, options);
  return certified.certified ? null : certified.seq;
}

export type Leaf = readonly (string | number)[];

export function leavesOf(value: unknown, at: Leaf = []): readonly Leaf[] {
  if (typeof value !== "object" || value === null) return [at];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...at, key]));
}

export function withLeaf(value: unknown, [key, ...rest]: Leaf): unknown {
  if (key === undefined) return otherThan(value);
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[key] = withLeaf(copy[key], rest);
  return copy;
}

function otherThan(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (value === null) return { verdict: "allow", score: 0, reasons: [], gates: [] };
  return typeof value === "string" ? `${value}x` : "x";
}

export function eventsOf(name: string): readonly TraceEvent[] {
  const story = STORIES.find((candidate) => candidate.name === name);
  if (!story) throw new Error(`there is no story ${name}`);
  return story.events;
}

export function find(name: string, test: (event: TraceEvent) => boolean): TraceEvent {
  const event = eventsOf(name).find(test);
  if (!event) throw new Error(`${name} has no such event`);
  return event;
}
