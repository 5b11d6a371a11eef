/**
 * The calls between the worker, the objects and the gateway. Everything is plain data, so that a
 * `Result` survives RPC unchanged. A fault throws; the caller turns it into a refusal, never into leave.
 */
import type {
  ApprovalHours,
  ApproverFacts,
  CeremonyReject,
  PasskeySigned,
  RelyingParty,
  SignedReject,
} from "../approval/index.ts";
import type { ZoneFacts } from "../architect/index.ts";
import type { VerificationFacts, VerifierFacts } from "../evidence/index.ts";
import type {
  AgentFacts,
  Answer,
  ApprovalView,
  BlockedView,
  Command,
  MissionView,
  NodeView,
  StoredEvidence,
  Rejection,
  Wondering,
} from "../mission/index.ts";
import type {
  LogConsistency,
  LogHead,
  LogInclusion,
  LogReject,
  TeamLogEntry,
} from "../log/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { Result } from "../result.ts";
import type {
  ApproverChanges,
  DirectoryChange,
  passkeyCreationOptions,
  PasskeyRegistration,
  PolicyState,
  ZoneReject,
} from "../team/index.ts";
import type { Denial, Receipt, TicketClaims } from "../ticket/index.ts";
import type { GateResultRecord, Head, TraceEvent } from "../trace/index.ts";
import type { PublicJwk } from "../crypto.ts";
import type { MissionStreamRpc } from "./stream.ts";
import type { PolicyDocument } from "../policy/index.ts";

import type { DelegationRejection, TeamDelegationRpc } from "./delegation-rpc.ts";
import type { TeamTrustRpc, TrustRejection } from "./trust-rpc.ts";
import type { TeamWebhookRpc } from "./webhook-rpc.ts";

export type { DecidingFacts, DelegationRecord } from "./delegation-rpc.ts";
export type { SliceRpc } from "./slice-rpc.ts";
export type {
  AttemptName,
  DeliveryRecord,
  Dispatch,
  HookEndpoint,
  WebhookEndpoint,
} from "./webhook-rpc.ts";

/** Sinks of a mission's journal that acknowledge, each with a cursor; a ticket's receipt is a command. */
export type SinkName = "index" | "webhooks";

export interface ExecuteRequest {
  /** The caller's team; another team's mission answers `mission_unknown`. */
  readonly team: string;
  readonly command: Command;
  readonly idempotency: Idempotency;
  /** `<seq>-<hash>` of the head the caller saw, or null. */
  readonly ifMatch: string | null;
}

export interface Executed {
  readonly answer: Answer;
  readonly head: Head;
  /** True when this is the stored answer of an earlier request with the same idempotency key. */
  readonly replayed: boolean;
}

/** One mission. Found by the name `<team>/<missionId>`, so another team's id leads to an empty object. */
export interface MissionRpc extends MissionStreamRpc {
  execute(request: ExecuteRequest): Promise<Result<Executed, Rejection>>;
  /** `broken` names the first bad seq of a chain that does not verify; the view is then of what comes before it. */
  view(team: string): Promise<
    Result<
      {
        view: MissionView;
        head: Head;
        broken: { readonly seq: number; readonly detail: string } | null;
      },
      Rejection
    >
  >;
  ready(team: string): Promise<Result<{ nodes: readonly NodeView[]; head: Head }, Rejection>>;
  /** BLOCKED nodes and what waits behind each. */
  blocked(team: string): Promise<Result<{ blocked: BlockedView; head: Head }, Rejection>>;
  /** The bundle of this hash, from the journal. */
  evidence(team: string, hash: string): Promise<Result<StoredEvidence, Rejection>>;
  /** The node's open request as a person is shown it. */
  approval(
    team: string,
    nodeId: string,
  ): Promise<Result<{ approval: ApprovalView; head: Head }, Rejection>>;
  /**
   * Evaluates the node's gate over its held proposal, or the given one, and records nothing. Arbiters are asked
   * what they would say, and give nothing.
   */
  explain(
    team: string,
    nodeId: string,
    proposal: Wondering | null,
  ): Promise<Result<{ gateResult: GateResultRecord; gateDigest: string; head: Head }, Rejection>>;
  /**
   * Events with seq > after, at most `limit` and LIMITS.tracePageBytesMax of them, but at least one where
   * there is one that can be read. (`trace` itself is a name the platform keeps.)
   */
  readTrace(
    team: string,
    after: number,
    limit: number,
  ): Promise<Result<{ events: readonly TraceEvent[]; head: Head }, Rejection>>;
  /** What a checkpoint says, at a size or (null) now; unsigned. `at` is its last event's time, null for none. */
  checkpoint(
    team: string,
    size: number | null,
  ): Promise<Result<LogHead & { readonly at: string | null }, Rejection | LogReject>>;
  inclusionProof(
    team: string,
    seq: number,
    size: number | null,
  ): Promise<Result<LogInclusion, Rejection | LogReject>>;
  consistencyProof(
    team: string,
    from: number,
    to: number | null,
  ): Promise<Result<LogConsistency, Rejection | LogReject>>;
  /** The gateway asks: is this exact permission still standing? */
  confirmTicket(
    claims: TicketClaims,
  ): Promise<Result<{ confirmed: true }, { reason: "gate_not_confirmed"; detail: string }>>;
  /** Durable at the far end: for the index all up to `seq`, for webhooks `seq` itself. Twice or out of order, too. */
  acknowledge(sink: SinkName, seq: number): Promise<void>;
  /**
   * Whether a node of the mission has the slice, or may still write it. A mission that cannot tell says yes; one
   * that was never opened, no.
   */
  holdsSlice(team: string, slice: string): Promise<boolean>;
  /** Asks again for what waits for these slices; whoever could go on has when this returns. May be called twice. */
  leaseFreed(team: string, slices: readonly string[]): Promise<void>;
}

