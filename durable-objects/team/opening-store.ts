/**
 * The SQL of the mission ids a team has reserved: the list from which its index is rebuilt.
 */

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
