/**
 * Grants: a person's word that one agent may perform one type of action without being asked about each,
 * while its trust is high. Names what a grant may be; who may read or revoke it is the API's.
 * Specification: docs/trust.md.
 */
import { isoToUnixMs, type UnixMs } from "../time.ts";

export const GRANT_LIMITS = {
  /** Above it people approve every single action. */
  riskMax: 2,
  /** A grant that nobody renews should not outlive what its issuer knew. */
  lifeMs: 30 * 24 * 3_600_000,
  /** Live grants of one agent; those for the action are recorded with each proposal. */
  perAgentMax: 32,
} as const;

/** A grant as it is recorded with a proposal. */
export interface Grant {
  readonly id: string;
  readonly agent: string;
  readonly actionType: string;
  /** The node's zone; absent: any. */
  readonly zone?: string;
  /** 0 to 2. */
  readonly riskMax: number;
  /** One mission; absent: any. */
  readonly missionId?: string;
  readonly expiresAt: string;
  readonly issuedBy: string;
}

/** A grant as the team keeps it. */
export interface KeptGrant extends Grant {
  readonly issuedAt: string;
  readonly reason: string;
  readonly revoked: { readonly by: string; readonly at: string; readonly reason: string } | null;
}

export type GrantReject = {
  readonly reason: "grant_not_permitted";
  readonly pointer: string;
  readonly detail: string;
};

/** Why a grant may not be issued: by an agent, by who profits, for too much or for too long. Null: it may. */
export function grantMisfit(
  grant: Grant,
  { isIssuerAgent, at }: { readonly isIssuerAgent: boolean; readonly at: UnixMs },
): GrantReject | null {
  if (grant.issuedBy === grant.agent)
    return misfit("", "nobody grants themselves anything; another person issues it");
  if (isIssuerAgent) return misfit("", "an agent grants nothing; a person issues it");
  if (!(Number.isInteger(grant.riskMax) && grant.riskMax >= 0))
    return misfit("/riskMax", "a risk is a whole number from 0");
  if (grant.riskMax > GRANT_LIMITS.riskMax)
    return misfit("/riskMax", `above risk ${GRANT_LIMITS.riskMax} people approve every action`);
  const expires = isoToUnixMs(grant.expiresAt);
  if (expires === null || expires <= at) return misfit("/expiresAt", "must lie in the future");
  if (expires - at > GRANT_LIMITS.lifeMs)
    return misfit("/expiresAt", "must lie at most 30 days ahead");
  return null;
}

function misfit(pointer: string, detail: string): GrantReject {
  return { reason: "grant_not_permitted", pointer, detail };
}
