/**
 * Exhaustive exploration of one plan: breadth first through every place that the alphabet can reach. A step that
 * would see what an earlier one saw is recalled, not worked out again; `isDirect` works out every one of them.
 * Specification: docs/testing.md, "Exploration".
 */
import { decide, evolve, type MissionState, recordEvents } from "../../shared/mission/index.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import { EMPTY_HEAD } from "../../shared/trace/index.ts";
import { MISSION } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { checkEvent } from "../support/invariants.ts";
import type { Model } from "../support/mission-model.ts";
import type { Alphabet } from "./alphabet.ts";
import { createFound } from "./found.ts";
import { type Did, type Memory, createMemory, slotsOf, takeStep } from "./memory.ts";
import { type Catalogue, type Cell, type Place, placeOf, PLAN_HASH, settle } from "./place.ts";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Transitions that were worked out; the others were recalled. */
  readonly steps: number;
  /** The shortest way to a violation, and what is violated; null: none. */
  readonly violation: {
    readonly path: readonly string[];
    readonly flaws: readonly string[];
  } | null;
}

export interface ExploreOptions {
  readonly alphabet?: Alphabet;
  /** Commands from the opening; beyond it nothing is tried. */
  readonly depthMax?: number;
  /** Explore the plan under its own hash, so that states compare with those of other explorations. */
  readonly hasOwnHash?: boolean;
  /** Work out every transition. */
  readonly isDirect?: boolean;
  /** Steps of earlier explorations with the same alphabet. */
  readonly memory?: Memory;
  /** Told of each place that is left, with the way to it. */
  readonly onPlace?: (place: Place, path: () => readonly string[]) => void;
}

/** Explores one plan from its opening. */
export function explore(plan: CompiledPlan, options: ExploreOptions = {}): Exploration {
  const { depthMax = Infinity, memory = createMemory(), alphabet = "core" } = options;
  const { catalogue } = memory;
  const isDirect = options.isDirect ?? false;
  const start = openingOf(catalogue, options.hasOwnHash ? plan : { ...plan, hash: PLAN_HASH });
  const found = createFound(start);
  let [transitions, steps] = [0, 0];
  for (let at = 0; at < found.size(); at += 1) {
    if (found.depthOf(at) >= depthMax) break;
    const place = found.placeAt(at);
    options.onPlace?.(place, () => found.pathTo(at));
    for (const slots of slotsOf(memory, place, alphabet)) {
      for (const slot of slots) {
        transitions += 1;
        const { did, isNew } = takeStep(memory, place, slot, isDirect);
        if (isNew) steps += 1;
        if (did === null) continue;
        if (did.flaws) {
          const path = [...found.pathTo(at), slot.letter.name];
          return {
            states: found.size(),
            transitions,
            steps,
            violation: { path, flaws: did.flaws },
          };
        }
        found.add(did.plan ?? moved(catalogue, place, did), at, slot.letter.name);
      }
    }
  }
  return { states: found.size(), transitions, steps, violation: null };
}

/** Where a step leads from here. The answer is good until the next one is asked for. */
function moved(catalogue: Catalogue, { outline, cells: before }: Place, did: Did): Place {
  let cells: readonly Cell[] = before;
  if (did.moved.length > 0) {
    const after = [...before];
    for (const [at, cell] of did.moved) after[at] = cell;
    cells = after;
  }
  return { outline, cells, rest: settle(catalogue, did.rest, cells) };
}

function openingOf(catalogue: Catalogue, compiled: CompiledPlan): Place {
  const command = openMission(compiled);
  const decided = decide(null, command);
  if (!decided.ok) throw new Error(`the mission does not open: ${JSON.stringify(decided.error)}`);
  const events = recordEvents(EMPTY_HEAD, MISSION, decided.value, () => "no ticket at the opening");
  let state: MissionState | null = null;
  let model: Model | null = null;
  for (const event of events) {
    state = evolve(state, event, command.plan);
    // The plan does not give the hash it is explored under; that it gives its own is asked of whole traces.
    model = checkEvent(model, event, () => {}, {});
  }
  if (!state || !model) throw new Error("the mission does not open: nothing happened");
  return placeOf(catalogue, state, model, 0);
}
