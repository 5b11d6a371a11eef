/**
 * What the gateway reports about one ticket: a receipt of the outcome, or a denial.
 *
 * After dispatch every doubtful answer is `unknown`, never `failed`: "refused" and "executed, then
 * reset" look alike from outside (docs/decisions/0005).
 */
import * as z from "zod";
import { REASON_CODES, type ReasonCode } from "../gates/index.ts";
import { TICKET_ID } from "../ids.ts";
import { LIMITS } from "../limits.ts";

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const receiptSchema = z.strictObject({
  jti: z.string().regex(TICKET_ID),
  outcome: z.enum(["succeeded", "failed", "unknown"]),
  /** HTTP status of the upstream's answer; null when there was none. */
  status: z.int().min(100).max(599).nullable(),
  requestDigest: hashSchema,
  responseDigest: hashSchema.nullable(),
  detail: z.string().max(LIMITS.detailCharsMax),
  startedAt: z.iso.datetime({ precision: 3 }),
  finishedAt: z.iso.datetime({ precision: 3 }),
});

export type Receipt = z.output<typeof receiptSchema>;

const codes = Object.keys(REASON_CODES) as [ReasonCode, ...ReasonCode[]];

export const denialSchema = z.strictObject({
  /** From the ticket as presented; unverified when the signature was the reason. */
  jti: z.string().max(128).nullable(),
  reason: z.enum(codes),
  detail: z.string().max(LIMITS.detailCharsMax),
  /** Whether the ticket's signature was valid, so that the fields below can be trusted. */
  verified: z.boolean(),
  actionType: z.string().max(64).nullable(),
  argsHash: hashSchema.nullable(),
});

export type Denial = z.output<typeof denialSchema>;

const ENDING: ReadonlySet<ReasonCode> = new Set([
  "TICKET_EXPIRED",
  "FENCE_STALE",
  "GATE_NOT_CONFIRMED",
]);

/** Whether a denial says that the ledger will never let the ticket run. One that nobody verified says nothing. */
export function endsTicket(denial: Denial): boolean {
  return denial.verified && ENDING.has(denial.reason);
}
