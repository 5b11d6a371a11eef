/**
 * What a mission's events say of its agents' trust: one outcome an event at most, so that mission and seq
 * name it. Events of missions older than the third generation name no proposer and say nothing.
 * Specification: docs/trust.md.
 */
import type { TraceEvent } from "../trace/index.ts";
import type { TrustOutcome, TrustOutcomeName } from "../trust/index.ts";
import { dataOf, type EventData } from "./event.ts";
import type { MissionState } from "./state.ts";

/** Whose proposal an event is about, for the event's data; nothing in older missions and where nobody proposed. */
export function proposerOf(state: MissionState, nodeId: string): { readonly proposer?: string } {
  // Whose proposal a canary pretends to be has done nothing, good or bad.
  const proposal = state.canary ? null : state.nodes.get(nodeId)?.proposal;
  return (state.rules ?? 0) >= 3 && proposal ? { proposer: proposal.agent.id } : {};
}

/** The outcomes in a stretch of a verified trace, in its order. */
export function trustOutcomesIn(events: readonly TraceEvent[]): readonly TrustOutcome[] {
  return events.flatMap((event) => {
    const found = outcomeOf(event);
    if (found === null) return [];
    const { missionId, nodeId, seq, at } = event;
    return { ...found, missionId, nodeId, seq, at };
  });
}

type Found = { readonly agent: string; readonly outcome: TrustOutcomeName } | null;

function outcomeOf(event: TraceEvent): Found {
  switch (event.type) {
    case "approval.granted":
      // Whoever breaks the glass judges the emergency, not the proposal.
      return dataOf(event, "approval.granted").breakGlass
        ? null
        : ofProposer(event, "approval_granted");
    case "approval.denied":
      return ofProposer(event, "approval_denied");
    case "gate.evaluated":
      return ofGate(event);
    case "node.failed":
      return FAULTS.has(dataOf(event, "node.failed").cause)
        ? ofProposer(event, "attempt_failed")
        : null;
    case "evidence.submitted": {
      const { bundle, verification } = dataOf(event, "evidence.submitted");
      const isFabricated = verification?.outcome.claims.some(({ status }) =>
        FABRICATED.has(status),
      );
      return isFabricated ? { agent: bundle.producedBy, outcome: "evidence_fabricated" } : null;
    }
    case "agent.banned":
      return { agent: dataOf(event, "agent.banned").agent, outcome: "agent_banned" };
    default:
      return null;
  }
}

/** A ticket nobody used and a lease that ran out say nothing of what was proposed. */
const FAULTS = new Set<EventData["node.failed"]["cause"]>(["tests_failed", "action_failed"]);

/** As the ethics gate has it. */
const FABRICATED = new Set<string>(["absent", "misattributed"]);

function ofGate(event: TraceEvent): Found {
  const { phase } = dataOf(event, "gate.evaluated");
  if (phase === "exit" && event.gateResult?.verdict === "allow")
    return ofProposer(event, "node_done");
  const isExpired = event.gateResult?.reasons.some(
    ({ code, gate }) => code === "AUTHORIZATION_EXPIRED" && gate === "accountability",
  );
  return isExpired ? ofProposer(event, "authorization_expired") : null;
}

function ofProposer(event: TraceEvent, outcome: TrustOutcomeName): Found {
  const { proposer } = event.data;
  return typeof proposer === "string" ? { agent: proposer, outcome } : null;
}
