/**
 * The SQL of trust and grants. What is stored of trust and cannot be believed is answered as unreadable, never
 * as a start. Refuses to decide anything.
 */
import {
  type KeptGrant,
  readTrust,
  type Trust,
  TRUST_START,
  type TrustOutcome,
} from "../../shared/trust/index.ts";
import type { TrustRecord } from "../../shared/wire/trust-rpc.ts";

type TrustRow = { score: number; streak: number; cooldown_until: string | null };

/** The agent's trust; of one about whom nothing happened the start; null where it cannot be believed. */
export function readAgentTrust(sql: SqlStorage, agent: string): Trust | null {
  const row = sql
    .exec<TrustRow>("SELECT score, streak, cooldown_until FROM agent_trust WHERE agent = ?", agent)
    .toArray()[0];
  if (row === undefined) return TRUST_START;
  return readTrust({ score: row.score, streak: row.streak, cooldownUntil: row.cooldown_until });
}

export function writeAgentTrust(sql: SqlStorage, agent: string, trust: Trust): void {
  sql.exec(
    "INSERT INTO agent_trust (agent, score, streak, cooldown_until) VALUES (?, ?, ?, ?) ON CONFLICT (agent) DO UPDATE SET score = excluded.score, streak = excluded.streak, cooldown_until = excluded.cooldown_until",
    agent,
    trust.score,
    trust.streak,
    trust.cooldownUntil,
  );
}

/** Whether the event's outcome has been taken into account before. */
export function isOutcomeKnown(
  sql: SqlStorage,
  { missionId, seq }: Pick<TrustOutcome, "missionId" | "seq">,
): boolean {
  const known = sql.exec(
    "SELECT 1 FROM trust_update WHERE mission_id = ? AND seq = ?",
    missionId,
    seq,
  );
  return known.toArray().length > 0;
}

/** What the agent may still gain in the mission, as its last update there left it; null before the first. */
export function readGainLeft(sql: SqlStorage, missionId: string, agent: string): number | null {
  const row = sql
    .exec<{ gain_left: number }>(
      "SELECT gain_left FROM trust_update WHERE mission_id = ? AND agent = ? ORDER BY number DESC LIMIT 1",
      missionId,
      agent,
    )
    .toArray()[0];
  return row?.gain_left ?? null;
}

type UpdateRow = TrustRow & {
  number: number;
  at: string;
  outcome: string;
  mission_id: string | null;
  node_id: string | null;
  seq: number | null;
  by: string | null;
  reason: string | null;
  delta_requested: number;
  delta_applied: number;
};

/** Rows are never changed or deleted (triggers see to it): they are also what makes a repeated outcome known. */
export function appendTrustUpdate(
  sql: SqlStorage,
  agent: string,
  {
    trust,
    gainLeft,
    ...update
  }: Omit<TrustRecord, "number"> & { readonly gainLeft: number | null },
): void {
  sql.exec(
    `INSERT INTO trust_update (number, agent, at, outcome, mission_id, node_id, seq, by, reason,
       delta_requested, delta_applied, gain_left, score, streak, cooldown_until)
     VALUES ((SELECT coalesce(max(number), 0) + 1 FROM trust_update), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    agent,
    update.at,
    update.outcome,
    update.missionId,
    update.nodeId,
    update.seq,
    update.by,
    update.reason,
    update.deltaRequested,
    update.deltaApplied,
    gainLeft,
    trust.score,
    trust.streak,
    trust.cooldownUntil,
  );
}

/** The agent's updates with number < before, newest first. */
export function readTrustUpdates(
  sql: SqlStorage,
  agent: string,
  before: number,
  limit: number,
): readonly TrustRecord[] {
  return sql
    .exec<UpdateRow>(
      "SELECT * FROM trust_update WHERE agent = ? AND number < ? ORDER BY number DESC LIMIT ?",
      agent,
      before,
      limit,
    )
    .toArray()
    .map((row) => ({
      number: row.number,
      at: row.at,
      outcome: row.outcome as TrustRecord["outcome"],
      missionId: row.mission_id,
      nodeId: row.node_id,
      seq: row.seq,
      by: row.by,
      reason: row.reason,
      deltaRequested: row.delta_requested,
      deltaApplied: row.delta_applied,
      trust: { score: row.score, streak: row.streak, cooldownUntil: row.cooldown_until },
    }));
}

type GrantRow = {
  id: string;
  agent: string;
  action_type: string;
  zone: string | null;
  risk_max: number;
  mission_id: string | null;
  expires_at: string;
  issued_by: string;
  issued_at: string;
  reason: string;
  revoked: string | null;
};

export function readGrant(sql: SqlStorage, id: string): KeptGrant | null {
  const row = sql.exec<GrantRow>("SELECT * FROM trust_grant WHERE id = ?", id).toArray()[0];
  return row ? toGrant(row) : null;
}

/** The agent's grants, the longest-lived first. */
export function readGrants(sql: SqlStorage, agent: string, limit: number): readonly KeptGrant[] {
  return sql
    .exec<GrantRow>(
      "SELECT * FROM trust_grant WHERE agent = ? ORDER BY expires_at DESC, id LIMIT ?",
      agent,
      limit,
    )
    .toArray()
    .map(toGrant);
}

/** Those for one type of action that nobody revoked, the longest-lived first. */
export function readGrantsFor(
  sql: SqlStorage,
  agent: string,
  actionType: string,
  limit: number,
): readonly KeptGrant[] {
  return sql
    .exec<GrantRow>(
      "SELECT * FROM trust_grant WHERE agent = ? AND action_type = ? AND revoked IS NULL ORDER BY expires_at DESC, id LIMIT ?",
      agent,
      actionType,
      limit,
    )
    .toArray()
    .map(toGrant);
}

export function countLiveGrants(sql: SqlStorage, agent: string, at: string): number {
  return sql
    .exec<{ n: number }>(
      "SELECT count(*) AS n FROM trust_grant WHERE agent = ? AND revoked IS NULL AND expires_at > ?",
      agent,
      at,
    )
    .one().n;
}

export function writeGrant(sql: SqlStorage, grant: KeptGrant): void {
  sql.exec(
    `INSERT INTO trust_grant (id, agent, action_type, zone, risk_max, mission_id, expires_at, issued_by, issued_at, reason, revoked)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revoked = excluded.revoked`,
    grant.id,
    grant.agent,
    grant.actionType,
    grant.zone ?? null,
    grant.riskMax,
    grant.missionId ?? null,
    grant.expiresAt,
    grant.issuedBy,
    grant.issuedAt,
    grant.reason,
    grant.revoked === null ? null : JSON.stringify(grant.revoked),
  );
}

function toGrant(row: GrantRow): KeptGrant {
  return {
    id: row.id,
    agent: row.agent,
    actionType: row.action_type,
    ...(row.zone !== null && { zone: row.zone }),
    riskMax: row.risk_max,
    ...(row.mission_id !== null && { missionId: row.mission_id }),
    expiresAt: row.expires_at,
    issuedBy: row.issued_by,
    issuedAt: row.issued_at,
    reason: row.reason,
    revoked: row.revoked === null ? null : (JSON.parse(row.revoked) as KeptGrant["revoked"]),
  };
}
