/**
 * What a policy on trial said beside the one that counted, read from the traces of the missions that
 * carried it. Specification: docs/policy.md, "Shadow".
 */
import type { TraceEvent } from "../trace/index.ts";
import { dataOf } from "./event.ts";
import { countVerdicts, type PolicyFlip, type PolicyRun } from "./policy-diff.ts";

export type ShadowRun = Pick<
  PolicyRun,
  "decisions" | "same" | "wouldAllow" | "wouldStop" | "otherwise" | "isCut"
> & { readonly examples: PolicyFlip[] };

/** A run that has looked at nothing yet. */
export function createShadowRun(): ShadowRun {
  const counts = { decisions: 0, same: 0, wouldAllow: 0, wouldStop: 0, otherwise: 0 };
  return { ...counts, isCut: false, examples: [] };
}

/** Adds what the events say of the version; other events are passed over. */
export function readShadow(
  run: ShadowRun,
  version: string,
  event: TraceEvent,
  examplesMax: number,
): void {
  if (event.type !== "gate.evaluated" || event.nodeId === null || !event.gateResult) return;
  const { shadow } = dataOf(event, "gate.evaluated");
  if (shadow?.version !== version) return;
  const from = event.gateResult.verdict;
  countVerdicts(run, from, shadow.verdict);
  if (!shadow.differs) return;
  const { missionId, nodeId, seq } = event;
  if (run.examples.length < examplesMax)
    run.examples.push({ missionId, nodeId, seq, from, to: shadow.verdict });
  else run.isCut = true;
}
