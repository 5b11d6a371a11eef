/** The evidence behind an entry gate that allowed (I2): there, in date, sourced, and contradicted by nothing. */
import { hashJson } from "../../shared/canonical.ts";
import type { EvidenceBundle } from "../../shared/evidence/index.ts";
import { availableTo, type Model, type ModelNode, type Say } from "./mission-model.ts";

/** I2: what the node requires is there, sound and in date. */
export function checkEvidence(
  model: Model,
  node: ModelNode,
  at: string,
  seq: number,
  say: Say,
): void {
  const { spec } = node;
  const { all, current: available } = availableTo(model, node);
  checkContradiction(all, seq, say);
  for (const kind of spec.evidenceIn)
    if (!available.some((bundle) => bundle.kind === kind))
      say("I2", `seq ${seq}: no evidence of kind ${kind}`);
  for (const bundle of available) {
    if (bundle.expiresAt !== null && bundle.expiresAt <= at)
      say("I2", `seq ${seq}: ${bundle.kind} has expired`);
    for (const { sources, confidence } of bundle.claims) {
      if (sources.length === 0) say("I2", `seq ${seq}: a claim without a source`);
      if (spec.risk >= 3 && !sources.some((s) => s.kind === "primary"))
        say("I2", `seq ${seq}: risk ${spec.risk} without a primary source`);
      if (confidence < spec.confidenceMin)
        say("I2", `seq ${seq}: confidence ${confidence} is too low`);
    }
  }
}

/** I2: nothing that any place says last is contradicted, whether it counts or not. */
function checkContradiction(bundles: readonly EvidenceBundle[], seq: number, say: Say): void {
  const values = new Map<string, string>();
  for (const { subject, predicate, value } of bundles.flatMap((bundle) => bundle.claims)) {
    const about = hashJson([subject, predicate]);
    if ((values.get(about) ?? hashJson(value)) !== hashJson(value))
      say("I2", `seq ${seq}: the evidence contradicts itself`);
    values.set(about, hashJson(value));
  }
}
