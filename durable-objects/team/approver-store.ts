/**
 * The SQL of a team's approvers and of who a key was first registered for. Refuses to decide anything.
 */
import type { ApprovalHours, ApproverFacts } from "../../shared/approval/index.ts";
import type { KeyOwner } from "../../shared/wire/rpc.ts";

interface ApproverRow extends Record<string, SqlStorageValue> {
  id: string;
  display_name: string;
  groups: string;
  keys: string;
  valid_from: string | null;
  valid_until: string | null;
  hours: string | null;
  break_glass: number;
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

/** Everybody's keys, past ones and those of people who left among them. */
export function readKeyOwners(sql: SqlStorage): readonly KeyOwner[] {
  return sql
    .exec<{ id: string; kid: string }>("SELECT approver_id AS id, kid FROM approver_key")
    .toArray();
}

export function writeApprover(sql: SqlStorage, approver: ApproverFacts): void {
  sql.exec(
    "INSERT INTO approver (id, display_name, groups, keys, valid_from, valid_until, hours, break_glass) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, groups = excluded.groups, keys = excluded.keys, valid_from = excluded.valid_from, valid_until = excluded.valid_until, hours = excluded.hours, break_glass = excluded.break_glass",
    approver.id,
    approver.name,
    JSON.stringify(approver.groups),
    JSON.stringify(approver.keys),
    approver.validFrom,
    approver.validUntil,
    approver.hours === undefined ? null : JSON.stringify(approver.hours),
    approver.breakGlass === true ? 1 : 0,
  );
  for (const { kid } of approver.keys) {
    sql.exec(
      "INSERT INTO approver_key (kid, approver_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
      kid,
      approver.id,
    );
  }
}

/** The person only: whose a key was stays known for ever. */
export function deleteApprover(sql: SqlStorage, id: string): void {
  sql.exec("DELETE FROM approver WHERE id = ?", id);
}

function toApprover(row: ApproverRow): ApproverFacts {
  return {
    id: row.id,
    name: row.display_name,
    groups: JSON.parse(row.groups) as string[],
    keys: JSON.parse(row.keys) as ApproverFacts["keys"],
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    ...(row.hours === null ? {} : { hours: JSON.parse(row.hours) as ApprovalHours }),
    ...(row.break_glass === 1 ? { breakGlass: true } : {}),
  };
}
