/**
 * Exhaustive exploration of one plan: breadth first through every state that the alphabet can reach, the
 * invariants asked on every path that finds something new. Shares the invariants with the other tests and
 * runs decide, record and fold as the mission object does. Specification: docs/testing.md.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import {
  decide,
  evolve,
  type MissionState,
  recordEvents,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import { createTable, type Table } from "../../shared/mission/table.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../../shared/trace/index.ts";
import { MISSION } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { checkInvariants } from "../support/invariants.ts";
import { LATE_SECONDS, type Letter, lettersOf } from "./alphabet.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** The shortest way to a violation, and what is violated; null: none. */
  readonly violation: {
    readonly path: readonly string[];
    readonly flaws: readonly string[];
  } | null;
}

export interface ExploreOptions {
  /** Commands from the opening; beyond it nothing is tried. */
  readonly depthMax?: number;
}

interface Place {
  readonly state: MissionState;
  readonly events: readonly TraceEvent[];
  readonly path: readonly string[];
  readonly seconds: number;
}

type Step =
  | { readonly kind: "nothing" }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "flaws"; readonly flaws: readonly string[] };

/** Explores one plan from its opening. */
export function explore(plan: CompiledPlan, options: ExploreOptions = {}): Exploration {
  const { depthMax = Infinity } = options;
  const start = openingOf(plan);
  const seen = new Set([keyOf(start)]);
  const queue = [start];
  let transitions = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const place = queue[at];
    if (!place || place.path.length >= depthMax) continue;
    for (const letter of lettersOf(place.state, place.seconds)) {
      transitions += 1;
      const path = [...place.path, letter.name];
      const step = stepFrom(place, letter, path);
      if (step.kind === "flaws")
        return { states: seen.size, transitions, violation: { path, flaws: step.flaws } };
      if (step.kind === "nothing") continue;
      const key = keyOf(step.place);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(step.place);
    }
  }
  return { states: seen.size, transitions, violation: null };
}

function openingOf(plan: CompiledPlan): Place {
  const command = openMission(plan);
  const decided = decide(null, command);
  if (!decided.ok) throw new Error(`the mission does not open: ${JSON.stringify(decided.error)}`);
  const events = recordEvents(EMPTY_HEAD, MISSION, decided.value, sign);
  let state: MissionState | null = null;
  for (const event of events) state = evolve(state, event, plan);
  if (!state) throw new Error("the mission does not open: nothing happened");
  return { state, events, path: [], seconds: 0 };
}

/** Tickets are not signed here: what is explored is when they are issued, and for what. */
function sign(): string {
  return "not signed";
}

function stepFrom(place: Place, letter: Letter, path: readonly string[]): Step {
  try {
    const before = stateToSnapshot(place.state);
    const decided = decide(place.state, letter.command);
    if (stateToSnapshot(place.state) !== before)
      return { kind: "flaws", flaws: ["decide changed the state it was given"] };
    const seconds = letter.command.type === "PassTime" ? LATE_SECONDS : place.seconds;
    const drafts = decided.ok ? decided.value : [];
    if (drafts.length === 0)
      return seconds === place.seconds
        ? { kind: "nothing" }
        : { kind: "place", place: { ...place, path, seconds } };
    const recorded = recordEvents(place.state.head, MISSION, drafts, sign);
    let state = copyOf(place.state);
    for (const event of recorded) state = evolve(state, event);
    const events = [...place.events, ...recorded];
    const flaws = checkInvariants(events, state);
    return flaws.length > 0
      ? { kind: "flaws", flaws }
      : { kind: "place", place: { state, events, path, seconds } };
  } catch (cause) {
    return { kind: "flaws", flaws: [`thrown: ${String(cause)}`] };
  }
}

/** A state that `evolve` may change. */
function copyOf(state: MissionState): MissionState {
  const copy = <V>(table: Table<V>) =>
    createTable([...table.keys()].map((key) => [key, table.get(key) as V] as const));
  return {
    ...state,
    nodes: copy(state.nodes),
    ready: copy(state.ready),
    advance: copy(state.advance),
    slices: copy(state.slices),
    tickets: copy(state.tickets),
    denials: copy(state.denials),
    timed: copy(state.timed),
    passages: copy(state.passages),
    history: copy(state.history),
  };
}

/** Members that say how a state was reached: where in the trace, and the action history no rule here reads. */
const HOW = new Set(["head", "lastAt", "seq", "history", "actionCount"]);

/** Equal for states from which the same can happen: all of the state but how it was reached. */
function keyOf({ state, seconds }: Place): string {
  const whole = JSON.parse(stateToSnapshot(state)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(whole))
    if (Array.isArray(value)) whole[name] = value.map((entry) => JSON.stringify(entry)).sort();
  let text = JSON.stringify(whole, (name, value: unknown) => (HOW.has(name) ? undefined : value));
  text = text.replaceAll(/\\"seq\\":\d+/g, "");
  const count = new Map<string, number>();
  for (const jti of state.tickets.keys()) {
    const nodeId = state.tickets.get(jti)?.nodeId ?? "";
    const nth = (count.get(nodeId) ?? 0) + 1;
    count.set(nodeId, nth);
    text = text.replaceAll(jti, `ticket ${nth} of ${nodeId}`);
  }
  return sha256Hex(`${seconds} ${text}`);
}
