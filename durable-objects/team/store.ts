/**
 * The SQL of a team's directory, policies, incidents and idempotent answers; typed functions over one
 * database. Refuses to decide anything. Webhook endpoints and their log are in delivery-store.ts.
 */
import type { ApproverFacts } from "../../shared/approval/index.ts";
import type { AgentFacts } from "../../shared/mission/index.ts";
import type { IncidentRecord, PolicyRecord } from "../../shared/wire/rpc.ts";

interface AgentRow extends Record<string, SqlStorageValue> {
  id: string;
  skills: string;
  zone: string | null;
  banned: number;
  family: string | null;
}

interface ApproverRow extends Record<string, SqlStorageValue> {
  id: string;
  display_name: string;
  groups: string;
  keys: string;
  valid_from: string | null;
  valid_until: string | null;
}

interface PolicyRow extends Record<string, SqlStorageValue> {
  version: string;
  hash: string;
  document: string;
  state: string;
  proposed_by: string;
  proposed_at: string;
  activated_by: string | null;
  activated_at: string | null;
}

interface IncidentRow extends Record<string, SqlStorageValue> {
  number: number;
  mission_id: string | null;
  node_id: string | null;
  seq: number | null;
  kind: string;
  severity: string;
  reason_codes: string;
  summary: string;
  opened_at: string;
  status: string;
  status_by: string | null;
  status_at: string | null;
}

// Idempotency

export function readAnswer(
  sql: SqlStorage,
  key: string,
): { readonly requestHash: string; readonly answer: string } | null {
  const row = sql
    .exec<{ request_hash: string; answer: string }>(
      "SELECT request_hash, answer FROM idempotency WHERE key = ?",
      key,
    )
    .toArray()[0];
  return row ? { requestHash: row.request_hash, answer: row.answer } : null;
}

export function writeAnswer(
  sql: SqlStorage,
  key: string,
  requestHash: string,
  answer: string,
  atMs: number,
): void {
  sql.exec(
    "INSERT INTO idempotency (key, request_hash, answer, at) VALUES (?, ?, ?, ?)",
    key,
    requestHash,
    answer,
    atMs,
  );
}

/** Forgets answers older than `beforeMs`, unless somebody looked within `everyMs`; a scan, hence rare. */
export function pruneAnswers(
  sql: SqlStorage,
  nowMs: number,
  beforeMs: number,
  everyMs: number,
): void {
  const last = sql
    .exec<{ value: string }>("SELECT value FROM team_meta WHERE name = 'answers_pruned_at'")
    .toArray()[0];
  if (last !== undefined && nowMs - Number(last.value) < everyMs) return;
  sql.exec("DELETE FROM idempotency WHERE at < ?", beforeMs);
  sql.exec(
    "INSERT INTO team_meta (name, value) VALUES ('answers_pruned_at', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    String(nowMs),
  );
}

// Openings

export function insertOpening(sql: SqlStorage, missionId: string): void {
  sql.exec("INSERT INTO opening (mission_id) VALUES (?) ON CONFLICT DO NOTHING", missionId);
}

export function readMissionIds(sql: SqlStorage, after: string, limit: number): readonly string[] {
  return sql
    .exec<{ mission_id: string }>(
      "SELECT mission_id FROM opening WHERE mission_id > ? ORDER BY mission_id LIMIT ?",
      after,
      limit,
    )
    .toArray()
    .map((row) => row.mission_id);
}

// Directory

export function countRows(
  sql: SqlStorage,
  table: "agent" | "approver" | "policy" | "verifier" | "webhook" | "zone",
) {
  return sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
}

export function readAgent(sql: SqlStorage, id: string): AgentFacts | null {
  const row = sql.exec<AgentRow>("SELECT * FROM agent WHERE id = ?", id).toArray()[0];
  return row ? toAgent(row) : null;
}

export function readAgents(sql: SqlStorage): readonly AgentFacts[] {
  return sql.exec<AgentRow>("SELECT * FROM agent ORDER BY id").toArray().map(toAgent);
}

