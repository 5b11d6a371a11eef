/**
 * The SQL of the directory's audit trail: one row a change, never changed or deleted (triggers see to it).
 * Refuses to decide anything.
 */
import { unixMsToIso } from "../../shared/time.ts";
import type { DirectoryChange } from "../../shared/team/index.ts";

interface ChangeRow extends Record<string, SqlStorageValue> {
  number: number;
  at: string;
  by: string;
  kind: string;
  subject: string;
  before: string;
  after: string;
}

/** Records what was known before and is after; nothing where that is the same. */
export function appendChange(
  sql: SqlStorage,
  who: { readonly by: string; readonly at: number },
  { kind, subject, before, after }: Pick<DirectoryChange, "kind" | "subject" | "before" | "after">,
): void {
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  if (was === is) return;
  sql.exec(
    "INSERT INTO directory_change (number, at, by, kind, subject, before, after) VALUES ((SELECT coalesce(max(number), 0) + 1 FROM directory_change), ?, ?, ?, ?, ?, ?)",
    unixMsToIso(who.at),
    who.by,
    kind,
    subject,
    was,
    is,
  );
}

/** Changes with number > after, in order. */
export function readChanges(
  sql: SqlStorage,
  after: number,
  limit: number,
): readonly DirectoryChange[] {
  return sql
    .exec<ChangeRow>(
      "SELECT number, at, by, kind, subject, before, after FROM directory_change WHERE number > ? ORDER BY number LIMIT ?",
      after,
      limit,
    )
    .toArray()
    .map((row) => ({
      number: row.number,
      at: row.at,
      by: row.by,
      kind: row.kind as DirectoryChange["kind"],
      subject: row.subject,
      before: JSON.parse(row.before) as unknown,
      after: JSON.parse(row.after) as unknown,
    }));
}

/** Who changed the person or a delegation of theirs last; null where nobody was recorded. */
export function readLastChanger(sql: SqlStorage, approverId: string): string | null {
  const row = sql
    .exec<{ by: string }>(
      "SELECT by FROM directory_change WHERE (kind = 'approver' AND subject = ?1) OR (kind = 'delegation' AND subject IN (SELECT id FROM delegation WHERE delegator = ?1)) ORDER BY number DESC LIMIT 1",
      approverId,
    )
    .toArray()[0];
  return row?.by ?? null;
}
