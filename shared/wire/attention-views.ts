/**
 * The answers about people's attention: the measures, and the period they are of. Specification:
 * docs/attention.md.
 */
import * as z from "zod";
import type { Attention } from "../attention/index.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const shareSchema = z.number().min(0).max(1).nullable();

const measuresSchema = z.strictObject({
  decisions: z.int(),
  approvals: z.int(),
  denials: z.int(),
  approvedShare: shareSchema,
  timeToDecisionMs: z.strictObject({ shortest: z.int(), median: z.int(), p90: z.int() }).nullable(),
  approvalsPerHour: z.number().nullable(),
  approvalsPerHourMax: z.int(),
  timedApprovals: z.int(),
  hastyApprovals: z.int(),
  rubberStampIndex: shareSchema,
  canariesApproved: z.int(),
  canariesDenied: z.int(),
}) satisfies z.ZodType<Attention>;

/** One person's attention in [from, to). */
export const attentionSchema = measuresSchema.extend({
  approver: z.string(),
  from: momentSchema,
  to: momentSchema,
});
