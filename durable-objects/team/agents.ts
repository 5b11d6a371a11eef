/**
 * A team's agents: the directory's rules over the agent store, inside the caller's transaction.
 */
import type { AgentFacts } from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { admitAgent, agentWithin } from "../../shared/team/index.ts";
import type { TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import { readAgent, writeAgent } from "./agent-store.ts";
import { refuseWhenFull } from "./capacity.ts";
import { appendChange } from "./change-store.ts";
import { recordTeamBan } from "./trust-moves.ts";
import { readZone } from "./zone-store.ts";

/** The agent as it stands within its zone of today; null where the directory knows none. */
export function findAgent(sql: SqlStorage, agentId: string): AgentFacts | null {
  const agent = readAgent(sql, agentId);
  return agent && agentWithin(agent, readZone(sql, agent.zone));
}

/** Adds the agent or replaces what was known of it; a ban stays until somebody says that it is lifted. */
export function registerAgent(
  sql: SqlStorage,
  { agent: entry, by, at }: TeamRequest<"putAgent">,
): Result<AgentFacts, TeamRejection> {
  const known = readAgent(sql, entry.id);
  const agent = { ...entry, banned: entry.banned ?? known?.banned ?? false };
  const admitted = admitAgent(agent, readZone(sql, agent.zone));
  if (!admitted.ok) return admitted;
  const full = known === null ? refuseWhenFull(sql, "agent") : null;
  if (full) return err(full);
  writeAgent(sql, agent);
  const change = { kind: "agent", subject: agent.id, before: known, after: agent } as const;
  appendChange(sql, { by, at }, change);
  if (agent.banned && known?.banned === false) recordTeamBan(sql, agent.id, { by, at });
  return ok(agent);
}
