/**
 * The rounds of an exploration: which plans, with which alphabet, how deep. What each covers and leaves out, with
 * its measured size, stands in docs/testing.md, "Exploration"; the two change together.
 */
import type { CompiledPlan } from "../../shared/plan/index.ts";
import type { Alphabet } from "./alphabet.ts";
import { plansOf, type Profile, PROFILE_PER_RISK, PROFILES, shapesOf } from "./plans.ts";
import { SCENES } from "./scenes.ts";

export interface Round {
  readonly name: string;
  readonly alphabet: Alphabet;
  /** Commands from the opening; Infinity: to the end. */
  readonly depthMax: number;
  readonly plans: () => readonly CompiledPlan[];
}

/** What `npm run explore` runs. */
const SHORT: readonly Round[] = [
  round("1 node, 1 attempt", "full", plansWith(1, PROFILES)),
  round("1 node, 2 attempts", "core", plansWith(1, PROFILES, 2)),
  round("1 node, 1 attempt, a kind a risk", "intervening", plansWith(1, PROFILE_PER_RISK)),
  round("2 nodes, 1 attempt", "core", plansWith(2, PROFILES)),
  round("3 nodes, 1 attempt, a kind a risk", "core", plansWith(3, PROFILE_PER_RISK)),
  round("4 nodes, 1 attempt, a kind a risk", "core", plansWith(4, PROFILE_PER_RISK)),
  round("2 nodes, 1 attempt", "full", plansWith(2, PROFILES), 3),
  round("2 nodes, 1 attempt", "intervening", plansWith(2, PROFILES), 3),
  round("1 node, amended", "amending", plansWith(1, PROFILES), 4),
  round("leases, coverage, overrides", "full", () => SCENES, 5),
];

/** What `npm run explore -- --deep` runs after it. */
const LONG: readonly Round[] = [
  round("1 node, 2 attempts", "full", plansWith(1, PROFILES, 2)),
  round("2 nodes, 2 attempts", "core", plansWith(2, PROFILES, 2)),
  round("3 nodes, 1 attempt", "core", plansWith(3, PROFILES)),
  round("4 nodes, 1 attempt, another kind a risk", "core", plansWith(4, otherKinds())),
  round("2 nodes, 1 attempt", "full", plansWith(2, PROFILES), 5),
  round("1 node, 1 attempt", "intervening", plansWith(1, PROFILES)),
  round("2 nodes, 1 attempt", "intervening", plansWith(2, PROFILES), 5),
  round("1 node, amended", "amending", plansWith(1, PROFILES), 7),
  round("leases, coverage, overrides", "full", () => SCENES, 8),
];

export function roundsOf(isDeep: boolean): readonly Round[] {
  return isDeep ? [...SHORT, ...LONG] : SHORT;
}

function round(
  name: string,
  alphabet: Alphabet,
  plans: Round["plans"],
  depthMax = Infinity,
): Round {
  return { name, alphabet, plans, depthMax };
}

function plansWith(
  size: number,
  profiles: readonly Profile[],
  attemptsMax = 1,
): () => readonly CompiledPlan[] {
  return () => shapesOf(size).flatMap((edges) => plansOf(size, edges, profiles, attemptsMax));
}

/** What acts is of no risk, people are asked about some, and what decides is of the most. */
function otherKinds(): readonly Profile[] {
  return [
    { kind: "execution", risk: 0 },
    { kind: "approval", risk: 2 },
    { kind: "decision", risk: 3 },
  ];
}
