/**
 * What a receiver is shown of an event: all of it, or its outline. Specification: docs/stream.md.
 */
import type { TraceEvent, Verdict } from "../trace/index.ts";

/** Of an event what the mission's own view shows to everybody: that something happened to which node, and what came of it. */
export interface EventOutline {
  readonly seq: number;
  readonly missionId: string;
  readonly nodeId: string | null;
  readonly type: string;
  readonly at: string;
  readonly stateBefore: string | null;
  readonly stateAfter: string | null;
  readonly verdict: Verdict | null;
}

export type StreamedEvent = TraceEvent | EventOutline;

/** The event without actor, data, evidence, reasons, signatures and hashes. */
export function outlineOf(event: TraceEvent): EventOutline {
  const { seq, missionId, nodeId, type, at, stateBefore, stateAfter, gateResult } = event;
  const verdict = gateResult?.verdict ?? null;
  return { seq, missionId, nodeId, type, at, stateBefore, stateAfter, verdict };
}

/** A seq without leading zeros, or -1 for "nothing yet". */
export const STREAM_SEQ = /^(-1|0|[1-9]\d{0,14})$/;

/** A seq as a receiver names it; null: not one. */
export function parseSeq(text: string): number | null {
  return STREAM_SEQ.test(text) ? Number(text) : null;
}
