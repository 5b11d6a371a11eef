/**
 * The bodies of the routes over the read model: incidents, the approval inbox, the rebuild. Requests are
 * strict. Specification: docs/api.md, docs/read-model.md.
 */
import * as z from "zod";
import { traceEventSchema } from "./api.ts";
import { namedPauseSchema } from "./views.ts";

const momentSchema = z.iso.datetime({ precision: 3 });
const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const incidentStatusSchema = z.enum(["open", "acknowledged", "resolved"]);
export const severitySchema = z.enum(["low", "medium", "high", "critical"]);

/** An incident as listed. `id` is `INC#` and the team's number. */
export const incidentSchema = z.strictObject({
  id: z.string(),
  team: z.string(),
  missionId: z.string().nullable(),
  nodeId: z.string().nullable(),
  seq: z.int().nullable(),
  kind: z.string(),
  severity: severitySchema,
  reasonCodes: z.array(z.string()),
  summary: z.string(),
  openedAt: momentSchema,
  status: incidentStatusSchema,
  statusBy: z.string().nullable(),
  statusAt: momentSchema.nullable(),
});

/** One incident with the events around it; null where no mission's trace tells of it. */
export const incidentWithContextSchema = incidentSchema.extend({
  context: z
    .strictObject({
      before: z.array(traceEventSchema),
      incident: traceEventSchema,
      after: z.array(traceEventSchema),
    })
    .nullable(),
});

export const setIncidentStatusSchema = z.strictObject({
  status: z.enum(["acknowledged", "resolved"]),
});

export const approvalStateSchema = z.enum(["pending", "granted", "denied", "expired", "voided"]);

/** One line of the inbox: what is asked, of whom, until when, and how far it would reach. */
export const approvalRequestSchema = z.strictObject({
  mission: z.strictObject({ id: z.string(), title: z.string(), state: z.string() }),
  nodeId: z.string(),
  state: approvalStateSchema,
  title: z.string(),
  summary: z.string(),
  requestedAt: momentSchema,
  deadlineAt: momentSchema,
  gateDigest: hashSchema,
  attempt: z.int(),
  requirement: z.strictObject({
    quorum: z.int(),
    group: z.string().nullable(),
    all: z.array(z.strictObject({ group: z.string(), quorum: z.int() })).exactOptional(),
    /** Groups that an escalation has asked besides: they fill any seat. */
    also: z.array(z.string()).exactOptional(),
  }),
  /** False where the directory has nobody who could fill some seat; null where nobody waits. */
  meetable: z.boolean().nullable(),
  have: z.int(),
  /** Hashes of the evidence the gate digest covers. */
  evidence: z.array(z.string()),
  /** Gates whose pause an approval clears, with their codes; null when the mission was not asked. */
  pauses: z.array(namedPauseSchema).nullable(),
  blastRadius: z.strictObject({
    risk: z.int(),
    action: z.strictObject({ type: z.string(), args: z.json(), argsHash: hashSchema }).nullable(),
    /** Nodes that can only follow after this one; null when the mission was not asked. */
    downstream: z.int().nullable(),
  }),
  /** What to sign, but for decision, approver, reason and the statement's own times. */
  statement: z.record(z.string(), z.json()),
});

/** An approval of the caller's that stopped counting: what they signed, what is asked now, and why. */
export const withdrawnApprovalSchema = z.strictObject({
  missionId: z.string(),
  nodeId: z.string(),
  seq: z.int(),
  gateDigest: hashSchema,
  newGateDigest: hashSchema.nullable(),
  cause: z.enum([
    "voided",
    "person_removed",
    "key_removed",
    "not_valid",
    "group_left",
    "delegation_ended",
  ]),
  at: momentSchema,
});

export const rebuildSchema = z.strictObject({
  cursor: z.string().max(1_024).nullable().default(null),
});

/** One step of a rebuild; post again with `nextCursor` until it is null. */
export const rebuildStepSchema = z.strictObject({
  missions: z.int(),
  incidents: z.int(),
  skipped: z.array(z.strictObject({ missionId: z.string(), reason: z.string() })),
  nextCursor: z.string().nullable(),
});
