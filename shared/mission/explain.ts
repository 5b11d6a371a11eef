/** Explaining a gate without recording: the same question, the same pipeline, no event. */
import { hashJson } from "../canonical.ts";
import { evaluateEntry } from "../gates/index.ts";
import type { LeaseFact, WantedLease } from "../lease/index.ts";
import { err, ok, type Result } from "../result.ts";
import type { GateResultRecord } from "../trace/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { AgentFacts } from "./command.ts";
import { wantedBy, withFact } from "./leases.ts";
import { type Asking, heldAsking, questionOf } from "./question.ts";
import type { Rejection } from "./rejection.ts";
import { type Declarations, declarationsOf, type MissionState } from "./state.ts";

/** A proposal that somebody only wonders about. */
export interface Wondering extends Declarations {
  readonly rationale: string;
  readonly action: { readonly type: string; readonly args: JsonObject } | null;
  readonly agent: AgentFacts | null;
}

export interface Explained {
  readonly gateResult: GateResultRecord;
  readonly gateDigest: string;
  /** What the arbiters would be asked for, where every other gate allows and `fact` does not say yet; else null. */
  readonly wanted: WantedLease | null;
}

/**
 * The node's entry gate over its held proposal, or over the given one. `fact`: what the arbiters would say; without
 * it only the mission's own leases count.
 */
export function explainGate(
  state: MissionState | null,
  nodeId: string,
  wondering: Wondering | null,
  at: string,
  fact: LeaseFact | null = null,
): Result<Explained, Rejection> {
  if (!state) return err({ reason: "mission_unknown" });
  if (!state.plan.specById.has(nodeId)) return err({ reason: "node_unknown", nodeId });
  const question = questionOf(
    state,
    nodeId,
    wondering ? askingOf(wondering) : heldAsking(state, nodeId),
    at,
  );
  const { gateDigest } = question;
  const alone = evaluateEntry(question);
  const wanted = alone.verdict === "allow" ? wantedBy(state, question.spec) : null;
  if (wanted === null || fact === null) return ok({ gateResult: alone, gateDigest, wanted });
  return ok({ gateResult: evaluateEntry(withFact(question, fact)), gateDigest, wanted: null });
}

function askingOf({ agent, rationale, action, ...declared }: Wondering): Asking {
  return {
    agent,
    proposal: {
      rationale,
      action: action && { ...action, argsHash: hashJson(action.args) },
      ...declarationsOf(declared),
    },
  };
}
