/**
 * The first difference between an event as it was recorded and as it comes out when decided again:
 * byte for byte, or, for a trace older than the rules in force, in what both generations speak of.
 * Specification: docs/replay.md, "Older traces".
 */
import { canonicalJson } from "../canonical.ts";
import type { EventDraft, GateResultRecord, TraceEvent } from "../trace/index.ts";

/** Where a trace does not follow from its inputs. Values are canonical JSON, cut to 200 characters. */
export interface Difference {
  readonly seq: number;
  /** Path of the member: `gateResult.verdict`, `data.lease.fence`. */
  readonly member: string;
  /** null: nothing was recorded there. */
  readonly recorded: string | null;
  /** null: nothing comes out there. */
  readonly recomputed: string | null;
}

const SHOWN_CHARS_MAX = 200;

/** In the order in which a reader wants to hear of them. */
const MEMBERS = [
  "type",
  "nodeId",
  "actor",
  "at",
  "stateBefore",
  "gateResult",
  "stateAfter",
  "evidenceHash",
  "approvalSignature",
  "policyVersion",
  "data",
] as const satisfies readonly (keyof EventDraft)[];

/** Compares everything an event says but its place in the chain. */
export function differenceOf(event: TraceEvent, draft: EventDraft): Difference | null {
  for (const member of MEMBERS) {
    const found = firstDifference(plain(event[member]), plain(draft[member]), member);
    if (found) return { seq: event.seq, ...found };
  }
  return null;
}

/**
 * The same for a trace of an older generation: gates it did not ask, reasons' wording and members it did
 * not have are left out; verdicts, codes, digests, states and everything else must agree.
 */
export function looseDifferenceOf(event: TraceEvent, draft: EventDraft): Difference | null {
  const recorded = { ...event, gateResult: codesOf(event.gateResult), data: codesIn(event.data) };
  const gates = event.gateResult?.gates.map(({ gate }) => gate);
  const data = onlyKeys(codesIn(draft.data), Object.keys(event.data));
  const recomputed = { ...draft, gateResult: codesOf(draft.gateResult, gates), data };
  return differenceOf(recorded as unknown as TraceEvent, recomputed as unknown as EventDraft);
}

function codesOf(result: GateResultRecord | null, gates?: readonly string[]): unknown {
  if (!result) return null;
  const isAsked = ({ gate }: { readonly gate: string }) => !gates || gates.includes(gate);
  return {
    verdict: result.verdict,
    score: result.score,
    reasons: result.reasons.filter(isAsked).map(({ code, gate }) => ({ code, gate })),
    gates: result.gates.filter(isAsked),
  };
}

type Plain = Readonly<Record<string, unknown>>;

function codesIn(data: Plain): Plain {
  const { reasons, summary: _wording, rules: _generation, ...rest } = data;
  if (!Array.isArray(reasons)) return rest;
  const codes = (reasons as readonly { code: string; gate: string }[]).map(({ code, gate }) => ({
    code,
    gate,
  }));
  return { ...rest, reasons: codes };
}

function onlyKeys(data: Plain, keys: readonly string[]): Plain {
  return Object.fromEntries(Object.entries(data).filter(([key]) => keys.includes(key)));
}

/** As JSON has it: members that are undefined are not there. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

function firstDifference(
  recorded: unknown,
  recomputed: unknown,
  member: string,
): Omit<Difference, "seq"> | null {
  if (
    isContainer(recorded) &&
    isContainer(recomputed) &&
    Array.isArray(recorded) === Array.isArray(recomputed)
  ) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(recomputed)]);
    for (const key of keys) {
      const own = (of: Plain) => (Object.hasOwn(of, key) ? of[key] : undefined);
      const found = firstDifference(own(recorded), own(recomputed), `${member}.${key}`);
      if (found) return found;
    }
    return null;
  }
  return Object.is(recorded, recomputed)
    ? null
    : { member, recorded: shown(recorded), recomputed: shown(recomputed) };
}

function isContainer(value: unknown): value is Plain {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string | null {
  return value === undefined ? null : canonicalJson(value).slice(0, SHOWN_CHARS_MAX);
}
