/** What the API answers, as types: from the contract's own schemas, so that the console cannot drift from it. */
import type * as z from "zod";
import type { shownApprovalSchema } from "../../shared/wire/approval-view.ts";
import type { approverSchema, directoryChangeSchema } from "../../shared/wire/directory.ts";
import type { hookSchema, newHookSchema } from "../../shared/wire/hook-views.ts";
import type {
  deliverySchema,
  newWebhookSchema,
  webhookSchema,
} from "../../shared/wire/webhook-views.ts";
import type { policyRunSchema, shadowRunSchema } from "../../shared/wire/policy-views.ts";
import type {
  agentSchema,
  missionSummarySchema,
  policyRecordSchema,
} from "../../shared/wire/api.ts";
import type {
  approvalRequestSchema,
  incidentSchema,
  incidentWithContextSchema,
  withdrawnApprovalSchema,
} from "../../shared/wire/index-views.ts";

/** A page of a list. */
export interface ListOf<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export type MissionSummary = z.output<typeof missionSummarySchema>;
export type Incident = z.output<typeof incidentSchema>;
export type IncidentWithContext = z.output<typeof incidentWithContextSchema>;
export type ApprovalRequest = z.output<typeof approvalRequestSchema>;
/** One open request as its mission tells it. */
export type ShownApproval = z.output<typeof shownApprovalSchema>;
export type WithdrawnApproval = z.output<typeof withdrawnApprovalSchema>;
export type PolicyRecord = z.output<typeof policyRecordSchema>;
export type Approver = z.output<typeof approverSchema>;
export type DirectoryChange = z.output<typeof directoryChangeSchema>;
export type Agent = z.output<typeof agentSchema>;
export type Webhook = z.output<typeof webhookSchema>;
/** With the secret, which is shown this once. */
export type NewWebhook = z.output<typeof newWebhookSchema>;
export type Hook = z.output<typeof hookSchema>;
export type NewHook = z.output<typeof newHookSchema>;
export type Delivery = z.output<typeof deliverySchema>;
export type PolicyRun = z.output<typeof policyRunSchema>;
export type ShadowRun = z.output<typeof shadowRunSchema>;
