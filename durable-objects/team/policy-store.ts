/**
 * The SQL of a team's policy versions. Refuses to decide what may become active.
 */
import type { PolicyRecord } from "../../shared/wire/rpc.ts";

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
