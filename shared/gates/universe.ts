/**
 * Gate 7, universe: the worst case over the universes that the node declares, from the observations
 * that its proposal carries. May block, never seals, never averages. Specification: docs/universes.md.
 */
import {
  evaluateUniverses,
  type Universe,
  type UniverseObservation,
  type UniverseSpec,
} from "../universe/index.ts";
import { type Gate, type RefusableVerdict, reasonOf } from "./question.ts";

/** An irreversible action's weight; only the order of universes would depend on it. */
const IRREVERSIBLE = 0;

export const universe: Gate<RefusableVerdict> = ({ spec, proposal, at }) => {
  const seen = new Map((proposal?.universes ?? []).map((one) => [one.id, one] as const));
  const universes = (spec.universes ?? []).map((declared) =>
    observed(declared, seen.get(declared.id)),
  );
  const worst = evaluateUniverses(universes, { at, reversibility: IRREVERSIBLE });
  const reasons = worst.reasons.map(({ code, detail, counterfactual }) =>
    reasonOf("universe", code, detail, counterfactual),
  );
  return { verdict: worst.decision, reasons };
};

/** A declared universe with what was seen of it; what was not seen stays missing, which is unknown. */
function observed(declared: UniverseSpec, seen: UniverseObservation | undefined): Universe {
  const constraints = seen?.constraints ?? [];
  const unobserved = declared.constraints.filter((id) => !constraints.some((one) => one.id === id));
  return { ...declared, ...seen, constraints, unobserved };
}