export function writeAgent(sql: SqlStorage, agent: AgentFacts): void {
  sql.exec(
    "INSERT INTO agent (id, skills, zone, banned, family) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET skills = excluded.skills, zone = excluded.zone, banned = excluded.banned, family = excluded.family",
    agent.id,
    JSON.stringify(agent.skills),
    agent.zone,
    agent.banned ? 1 : 0,
    agent.family ?? null,
  );
}

export function readApprover(sql: SqlStorage, id: string): ApproverFacts | null {
  const row = sql.exec<ApproverRow>("SELECT * FROM approver WHERE id = ?", id).toArray()[0];
  return row ? toApprover(row) : null;
}

export function readApprovers(sql: SqlStorage): readonly ApproverFacts[] {
  return sql.exec<ApproverRow>("SELECT * FROM approver ORDER BY id").toArray().map(toApprover);
}

/** The person a key was first registered for; a key is never given to a second one. */
export function readKeyOwner(sql: SqlStorage, kid: string): string | null {
  const row = sql
    .exec<{ approver_id: string }>("SELECT approver_id FROM approver_key WHERE kid = ?", kid)
    .toArray()[0];
  return row?.approver_id ?? null;
}

export function writeApprover(sql: SqlStorage, approver: ApproverFacts): void {
  sql.exec(
    "INSERT INTO approver (id, display_name, groups, keys, valid_from, valid_until) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, groups = excluded.groups, keys = excluded.keys, valid_from = excluded.valid_from, valid_until = excluded.valid_until",
    approver.id,
    approver.name,
    JSON.stringify(approver.groups),
    JSON.stringify(approver.keys),
    approver.validFrom,
    approver.validUntil,
  );
  for (const { kid } of approver.keys) {
    sql.exec(
      "INSERT INTO approver_key (kid, approver_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
      kid,
      approver.id,
    );
  }
}

// Policies

const POLICY_COLUMNS =
  "version, hash, document, state, proposed_by, proposed_at, activated_by, activated_at";

export function readPolicy(sql: SqlStorage, version: string): PolicyRecord | null {
  const row = sql
    .exec<PolicyRow>(`SELECT ${POLICY_COLUMNS} FROM policy WHERE version = ?`, version)
    .toArray()[0];
  return row ? toPolicy(row) : null;
}

export function readActivePolicy(sql: SqlStorage): PolicyRecord | null {
  const row = sql
    .exec<PolicyRow>(`SELECT ${POLICY_COLUMNS} FROM policy WHERE state = 'active'`)
    .toArray()[0];
  return row ? toPolicy(row) : null;
}

/** The policy on trial, if there is one; the database holds no second. */
export function readShadowPolicy(sql: SqlStorage): PolicyRecord | null {
  const row = sql
    .exec<PolicyRow>(`SELECT ${POLICY_COLUMNS} FROM policy WHERE state = 'shadow'`)
    .toArray()[0];
  return row ? toPolicy(row) : null;
}

/** Puts the version into a state without effect; another version on trial goes back to being proposed. */
export function writePolicyTrial(
  sql: SqlStorage,
  version: string,
  state: "proposed" | "shadow",
): void {
  if (state === "shadow") sql.exec("UPDATE policy SET state = 'proposed' WHERE state = 'shadow'");
  sql.exec("UPDATE policy SET state = ? WHERE version = ?", state, version);
}

export function readPolicies(sql: SqlStorage): readonly PolicyRecord[] {
  return sql
    .exec<PolicyRow>(`SELECT ${POLICY_COLUMNS} FROM policy ORDER BY version`)
    .toArray()
    .map(toPolicy);
}

export function insertPolicy(sql: SqlStorage, policy: PolicyRecord): void {
  sql.exec(
    "INSERT INTO policy (version, hash, document, state, proposed_by, proposed_at) VALUES (?, ?, ?, ?, ?, ?)",
    policy.version,
    policy.hash,
    JSON.stringify(policy.document),
    policy.state,
    policy.proposedBy,
    policy.proposedAt,
  );
}

/** Retires the active version and activates this one; the statement stays beside it as the proof. */
export function switchActivePolicy(
  sql: SqlStorage,
  version: string,
  activatedBy: string,
  activatedAt: string,
  statement: string,
): void {
  sql.exec("UPDATE policy SET state = 'retired' WHERE state = 'active'");
  sql.exec(
    "UPDATE policy SET state = 'active', activated_by = ?, activated_at = ?, activation_statement = ? WHERE version = ?",
    activatedBy,
    activatedAt,
    statement,
    version,
  );
}

