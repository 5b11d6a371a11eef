/**
 * The SQL of passkeys: open registrations, one a person, and the counters of registered ones. Refuses to
 * decide anything.
 */

/** What is known of a registered passkey beside its key. */
export interface PasskeyRow extends Record<string, SqlStorageValue> {
  approver_id: string;
  sign_count: number;
  /** Of the last answer that was taken; base64url. */
  signature: string | null;
}

export function readPasskey(sql: SqlStorage, credentialId: string): PasskeyRow | null {
  const row = sql
    .exec<PasskeyRow>(
      "SELECT approver_id, sign_count, signature FROM passkey WHERE credential_id = ?",
      credentialId,
    )
    .toArray()[0];
  return row ?? null;
}

export function insertPasskey(
  sql: SqlStorage,
  credentialId: string,
  approverId: string,
  signCount: number,
): void {
  sql.exec(
    "INSERT INTO passkey (credential_id, approver_id, sign_count) VALUES (?, ?, ?)",
    credentialId,
    approverId,
    signCount,
  );
}

export function writePasskeyUse(
  sql: SqlStorage,
  credentialId: string,
  signCount: number,
  signature: string,
): void {
  sql.exec(
    "UPDATE passkey SET sign_count = ?, signature = ? WHERE credential_id = ?",
    signCount,
    signature,
    credentialId,
  );
}

/** Opens a registration; the person's earlier one is over. */
export function writeCeremony(
  sql: SqlStorage,
  approverId: string,
  challenge: string,
  expiresMs: number,
): void {
  sql.exec(
    "INSERT INTO passkey_ceremony (approver_id, challenge, expires_ms) VALUES (?, ?, ?) ON CONFLICT (approver_id) DO UPDATE SET challenge = excluded.challenge, expires_ms = excluded.expires_ms",
    approverId,
    challenge,
    expiresMs,
  );
}

/** The challenge of the person's open registration, which this ends; null where none is open at the time. */
export function takeCeremony(sql: SqlStorage, approverId: string, atMs: number): string | null {
  const row = sql
    .exec<{ challenge: string; expires_ms: number }>(
      "DELETE FROM passkey_ceremony WHERE approver_id = ? RETURNING challenge, expires_ms",
      approverId,
    )
    .toArray()[0];
  return row && row.expires_ms > atMs ? row.challenge : null;
}
