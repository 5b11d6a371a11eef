/**
 * The part of a team's calls that is about delegations. Part of TeamRpc (rpc.ts), where the rules of all calls
 * stand.
 */
import type {
  ApproverFacts,
  DelegationFacts,
  DelegationReject,
  DelegationStatement,
} from "../approval/index.ts";
import type { Result } from "../result.ts";
import type { Idempotency, TeamRejection } from "./rpc.ts";

export type DelegationRejection =
  | DelegationReject
  | { readonly reason: "delegation_unknown"; readonly id: string };

/** A delegation as the directory keeps it. */
export interface DelegationRecord extends Omit<DelegationStatement, "team"> {
  readonly id: string;
  /** The signed statement, compact JWS. */
  readonly statement: string;
  readonly revoked: { readonly by: string; readonly at: string } | null;
}

/** Who decides, and what others have delegated to them. */
export interface DecidingFacts {
  readonly approver: ApproverFacts | null;
  readonly delegations: readonly DelegationFacts[];
}

export interface TeamDelegationRpc {
  /** The person with the delegations to them that hold at this time: what a decision of theirs is judged by. */
  decidingFacts(personId: string, at: number): Promise<DecidingFacts>;
  /** Every delegation, those that ended among them, the newest first. */
  delegations(): Promise<readonly DelegationRecord[]>;
  /** Registers a delegation that its delegator signed and sends; the same one again changes nothing. */
  addDelegation(request: {
    statement: string;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<DelegationRecord, TeamRejection>>;
  /** By its delegator, or by an admin; a second revocation changes nothing. */
  revokeDelegation(request: {
    id: string;
    by: string;
    isAdmin: boolean;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<DelegationRecord, TeamRejection>>;
}
