/**
 * What health and metrics ask of D1: whether it answers, and how many missions a team has in each state.
 * Refuses to be more: lists and searches are in queries.ts.
 */
import { count, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { mission } from "./schema.ts";

/** Resolves when D1 answers; throws when it does not. */
export async function probeIndex(db: D1Database): Promise<void> {
  await drizzle(db).get(sql`SELECT 1`);
}

/** The team's missions in the index by state; a state without missions is absent. */
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
