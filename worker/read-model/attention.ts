/**
 * What attention is measured from, read from D1: a team's signed decisions of a period, each with the
 * request that it answered and the decision its signer made before it.
 */
import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { MeasuredDecision } from "../../shared/attention/index.ts";
import { invariant } from "../../shared/invariant.ts";
import { isoToUnixMs } from "../../shared/time.ts";
import { approvalDecision } from "./schema.ts";

/** RFC 3339 UTC with milliseconds; `from` is included, `to` is not. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

// Column names are written out: in a selection drizzle leaves the table away, and a subquery has its own.
/** The newest request with the digest that was signed, from before it was signed. */
const REQUEST_AT = requestMember("at");
const REQUEST_WORDS = requestMember("words");

/** What the same person had signed last, in whichever mission. */
const PREVIOUS_AT = sql<string | null>`(SELECT previous.at FROM approval_decision AS previous
  WHERE previous.team = approval_decision.team AND previous.approver = approval_decision.approver
    AND (previous.at, previous.mission_id, previous.seq)
      < (approval_decision.at, approval_decision.mission_id, approval_decision.seq)
  ORDER BY previous.at DESC, previous.mission_id DESC, previous.seq DESC LIMIT 1)`;

/** Whether it was a canary that was decided about. */
const IS_CANARY = sql<number | null>`(SELECT mission.canary FROM mission
  WHERE mission.team = approval_decision.team AND mission.id = approval_decision.mission_id)`;

/**
 * The decisions of one person, or of everybody, by who signed them and oldest first; at most `limit`.
 * Those of missions that the index has not caught up with are not there yet.
 */
export async function listDecisions(
  db: D1Database,
  team: string,
  period: Period,
  filter: { readonly approver?: string; readonly limit: number },
): Promise<readonly (MeasuredDecision & { readonly approver: string })[]> {
  const { team: ofTeam, approver, decision, at, missionId, seq } = approvalDecision;
  const rows = await drizzle(db)
    .select({
      approver,
      decision,
      at,
      requestAt: REQUEST_AT,
      words: REQUEST_WORDS,
      previousAt: PREVIOUS_AT,
      canary: IS_CANARY,
    })
    .from(approvalDecision)
    .where(
      and(
        eq(ofTeam, team),
        filter.approver === undefined ? undefined : eq(approver, filter.approver),
        gte(at, period.from),
        lt(at, period.to),
      ),
    )
    .orderBy(asc(approver), asc(at), asc(missionId), asc(seq))
    .limit(filter.limit);
  return rows.map((row) => ({
    approver: row.approver,
    decision: row.decision === "approve" ? "approve" : "deny",
    decidedAt: readTime(row.at),
    isCanary: row.canary === 1,
    request:
      row.requestAt === null ? null : { at: readTime(row.requestAt), words: Number(row.words) },
    previousAt: row.previousAt === null ? null : readTime(row.previousAt),
  }));
}

function requestMember(column: "at" | "words") {
  return sql<string | null>`(SELECT asked.${sql.raw(column)} FROM approval_asked AS asked
    WHERE asked.team = approval_decision.team AND asked.mission_id = approval_decision.mission_id
      AND asked.gate_digest = approval_decision.gate_digest AND asked.seq < approval_decision.seq
    ORDER BY asked.seq DESC LIMIT 1)`;
}

function readTime(text: string): number {
  const ms = isoToUnixMs(text);
  invariant(ms !== null, "the index holds times as the trace spells them");
  return ms;
}
