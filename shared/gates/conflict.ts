/**
 * What gate 7 says of conflict between the universes that a node weighs: every contradiction by name, with
 * the score and what is recommended. Decides no verdict, and evens nothing out.
 * Specification: docs/universes.md, "Conflict".
 */
import {
  type Affected,
  type Conflict,
  measureConflict,
  recommend,
  type UniverseObservation,
  type UniverseSpec,
  type WorstCase,
} from "../universe/index.ts";
import { reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

/** A reason for each pair that contradicts, and for each weighted universe of which no effect was observed. */
export function conflictReasons(
  declared: readonly UniverseSpec[],
  seen: ReadonlyMap<string, UniverseObservation>,
  worst: WorstCase,
): readonly Reason[] {
  const weighted = declared.flatMap(({ id, weight }): readonly Affected[] => {
    if (weight === undefined) return [];
    const { effect, utilityDeltas } = seen.get(id) ?? {};
    return [
      {
        id,
        weight,
        ...(effect !== undefined && { effect }),
        ...(utilityDeltas && { utilityDeltas }),
      },
    ];
  });
  if (weighted.length === 0) return [];
  const conflict = measureConflict(weighted);
  const advice = `${recommend(worst, conflict).join(", ")}: an action that does not set them against each other, or an approval of the digest`;
  return [
    ...conflict.signs.filter(({ sign }) => sign === null).map(({ universe }) => unknown(universe)),
    ...contradicting(conflict).map((what) =>
      reasonOf(
        "universe",
        "UNIVERSES_CONFLICT",
        `${what}; conflict score ${conflict.score.toFixed(DECIMALS)}`,
        advice,
      ),
    ),
  ];
}

const DECIMALS = 4;

/** Who gains and who loses first; then the pairs of which only the samples say that they oppose each other. */
function contradicting({ contradictions, pairs }: Conflict): readonly string[] {
  const isNamed = (a: string, b: string) =>
    contradictions.some(
      ({ gains, loses }) => [gains, loses].includes(a) && [gains, loses].includes(b),
    );
  return [
    ...contradictions.map(({ gains, loses }) => `${gains} gains and ${loses} loses`),
    ...pairs
      .filter(({ a, b }) => !isNamed(a, b))
      .map(
        ({ a, b, correlation }) =>
          `${a} and ${b} move against each other (correlation ${correlation.toFixed(DECIMALS)})`,
      ),
  ];
}

function unknown(universe: string): Reason {
  return reasonOf(
    "universe",
    "UNIVERSE_UNKNOWN",
    `not known of ${universe}: what the action does to it`,
    `observe the effect on ${universe}, or have a person approve this digest`,
  );
}
