/**
 * The read model's tables in D1: lists and searches over what the journals say. Every row can be
 * rebuilt from the missions and the team's object, and no decision is ever taken on one.
 * Keys start with the team, so that no statement can cross it unnoticed. d1-migrations/ is generated
 * from this file, then marked WITHOUT ROWID by hand. Specification: docs/read-model.md.
 */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row a mission: the fold of its events up to `headSeq`, as far as a list shows it. */
export const mission = sqliteTable(
  "mission",
  {
    team: text("team").notNull(),
    id: text("id").notNull(),
    title: text("title").notNull(),
    state: text("state").notNull(),
    sealed: integer("sealed").notNull(),
    openedAt: text("opened_at").notNull(),
    openedBy: text("opened_by").notNull(),
    planHash: text("plan_hash").notNull(),
    policyVersion: text("policy_version").notNull(),
    done: integer("done").notNull(),
    total: integer("total").notNull(),
    headSeq: integer("head_seq").notNull(),
    headHash: text("head_hash").notNull(),
    updatedAt: text("updated_at").notNull(),
    /** 1 where it is a canary: known to the server, and to whoever may know. */
    canary: integer("canary").notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.team, table.id] }),
    index("mission_canary")
      .on(table.team, table.id)
      .where(sql`canary = 1`),
    // For the sweep; changes only with the state, not with every event.
    index("mission_open")
      .on(table.id)
      .where(sql`state IN ('active', 'paused')`),
  ],
);

/** One row an event, without its data; the mission keeps the whole. */
export const traceEvent = sqliteTable(
  "trace_event",
  {
    team: text("team").notNull(),
    missionId: text("mission_id").notNull(),
    seq: integer("seq").notNull(),
    type: text("type").notNull(),
    nodeId: text("node_id"),
    actorKind: text("actor_kind").notNull(),
    actorId: text("actor_id").notNull(),
    at: text("at").notNull(),
    stateBefore: text("state_before"),
    stateAfter: text("state_after"),
    verdict: text("verdict"),
    /** JSON array of codes. */
    reasonCodes: text("reason_codes").notNull(),
    hash: text("hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.team, table.missionId, table.seq] })],
);

/** One row an incident; number and status are the team object's. */
export const incident = sqliteTable(
  "incident",
  {
    team: text("team").notNull(),
    number: integer("number").notNull(),
    missionId: text("mission_id"),
    nodeId: text("node_id"),
    seq: integer("seq"),
    kind: text("kind").notNull(),
    severity: text("severity").notNull(),
    /** JSON array of codes. */
    reasonCodes: text("reason_codes").notNull(),
    summary: text("summary").notNull(),
    openedAt: text("opened_at").notNull(),
    status: text("status").notNull(),
    statusBy: text("status_by"),
    statusAt: text("status_at"),
  },
  (table) => [primaryKey({ columns: [table.team, table.number] })],
);

/** The newest approval request of a node, for the inbox. */
export const approvalRequest = sqliteTable(
  "approval_request",
  {
    team: text("team").notNull(),
    missionId: text("mission_id").notNull(),
    nodeId: text("node_id").notNull(),
    gateDigest: text("gate_digest").notNull(),
    attempt: integer("attempt").notNull(),
    risk: integer("risk").notNull(),
    title: text("title").notNull(),
    summary: text("summary").notNull(),
    quorum: integer("quorum").notNull(),
    groupName: text("group_name"),
    /** JSON of the whole requirement; null in rows written before there was one. */
    requirement: text("requirement"),
    have: integer("have").notNull(),
    deadlineAt: text("deadline_at").notNull(),
    /** JSON of `{ type, args, argsHash }`, or null for a decision. */
    action: text("action"),
    /** JSON array of evidence hashes. */
    evidence: text("evidence").notNull(),
    /** JSON of the statement's members that are fixed. */
    statement: text("statement").notNull(),
    requestedAt: text("requested_at").notNull(),
    state: text("state").notNull(),
    /** The event this row stands at; a row only moves forward. */
    seq: integer("seq").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.team, table.missionId, table.nodeId] }),
    index("approval_pending")
      .on(table.team, table.deadlineAt)
      .where(sql`state = 'pending'`),
  ],
);

/** An approval that no longer counts, for the person who gave it. */
export const withdrawnApproval = sqliteTable(
  "withdrawn_approval",
  {
    team: text("team").notNull(),
    approver: text("approver").notNull(),
    missionId: text("mission_id").notNull(),
    seq: integer("seq").notNull(),
    nodeId: text("node_id").notNull(),
    gateDigest: text("gate_digest").notNull(),
    /** What is asked now; null where the directory took the approval back. */
    newGateDigest: text("new_gate_digest"),
    /** `voided`, or why it was revoked. */
    cause: text("cause").notNull(),
    at: text("at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.team, table.approver, table.missionId, table.seq] }),
    index("withdrawn_newest").on(table.team, table.approver, table.at),
  ],
);

/** One row a request for approval, those that a newer one replaced included. */
export const approvalAsked = sqliteTable(
  "approval_asked",
  {
    team: text("team").notNull(),
    missionId: text("mission_id").notNull(),
    seq: integer("seq").notNull(),
    gateDigest: text("gate_digest").notNull(),
    at: text("at").notNull(),
    /** What there was to read of it, at least. */
    words: integer("words").notNull(),
  },
  (table) => [primaryKey({ columns: [table.team, table.missionId, table.gateDigest, table.seq] })],
);

/** One row a signed approval or denial; whether it still counts is not asked here. */
export const approvalDecision = sqliteTable(
  "approval_decision",
  {
    team: text("team").notNull(),
    missionId: text("mission_id").notNull(),
    seq: integer("seq").notNull(),
    gateDigest: text("gate_digest").notNull(),
    approver: text("approver").notNull(),
    /** `approve` or `deny`. */
    decision: text("decision").notNull(),
    at: text("at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.team, table.missionId, table.seq] }),
    index("decision_of_person").on(table.team, table.approver, table.at),
  ],
);

export type AskedRow = typeof approvalAsked.$inferSelect;
export type DecisionRow = typeof approvalDecision.$inferSelect;
export type WithdrawnRow = typeof withdrawnApproval.$inferSelect;
export type MissionRow = typeof mission.$inferSelect;
export type TraceEventRow = typeof traceEvent.$inferSelect;
export type IncidentRow = typeof incident.$inferSelect;
export type ApprovalRow = typeof approvalRequest.$inferSelect;
