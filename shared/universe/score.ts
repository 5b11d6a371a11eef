/**
 * The worst case over universes: GateScore(a) = max_i phi_i(r_i, c_i, q_i, reversibility, time).
 *
 * Never an average, and no universe buys another one off. A missing or stale observation is unknown,
 * and unknown pauses. Specification: docs/universes.md.
 */
import { LIMITS } from "../limits.ts";
import { isoToUnixMs } from "../time.ts";

/** A universe with its borders and whatever was observed of it; a missing member was not observed. */
export interface Universe {
  readonly id: string;
  readonly risk?: number;
  readonly budget: number;
  readonly constraints: readonly { readonly id: string; readonly violated: boolean }[];
  readonly evidence?: number;
  readonly evidenceMin: number;
  readonly uncertainty?: number;
  readonly uncertaintyMax: number;
  readonly observedAt?: string;
  readonly staleAfterMs?: number;
  readonly overBudget: "block" | "pause";
  /** Constraints that had to be observed and were not. */
  readonly unobserved?: readonly string[];
}

export type UniverseDecision = "allow" | "pause" | "block";

export type UniverseReasonCode =
  | "CONSTRAINT_VIOLATED"
  | "RISK_OVER_BUDGET"
  | "EVIDENCE_INCOMPLETE"
  | "UNCERTAINTY_HIGH"
  | "UNIVERSE_STALE"
  | "UNIVERSE_UNKNOWN";

export interface UniverseReason {
  readonly code: UniverseReasonCode;
  readonly universe: string;
  readonly detail: string;
  readonly counterfactual: string;
}

export interface ScoredUniverse {
  readonly id: string;
  readonly decision: UniverseDecision;
  /** phi_i: the decision's rank (0, 1, 2) and the load, in [0, 3]. */
  readonly score: number;
  readonly reasons: readonly UniverseReason[];
}

export interface WorstCase {
  readonly decision: UniverseDecision;
  /** GateScore, the largest phi_i; 0 without universes. */
  readonly score: number;
  /** The universe of the largest phi_i, the first by id among equals; null without universes. */
  readonly topUniverse: string | null;
  /** By falling score, then by id: the order in which they were given says nothing. */
  readonly universes: readonly ScoredUniverse[];
  /** Of all universes, in that order. */
  readonly reasons: readonly UniverseReason[];
}

/** When the question is asked, and how far the action can be taken back (0 never, 1 wholly). */
export interface Circumstance {
  readonly at: string;
  readonly reversibility: number;
}

const RANK = { allow: 0, pause: 1, block: 2 } as const satisfies Record<UniverseDecision, number>;

/** What a wholly reversible action's load counts, against 1 for one that cannot be taken back. */
const REVERSIBLE_SHARE = 0.5;

/**
 * Evaluates an action in all its universes at once. Source: docs/universes.md, "The score".
 *
 * Shape: invariant under permutation; another universe never makes it better. O(n log n).
 */
export function evaluateUniverses(universes: readonly Universe[], when: Circumstance): WorstCase {
  const scored = universes
    .map((universe) => scoreUniverse(universe, when))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  const top = scored[0];
  return {
    decision: top?.decision ?? "allow",
    score: top?.score ?? 0,
    topUniverse: top?.id ?? null,
    universes: scored,
    reasons: scored.flatMap(({ reasons }) => reasons),
  };
}

/** phi_i of one universe, with its own decision and reasons. */
export function scoreUniverse(universe: Universe, when: Circumstance): ScoredUniverse {
  const reasons = [
    ...constraintReasons(universe),
    ...riskReasons(universe),
    ...evidenceReasons(universe),
    ...timeReasons(universe, when.at),
    ...unknownReasons(universe, when.at),
  ];
  const decision = reasons.reduce<UniverseDecision>((worst, { code }) => {
    const own = decisionOf(code, universe);
    return RANK[own] > RANK[worst] ? own : worst;
  }, "allow");
  const share = 1 - (1 - REVERSIBLE_SHARE) * when.reversibility;
  const score = RANK[decision] + share * loadOf(universe, when.at);
  return { id: universe.id, decision, score, reasons };
}

function decisionOf(code: UniverseReasonCode, { overBudget }: Universe): UniverseDecision {
  if (code === "CONSTRAINT_VIOLATED") return "block";
  return code === "RISK_OVER_BUDGET" ? overBudget : "pause";
}

/** The largest of the five loads, in [0, 1]; above 1/2 exactly where a border is crossed. */
function loadOf(universe: Universe, at: string): number {
  const { risk, budget, evidence, evidenceMin, uncertainty, uncertaintyMax } = universe;
  if (risk === undefined || evidence === undefined || uncertainty === undefined) return 1;
  if (missingOf(universe, at).length > 0) return 1;
  const violated = universe.constraints.filter((constraint) => constraint.violated).length;
  return Math.max(
    load(risk, budget),
    load(violated, 0),
    load(1 - evidence, 1 - evidenceMin),
    load(uncertainty, uncertaintyMax),
    ageLoad(universe, at),
  );
}

