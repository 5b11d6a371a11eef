/**
 * The SQL of a team's hooks, at which other systems hand in approvals, and of the messages taken there.
 * Refuses to decide anything; their keys are in endpoint-key-store.ts.
 */
import type { HookEndpoint } from "../../shared/wire/rpc.ts";
import { deleteEndpointKeys, readEndpointKeys, writeEndpointKeys } from "./endpoint-key-store.ts";

interface HookRow extends Record<string, SqlStorageValue> {
  id: string;
  title: string;
  signature: string;
  created_at: string;
  disabled_at: string | null;
}

export function readHooks(sql: SqlStorage): readonly HookEndpoint[] {
  return sql
    .exec<HookRow>("SELECT * FROM hook ORDER BY created_at, id")
    .toArray()
    .map((row) => toHook(sql, row));
}

export function readHook(sql: SqlStorage, id: string): HookEndpoint | null {
  const row = sql.exec<HookRow>("SELECT * FROM hook WHERE id = ?", id).toArray()[0];
  return row ? toHook(sql, row) : null;
}

export function insertHook(sql: SqlStorage, hook: HookEndpoint): void {
  sql.exec(
    "INSERT INTO hook (id, title, signature, created_at, disabled_at) VALUES (?, ?, ?, ?, ?)",
    hook.id,
    hook.title,
    hook.signature,
    hook.createdAt,
    hook.disabledAt,
  );
  writeEndpointKeys(sql, hook.id, hook.keys);
}

export function writeHookDisabled(sql: SqlStorage, id: string, disabledAt: string | null): void {
  sql.exec("UPDATE hook SET disabled_at = ? WHERE id = ?", disabledAt, id);
}

export function deleteHook(sql: SqlStorage, id: string): void {
  deleteEndpointKeys(sql, id);
  sql.exec("DELETE FROM hook_message WHERE hook_id = ?", id);
  sql.exec("DELETE FROM hook WHERE id = ?", id);
}

/** The hash of the body that came under this id; null where none did. */
export function readMessageHash(sql: SqlStorage, hookId: string, messageId: string): string | null {
  const row = sql
    .exec<{ body_hash: string }>(
      "SELECT body_hash FROM hook_message WHERE hook_id = ? AND message_id = ?",
      hookId,
      messageId,
    )
    .toArray()[0];
  return row?.body_hash ?? null;
}

/** Remembers a message, and forgets those that came before `beforeMs`. */
export function insertMessage(
  sql: SqlStorage,
  message: { hookId: string; messageId: string; bodyHash: string; at: number },
  beforeMs: number,
): void {
  const { hookId, messageId, bodyHash, at } = message;
  sql.exec(
    "INSERT INTO hook_message (hook_id, message_id, body_hash, at) VALUES (?, ?, ?, ?)",
    hookId,
    messageId,
    bodyHash,
    at,
  );
  sql.exec("DELETE FROM hook_message WHERE at < ?", beforeMs);
}

function toHook(sql: SqlStorage, row: HookRow): HookEndpoint {
  return {
    id: row.id,
    title: row.title,
    signature: row.signature as HookEndpoint["signature"],
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    keys: readEndpointKeys(sql, row.id),
  };
}
