/** Explaining a gate without recording: the same question, the same pipeline, no event. */
import { hashJson } from "../canonical.ts";
import { evaluateEntry } from "../gates/index.ts";
import { err, ok, type Result } from "../result.ts";
import type { GateResultRecord } from "../trace/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { AgentFacts } from "./command.ts";
import { type Asking, heldAsking, questionOf } from "./question.ts";
import type { Rejection } from "./rejection.ts";
import { type Declarations, declarationsOf, type MissionState } from "./state.ts";

/** A proposal that somebody only wonders about. */
export interface Wondering extends Declarations {
  readonly rationale: string;
  readonly action: { readonly type: string; readonly args: JsonObject } | null;
  readonly agent: AgentFacts | null;
}

/** The node's entry gate over its held proposal, or over the given one. */
export function explainGate(
  state: MissionState | null,
  nodeId: string,
  wondering: Wondering | null,
  at: string,
): Result<{ gateResult: GateResultRecord; gateDigest: string }, Rejection> {
  if (!state) return err({ reason: "mission_unknown" });
  if (!state.plan.specById.has(nodeId)) return err({ reason: "node_unknown", nodeId });
  const question = questionOf(
    state,
    nodeId,
    wondering ? askingOf(wondering) : heldAsking(state, nodeId),
    at,
  );
  return ok({ gateResult: evaluateEntry(question), gateDigest: question.gateDigest });
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
