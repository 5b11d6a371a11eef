/**
 * Evidence by its hash: where in the trace a bundle stands, and what stands there. The state knows
 * the place; the bundle itself is in the trace alone.
 */
import type { EvidenceBundle, RecordedVerification } from "../evidence/index.ts";
import type { TraceEvent } from "../trace/index.ts";
import { dataOf } from "./event.ts";
import type { MissionState } from "./state.ts";

export interface StoredEvidence {
  readonly bundle: EvidenceBundle;
  /** The node it was submitted to; null for an input of the mission. */
  readonly nodeId: string | null;
  /** The event that holds it. */
  readonly seq: number;
  readonly at: string;
  /** What its receipts came to, with the keys to check them with again; null without receipts. */
  readonly verification: RecordedVerification | null;
}

/** The seq of the event that holds the bundle; null when the mission has no such bundle. O(bundles). */
export function seqOfEvidence(state: MissionState, hash: string): number | null {
  if (state.inputs.some((bundle) => bundle.hash === hash)) return 0;
  for (const nodeId of state.nodes.keys()) {
    const held = state.nodes.get(nodeId)?.evidence.find((bundle) => bundle.hash === hash);
    if (held?.seq !== undefined) return held.seq;
  }
  return null;
}

/** The bundle as `event` holds it; null when it holds no such bundle. */
export function evidenceIn(event: TraceEvent, hash: string): StoredEvidence | null {
  const { nodeId, seq, at } = event;
  if (event.type === "evidence.submitted") {
    const { bundle, verification = null } = dataOf(event, "evidence.submitted");
    return bundle.hash === hash ? { bundle, nodeId, seq, at, verification } : null;
  }
  if (event.type !== "mission.opened") return null;
  const { inputs, verifications } = dataOf(event, "mission.opened");
  const bundle = inputs.find((input) => input.hash === hash);
  return bundle ? { bundle, nodeId, seq, at, verification: verifications?.[hash] ?? null } : null;
}
