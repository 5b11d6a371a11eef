/**
 * Walks the traces of a team's missions for a policy run, oldest mission first, a bounded page at a
 * time. Every trace is verified on the way; one that does not verify is told and left out of nothing
 * silently. Decides nothing: what is made of an event is shared/mission's.
 */
import { Breach } from "../shared/invariant.ts";
import { LIMITS } from "../shared/limits.ts";
import type { TraceEvent } from "../shared/trace/index.ts";
import { encodeCursor } from "./cursor.ts";
import type { Env } from "./env.ts";
import { missionStub, teamStub } from "./missions.ts";
import { walkTrace } from "./traces.ts";

interface PolicyPage {
  /** Mission id after which the page begins; "" for the first. */
  readonly after: string;
  readonly missionsMax: number;
  /** Called once a mission; the answer is given each of its events. */
  readonly begin: () => (event: TraceEvent) => void;
}

/** What was walked; `nextCursor` is null once every mission was. */
export interface PolicyWalk {
  readonly missions: number;
  readonly unread: readonly { readonly missionId: string; readonly reason: string }[];
  readonly nextCursor: string | null;
}

export async function walkMissions(env: Env, team: string, page: PolicyPage): Promise<PolicyWalk> {
  const ids = await teamStub(env, team).missionIds(page.after, page.missionsMax);
  const unread: { missionId: string; reason: string }[] = [];
  let missions = 0;
  let events = 0;
  let last = page.after;
  for (const missionId of ids) {
    if (events >= LIMITS.redecideEventsMax) break;
    last = missionId;
    const left = LIMITS.redecideEventsMax;
    let own = 0;
    const take = page.begin();
    const source = { stub: () => missionStub(env, team, missionId), team, missionId };
    let isFolding = true;
    const walk = await walkTrace(source, (read) => {
      isFolding = takeAll(read, take);
      own += read.length;
      return isFolding && own < left;
    });
    events += own;
    // An id may be reserved and its mission never opened; that is no mission to tell of.
    if (!walk.ok && walk.error.reason === "mission_unknown") continue;
    missions += 1;
    if (!walk.ok) unread.push({ missionId, reason: walk.error.reason });
    else if (walk.value.flaw) unread.push({ missionId, reason: walk.value.flaw.reason });
    else if (!isFolding) unread.push({ missionId, reason: "does_not_fold" });
    else if (own >= left) unread.push({ missionId, reason: "longer_than_one_run" });
  }
  const isEnd = ids.length < page.missionsMax && last === (ids.at(-1) ?? page.after);
  return { missions, unread, nextCursor: isEnd ? null : encodeCursor(team, [last]) };
}

/** False when an event of a chain that verifies makes no sense to this code; the rest is not looked at. */
function takeAll(events: readonly TraceEvent[], take: (event: TraceEvent) => void): boolean {
  try {
    for (const event of events) take(event);
    return true;
  } catch (thrown) {
    if (thrown instanceof Breach) return false;
    throw thrown;
  }
}
