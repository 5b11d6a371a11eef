/**
 * How much of a node is a human's: the formulas, each from numbers to a number. Reads no state and
 * decides nothing; what a share leads to is the approval gate's question.
 * Specification and sources: docs/allocation.md.
 */

/** What speaks for and against a human at a node, each from 0 to 1. */
export interface AllocationFactors {
  /** Probability of failure. */
  readonly risk: number;
  /** How incomplete what is known is. */
  readonly uncertainty: number;
  /** How far a failure reaches. */
  readonly impact: number;
  /** How much must be accounted for to others. */
  readonly audit: number;
  /** How easily it is undone; lowers the share. */
  readonly reversibility: number;
}

const FLOOR_BY_RISK = [0, 0, 0.2, 0.6, 1] as const;
const WEIGHTS = {
  risk: 0.35,
  uncertainty: 0.25,
  impact: 0.25,
  audit: 0.2,
  reversibility: -0.2,
} as const satisfies Record<keyof AllocationFactors, number>;
/** The learning coefficient of the decay. */
const LAMBDA = 1;
/** Shares are whole billionths: what an engine's last bit of exp() is worth must not select a node. */
const PARTS = 1e9;

/** The least human share at a risk: f(0..4) = 0, 0, 0.2, 0.6, 1. Any other risk: 1. */
export function riskFloor(risk: number): number {
  return FLOOR_BY_RISK[risk] ?? 1;
}

/** H0 = clamp(0.35 R + 0.25 U + 0.25 I + 0.20 A - 0.20 C, 0, 1). */
export function initialShare(factors: AllocationFactors): number {
  const sum =
    WEIGHTS.risk * factors.risk +
    WEIGHTS.uncertainty * factors.uncertainty +
    WEIGHTS.impact * factors.impact +
    WEIGHTS.audit * factors.audit +
    WEIGHTS.reversibility * factors.reversibility;
  return rounded(Math.min(1, Math.max(0, sum)));
}

/** Hk = H0 * exp(-lambda * EQk), not below `stable` unless H0 already is; lambda is 1. */
export function decayedShare(h0: number, eqk: number, stable: number): number {
  return Math.max(rounded(h0 * Math.exp(-LAMBDA * eqk)), Math.min(h0, stable));
}

/** h = max(f(risk), what the Architect fixed, Hk); the agent's share is 1 - h. */
export function humanShare(risk: number, humanMin: number, hk: number): number {
  return Math.max(humanFloor(risk, humanMin), hk);
}

/** What of a share nothing may lower, neither what was learned nor trust: the risk's floor and the Architect's. */
export function humanFloor(risk: number, humanMin: number): number {
  return Math.max(riskFloor(risk), humanMin);
}

/** 1 - h without the dust of binary fractions. */
export function agentShare(h: number): number {
  return rounded(1 - h);
}

/** H_total = sum(w h) / sum(w). Weights are positive; of nothing at all the total is 0. */
export function totalShare(
  parts: readonly { readonly weight: number; readonly h: number }[],
): number {
  let [weights, weighted] = [0, 0];
  for (const { weight, h } of parts) {
    weights += weight;
    weighted += weight * h;
  }
  return weights === 0 ? 0 : rounded(weighted / weights);
}

function rounded(share: number): number {
  return Math.round(share * PARTS) / PARTS;
}
