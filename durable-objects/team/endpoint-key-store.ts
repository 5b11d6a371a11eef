/**
 * The SQL of the keys of webhook endpoints and of hooks: generations and public parts, never a secret.
 * Refuses to decide anything; which keys live is decided by shared/webhook.
 */
import type { EndpointKey } from "../../shared/webhook/index.ts";

interface KeyRow extends Record<string, SqlStorageValue> {
  generation: number;
  root: string | null;
  public_key: string | null;
  created_at: string;
  expires_at: string | null;
}

/** Newest first. */
export function readEndpointKeys(sql: SqlStorage, endpointId: string): readonly EndpointKey[] {
  return sql
    .exec<KeyRow>(
      `SELECT generation, root, public_key, created_at, expires_at
       FROM endpoint_key WHERE endpoint_id = ? ORDER BY generation DESC`,
      endpointId,
    )
    .toArray()
    .map((row) => ({
      generation: row.generation,
      root: row.root,
      publicKey: row.public_key,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    }));
}

/** Puts these keys in the place of all there were. */
export function writeEndpointKeys(
  sql: SqlStorage,
  endpointId: string,
  keys: readonly EndpointKey[],
): void {
  deleteEndpointKeys(sql, endpointId);
  for (const { generation, root, publicKey, createdAt, expiresAt } of keys) {
    sql.exec(
      `INSERT INTO endpoint_key (endpoint_id, generation, root, public_key, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      endpointId,
      generation,
      root,
      publicKey,
      createdAt,
      expiresAt,
    );
  }
}

export function deleteEndpointKeys(sql: SqlStorage, endpointId: string): void {
  sql.exec("DELETE FROM endpoint_key WHERE endpoint_id = ?", endpointId);
}
