/**
 * Gate 11, lease: no slice of the write-set is held by another node. Pauses only: the slice will
 * come free, and nobody has to decide anything.
 */
import { type Gate, outcomeOf, reasonOf } from "./question.ts";

export const lease: Gate<"allow" | "pause"> = ({ heldSlices }) =>
  outcomeOf(
    heldSlices.map(({ slice, holder }) =>
      reasonOf(
        "lease",
        "LEASE_HELD",
        `slice ${slice} is leased to node ${holder}`,
        `wait until node ${holder} has crossed its gate`,
      ),
    ),
    "pause",
  );
