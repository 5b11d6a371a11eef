/**
 * The sweep: wakes missions whose alarm the platform may have dropped after its six retries. Reading a
 * mission is enough, because an object re-arms its alarm whenever it wakes. Bounded, and cheap when all
 * is well: two indexed reads of D1 and a few dozen calls.
 */
import { unixMsToIso } from "../../shared/time.ts";
import { errorFacts, log } from "../log.ts";
import type { MissionKey } from "../read-model/queries.ts";

/** What the sweep needs of the outside; every call may be repeated. */
export interface SweepDeps {
  readonly listOverdue: (beforeIso: string, limit: number) => Promise<readonly MissionKey[]>;
  readonly listQuiet: (
    beforeIso: string,
    turn: number,
    limit: number,
  ) => Promise<readonly MissionKey[]>;
  readonly wake: (key: MissionKey) => Promise<void>;
}

/** A wake is one call and a fold; together far below the limits of one invocation. */
const WAKES_PER_LIST_MAX = 50;
/** A deadline missed by this much was missed by the alarm, not by the clock. */
const OVERDUE_MS = 60_000;
/** A mission that moved more recently has a working alarm. */
const QUIET_MS = 600_000;
/** The cron's period: each turn looks at the next window of quiet missions. */
const TURN_MS = 300_000;

/** Wakes what may sleep too long; answers how many were woken. A mission that fails is logged and passed. */
export async function sweepMissions(nowMs: number, deps: SweepDeps): Promise<number> {
  const turn = Math.floor(nowMs / TURN_MS);
  const [overdue, quiet] = await Promise.all([
    deps.listOverdue(unixMsToIso(nowMs - OVERDUE_MS), WAKES_PER_LIST_MAX),
    deps.listQuiet(unixMsToIso(nowMs - QUIET_MS), turn, WAKES_PER_LIST_MAX),
  ]);
  const missions = new Map(
    [...overdue, ...quiet].map((key) => [`${key.team}/${key.missionId}`, key]),
  );
  const woken = await Promise.all([...missions.values()].map((key) => wakeOne(key, deps)));
  return woken.filter((ok) => ok).length;
}

async function wakeOne(key: MissionKey, deps: SweepDeps): Promise<boolean> {
  try {
    await deps.wake(key);
    return true;
  } catch (thrown) {
    log("warn", "sweep.wake_failed", { ...key, ...errorFacts(thrown) });
    return false;
  }
}
