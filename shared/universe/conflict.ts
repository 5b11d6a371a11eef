/**
 * Conflict between universes: Conflict(a) = sum_{i<j} w_ij max(0, -corr(du_i, du_j)), and the sign
 * vector K(a) of who gains and who loses. Contradictions are named one by one, never averaged away,
 * and they change no decision. Specification: docs/universes.md, "Conflict".
 */

/** What an action does to one universe. */
export interface Affected {
  readonly id: string;
  readonly weight: number;
  readonly effect?: number;
  readonly utilityDeltas?: readonly number[];
}

export interface PairWeight {
  readonly a: string;
  readonly b: string;
  readonly weight: number;
}

export type Sign = -1 | 0 | 1;

export interface ConflictingPair {
  /** The two ids, in order. */
  readonly a: string;
  readonly b: string;
  readonly correlation: number;
  readonly weight: number;
  /** Its part of the sum, above 0. */
  readonly conflict: number;
}

export interface Conflict {
  /** The weighted sum over all pairs. */
  readonly score: number;
  /** K(a): 1 gains, -1 loses, 0 neither; null where neither effect nor deltas are given. By id. */
  readonly signs: readonly { readonly universe: string; readonly sign: Sign | null }[];
  /** Every pair of one that gains and one that loses, by id. */
  readonly contradictions: readonly { readonly gains: string; readonly loses: string }[];
  /** Pairs that move against each other, the worst first. */
  readonly pairs: readonly ConflictingPair[];
  /** Pairs with deltas of which one series is constant: no correlation, so no part of the sum. By id. */
  readonly undetermined: readonly { readonly a: string; readonly b: string }[];
}

/** Contradictions and pairs named in one answer; the sum is over all of them. */
const NAMED_MAX = 100;

/** Measures how the universes of an action contradict each other. O(n^2 samples). */
export function measureConflict(
  universes: readonly Affected[],
  pairWeights: readonly PairWeight[] = [],
): Conflict {
  const sorted = [...universes].sort((a, b) => (a.id < b.id ? -1 : 1));
  const weights = new Map(pairWeights.map(({ a, b, weight }) => [pairKey(a, b), weight] as const));
  const pairs: ConflictingPair[] = [];
  const undetermined: { a: string; b: string }[] = [];
  for (const [at, first] of sorted.entries()) {
    for (const second of sorted.slice(at + 1)) {
      if (!first.utilityDeltas || !second.utilityDeltas) continue;
      const correlation = correlate(first.utilityDeltas, second.utilityDeltas);
      const [a, b] = [first.id, second.id];
      if (correlation === null) undetermined.push({ a, b });
      else if (correlation < 0) {
        const weight = weights.get(pairKey(a, b)) ?? first.weight * second.weight;
        const conflict = weight * -correlation;
        if (conflict > 0) pairs.push({ a, b, correlation, weight, conflict });
      }
    }
  }
  const signs = sorted.map((universe) => ({ universe: universe.id, sign: signOf(universe) }));
  return {
    score: pairs.reduce((sum, { conflict }) => sum + conflict, 0),
    signs,
    contradictions: contradictionsOf(signs).slice(0, NAMED_MAX),
    pairs: pairs.sort((x, y) => y.conflict - x.conflict).slice(0, NAMED_MAX),
    undetermined: undetermined.slice(0, NAMED_MAX),
  };
}

/**
 * Pearson's correlation of two series of one length, in [-1, 1]; null when one of them is constant,
 * because a universe that the samples do not move says nothing of how it moves with another.
 */
export function correlate(xs: readonly number[], ys: readonly number[]): number | null {
  if (isConstant(xs) || isConstant(ys)) return null;
  const meanX = meanOf(xs);
  const meanY = meanOf(ys);
  let [xy, xx, yy] = [0, 0, 0];
  for (const [at, x] of xs.entries()) {
    const dx = x - meanX;
    const dy = (ys[at] ?? meanY) - meanY;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  const spread = Math.sqrt(xx) * Math.sqrt(yy);
  // Differences too small for their squares to be told from nothing are as good as constant.
  if (spread === 0) return null;
  return Math.max(-1, Math.min(1, xy / spread));
}

/** By comparison, not by variance: rounding would give a constant series a variance of its own. */
function isConstant(series: readonly number[]): boolean {
  return series.every((value) => value === series[0]);
}

function meanOf(series: readonly number[]): number {
  return series.reduce((sum, value) => sum + value, 0) / series.length;
}

/** The sign of the stated effect; without one, of the sum of the deltas. */
function signOf({ effect, utilityDeltas }: Affected): Sign | null {
  const total = effect ?? utilityDeltas?.reduce((sum, delta) => sum + delta, 0);
  return total === undefined ? null : ((Math.sign(total) + 0) as Sign);
}

function contradictionsOf(signs: Conflict["signs"]): Conflict["contradictions"] {
  const gainers = signs.filter(({ sign }) => sign === 1);
  const losers = signs.filter(({ sign }) => sign === -1);
  return gainers.flatMap((gains) =>
    losers.map((loses) => ({ gains: gains.universe, loses: loses.universe })),
  );
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
