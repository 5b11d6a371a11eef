/**
 * The team's Merkle log: one entry for each head of a mission's log that was signed when the mission ended.
 * Appends only, each mission and size once; refuses a second root for a size, because one of the two is a
 * forgery. Specification: docs/transparency.md.
 */
import {
  createMerkleTree,
  hashToHex,
  leafHash,
  teamLogLeaf,
  type LogHead,
  type LogReject,
  type MerkleTree,
  type TeamLogEntry,
} from "../../shared/log/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { LogFork } from "../../shared/wire/rpc.ts";

export interface TeamLog {
  /** Adds the entry, or finds it. Answers its place and the head right behind it. */
  append(entry: TeamLogEntry): Result<{ readonly index: number; readonly head: LogHead }, LogFork>;
  tree(): MerkleTree;
  /** The place of a mission's largest head. */
  indexOf(missionId: string): Result<number, LogReject>;
  /** Entries with index > after, at most limit, in order. */
  entries(after: number, limit: number): readonly (TeamLogEntry & { readonly index: number })[];
}

type Row = { idx: number; mission_id: string; size: number; root: string; at: string };

export function createTeamLog(sql: SqlStorage): TeamLog {
  const memory = createMerkleTree();
  const entries = (after: number, limit: number) =>
    sql
      .exec<Row>("SELECT * FROM log_entry WHERE idx > ? ORDER BY idx LIMIT ?", after, limit)
      .toArray()
      .map(toEntry);
  const tree = () => {
    for (const entry of entries(memory.size() - 1, -1)) memory.append(leafHash(teamLogLeaf(entry)));
    return memory;
  };
  return {
    tree,
    entries,
    append(entry) {
      const known = sql
        .exec<Row>(
          "SELECT * FROM log_entry WHERE mission_id = ? AND size = ?",
          entry.missionId,
          entry.size,
        )
        .toArray()[0];
      if (known && known.root !== entry.root) {
        return err({ reason: "log_forked", logged: known.root, offered: entry.root });
      }
      const index = known?.idx ?? insert(sql, entry);
      return ok({ index, head: { size: index + 1, root: hashToHex(tree().root(index + 1)) } });
    },
    indexOf(missionId) {
      const row = sql
        .exec<{ idx: number }>(
          "SELECT idx FROM log_entry WHERE mission_id = ? ORDER BY size DESC LIMIT 1",
          missionId,
        )
        .toArray()[0];
      if (row) return ok(row.idx);
      const detail = "the log has no entry of this mission";
      return err({ reason: "log_point_unknown", size: tree().size(), detail });
    },
  };
}

function insert(sql: SqlStorage, { missionId, size, root, at }: TeamLogEntry): number {
  return sql
    .exec<{ idx: number }>(
      `INSERT INTO log_entry (idx, mission_id, size, root, at)
       VALUES ((SELECT coalesce(max(idx) + 1, 0) FROM log_entry), ?, ?, ?, ?) RETURNING idx`,
      missionId,
      size,
      root,
      at,
    )
    .one().idx;
}

function toEntry(row: Row): TeamLogEntry & { readonly index: number } {
  const { idx: index, mission_id: missionId, size, root, at } = row;
  return { index, missionId, size, root, at };
}