// Incidents

const INCIDENT_COLUMNS =
  "number, mission_id, node_id, seq, kind, severity, reason_codes, summary, opened_at, status, status_by, status_at";

export function readIncidentByOrigin(sql: SqlStorage, originKey: string): IncidentRecord | null {
  const row = sql
    .exec<IncidentRow>(`SELECT ${INCIDENT_COLUMNS} FROM incident WHERE origin_key = ?`, originKey)
    .toArray()[0];
  return row ? toIncident(row) : null;
}

export function readIncident(sql: SqlStorage, number: number): IncidentRecord | null {
  const row = sql
    .exec<IncidentRow>(`SELECT ${INCIDENT_COLUMNS} FROM incident WHERE number = ?`, number)
    .toArray()[0];
  return row ? toIncident(row) : null;
}

export function readIncidents(
  sql: SqlStorage,
  after: number,
  limit: number,
): readonly IncidentRecord[] {
  return sql
    .exec<IncidentRow>(
      `SELECT ${INCIDENT_COLUMNS} FROM incident WHERE number > ? ORDER BY number LIMIT ?`,
      after,
      limit,
    )
    .toArray()
    .map(toIncident);
}

/** Rows are never deleted (a trigger sees to it), so the highest number plus one was never used. */
export function insertIncident(
  sql: SqlStorage,
  originKey: string,
  incident: Omit<IncidentRecord, "number" | "status" | "statusBy" | "statusAt">,
): IncidentRecord {
  const row = sql
    .exec<IncidentRow>(
      `INSERT INTO incident (number, origin_key, mission_id, node_id, seq, kind, severity, reason_codes, summary, opened_at, status)
       VALUES ((SELECT coalesce(max(number), 0) + 1 FROM incident), ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')
       RETURNING ${INCIDENT_COLUMNS}`,
      originKey,
      incident.missionId,
      incident.nodeId,
      incident.seq,
      incident.kind,
      incident.severity,
      JSON.stringify(incident.reasonCodes),
      incident.summary,
      incident.openedAt,
    )
    .one();
  return toIncident(row);
}

/** A resolved incident gives its summary key free, so that the same trouble opens a new one. */
export function writeIncidentStatus(
  sql: SqlStorage,
  number: number,
  status: "acknowledged" | "resolved",
  by: string,
  at: string,
): void {
  sql.exec(
    `UPDATE incident SET status = ?1, status_by = ?2, status_at = ?3,
       origin_key = CASE WHEN ?1 = 'resolved' AND origin_key LIKE 'summary:%' THEN NULL ELSE origin_key END
     WHERE number = ?4`,
    status,
    by,
    at,
    number,
  );
}

function toAgent(row: AgentRow): AgentFacts {
  return {
    id: row.id,
    skills: JSON.parse(row.skills) as string[],
    zone: row.zone,
    banned: row.banned === 1,
    ...(row.family === null ? {} : { family: row.family }),
  };
}

function toApprover(row: ApproverRow): ApproverFacts {
  return {
    id: row.id,
    name: row.display_name,
    groups: JSON.parse(row.groups) as string[],
    keys: JSON.parse(row.keys) as ApproverFacts["keys"],
    validFrom: row.valid_from,
    validUntil: row.valid_until,
  };
}

function toPolicy(row: PolicyRow): PolicyRecord {
  return {
    version: row.version,
    hash: row.hash,
    document: JSON.parse(row.document) as PolicyRecord["document"],
    state: row.state as PolicyRecord["state"],
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    activatedBy: row.activated_by,
    activatedAt: row.activated_at,
  };
}

function toIncident(row: IncidentRow): IncidentRecord {
  return {
    number: row.number,
    missionId: row.mission_id,
    nodeId: row.node_id,
    seq: row.seq,
    kind: row.kind,
    severity: row.severity as IncidentRecord["severity"],
    reasonCodes: JSON.parse(row.reason_codes) as string[],
    summary: row.summary,
    openedAt: row.opened_at,
    status: row.status as IncidentRecord["status"],
    statusBy: row.status_by,
    statusAt: row.status_at,
  };
}
