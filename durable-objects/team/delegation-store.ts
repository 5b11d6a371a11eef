/**
 * The SQL of a team's delegations. The signed statement is the truth; the columns beside it are only for
 * finding it. Refuses to decide anything.
 */

interface DelegationRow extends Record<string, SqlStorageValue> {
  id: string;
  delegator: string;
  delegate: string;
  statement: string;
  expires_at: string;
  revoked_at: string | null;
  revoked_by: string | null;
}

export interface StoredDelegation {
  readonly id: string;
  readonly delegator: string;
  readonly delegate: string;
  readonly statement: string;
  readonly expiresAt: string;
  readonly revoked: { readonly by: string; readonly at: string } | null;
}

export function readDelegation(sql: SqlStorage, id: string): StoredDelegation | null {
  const row = sql.exec<DelegationRow>("SELECT * FROM delegation WHERE id = ?", id).toArray()[0];
  return row ? toDelegation(row) : null;
}

/** The one that lasts longest first. */
export function readDelegations(sql: SqlStorage): readonly StoredDelegation[] {
  return sql
    .exec<DelegationRow>("SELECT * FROM delegation ORDER BY expires_at DESC, id")
    .toArray()
    .map(toDelegation);
}

/** Those to a person that are not revoked and end after `at`, RFC 3339. */
export function readDelegationsTo(
  sql: SqlStorage,
  delegate: string,
  at: string,
): readonly StoredDelegation[] {
  return sql
    .exec<DelegationRow>(
      "SELECT * FROM delegation WHERE delegate = ? AND expires_at > ? AND revoked_at IS NULL ORDER BY expires_at DESC, id",
      delegate,
      at,
    )
    .toArray()
    .map(toDelegation);
}

/** The ids of those by a person that are not revoked, in order. */
export function readDelegationsBy(sql: SqlStorage, delegator: string): readonly string[] {
  return sql
    .exec<{ id: string }>(
      "SELECT id FROM delegation WHERE delegator = ? AND revoked_at IS NULL ORDER BY id",
      delegator,
    )
    .toArray()
    .map(({ id }) => id);
}

export function writeDelegation(sql: SqlStorage, kept: StoredDelegation): void {
  sql.exec(
    "INSERT INTO delegation (id, delegator, delegate, statement, expires_at, revoked_at, revoked_by) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at, revoked_by = excluded.revoked_by",
    kept.id,
    kept.delegator,
    kept.delegate,
    kept.statement,
    kept.expiresAt,
    kept.revoked?.at ?? null,
    kept.revoked?.by ?? null,
  );
}

function toDelegation(row: DelegationRow): StoredDelegation {
  const { id, delegator, delegate, statement, expires_at, revoked_at, revoked_by } = row;
  const revoked = revoked_at === null ? null : { by: revoked_by ?? "", at: revoked_at };
  return { id, delegator, delegate, statement, expiresAt: expires_at, revoked };
}
