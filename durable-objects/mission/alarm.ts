/**
 * The one alarm of a mission: deadlines and lease expiry, re-sends of tickets, and what a sink still owes.
 * Which time to set is arithmetic over these, never a habit; setting it is at the end.
 */

export interface AlarmNeeds {
  /** When the mission itself next needs a turn. */
  readonly dueMs: number | null;
  /** When the next outstanding ticket is sent again. */
  readonly resendMs: number | null;
  /** When the sinks last sent something that has not been acknowledged, and how often in a row it was sent. */
  readonly unacknowledged: { readonly sentAtMs: number; readonly times: number } | null;
}

/** The first wait for an acknowledgement; doubles up to the bound, so a dead index is not hammered. */
const FLUSH_RETRY_MS = 30_000;
const FLUSH_RETRY_MS_MAX = 15 * 60_000;

/** The time at which the object must wake, or null when nothing is owed. Never before `nowMs`. */
export function nextAlarmMs(needs: AlarmNeeds, nowMs: number): number | null {
  const times = [needs.dueMs, needs.resendMs, flushRetryMs(needs)].filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(nowMs, Math.min(...times));
}

/** Setting an alarm is a billed row and a second fsync: only when it moves earlier. `undefined`: not known. */
function isEarlier(nextMs: number | null, armedMs: number | null | undefined): nextMs is number {
  return nextMs !== null && (armedMs === undefined || armedMs === null || nextMs < armedMs);
}

/** The stored alarm. Another turn may set it while one waits; the earlier time stands. */
export interface Alarm {
  /** Moves the alarm to `nextMs` when that is earlier; null moves nothing. */
  armAt(nextMs: number | null): Promise<void>;
  /** The platform has taken the stored alarm away and called. */
  hasFired(): void;
}

type AlarmStorage = Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;

export function createAlarm(storage: AlarmStorage): Alarm {
  /** When the alarm is set for; undefined until this object has set or seen it. */
  let armedMs: number | null | undefined;
  return {
    async armAt(nextMs) {
      const seen = armedMs === undefined ? await storage.getAlarm() : null;
      // Another turn may have set it meanwhile; it knows better than what was stored before.
      if (armedMs === undefined) armedMs = seen;
      if (!isEarlier(nextMs, armedMs)) return;
      armedMs = nextMs;
      try {
        await storage.setAlarm(nextMs);
      } catch (error) {
        armedMs = undefined;
        throw error;
      }
    },
    hasFired: () => void (armedMs = null),
  };
}

function flushRetryMs({ unacknowledged }: AlarmNeeds): number | null {
  if (!unacknowledged) return null;
  const wait = Math.min(FLUSH_RETRY_MS * 2 ** (unacknowledged.times - 1), FLUSH_RETRY_MS_MAX);
  return unacknowledged.sentAtMs + wait;
}
