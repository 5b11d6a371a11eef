/**
 * The measures of one person's attention over a period, from the decisions they signed in it. Shown to
 * people and read by no gate: a number about a person must not decide what that person's word is worth.
 * Specification: docs/attention.md.
 */
import type { UnixMs } from "../time.ts";
import { readingMs } from "./reading.ts";

/** One signed decision, with what is needed to ask how much care it can have had. */
export interface MeasuredDecision {
  readonly decision: "approve" | "deny";
  readonly decidedAt: UnixMs;
  /** null where the request is not known; such a decision is counted and not timed. */
  readonly request: { readonly at: UnixMs; readonly words: number } | null;
  /** Of a request that was planted to be refused. */
  readonly isCanary: boolean;
  /** When the same person decided before, in this period or earlier; null where they never had. */
  readonly previousAt: UnixMs | null;
}

export interface Attention {
  readonly decisions: number;
  readonly approvals: number;
  readonly denials: number;
  /** Of the decisions, in [0, 1]; null where there are none. */
  readonly approvedShare: number | null;
  /** From request to decision, nearest rank; null where none was timed. */
  readonly timeToDecisionMs: {
    readonly shortest: number;
    readonly median: number;
    readonly p90: number;
  } | null;
  /** Approvals in an hour of the clock (UTC) in which the person approved at all; null where none. */
  readonly approvalsPerHour: number | null;
  /** The most approvals within any 60 minutes. */
  readonly approvalsPerHourMax: number;
  /** Timed approvals, and those of them that came sooner than the request can be read. */
  readonly timedApprovals: number;
  readonly hastyApprovals: number;
  /** The rubber-stamp index: hasty approvals among the timed ones, in [0, 1]; null where none was timed. */
  readonly rubberStampIndex: number | null;
  /** Planted requests the person decided about. Of those they left alone nothing is known here. */
  readonly canariesApproved: number;
  readonly canariesDenied: number;
}

const HOUR_MS = 3_600_000;

/** Measures one person's decisions, in any order. O(n log n). */
export function measureAttention(decisions: readonly MeasuredDecision[]): Attention {
  const approvals = decisions.filter(({ decision }) => decision === "approve");
  const times = approvals.map(({ decidedAt }) => decidedAt).toSorted((a, b) => a - b);
  const hours = new Set(times.map((at) => Math.floor(at / HOUR_MS)));
  const timed = approvals.filter(({ request }) => request !== null);
  const hasty = timed.filter(isHasty).length;
  return {
    decisions: decisions.length,
    approvals: approvals.length,
    denials: decisions.length - approvals.length,
    approvedShare: shareOf(approvals.length, decisions.length),
    timeToDecisionMs: durations(decisions),
    approvalsPerHour: shareOf(approvals.length, hours.size),
    approvalsPerHourMax: mostWithinAnHour(times),
    timedApprovals: timed.length,
    hastyApprovals: hasty,
    rubberStampIndex: shareOf(hasty, timed.length),
    canariesApproved: approvals.filter(({ isCanary }) => isCanary).length,
    canariesDenied: decisions.filter(({ decision, isCanary }) => isCanary && decision === "deny")
      .length,
  };
}

/**
 * Whether the time for it was shorter than reading it takes. That time ends at the decision and began with
 * the request or with the person's own decision before, so a pile signed at once late in the day is hasty too.
 */
function isHasty({ decidedAt, request, previousAt }: MeasuredDecision): boolean {
  if (request === null) return false;
  const since = Math.max(request.at, previousAt ?? request.at);
  return decidedAt - since < readingMs(request.words);
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function durations(decisions: readonly MeasuredDecision[]): Attention["timeToDecisionMs"] {
  const sorted = decisions
    .flatMap(({ decidedAt, request }) => (request === null ? [] : [decidedAt - request.at]))
    .toSorted((a, b) => a - b);
  const rank = (share: number) => sorted[Math.ceil(sorted.length * share) - 1];
  const [shortest, median, p90] = [sorted[0], rank(0.5), rank(0.9)];
  if (shortest === undefined || median === undefined || p90 === undefined) return null;
  return { shortest, median, p90 };
}

/** The largest number of times within 60 minutes of one of them; `times` rise. */
function mostWithinAnHour(times: readonly UnixMs[]): number {
  let first = 0;
  let most = 0;
  for (const [last, at] of times.entries()) {
    while (at - (times[first] ?? at) >= HOUR_MS) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
