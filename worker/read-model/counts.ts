/**
 * What metrics ask of D1: how many missions a team has in each state. Refuses to be more: lists and
 * searches are in queries.ts.
 */
import { count, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { mission } from "./schema.ts";

/** The team's missions in the index by state; a state without missions is absent. O(missions of the team). */
export async function countMissions(
  db: D1Database,
  team: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await drizzle(db)
    .select({ state: mission.state, missions: count() })
    .from(mission)
    .where(eq(mission.team, team))
    .groupBy(mission.state);
  return new Map(rows.map(({ state, missions }) => [state, missions]));
}
