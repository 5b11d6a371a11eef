/**
 * Automatic authorization: whether trust and a grant stand in for the person a rule would ask. Looks at
 * cooldown, expiry, grant, score and streak in this order and names the first that stops it. Refuses
 * on anything it cannot read, and on facts that are no longer fresh. Specification: docs/trust.md.
 */
import { isoToUnixMs } from "../time.ts";
import { type Grant, GRANT_LIMITS } from "./grant.ts";
import { readTrust, type Trust, TRUST } from "./rule.ts";

/** What the team's object says of an agent's trust as it proposes; recorded with the proposal. */
export interface TrustFacts extends Trust {
  /** When it was read: a revocation later than that is not in here. */
  readonly readAt: string;
  /** For the proposed type of action, not revoked; those that have expired among them. */
  readonly grants: readonly Grant[];
}

/** What is to be authorized. */
export interface Authorizing {
  readonly agent: string;
  readonly actionType: string;
  readonly zone: string | null;
  readonly risk: number;
  readonly missionId: string;
  /** The mission's own; null: it has none. */
  readonly authorizationExpiresAt: string | null;
}

export type AutoAuthorization =
  | {
      readonly allowed: true;
      readonly code: "AUTO_AUTH_BY_TRUST_AND_GRANT";
      readonly grant: Grant;
      readonly detail: string;
    }
  | {
      readonly allowed: false;
      readonly code:
        | "TRUST_UNAVAILABLE"
        | "TRUST_COOLDOWN_ACTIVE"
        | "AUTHORIZATION_EXPIRED"
        | "GRANT_EXPIRED"
        | "NO_VALID_GRANT"
        | "TRUST_SCORE_LOW";
      readonly detail: string;
      readonly counterfactual: string;
    };

/** How long what was said of trust and grants counts: as long as a revocation may take to reach a held proposal. */
const TRUST_FACTS_FRESH_MS = 60_000;

/** Decides at a moment, RFC 3339 with milliseconds. */
export function autoAuthorization(
  facts: TrustFacts | "unavailable",
  asked: Authorizing,
  at: string,
): AutoAuthorization {
  if (facts === "unavailable" || readTrust(facts) === null)
    return refuse("TRUST_UNAVAILABLE", "trust cannot be read", "a person approves");
  const { score, streak, cooldownUntil } = facts;
  if (!isFresh(facts, at))
    return refuse(
      "TRUST_UNAVAILABLE",
      `trust was read at ${facts.readAt}, too long ago`,
      "a proposal of now brings the trust of now",
    );
  if (cooldownUntil !== null && at < cooldownUntil)
    return refuse(
      "TRUST_COOLDOWN_ACTIVE",
      `cooling down until ${cooldownUntil}`,
      `a proposal after ${cooldownUntil}`,
    );
  if (asked.authorizationExpiresAt !== null && !isAhead(asked.authorizationExpiresAt, at))
    return refuse(
      "AUTHORIZATION_EXPIRED",
      `the mission was authorized until ${asked.authorizationExpiresAt}`,
      "nothing; open a mission that is authorized",
    );
  const fitting = facts.grants.filter((grant) => fits(grant, asked));
  const grant = fitting.find(({ expiresAt }) => isAhead(expiresAt, at));
  if (!grant) return withoutGrant(fitting, asked);
  const detail = `score ${score} of ${TRUST.scoreNeeded}, streak ${streak} of ${TRUST.streakNeeded}, grant ${grant.id} of ${grant.issuedBy}`;
  if (score < TRUST.scoreNeeded || streak < TRUST.streakNeeded)
    return refuse(
      "TRUST_SCORE_LOW",
      detail,
      `a score of ${TRUST.scoreNeeded} and ${TRUST.streakNeeded} successes in a row`,
    );
  return { allowed: true, code: "AUTO_AUTH_BY_TRUST_AND_GRANT", grant, detail };
}

function withoutGrant(fitting: readonly Grant[], asked: Authorizing): AutoAuthorization {
  const last = fitting
    .map(({ expiresAt }) => expiresAt)
    .sort()
    .at(-1);
  const what = `${asked.agent} to perform ${asked.actionType} at risk ${asked.risk}`;
  return last === undefined
    ? refuse("NO_VALID_GRANT", `no grant lets ${what} here`, "a grant for exactly this")
    : refuse("GRANT_EXPIRED", `the grant expired at ${last}`, "a new grant, issued by a person");
}

/** A grant of riskMax 3 that found its way in covers no more than one of 2. */
function fits(grant: Grant, { agent, actionType, zone, risk, missionId }: Authorizing): boolean {
  return (
    grant.agent === agent &&
    grant.actionType === actionType &&
    (grant.zone === undefined || grant.zone === zone) &&
    risk <= Math.min(grant.riskMax, GRANT_LIMITS.riskMax) &&
    (grant.missionId === undefined || grant.missionId === missionId)
  );
}

function isFresh({ readAt }: TrustFacts, at: string): boolean {
  const [read, now] = [isoToUnixMs(readAt), isoToUnixMs(at)];
  return read !== null && now !== null && read <= now && now - read <= TRUST_FACTS_FRESH_MS;
}

/** A bound that cannot be read counts as passed. */
function isAhead(bound: string, at: string): boolean {
  const [end, now] = [isoToUnixMs(bound), isoToUnixMs(at)];
  return end !== null && now !== null && now < end;
}

function refuse(
  code: Extract<AutoAuthorization, { allowed: false }>["code"],
  detail: string,
  counterfactual: string,
): AutoAuthorization {
  return { allowed: false, code, detail, counterfactual };
}