/**
 * x / (x + border): 0 at nothing, 1/2 at the border, towards 1 beyond; all of it where nothing is allowed.
 * Written so that x stands once: each rounding then keeps the order, and more is never less by an ulp.
 */
function load(x: number, border: number): number {
  return x === 0 ? 0 : 1 - border / (x + border);
}

function ageLoad(universe: Universe, at: string): number {
  if (universe.staleAfterMs === undefined) return 0;
  return load(ageOf(universe, at) ?? 0, universe.staleAfterMs);
}

/** Milliseconds since the observation; null where that cannot be said, also when it lies in the future. */
function ageOf({ observedAt }: Universe, at: string): number | null {
  const now = isoToUnixMs(at);
  const then = observedAt === undefined ? null : isoToUnixMs(observedAt);
  if (now === null || then === null || then > now + LIMITS.ticketLeewayMs) return null;
  return Math.max(0, now - then);
}

function constraintReasons({ id, constraints }: Universe): readonly UniverseReason[] {
  const broken = constraints.filter(({ violated }) => violated).map((constraint) => constraint.id);
  if (broken.length === 0) return [];
  const names = broken.sort().join(", ");
  return [
    {
      code: "CONSTRAINT_VIOLATED",
      universe: id,
      detail: `${id} violates ${names}`,
      counterfactual: `${id} must keep ${names}`,
    },
  ];
}

function riskReasons({ id, risk, budget }: Universe): readonly UniverseReason[] {
  if (risk === undefined || risk <= budget) return [];
  return [
    {
      code: "RISK_OVER_BUDGET",
      universe: id,
      detail: `${id} risk ${figure(risk)} is over its budget ${figure(budget)}`,
      counterfactual: `${id} risk ${figure(risk)} must fall to ${figure(budget)}`,
    },
  ];
}

function evidenceReasons(universe: Universe): readonly UniverseReason[] {
  const { id, evidence, evidenceMin, uncertainty, uncertaintyMax } = universe;
  const reasons: UniverseReason[] = [];
  if (evidence !== undefined && evidence < evidenceMin) {
    reasons.push({
      code: "EVIDENCE_INCOMPLETE",
      universe: id,
      detail: `${id} evidence ${figure(evidence)} is under its minimum ${figure(evidenceMin)}`,
      counterfactual: `${id} evidence ${figure(evidence)} must rise to ${figure(evidenceMin)}`,
    });
  }
  if (uncertainty !== undefined && uncertainty > uncertaintyMax) {
    reasons.push({
      code: "UNCERTAINTY_HIGH",
      universe: id,
      detail: `${id} uncertainty ${figure(uncertainty)} is over its maximum ${figure(uncertaintyMax)}`,
      counterfactual: `${id} uncertainty ${figure(uncertainty)} must fall to ${figure(uncertaintyMax)}`,
    });
  }
  return reasons;
}

function timeReasons(universe: Universe, at: string): readonly UniverseReason[] {
  const { id, staleAfterMs } = universe;
  const ageMs = staleAfterMs === undefined ? null : ageOf(universe, at);
  if (staleAfterMs === undefined || ageMs === null || ageMs <= staleAfterMs) return [];
  return [
    {
      code: "UNIVERSE_STALE",
      universe: id,
      detail: `${id} was observed ${ageMs} ms ago, more than ${staleAfterMs} ms`,
      counterfactual: `observe ${id} again, at most ${staleAfterMs} ms before the gate is asked`,
    },
  ];
}

/** One reason for all that is not known of a universe. */
function unknownReasons(universe: Universe, at: string): readonly UniverseReason[] {
  const missing = missingOf(universe, at).join(", ");
  if (missing === "") return [];
  return [
    {
      code: "UNIVERSE_UNKNOWN",
      universe: universe.id,
      detail: `not known of ${universe.id}: ${missing}`,
      counterfactual: `observe of ${universe.id}: ${missing}`,
    },
  ];
}

function missingOf(universe: Universe, at: string): readonly string[] {
  const { observedAt, staleAfterMs, unobserved = [] } = universe;
  const missing = (["risk", "evidence", "uncertainty"] as const)
    .filter((member) => universe[member] === undefined)
    .map(String);
  const isTimed = staleAfterMs !== undefined || observedAt !== undefined;
  if (isTimed && ageOf(universe, at) === null) missing.push("a time of observation, not to come");
  return [...missing, ...[...unobserved].sort().map((id) => `constraint ${id}`)];
}

/** Two decimals at least, so that 0.5 and 0.78 read alike; more only where there are more. */
function figure(value: number): string {
  const short = value.toFixed(2);
  return Number(short) === value ? short : String(value);
}
