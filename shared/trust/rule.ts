/**
 * An agent's trust: a score, a streak of successes and a cooldown after a fault, moved by what happens to
 * its proposals. Arithmetic in doubles, unrounded, as in the system it comes from, so that its recorded
 * sequences come out the same. Specification and sources: docs/trust.md.
 */
import { isoToUnixMs, unixMsToIso } from "../time.ts";

/** Maestro Orchestrator v5.1.2, all of them. */
export const TRUST = {
  scoreStart: 0.9,
  scoreMin: 0,
  scoreMax: 1,
  /** What automatic authorization needs; the start is below it. */
  scoreNeeded: 0.98,
  streakNeeded: 2,
  /** What an agent's score may rise by in one mission. */
  gainPerMissionMax: 0.03,
  cooldownMs: 300_000,
} as const;

/** By outcome, what the score is asked to move by. Below 0 it is a fault. */
export const TRUST_DELTAS = {
  /** Maestro AUTH_APPROVE. */
  approval_granted: 0.01,
  /** Maestro FINALIZE_APPROVE. */
  node_done: 0.02,
  /** Maestro AUTH_REJECT (v4.4). */
  approval_denied: -0.03,
  /** Maestro DRAFT_LINT_FAIL: what it made did not pass. */
  attempt_failed: -0.015,
  /** Maestro EVIDENCE_FABRICATION. */
  evidence_fabricated: -0.03,
  /** Maestro AUTH_EXPIRED. */
  authorization_expired: -0.03,
  /** Ours: a person takes the agent out, which is no less than a refusal. */
  agent_banned: -0.03,
} as const satisfies Readonly<Record<string, number>>;

export type TrustOutcomeName = keyof typeof TRUST_DELTAS;

/** One outcome of a mission's event, which mission and seq name. */
export interface TrustOutcome {
  readonly agent: string;
  readonly outcome: TrustOutcomeName;
  readonly missionId: string;
  readonly nodeId: string | null;
  readonly seq: number;
  readonly at: string;
}

/** Where an agent stands. `cooldownUntil`: RFC 3339 with milliseconds, or null. */
export interface Trust {
  readonly score: number;
  readonly streak: number;
  readonly cooldownUntil: string | null;
}

/** Of an agent about whom nothing has happened. Not enough for anything. */
export const TRUST_START: Trust = { score: TRUST.scoreStart, streak: 0, cooldownUntil: null };

export interface TrustUpdate {
  readonly trust: Trust;
  readonly deltaRequested: number;
  /** Cut to what the mission still allows, before the score is clamped. */
  readonly deltaApplied: number;
  /** What the agent may still gain in this mission. */
  readonly gainLeft: number;
}

/**
 * Trust after one outcome of a mission in which the agent may still gain `gainLeft`. A fault ends the streak
 * and starts the cooldown at its own time; a success that happened before the last fault, told late, raises
 * the score and begins no streak.
 */
export function updateTrust(
  trust: Trust,
  gainLeft: number,
  outcome: TrustOutcomeName,
  at: string,
): TrustUpdate {
  const deltaRequested = TRUST_DELTAS[outcome];
  if (deltaRequested < 0) {
    const next = { score: clamped(trust.score + deltaRequested), ...faultAt(trust, at) };
    return { trust: next, deltaRequested, deltaApplied: deltaRequested, gainLeft };
  }
  const deltaApplied = Math.min(deltaRequested, gainLeft);
  const counts = deltaApplied > 0 && !isBeforeFault(trust, at);
  const next = {
    score: clamped(trust.score + deltaApplied),
    streak: trust.streak + (counts ? 1 : 0),
    cooldownUntil: trust.cooldownUntil,
  };
  return { trust: next, deltaRequested, deltaApplied, gainLeft: gainLeft - deltaApplied };
}

/** Stored trust that can be believed: a score within its bounds, a whole streak, a time. Anything else is null. */
export function readTrust(stored: {
  readonly score: unknown;
  readonly streak: unknown;
  readonly cooldownUntil: unknown;
}): Trust | null {
  const { score, streak, cooldownUntil } = stored;
  if (typeof score !== "number" || !(score >= TRUST.scoreMin && score <= TRUST.scoreMax))
    return null;
  if (typeof streak !== "number" || !Number.isSafeInteger(streak) || streak < 0) return null;
  if (cooldownUntil === null) return { score, streak, cooldownUntil };
  if (typeof cooldownUntil !== "string" || isoToUnixMs(cooldownUntil) === null) return null;
  return { score, streak, cooldownUntil };
}

function faultAt({ cooldownUntil }: Trust, at: string): Pick<Trust, "streak" | "cooldownUntil"> {
  const until = unixMsToIso((isoToUnixMs(at) ?? 0) + TRUST.cooldownMs);
  // A fault told late does not end the cooldown of a later one.
  return { streak: 0, cooldownUntil: (cooldownUntil ?? "") > until ? cooldownUntil : until };
}

function isBeforeFault({ cooldownUntil }: Trust, at: string): boolean {
  if (cooldownUntil === null) return false;
  return (isoToUnixMs(at) ?? 0) <= (isoToUnixMs(cooldownUntil) ?? 0) - TRUST.cooldownMs;
}

function clamped(score: number): number {
  return Math.min(TRUST.scoreMax, Math.max(TRUST.scoreMin, score));
}
