/**
 * What people's interventions leave in the state: resets counted, and agents banned from this one mission,
 * beside the bans of the team's directory. Specification: docs/interventions.md.
 */
import type { AgentFacts } from "./command.ts";
import { dataOf } from "./event.ts";
import type { Evolving } from "./evolve.ts";
import type { MissionState } from "./state.ts";

/** Whether the agent is banned from this mission; the directory's own bans come with its facts. */
export function isBanned({ bannedAgents = [] }: MissionState, agent: string): boolean {
  return bannedAgents.includes(agent);
}

/** The directory's facts of an agent with this mission's bans; whoever is no known agent stays what it is. */
export function withBan<Asking>(
  state: MissionState,
  agent: Asking | AgentFacts,
): Asking | AgentFacts {
  const isAgent = (value: unknown): value is AgentFacts =>
    typeof value === "object" && value !== null;
  return isAgent(agent) && isBanned(state, agent.id) ? { ...agent, banned: true } : agent;
}

/** Folds a reset or a ban of the mission; other events change nothing here. */
export function evolveIntervention(state: MissionState, event: Evolving): void {
  if (event.type === "agent.banned") {
    const { agent } = dataOf(event, "agent.banned");
    state.bannedAgents = [...(state.bannedAgents ?? []), agent];
  } else if (event.type === "mission.reset") {
    const { nodeId, resets } = dataOf(event, "mission.reset");
    if (nodeId === undefined) state.resets = resets;
  }
}
