/**
 * A team's trust and grants: the rules of shared/trust over the store, inside the caller's transaction. Every
 * grant and revocation stands in the directory's audit trail, every reset in the agent's history.
 */
import type { AgentFacts } from "../../shared/mission/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMsToIso } from "../../shared/time.ts";
import {
  type Grant,
  GRANT_LIMITS,
  grantMisfit,
  type KeptGrant,
  TRUST_START,
  type TrustFacts,
} from "../../shared/trust/index.ts";
import type { TeamRejection, TeamRequest } from "../../shared/wire/rpc.ts";
import type { TrustAnswer } from "../../shared/wire/trust-rpc.ts";
import { readAgent } from "./agent-store.ts";
import { findAgent } from "./agents.ts";
import { appendChange } from "./change-store.ts";
import {
  appendTrustUpdate,
  countLiveGrants,
  readAgentTrust,
  readGrant,
  readGrants,
  readGrantsFor,
  readTrustUpdates,
  writeAgentTrust,
  writeGrant,
} from "./trust-store.ts";

/** Grants of one action that ride along with a proposal; the longest-lived ones. */
const GRANTS_PER_PROPOSAL_MAX = 8;
/** A year of monthly grants for everything an agent may have. */
const GRANTS_LISTED_MAX = 400;
const UPDATES_SHOWN = 50;

/** The agent as it proposes; trust rides along only where it has a grant for the action. */
export function findProposer(
  sql: SqlStorage,
  agentId: string,
  actionType: string | null,
  at: number,
): AgentFacts | null {
  const agent = findAgent(sql, agentId);
  if (agent === null || actionType === null) return agent;
  const grants = readGrantsFor(sql, agentId, actionType, GRANTS_PER_PROPOSAL_MAX);
  if (grants.length === 0) return agent;
  const trust = readAgentTrust(sql, agentId);
  if (trust === null) return { ...agent, trust: "unavailable" };
  const facts: TrustFacts = { ...trust, readAt: unixMsToIso(at), grants: grants.map(toGrant) };
  return { ...agent, trust: facts };
}

function toGrant({ issuedAt: _at, reason: _why, revoked: _live, ...grant }: KeptGrant): Grant {
  return grant;
}

export function describeTrust(
  sql: SqlStorage,
  agent: string,
  before: number,
  limit: number,
): Result<TrustAnswer, TeamRejection> {
  if (readAgent(sql, agent) === null) return err({ reason: "agent_not_found", agent });
  const updates = readTrustUpdates(sql, agent, before, limit);
  return ok({ agent, trust: readAgentTrust(sql, agent), updates });
}

/** Back to the start, which is not enough for anything; the history keeps what was. */
export function resetTrust(
  sql: SqlStorage,
  { agent, reason, by, at: atMs }: TeamRequest<"resetTrust">,
): Result<TrustAnswer, TeamRejection> {
  if (readAgent(sql, agent) === null) return err({ reason: "agent_not_found", agent });
  writeAgentTrust(sql, agent, TRUST_START);
  appendTrustUpdate(sql, agent, {
    at: unixMsToIso(atMs),
    outcome: "trust_reset",
    missionId: null,
    nodeId: null,
    seq: null,
    by,
    reason,
    deltaRequested: 0,
    deltaApplied: 0,
    gainLeft: null,
    trust: TRUST_START,
  });
  return describeTrust(sql, agent, Number.MAX_SAFE_INTEGER, UPDATES_SHOWN);
}

export function listGrants(
  sql: SqlStorage,
  agent: string,
): Result<readonly KeptGrant[], TeamRejection> {
  if (readAgent(sql, agent) === null) return err({ reason: "agent_not_found", agent });
  return ok(readGrants(sql, agent, GRANTS_LISTED_MAX));
}

export function issueGrant(
  sql: SqlStorage,
  { grant: asked, by, at }: TeamRequest<"issueGrant">,
): Result<KeptGrant, TeamRejection> {
  const { agent } = asked;
  if (readAgent(sql, agent) === null) return err({ reason: "agent_not_found", agent });
  const issuedAt = unixMsToIso(at);
  const grant: KeptGrant = { ...asked, issuedBy: by, issuedAt, revoked: null };
  const misfit = grantMisfit(grant, { isIssuerAgent: readAgent(sql, by) !== null, at });
  if (misfit) return err(misfit);
  const max = GRANT_LIMITS.perAgentMax;
  if (countLiveGrants(sql, agent, issuedAt) >= max)
    return err({ reason: "directory_full", kind: "grant", max });
  writeGrant(sql, grant);
  appendChange(sql, { by, at }, { kind: "grant", subject: grant.id, before: null, after: grant });
  return ok(grant);
}

export function revokeGrant(
  sql: SqlStorage,
  { agent, id, reason, by, at }: TeamRequest<"revokeGrant">,
): Result<KeptGrant, TeamRejection> {
  const known = readGrant(sql, id);
  if (known === null || known.agent !== agent) return err({ reason: "grant_unknown", id });
  if (known.revoked !== null) return ok(known);
  const grant = { ...known, revoked: { by, at: unixMsToIso(at), reason } };
  writeGrant(sql, grant);
  appendChange(sql, { by, at }, { kind: "grant", subject: id, before: known, after: grant });
  return ok(grant);
}
