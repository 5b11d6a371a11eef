/**
 * The body of one open approval request: all that a person sees before they answer. Checked against the
 * core's own type. Specification: docs/approvals.md, "What is shown".
 */
import * as z from "zod";
import type { ApprovalView } from "../mission/index.ts";
import { approvalRequirementSchema } from "../plan/index.ts";
import { evidenceSummarySchema } from "./views.ts";

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

const changeSchema = z.strictObject({
  path: z.string(),
  before: z.json().exactOptional(),
  after: z.json().exactOptional(),
});

const approvalViewSchema = z.strictObject({
  missionId: z.string(),
  nodeId: z.string(),
  title: z.string(),
  attempt: z.int(),
  risk: z.int(),
  gateDigest: hashSchema,
  shortDigest: z.string(),
  planHash: hashSchema,
  policy: z.strictObject({ version: z.string(), hash: hashSchema }),
  proposer: z.string().nullable(),
  rationale: z.string().nullable(),
  action: z.strictObject({ type: z.string(), args: z.json(), argsHash: hashSchema }).nullable(),
  evidence: z.array(evidenceSummarySchema),
  requirement: approvalRequirementSchema,
  seats: z.array(z.strictObject({ group: z.string().nullable(), person: z.string().nullable() })),
  also: z.array(z.string()),
  escalation: z.array(
    z.strictObject({
      group: z.string(),
      instead: z.boolean(),
      at: z.iso.datetime({ precision: 3 }),
      taken: z.boolean(),
    }),
  ),
  deadlineAt: z.iso.datetime({ precision: 3 }),
  outcomes: z.strictObject({ approve: z.string(), deny: z.string(), silence: z.string() }),
  changes: z
    .strictObject({
      seq: z.int(),
      gateDigest: hashSchema,
      attempt: z.int(),
      action: z.strictObject({ changes: z.array(changeSchema), truncated: z.boolean() }),
      evidence: z.strictObject({ added: z.array(z.string()), removed: z.array(z.string()) }),
    })
    .nullable(),
  statement: z.strictObject({
    missionId: z.string(),
    nodeId: z.string(),
    attempt: z.int(),
    gateDigest: hashSchema,
  }),
}) satisfies z.ZodType<ApprovalView>;

/** The view beside what the team's directory says of it: false where nobody could fill some seat. */
export const shownApprovalSchema = approvalViewSchema.extend({ meetable: z.boolean() });
