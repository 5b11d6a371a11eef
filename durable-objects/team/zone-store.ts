/**
 * The SQL of a team's zone registry; typed functions over one database. Refuses to decide anything.
 */
import type { ZoneFacts } from "../../shared/architect/index.ts";

interface ZoneRow extends Record<string, SqlStorageValue> {
  zone: string;
  skills: string;
  owns: string;
  hands_to: string;
}

export function readZone(sql: SqlStorage, zone: string | null): ZoneFacts | null {
  const row = sql.exec<ZoneRow>("SELECT * FROM zone WHERE zone = ?", zone).toArray()[0];
  return row ? toZone(row) : null;
}

/** In the order of their names. */
export function readZones(sql: SqlStorage): readonly ZoneFacts[] {
  return sql.exec<ZoneRow>("SELECT * FROM zone ORDER BY zone").toArray().map(toZone);
}

export function writeZone(sql: SqlStorage, { zone, skills, owns, handsTo }: ZoneFacts): void {
  sql.exec(
    "INSERT INTO zone (zone, skills, owns, hands_to) VALUES (?, ?, ?, ?) ON CONFLICT (zone) DO UPDATE SET skills = excluded.skills, owns = excluded.owns, hands_to = excluded.hands_to",
    zone,
    JSON.stringify(skills),
    JSON.stringify(owns),
    JSON.stringify(handsTo),
  );
}

function toZone(row: ZoneRow): ZoneFacts {
  return {
    zone: row.zone,
    skills: JSON.parse(row.skills) as string[],
    owns: JSON.parse(row.owns) as string[],
    handsTo: JSON.parse(row.hands_to) as string[],
  };
}
