/**
 * The SQL of the answers kept for idempotency keys. Refuses to decide which answer counts.
 */

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
