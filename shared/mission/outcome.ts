/**
 * What became of the action of a node's attempt: the gateway's word, or a person's where the gateway does
 * not know. Every question about it is asked here, so that no rule forgets the person.
 * Specification: docs/interventions.md, "An unknown outcome".
 */
import type { Receipt } from "../ticket/index.ts";
import type { NodeRecord } from "./state.ts";

/** The outcome of the attempt's action; null while no receipt is there. */
export function outcomeOf({ receipt }: Pick<NodeRecord, "receipt">): Receipt["outcome"] | null {
  if (receipt === null) return null;
  if (receipt.outcome !== "unknown" || !receipt.reconciled) return receipt.outcome;
  return receipt.reconciled.outcome === "done" ? "succeeded" : "failed";
}
