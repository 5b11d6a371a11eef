/**
 * One command at one place: decide, record, fold twice, and the invariants of what is new. The invariants hold of
 * a trace when they hold of its first event and of every step, so a step asks only about what the step can change.
 */
import { evolve, type MissionState, recordEvents } from "../../shared/mission/index.ts";
import { signJws } from "../../shared/jws.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import { type TraceEvent, verifyTrace } from "../../shared/trace/index.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { MISSION, TICKET_KEY } from "../support/builders.ts";
import { decideLeased } from "../support/local-arbiter.ts";
import {
  checkEvent,
  checkMissionState,
  checkNodeState,
  checkSlices,
} from "../support/invariants.ts";
import { type Letter, LATE_SECONDS } from "./alphabet.ts";
import { type Bench, createBench, type Fork, HEAD } from "./bench.ts";
import { type Catalogue, type Place, restOf, settle } from "./place.ts";
import type { Reads } from "./reads.ts";

/** What a step did: nothing, something wrong, or another place. */
export type Step =
  | { readonly kind: "nothing" }
  | { readonly kind: "flaws"; readonly flaws: readonly string[] }
  | { readonly kind: "place"; readonly place: Place; readonly events: number };

export const OPTIONS = { ticketKey: TICKET_KEY.publicJwk };

/** Signs with the test's key, as the object does. */
export function signTicket(claims: TicketClaims): string {
  return signJws(
    { typ: "sekisho-ticket+jwt", kid: TICKET_KEY.kid },
    canonicalJson(claims),
    TICKET_KEY.privateJwk,
  );
}

/** Takes one step. With `reads`, notes all that its outcome depends on beside the letter and the place's rest. */
export function stepFrom(
  catalogue: Catalogue,
  place: Place,
  { command }: Letter,
  reads: Reads | null,
): Step {
  try {
    const bench = createBench(place, reads);
    const decided = decideLeased(bench.state, command);
    const isLate = command.type === "PassTime" && place.rest.seconds < LATE_SECONDS;
    const drafts = decided.ok ? decided.value : [];
    if (drafts.length === 0 && !isLate) return { kind: "nothing" };
    const events = recordEvents(HEAD, MISSION, drafts, signTicket);
    const live = fold(bench, events);
    const flaws = flawsOf(bench, events, live);
    const led = bench.result(catalogue, live);
    flaws.push(...replayFlaws(catalogue, bench, { events, led, live }));
    if (flaws.length > 0) return { kind: "flaws", flaws };
    const to = isLate ? later(catalogue, led) : led;
    return { kind: "place", place: to, events: events.length };
  } catch (cause) {
    return { kind: "flaws", flaws: [`thrown: ${String(cause)}`] };
  }
}

function fold(bench: Bench, events: readonly TraceEvent[]): Fork {
  const fork = bench.fork();
  let state: MissionState = fork.state;
  for (const event of events) state = evolve(state, event);
  return fork;
}

function later(catalogue: Catalogue, { outline, cells, rest }: Place): Place {
  return { outline, cells, rest: restOf(catalogue, { ...rest, seconds: LATE_SECONDS }, cells) };
}

function flawsOf(bench: Bench, events: readonly TraceEvent[], live: Fork): string[] {
  const flaws: string[] = [];
  const say = (id: string, detail: string) => void flaws.push(`${id}: ${detail}`);
  const { model, state } = bench;
  const chain = verifyTrace(events, { from: HEAD, missionId: state.missionId });
  if (!chain.ok) return [`I3: the chain breaks at seq ${chain.error.seq}: ${chain.error.reason}`];
  let done = state.doneCount;
  for (const event of events) {
    if (event.at < state.lastAt) say("I3", `time decreases at seq ${event.seq}`);
    if (event.nodeId !== null && event.stateAfter === "DONE" && event.stateBefore !== "DONE")
      done += 1;
    checkEvent(model, event, say, OPTIONS);
  }
  // A node that nobody touched is as it was, and what is DONE before it stays DONE.
  for (const id of new Set([...live.touched(), ...bench.modelTouched()])) {
    const node = model.nodes.get(id);
    if (node) checkNodeState(model, node, id, live.state, say);
  }
  checkSlices(model, live.state, say);
  checkMissionState(model, live.state, { head: chain.value.head, done }, say);
  return flaws;
}

/**
 * I9, by induction: replaying a trace is folding its last events onto the replay of the rest. That replay is this
 * place (put together from plain values, not the state that lived), so the events, once through JSON as they come
 * back from a journal, must lead from it to where the live fold led.
 */
function replayFlaws(
  catalogue: Catalogue,
  bench: Bench,
  {
    events,
    led,
    live,
  }: { readonly events: readonly TraceEvent[]; readonly led: Place; readonly live: Fork },
): readonly string[] {
  const again = fold(bench, JSON.parse(JSON.stringify(events)) as TraceEvent[]);
  const replayed = bench.result(catalogue, again);
  const isSame =
    replayed.cells.every((cell, at) => cell === led.cells[at]) && replayed.rest === led.rest;
  const flaws = isSame ? [] : ["I9: replay gives another state"];
  const { floorMs } = settle(catalogue, led.rest, led.cells);
  const { dueFloorMs } = live.state;
  const isBound = floorMs === null || (dueFloorMs != null && dueFloorMs <= floorMs);
  return isBound ? flaws : [...flaws, "I8: a deadline lies before the floor of all deadlines"];
}