export interface PolicyRecord {
  readonly version: string;
  readonly hash: string;
  readonly document: PolicyDocument;
  readonly state: PolicyState;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly activatedBy: string | null;
  readonly activatedAt: string | null;
}

export interface IncidentRecord {
  readonly number: number;
  readonly missionId: string | null;
  readonly nodeId: string | null;
  readonly seq: number | null;
  readonly kind: string;
  readonly severity: "low" | "medium" | "high" | "critical";
  readonly reasonCodes: readonly string[];
  readonly summary: string;
  readonly openedAt: string;
  readonly status: "open" | "acknowledged" | "resolved";
  readonly statusBy: string | null;
  readonly statusAt: string | null;
}

/** What the directory says of a person now; `changedBy` is who said so, where that is recorded. */
export interface Standing {
  readonly id: string;
  readonly facts: ApproverFacts | null;
  /** Ids of the delegations by this person that nobody has revoked. */
  readonly delegations: readonly string[];
  readonly changedBy: string | null;
}

/** A key by its thumbprint, and the one it was first registered for, to whom it stays bound. */
export interface KeyOwner {
  readonly id: string;
  readonly kid: string;
}

/** `PublicKeyCredentialCreationOptionsJSON`, as the browser takes it. */
export type PasskeyOptions = ReturnType<typeof passkeyCreationOptions>;

export type TeamRejection =
  | CeremonyReject
  | TrustRejection
  | { readonly reason: "passkey_counter_regressed"; readonly kid: string }
  | DelegationRejection
  | { readonly reason: "approver_not_found"; readonly approver: string }
  | ZoneReject
  | { readonly reason: "idempotency_key_reused" }
  | SignedReject
  | { readonly reason: "verifier_not_permitted"; readonly detail: string }
  | { readonly reason: "key_in_use"; readonly kid: string }
  | { readonly reason: "policy_unknown"; readonly version: string }
  | { readonly reason: "policy_not_proposed"; readonly version: string; readonly state: string }
  | { readonly reason: "webhook_unknown"; readonly id: string }
  | { readonly reason: "webhook_disabled"; readonly id: string }
  | { readonly reason: "delivery_unknown"; readonly id: string }
  | { readonly reason: "hook_unknown"; readonly id: string }
  | { readonly reason: "incident_unknown"; readonly id: string }
  | { readonly reason: "incident_status_final"; readonly status: string }
  | { readonly reason: "directory_full"; readonly kind: string; readonly max: number };

/** A mission showed two roots for one size: one of them is of another history. */
export type LogFork = {
  readonly reason: "log_forked";
  readonly logged: string;
  readonly offered: string;
};

/** `key` is already scoped to the caller; `requestHash` covers method, path and body. Null: not repeatable. */
export type Idempotency = { readonly key: string; readonly requestHash: string } | null;

/** An agent as it is put into the directory; without `banned`, a ban is neither set nor lifted. */
export type AgentEntry = Omit<AgentFacts, "banned"> & Partial<Pick<AgentFacts, "banned">>;

