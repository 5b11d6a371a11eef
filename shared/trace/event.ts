/**
 * The trace event: one line of a mission's append-only, hash-chained history.
 * Types only; what an event means is the mission's business, how events hang together is chain.ts.
 * Specification: the trace event of docs/event-log.md.
 */
import type { JsonObject } from "../strict-json.ts";

export interface Actor {
  readonly kind: "agent" | "human" | "system" | "gateway";
  readonly id: string;
}

/** Ordered: allow < pause < block < seal; the worst of a pipeline wins. */
export type Verdict = "allow" | "pause" | "block" | "seal";

export interface GateReasonRecord {
  readonly code: string;
  readonly gate: string;
  readonly detail: string;
  readonly counterfactual?: string;
}

/** A gate's outcome as it was recorded: plain strings, so old traces outlive new codebooks. */
export interface GateResultRecord {
  readonly verdict: Verdict;
  readonly score: number;
  readonly reasons: readonly GateReasonRecord[];
  readonly gates: readonly { readonly gate: string; readonly verdict: Verdict }[];
}

export interface TraceEvent {
  /** Counts from 0 without gaps. */
  readonly seq: number;
  readonly missionId: string;
  /** null where the event is about the mission itself. */
  readonly nodeId: string | null;
  readonly type: string;
  readonly actor: Actor;
  /** RFC 3339 UTC with milliseconds; never decreases along a trace. */
  readonly at: string;
  readonly stateBefore: string | null;
  readonly stateAfter: string | null;
  readonly evidenceHash: string | null;
  readonly approvalSignature: string | null;
  readonly gateResult: GateResultRecord | null;
  readonly policyVersion: string | null;
  readonly data: JsonObject;
  /** `hash` of the event before; 64 zeros at seq 0. */
  readonly prevHash: string;
  /** SHA-256 over the canonical JSON of the event without this member. */
  readonly hash: string;
}

/** What a decision says about an event; the chain adds place and hashes. */
export type EventDraft = Omit<TraceEvent, "seq" | "missionId" | "prevHash" | "hash">;
