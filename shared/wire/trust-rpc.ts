/**
 * The part of a team's calls that is about trust and grants. Part of TeamRpc (rpc.ts), where the rules of all
 * calls stand.
 */
import type { AgentFacts } from "../mission/index.ts";
import type { Result } from "../result.ts";
import type {
  GrantReject,
  KeptGrant,
  Trust,
  TrustOutcome,
  TrustOutcomeName,
} from "../trust/index.ts";
import type { Idempotency, TeamRejection } from "./rpc.ts";

export type TrustRejection =
  | GrantReject
  | { readonly reason: "agent_not_found"; readonly agent: string }
  | { readonly reason: "grant_unknown"; readonly id: string };

/** One line of an agent's history: an outcome of a mission, a ban by the team, or a reset by a person. */
export interface TrustRecord {
  readonly number: number;
  readonly at: string;
  readonly outcome: TrustOutcomeName | "trust_reset";
  readonly missionId: string | null;
  readonly nodeId: string | null;
  readonly seq: number | null;
  /** The person behind a reset or the team's ban; null for an outcome of a mission. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly deltaRequested: number;
  readonly deltaApplied: number;
  /** As it stood afterwards. */
  readonly trust: Trust;
}

export interface TrustAnswer {
  readonly agent: string;
  /** null: what is stored cannot be believed, and authorizes nothing until somebody resets it. */
  readonly trust: Trust | null;
  /** Newest first. */
  readonly updates: readonly TrustRecord[];
}

interface ByPerson {
  readonly by: string;
  readonly idempotency: Idempotency;
  readonly at: number;
}

export interface TeamTrustRpc {
  /** The agent as it proposes this type of action (null for none): with trust where it has a grant for it. */
  proposerFacts(agent: string, actionType: string | null, at: number): Promise<AgentFacts | null>;
  /** Takes outcomes of missions into account, each once however often it is told. */
  recordTrust(outcomes: readonly TrustOutcome[]): Promise<void>;
  /** Updates with number < before, newest first, at most limit. */
  agentTrust(
    agent: string,
    before: number,
    limit: number,
  ): Promise<Result<TrustAnswer, TeamRejection>>;
  resetTrust(
    request: { agent: string; reason: string } & ByPerson,
  ): Promise<Result<TrustAnswer, TeamRejection>>;
  /** The longest-lived first, revoked and expired ones among them. */
  grants(agent: string): Promise<Result<readonly KeptGrant[], TeamRejection>>;
  issueGrant(
    request: {
      grant: Omit<KeptGrant, "issuedBy" | "issuedAt" | "revoked">;
    } & ByPerson,
  ): Promise<Result<KeptGrant, TeamRejection>>;
  /** A second revocation changes nothing. */
  revokeGrant(
    request: { agent: string; id: string; reason: string } & ByPerson,
  ): Promise<Result<KeptGrant, TeamRejection>>;
}
