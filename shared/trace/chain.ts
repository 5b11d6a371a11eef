/**
 * The hash chain of a trace: how an event is linked to the one before, and how a whole trace is checked.
 * Shows any change, gap, reorder or splice, and a cut or re-hashed tail when given the head to expect.
 * Refuses to judge what events mean. Specification: docs/event-log.md.
 */
import { canonicalJson, hashJson } from "../canonical.ts";
import { Breach, invariant } from "../invariant.ts";
import { LIMITS } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { parseStrictJson } from "../strict-json.ts";
import { isoToUnixMs } from "../time.ts";
import { eventFlaw } from "./event-shape.ts";
import type { EventDraft, TraceEvent } from "./event.ts";

/** `prevHash` of the first event. */
export const GENESIS_HASH = "0".repeat(64);

/** Where a trace stands: the seq and hash of its last event. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** The head of a trace without events. */
export const EMPTY_HEAD: Head = { seq: -1, hash: GENESIS_HASH };

export type TraceFlaw = {
  /** The first seq at which the trace is not what it claims to be. */
  readonly seq: number;
  readonly reason:
    | "event_malformed"
    | "seq_gap"
    | "prev_hash_mismatch"
    | "hash_mismatch"
    | "mission_mismatch"
    | "time_decreased"
    | "tail_missing"
    | "tail_extra";
  readonly detail: string;
};

export type VerifiedTrace = { readonly events: number; readonly head: Head };

export type VerifyTraceOptions = {
  /** The head the first event must follow; without it the trace starts at seq 0. */
  readonly from?: Head;
  /** The head the trace must end at, from a checkpoint or an answer; without it a cut tail goes unseen. */
  readonly expectedHead?: Head;
  /** The mission all events must name; without it, the one the first event names. */
  readonly missionId?: string;
};

/** Gives a draft its place behind `head`. The new head is the event's own seq and hash. */
export function linkEvent(head: Head, missionId: string, draft: EventDraft): TraceEvent {
  invariant(isoToUnixMs(draft.at) !== null, "an event's time is RFC 3339 UTC with milliseconds");
  const unhashed = {
    seq: head.seq + 1,
    missionId,
    nodeId: draft.nodeId,
    type: draft.type,
    actor: draft.actor,
    at: draft.at,
    stateBefore: draft.stateBefore,
    stateAfter: draft.stateAfter,
    evidenceHash: draft.evidenceHash,
    approvalSignature: draft.approvalSignature,
    gateResult: draft.gateResult,
    policyVersion: draft.policyVersion,
    data: draft.data,
    prevHash: head.hash,
  };
  return { ...unhashed, hash: hashJson(unhashed) };
}

/** The hash an event must carry: over its canonical JSON without `hash`. */
export function hashEvent(event: TraceEvent): string {
  const { hash: _carried, ...unhashed } = event;
  return hashJson(unhashed);
}

/**
 * Checks a trace and answers its length and head, or the first seq at which it breaks and why.
 * Shape: events in seq order; none at all is a trace that ends at `from`.
 */
export function verifyTrace(
  events: readonly unknown[],
  options: VerifyTraceOptions = {},
): Result<VerifiedTrace, TraceFlaw> {
  return verifyItems(events, options, (item) => ok(item));
}

/**
 * Checks a trace in its exported form, one canonical JSON event a line, byte by byte: a line that says
 * the same in other bytes is `event_malformed` too.
 */
export function verifyTraceText(
  text: string,
  options: VerifyTraceOptions = {},
): Result<VerifiedTrace, TraceFlaw> {
  const lines = text.split("\n");
  // Every line ends in a newline, so what follows the last one is nothing, or a torn line that fails.
  if (lines.at(-1) === "") lines.pop();
  return verifyItems(lines, options, readLine);
}

/** The exported form: one canonical JSON event a line, each ended by a newline. */
export function encodeTrace(events: readonly TraceEvent[]): string {
  return events.map((event) => `${canonicalJson(event)}\n`).join("");
}

type Verifying = {
  readonly head: Head;
  readonly missionId: string | undefined;
  readonly at: string;
};

function verifyItems<I>(
  items: readonly I[],
  options: VerifyTraceOptions,
  read: (item: I) => Result<unknown, string>,
): Result<VerifiedTrace, TraceFlaw> {
  const { expectedHead } = options;
  let state: Verifying = {
    head: options.from ?? EMPTY_HEAD,
    missionId: options.missionId,
    at: "",
  };
  for (const item of items) {
    const seq = state.head.seq + 1;
    if (expectedHead !== undefined && seq > expectedHead.seq) {
      return flaw(seq, "tail_extra", "an event follows the expected head");
    }
    const event = read(item);
    if (!event.ok) return flaw(seq, "event_malformed", event.error);
    const next = verifyNext(state, event.value);
    if (!next.ok) return next;
    state = next.value;
  }
  return verifyEnd(state.head, expectedHead, items.length);
}

function verifyNext(state: Verifying, value: unknown): Result<Verifying, TraceFlaw> {
  const seq = state.head.seq + 1;
  const shapeFlaw = eventFlaw(value);
  if (shapeFlaw !== null) return flaw(seq, "event_malformed", shapeFlaw);
  const event = value as TraceEvent;
  if (event.seq !== seq) {
    return flaw(seq, "seq_gap", `found seq ${event.seq} in its place`);
  }
  const missionId = state.missionId ?? event.missionId;
  if (event.missionId !== missionId) {
    return flaw(seq, "mission_mismatch", "the event belongs to another mission");
  }
  if (event.prevHash !== state.head.hash) {
    return flaw(seq, "prev_hash_mismatch", "the event does not follow the one before");
  }
  const hash = computedHash(event);
  if (hash === null) return flaw(seq, "event_malformed", "the event holds what JSON cannot say");
  if (event.hash !== hash) {
    return flaw(seq, "hash_mismatch", "the event's content does not give its hash");
  }
  // Equal-width UTC texts order as their moments do.
  if (event.at < state.at) return flaw(seq, "time_decreased", `the event is before ${state.at}`);
  return ok({ head: { seq, hash }, missionId, at: event.at });
}

function verifyEnd(
  head: Head,
  expected: Head | undefined,
  events: number,
): Result<VerifiedTrace, TraceFlaw> {
  if (expected === undefined) return ok({ events, head });
  if (head.seq < expected.seq) {
    return flaw(head.seq + 1, "tail_missing", `the trace must reach seq ${expected.seq}`);
  }
  if (head.seq > expected.seq) {
    return flaw(expected.seq + 1, "tail_extra", "the trace starts behind the expected head");
  }
  return head.hash === expected.hash
    ? ok({ events, head })
    : flaw(head.seq, "hash_mismatch", "the last event is not the expected head");
}

function computedHash(event: TraceEvent): string | null {
  try {
    return hashEvent(event);
  } catch (cause) {
    if (cause instanceof Breach) return null;
    throw cause;
  }
}

function readLine(line: string): Result<unknown, string> {
  const value = parseStrictJson(line, { depthMax: LIMITS.eventDepthMax });
  if (!value.ok) return err(`${value.error.reason}: ${value.error.detail}`);
  return canonicalJson(value.value) === line ? value : err("the line is not canonical JSON");
}

function flaw(seq: number, reason: TraceFlaw["reason"], detail: string): Result<never, TraceFlaw> {
  return err({ seq, reason, detail });
}