/** One team's directory, policies, incident numbers and endpoints. Found by the team's name. */
export interface TeamRpc extends TeamDelegationRpc, TeamWebhookRpc, TeamTrustRpc {
  /** Reserves the mission id of an opening: the same key gives the same id again. */
  opening(request: {
    missionId: string;
    idempotency: Idempotency;
  }): Promise<
    Result<{ missionId: string; policy: PinnedPolicy | null; shadow?: PinnedPolicy }, TeamRejection>
  >;
  policy(version: string): Promise<PolicyRecord | null>;
  shadowPolicy(request: {
    version: string;
    on: boolean;
    idempotency: Idempotency;
  }): Promise<Result<PolicyRecord, TeamRejection>>;
  /** Reserved mission ids above `after` ("" for all), in order; some may never have been opened. */
  missionIds(after: string, limit: number): Promise<readonly string[]>;
  agentFacts(agentId: string): Promise<AgentFacts | null>;
  approverFacts(personId: string): Promise<ApproverFacts | null>;
  putAgent(request: {
    agent: AgentEntry;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<AgentFacts, TeamRejection>>;
  agents(): Promise<readonly AgentFacts[]>;
  putApprover(request: {
    approver: {
      id: string;
      name: string;
      groups: readonly string[];
      keys: readonly PublicJwk[];
      validFrom: string | null;
      validUntil: string | null;
      hours?: ApprovalHours;
      breakGlass?: true;
    };
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<ApproverFacts, TeamRejection>>;
  approvers(): Promise<readonly ApproverFacts[]>;
  patchApprover(request: {
    id: string;
    changes: ApproverChanges;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<ApproverFacts, TeamRejection>>;
  /** Answers the person as they were. */
  removeApprover(request: {
    id: string;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<ApproverFacts, TeamRejection>>;
  /** One for each id, in the order asked. */
  approverStanding(ids: readonly string[]): Promise<readonly Standing[]>;
  /** Whose every key is or ever was. */
  keyOwners(): Promise<{
    readonly approvers: readonly KeyOwner[];
    readonly verifiers: readonly KeyOwner[];
  }>;
  /** The audit trail: changes with number > after, in order, at most limit. */
  directoryChanges(after: number, limit: number): Promise<readonly DirectoryChange[]>;
  /** Opens a registration with this challenge, 32 fresh random bytes in base64url. */
  passkeyOptions(request: {
    approver: string;
    challenge: string;
    relyingParty: RelyingParty;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<PasskeyOptions, TeamRejection>>;
  addPasskey(request: {
    approver: string;
    registration: PasskeyRegistration;
    relyingParty: RelyingParty;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<ApproverFacts, TeamRejection>>;
  /** Verifies an assertion and takes its counter; the same one may be presented again. */
  presentPasskey(request: {
    approver: string;
    signed: PasskeySigned;
  }): Promise<Result<null, TeamRejection>>;
  putVerifier(request: {
    verifier: { id: string; family: string; keys: readonly PublicJwk[] };
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<VerifierFacts, TeamRejection>>;
  verifiers(): Promise<readonly VerifierFacts[]>;
  /** All verifiers, and the family of who produced the evidence; null where the directory knows none. */
  verificationFacts(producer: string): Promise<VerificationFacts>;
  putZone(request: {
    zone: ZoneFacts;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<ZoneFacts, TeamRejection>>;
  /** Every registered zone, by name. */
  zones(): Promise<readonly ZoneFacts[]>;
  proposePolicy(request: {
    version: string;
    document: PolicyDocument;
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<PolicyRecord, TeamRejection>>;
  /** `statement` is a JWS over `{ team, version, policyHash, decision: "activate", approver, reason, issuedAt, expiresAt }`. */
  activatePolicy(request: {
    version: string;
    statement: string;
    sub: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<PolicyRecord, TeamRejection>>;
  policies(): Promise<readonly PolicyRecord[]>;
  /** Gives the next number, or the one already given for this (missionId, seq). */
  assignIncident(
    incident: Omit<IncidentRecord, "number" | "status" | "statusBy" | "statusAt">,
  ): Promise<IncidentRecord>;
  setIncidentStatus(request: {
    number: number;
    status: "acknowledged" | "resolved";
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Promise<Result<IncidentRecord, TeamRejection>>;
  /** Every incident with number > after, in order, for rebuilding the index. */
  incidents(after: number, limit: number): Promise<readonly IncidentRecord[]>;
  /** Enters a mission's head, once for each size; `head` is the team log's right behind the entry. */
  appendLogEntry(
    entry: TeamLogEntry,
  ): Promise<Result<{ readonly index: number; readonly head: LogHead }, LogFork>>;
  logHead(size: number | null): Promise<Result<LogHead, LogReject>>;
  logInclusion(place: LogPlace, size: number | null): Promise<Result<LogInclusion, LogReject>>;
  logConsistency(from: number, to: number | null): Promise<Result<LogConsistency, LogReject>>;
  /** Entries with index > after, at most limit, in order. */
  logEntries(
    after: number,
    limit: number,
  ): Promise<readonly (TeamLogEntry & { readonly index: number })[]>;
}

/** An index of the team's log, or a mission for its largest entry. */
type LogPlace = number | string;

/** What one of the team's calls takes. */
export type TeamRequest<M extends keyof TeamRpc> = Parameters<TeamRpc[M]>[0];

/** All that the gateway may ask of the API worker. `team` and `missionId` come from verified claims except in `denied`. */
export interface GatewayCallbacksRpc {
  confirm(
    claims: TicketClaims,
  ): Promise<Result<{ confirmed: true }, { reason: "gate_not_confirmed"; detail: string }>>;
  /** The mission has the receipt durably when this returns; may be called twice. */
  report(team: string, missionId: string, receipt: Receipt): Promise<void>;
  /** The denial stands in the mission's trace when this returns `recorded: true`; false: no such mission, or an expected duplicate. */
  denied(team: string, missionId: string, denial: Denial): Promise<{ recorded: boolean }>;
}
