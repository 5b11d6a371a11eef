/**
 * A slice of a round: every n-th of its plans, explored one after the other with one memory; and of some of them
 * one way through, taken again by a mission that lives, with the invariants asked of the whole trace.
 */
import type { CompiledPlan } from "../../shared/plan/index.ts";
import { explore, type Exploration } from "./explore.ts";
import { createMemory } from "./memory.ts";
import { type Place, placeTextOf } from "./place.ts";
import type { Round } from "./rounds.ts";
import { liveThrough } from "./whole.ts";

export interface Tally {
  readonly plans: number;
  readonly states: number;
  readonly transitions: number;
  readonly steps: number;
  /** Whole traces that were lived through. */
  readonly traces: number;
  /** The first violation, with the plan it is of. */
  readonly violation: (NonNullable<Exploration["violation"]> & { readonly plan: string }) | null;
}

/** Which plans of a round: those whose place is `first` and every `step` after it. */
export interface Share {
  readonly first: number;
  readonly step: number;
}

/** A memory with more cells than this is given up for an empty one. */
const CELLS_MAX = 40_000;
/** One trace of every so many plans is lived through. */
const PLANS_PER_TRACE = 16;

export function exploreSlice(round: Round, { first, step }: Share): Tally {
  const tally = { plans: 0, states: 0, transitions: 0, steps: 0, traces: 0 };
  let memory = createMemory();
  const all = round.plans();
  for (let at = first; at < all.length; at += step) {
    const plan = all[at];
    if (!plan) continue;
    if (memory.catalogue.cells.size > CELLS_MAX) memory = createMemory();
    const last: Last = { place: null, path: () => [] };
    const found = explore(plan, {
      alphabet: round.alphabet,
      depthMax: round.depthMax,
      memory,
      onPlace: (place, path) => void Object.assign(last, { place, path }),
    });
    tally.plans += 1;
    tally.states += found.states;
    tally.transitions += found.transitions;
    tally.steps += found.steps;
    const violation =
      found.violation ?? (tally.plans % PLANS_PER_TRACE === 1 ? lived(plan, round, last) : null);
    if (tally.plans % PLANS_PER_TRACE === 1) tally.traces += 1;
    if (violation) return { ...tally, violation: { ...violation, plan: describe(plan) } };
  }
  return { ...tally, violation: null };
}

interface Last {
  place: Place | null;
  path: () => readonly string[];
}

/** Lives through the way to the last place: it must lead to the same state, whatever the plan's hash is. */
function lived(
  plan: CompiledPlan,
  { alphabet }: Round,
  { place, path }: Last,
): Exploration["violation"] {
  if (!place) return null;
  const names = path();
  try {
    const text = liveThrough(plan, names, alphabet);
    if (withoutHashes(text) === withoutHashes(placeTextOf(place))) return null;
    return { path: names, flaws: ["I9: a mission that lives is led elsewhere"] };
  } catch (cause) {
    return { path: names, flaws: [`lived through: ${String(cause)}`] };
  }
}

/** Hashes in hex, and those of what people signed, in base64url. */
function withoutHashes(text: string): string {
  return text.replaceAll(/[0-9a-f]{64}|"[\w-]{43}"/g, "#");
}

function describe({ plan }: CompiledPlan): string {
  return JSON.stringify({ nodes: plan.nodes, edges: plan.edges });
}
