/** What the API answers, as types: from the contract's own schemas, so that the console cannot drift from it. */
import type * as z from "zod";
import type { missionSummarySchema } from "../../shared/wire/api.ts";
import type {
  approvalRequestSchema,
  incidentSchema,
  incidentWithContextSchema,
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
