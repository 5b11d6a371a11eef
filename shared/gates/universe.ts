/**
 * Gate 7, universe: the worst case over the universes that the node declares, from the observations
 * that its proposal carries, and their conflict where the node weighs them. May block, never seals, never
 * averages; a conflict pauses and clears nothing. Specification: docs/universes.md.
 */
import {
  evaluateUniverses,
  type Universe,
  type UniverseObservation,
  type UniverseSpec,
} from "../universe/index.ts";
import { conflictReasons } from "./conflict.ts";
import { type Gate, type RefusableVerdict, reasonOf } from "./question.ts";

/** An irreversible action's weight; only the order of universes would depend on it. */
const IRREVERSIBLE = 0;

export const universe: Gate<RefusableVerdict> = ({ spec, proposal, at }) => {
  const declared = spec.universes ?? [];
  const seen = new Map((proposal?.universes ?? []).map((one) => [one.id, one] as const));
  const universes = declared.map((one) => observed(one, seen.get(one.id)));
  const worst = evaluateUniverses(universes, { at, reversibility: IRREVERSIBLE });
  const conflicting = conflictReasons(declared, seen, worst);
  const reasons = worst.reasons.map(({ code, detail, counterfactual }) =>
    reasonOf("universe", code, detail, counterfactual),
  );
  const isSurfaced = worst.decision === "allow" && conflicting.length > 0;
  return { verdict: isSurfaced ? "pause" : worst.decision, reasons: [...reasons, ...conflicting] };
};

/** A declared universe with what was seen of it; what was not seen stays missing, which is unknown. Nobody observes a border. */
function observed(declared: UniverseSpec, seen: UniverseObservation | undefined): Universe {
  const constraints = seen?.constraints ?? [];
  const unobserved = declared.constraints.filter((id) => !constraints.some((one) => one.id === id));
  return { ...seen, ...declared, constraints, unobserved };
}
