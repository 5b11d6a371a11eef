/**
 * The exploration without any shortcut, to compare the other one with: states that live, whole traces, every
 * transition worked out, and all invariants asked of the whole trace each time. Slow, so for small plans.
 */
import {
  decide,
  evolve,
  type MissionState,
  recordEvents,
  stateToSnapshot,
} from "../../shared/mission/index.ts";
import { snapshotToState } from "../../shared/mission/snapshot.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import { EMPTY_HEAD, type TraceEvent } from "../../shared/trace/index.ts";
import { MISSION } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { checkInvariants } from "../support/invariants.ts";
import { decideLeased } from "../support/local-arbiter.ts";
import {
  type Alphabet,
  LATE_SECONDS,
  type Letter,
  lettersAt,
  lettersOfMission,
} from "./alphabet.ts";
import { stateTextOf, stateViewOf } from "./place.ts";
import { OPTIONS, signTicket } from "./step.ts";

interface Lived {
  readonly state: MissionState;
  readonly events: readonly TraceEvent[];
  readonly seconds: number;
}

export interface WholeExploration {
  /** Every state that was reached, as text. */
  readonly states: ReadonlySet<string>;
  readonly transitions: number;
}

/** Explores one plan to the end. Throws at the first violation. */
export function exploreWhole(plan: CompiledPlan, alphabet: Alphabet): WholeExploration {
  const start = opening(plan);
  const states = new Set([textAt(start)]);
  const queue = [start];
  let transitions = 0;
  for (const lived of queue) {
    for (const letter of lettersOf(lived, alphabet)) {
      transitions += 1;
      const next = live(lived, letter);
      const text = textAt(next);
      if (states.has(text)) continue;
      states.add(text);
      queue.push(next);
    }
  }
  return { states, transitions };
}

/** Takes the letters of these names one after the other, as a mission that lives. Throws at a violation. */
export function liveThrough(
  plan: CompiledPlan,
  path: readonly string[],
  alphabet: Alphabet,
): string {
  let lived = opening(plan);
  for (const name of path) {
    const letter = lettersOf(lived, alphabet).find((one) => one.name === name);
    if (!letter) throw new Error(`${name} is not tried here`);
    lived = live(lived, letter);
  }
  return textAt(lived);
}

function opening(plan: CompiledPlan): Lived {
  const decided = decide(null, openMission(plan));
  if (!decided.ok) throw new Error(`the mission does not open: ${JSON.stringify(decided.error)}`);
  const events = recordEvents(EMPTY_HEAD, MISSION, decided.value, signTicket);
  let state: MissionState | null = null;
  for (const event of events) state = evolve(state, event, plan);
  if (!state) throw new Error("the mission does not open: nothing happened");
  return sound({ state, events, seconds: 0 });
}

function live(lived: Lived, { name, command }: Letter): Lived {
  const before = stateToSnapshot(lived.state);
  const decided = decideLeased(lived.state, command);
  if (stateToSnapshot(lived.state) !== before)
    throw new Error(`${name}: decide changed the state it was given`);
  const seconds = command.type === "PassTime" ? LATE_SECONDS : lived.seconds;
  const drafts = decided.ok ? decided.value : [];
  if (drafts.length === 0) return { ...lived, seconds };
  const recorded = recordEvents(lived.state.head, MISSION, drafts, signTicket);
  let state = snapshotToState(before, lived.state.plan, lived.state.policy);
  if (!state) throw new Error("a snapshot of this version is read");
  for (const event of recorded) state = evolve(state, event);
  return sound({ state, events: [...lived.events, ...recorded], seconds });
}

function sound(lived: Lived): Lived {
  const flaws = checkInvariants(lived.events, lived.state, OPTIONS);
  if (flaws.length > 0) throw new Error(flaws.join("\n"));
  return lived;
}

function lettersOf({ state, seconds }: Lived, alphabet: Alphabet): readonly Letter[] {
  return [
    ...state.plan.order.flatMap((id) => lettersAt(stateViewOf(state, id), seconds, alphabet)),
    ...lettersOfMission(state, seconds, alphabet),
  ];
}

function textAt({ state, seconds }: Lived): string {
  return stateTextOf(state, seconds);
}
