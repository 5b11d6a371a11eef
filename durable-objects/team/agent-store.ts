/**
 * The SQL of a team's agents. Refuses to decide anything.
 */
import type { AgentFacts } from "../../shared/mission/index.ts";

interface AgentRow extends Record<string, SqlStorageValue> {
  id: string;
  skills: string;
  zone: string | null;
  banned: number;
  family: string | null;
}

export function readAgent(sql: SqlStorage, id: string): AgentFacts | null {
  const row = sql.exec<AgentRow>("SELECT * FROM agent WHERE id = ?", id).toArray()[0];
  return row ? toAgent(row) : null;
}

export function readAgents(sql: SqlStorage): readonly AgentFacts[] {
  return sql.exec<AgentRow>("SELECT * FROM agent ORDER BY id").toArray().map(toAgent);
}

export function writeAgent(sql: SqlStorage, agent: AgentFacts): void {
  sql.exec(
    "INSERT INTO agent (id, skills, zone, banned, family) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET skills = excluded.skills, zone = excluded.zone, banned = excluded.banned, family = excluded.family",
    agent.id,
    JSON.stringify(agent.skills),
    agent.zone,
    agent.banned ? 1 : 0,
    agent.family ?? null,
  );
}

function toAgent(row: AgentRow): AgentFacts {
  return {
    id: row.id,
    skills: JSON.parse(row.skills) as string[],
    zone: row.zone,
    banned: row.banned === 1,
    ...(row.family === null ? {} : { family: row.family }),
  };
}
