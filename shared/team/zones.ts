/**
 * Rules of the zone registry: which skills a zone's agents may hold, and that nothing is owned twice. An
 * unregistered zone has no rules. Refuses to know where it is stored. Specification: docs/architect.md.
 */
import type { ZoneFacts } from "../architect/index.ts";
import type { AgentFacts } from "../mission/index.ts";
import { err, ok, type Result } from "../result.ts";

export type ZoneReject =
  | {
      readonly reason: "skill_not_registered";
      readonly zone: string;
      readonly skills: readonly string[];
    }
  | {
      readonly reason: "zone_owns_foreign";
      readonly owned: string;
      readonly owner: string;
    };

/**
 * Whether an agent may stand in the directory as it is.
 * Errors: `skill_not_registered` with every skill its registered zone does not list.
 */
export function admitAgent(agent: AgentFacts, zone: ZoneFacts | null): Result<null, ZoneReject> {
  if (zone === null) return ok(null);
  const skills = agent.skills.filter((skill) => !zone.skills.includes(skill));
  if (skills.length === 0) return ok(null);
  return err({ reason: "skill_not_registered", zone: zone.zone, skills });
}

/**
 * The agent as its zone lets it act today: skills the zone has struck off since are gone, so that the
 * scope gate refuses them without anybody going through the directory.
 */
export function agentWithin(agent: AgentFacts, zone: ZoneFacts | null): AgentFacts {
  if (zone === null) return agent;
  return { ...agent, skills: agent.skills.filter((skill) => zone.skills.includes(skill)) };
}

/**
 * Whether a zone may be registered beside the others.
 * Errors: `zone_owns_foreign` with the first artifact or slice another zone owns.
 */
export function admitZone(zone: ZoneFacts, others: readonly ZoneFacts[]): Result<null, ZoneReject> {
  for (const other of others) {
    if (other.zone === zone.zone) continue;
    const owned = zone.owns.find((name) => other.owns.includes(name));
    if (owned !== undefined) return err({ reason: "zone_owns_foreign", owned, owner: other.zone });
  }
  return ok(null);
}
