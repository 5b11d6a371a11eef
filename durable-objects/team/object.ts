/**
 * One team's directory, policies, incident numbers, webhook endpoints, hooks and log: the calls, each handed to
 * the file of its noun in one synchronous transaction. Another team's things cannot be reached from here,
 * because each team has its own object and its own database.
 *
 * Every call that changes something answers an idempotency key's second use with the first answer.
 */
import { DurableObject } from "cloudflare:workers";
import type { ApproverFacts } from "../../shared/approval/index.ts";
import type { ZoneFacts } from "../../shared/architect/index.ts";
import type { VerificationFacts, VerifierFacts } from "../../shared/evidence/index.ts";
import { invariant } from "../../shared/invariant.ts";
import {
  logConsistency,
  logHead,
  logInclusion,
  type TeamLogEntry,
} from "../../shared/log/index.ts";
import type { AgentFacts } from "../../shared/mission/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { DirectoryChange } from "../../shared/team/index.ts";
import type { KeptGrant, TrustOutcome } from "../../shared/trust/index.ts";
import type {
  AttemptName,
  DecidingFacts,
  DelegationRecord,
  DeliveryRecord,
  Dispatch,
  HookEndpoint,
  Idempotency,
  IncidentRecord,
  PasskeyOptions,
  PolicyRecord,
  Standing,
  TeamRejection,
  TeamRequest,
  TeamRpc,
  WebhookEndpoint,
} from "../../shared/wire/rpc.ts";
import type { TrustAnswer } from "../../shared/wire/trust-rpc.ts";
import { readAgent, readAgents } from "./agent-store.ts";
import { findAgent, registerAgent } from "./agents.ts";
import { readApprover, readApprovers, readKeyOwners } from "./approver-store.ts";
import { patchApprover, registerApprover, removeApprover, standingOf } from "./approvers.ts";
import { readChanges } from "./change-store.ts";
import { addDelegation, findDeciding, listDelegations, revokeDelegation } from "./delegations.ts";
import { beginRedelivery, findDispatch, listDeliveries, recordDelivery } from "./deliveries.ts";
import { readBody } from "./delivery-store.ts";
import { readHook, readHooks } from "./hook-store.ts";
import { addHook, admitHookMessage, removeHook, rotateHook, setHookStatus } from "./hooks.ts";
import { runOnce } from "./idempotency.ts";
import { readIncidents } from "./incident-store.ts";
import { assignIncident, setIncidentStatus } from "./incidents.ts";
import { createTeamLog, type TeamLog } from "./log.ts";
import { migrateTeamStore } from "./migrations.ts";
import { insertOpening, readMissionIds } from "./opening-store.ts";
import { openPasskeyCeremony, presentPasskey, registerPasskey } from "./passkeys.ts";
import { activatePolicy, pinsOf, proposePolicy, tryPolicy } from "./policies.ts";
import { readActivePolicy, readPolicies, readPolicy } from "./policy-store.ts";
import {
  describeTrust,
  findProposer,
  issueGrant,
  listGrants,
  resetTrust,
  revokeGrant,
} from "./trust.ts";
import { recordTrust } from "./trust-moves.ts";
import { readVerifierKeyOwners, readVerifiers } from "./verifier-store.ts";
import { registerVerifier } from "./verifiers.ts";
import { readWebhooks } from "./webhook-store.ts";
import {
  addWebhook,
  findWebhook,
  removeWebhook,
  rotateWebhook,
  setWebhookStatus,
} from "./webhooks.ts";
import { readZones } from "./zone-store.ts";
import { registerZone } from "./zones.ts";

type Refusable<T> = Promise<Result<T, TeamRejection>>;

export class TeamObject extends DurableObject implements TeamRpc {
  readonly #sql: SqlStorage;
  readonly #log: TeamLog;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrateTeamStore(ctx.storage);
    this.#sql = ctx.storage.sql;
    this.#log = createTeamLog(ctx.storage.sql);
  }

  /**
   * Reserves the mission id of an opening. The reservation is the list from which the index is rebuilt,
   * so it comes before the mission's first event; a crash between the two leaves an id without mission.
   */
  async opening(
    request: TeamRequest<"opening">,
  ): Refusable<{ missionId: string; policy: PinnedPolicy | null; shadow?: PinnedPolicy }> {
    const active = readActivePolicy(this.#sql);
    // Without an active policy no mission can open, so nothing is reserved and no answer is kept.
    if (active === null) return ok({ missionId: request.missionId, policy: null });
    const reserved = this.#once<string>(request, () => {
      insertOpening(this.#sql, request.missionId);
      return ok(request.missionId);
    });
    if (!reserved.ok) return reserved;
    return ok({ missionId: reserved.value, ...pinsOf(this.#sql, active) });
  }

  /** Reserved mission ids above `after` (all, when empty) in order; some may never have been opened. */
  async missionIds(after: string, limit: number): Promise<readonly string[]> {
    return readMissionIds(this.#sql, after, limit);
  }

  async agentFacts(agentId: string): Promise<AgentFacts | null> {
    return findAgent(this.#sql, agentId);
  }

  async proposerFacts(...asked: Parameters<TeamRpc["proposerFacts"]>): Promise<AgentFacts | null> {
    return findProposer(this.#sql, ...asked);
  }

  async recordTrust(outcomes: readonly TrustOutcome[]): Promise<void> {
    this.ctx.storage.transactionSync(() => recordTrust(this.#sql, outcomes));
  }

  async agentTrust(agent: string, before: number, limit: number): Refusable<TrustAnswer> {
    return describeTrust(this.#sql, agent, before, limit);
  }

  async resetTrust(request: TeamRequest<"resetTrust">): Refusable<TrustAnswer> {
    return this.#once(request, () => resetTrust(this.#sql, request));
  }

  async grants(agent: string): Refusable<readonly KeptGrant[]> {
    return listGrants(this.#sql, agent);
  }

  async issueGrant(request: TeamRequest<"issueGrant">): Refusable<KeptGrant> {
    return this.#once(request, () => issueGrant(this.#sql, request));
  }

  async revokeGrant(request: TeamRequest<"revokeGrant">): Refusable<KeptGrant> {
    return this.#once(request, () => revokeGrant(this.#sql, request));
  }

  async agents(): Promise<readonly AgentFacts[]> {
    return readAgents(this.#sql);
  }

  async putAgent(request: TeamRequest<"putAgent">): Refusable<AgentFacts> {
    return this.#once(request, () => registerAgent(this.#sql, request));
  }

  async approverFacts(personId: string): Promise<ApproverFacts | null> {
    return readApprover(this.#sql, personId);
  }

  async decidingFacts(personId: string, at: number): Promise<DecidingFacts> {
    return findDeciding(this.#sql, personId, at);
  }

  async delegations(): Promise<readonly DelegationRecord[]> {
    return listDelegations(this.#sql);
  }

  async addDelegation(request: TeamRequest<"addDelegation">): Refusable<DelegationRecord> {
    return this.#once(request, () => addDelegation(this.#sql, this.#team(), request));
  }

  async revokeDelegation(request: TeamRequest<"revokeDelegation">): Refusable<DelegationRecord> {
    return this.#once(request, () => revokeDelegation(this.#sql, request));
  }

  async approvers(): Promise<readonly ApproverFacts[]> {
    return readApprovers(this.#sql);
  }

  async putApprover(request: TeamRequest<"putApprover">): Refusable<ApproverFacts> {
    return this.#once(request, () => registerApprover(this.#sql, request));
  }

  async patchApprover(request: TeamRequest<"patchApprover">): Refusable<ApproverFacts> {
    return this.#once(request, () => patchApprover(this.#sql, request));
  }

  async removeApprover(request: TeamRequest<"removeApprover">): Refusable<ApproverFacts> {
    return this.#once(request, () => removeApprover(this.#sql, request));
  }

  async approverStanding(ids: readonly string[]): Promise<readonly Standing[]> {
    return standingOf(this.#sql, ids);
  }

  async keyOwners() {
    return { approvers: readKeyOwners(this.#sql), verifiers: readVerifierKeyOwners(this.#sql) };
  }

  async directoryChanges(after: number, limit: number): Promise<readonly DirectoryChange[]> {
    return readChanges(this.#sql, after, limit);
  }

  async passkeyOptions(request: TeamRequest<"passkeyOptions">): Refusable<PasskeyOptions> {
    return this.#once(request, () => openPasskeyCeremony(this.#sql, request));
  }

  async addPasskey(request: TeamRequest<"addPasskey">): Refusable<ApproverFacts> {
    return this.#once(request, () => registerPasskey(this.#sql, request));
  }

  async presentPasskey(request: TeamRequest<"presentPasskey">): Refusable<null> {
    return this.ctx.storage.transactionSync(() => presentPasskey(this.#sql, request));
  }

  async verifiers(): Promise<readonly VerifierFacts[]> {
    return readVerifiers(this.#sql);
  }

  async putVerifier(request: TeamRequest<"putVerifier">): Refusable<VerifierFacts> {
    return this.#once(request, () => registerVerifier(this.#sql, request));
  }

  async verificationFacts(producer: string): Promise<VerificationFacts> {
    const producerFamily = readAgent(this.#sql, producer)?.family ?? null;
    return { producerFamily, verifiers: readVerifiers(this.#sql) };
  }

  async zones(): Promise<readonly ZoneFacts[]> {
    return readZones(this.#sql);
  }

  async putZone(request: TeamRequest<"putZone">): Refusable<ZoneFacts> {
    return this.#once(request, () => registerZone(this.#sql, request));
  }

  async webhooks(): Promise<readonly WebhookEndpoint[]> {
    return readWebhooks(this.#sql);
  }

  async addWebhook(request: TeamRequest<"addWebhook">): Refusable<WebhookEndpoint> {
    return this.#once(request, () => addWebhook(this.#sql, request));
  }

  async rotateWebhook(request: TeamRequest<"rotateWebhook">): Refusable<WebhookEndpoint> {
    return this.#once(request, () => rotateWebhook(this.#sql, request));
  }

  async setWebhookStatus(request: TeamRequest<"setWebhookStatus">): Refusable<WebhookEndpoint> {
    return this.#once(request, () => setWebhookStatus(this.#sql, request));
  }

  async removeWebhook(request: TeamRequest<"removeWebhook">): Refusable<null> {
    return this.#once(request, () => removeWebhook(this.#sql, request.id));
  }

  async dispatch(attempt: AttemptName): Promise<Dispatch | null> {
    return findDispatch(this.#sql, attempt);
  }

  async recordDelivery(
    delivery: DeliveryRecord,
    body: string,
  ): ReturnType<TeamRpc["recordDelivery"]> {
    const record = () => recordDelivery(this.#sql, delivery, body);
    return { disabled: this.ctx.storage.transactionSync(record) };
  }

  async deliveries(endpointId: string, limit: number): Refusable<readonly DeliveryRecord[]> {
    return listDeliveries(this.#sql, endpointId, limit);
  }

  /** The stored answer holds the run alone; the body may be large, and is where it was. */
  async redeliver(
    request: TeamRequest<"redeliver">,
  ): Refusable<{ readonly run: number; readonly type: string; readonly body: string }> {
    const begun = this.#once(request, () => beginRedelivery(this.#sql, request));
    if (!begun.ok) return begun;
    const { endpointId, deliveryId } = request;
    const kept = readBody(this.#sql, endpointId, deliveryId);
    if (kept === null) return err({ reason: "delivery_unknown", id: deliveryId });
    return ok({ run: begun.value, ...kept });
  }

  async beginTest(
    request: TeamRequest<"beginTest">,
  ): Refusable<{ readonly endpoint: WebhookEndpoint; readonly deliveryId: string }> {
    return this.#once(request, () => {
      const found = findWebhook(this.#sql, request.endpointId);
      return found.ok ? ok({ endpoint: found.value, deliveryId: request.deliveryId }) : found;
    });
  }

  async hooks(): Promise<readonly HookEndpoint[]> {
    return readHooks(this.#sql);
  }

  async hook(hookId: string): Promise<HookEndpoint | null> {
    return readHook(this.#sql, hookId);
  }

  async addHook(request: TeamRequest<"addHook">): Refusable<HookEndpoint> {
    return this.#once(request, () => addHook(this.#sql, request));
  }

  async rotateHook(request: TeamRequest<"rotateHook">): Refusable<HookEndpoint> {
    return this.#once(request, () => rotateHook(this.#sql, request));
  }

  async setHookStatus(request: TeamRequest<"setHookStatus">): Refusable<HookEndpoint> {
    return this.#once(request, () => setHookStatus(this.#sql, request));
  }

  async removeHook(request: TeamRequest<"removeHook">): Refusable<null> {
    return this.#once(request, () => removeHook(this.#sql, request.id));
  }

  async admitHookMessage(
    message: TeamRequest<"admitHookMessage">,
  ): ReturnType<TeamRpc["admitHookMessage"]> {
    return this.ctx.storage.transactionSync(() => admitHookMessage(this.#sql, message));
  }

  async policy(version: string): Promise<PolicyRecord | null> {
    return readPolicy(this.#sql, version);
  }

  async policies(): Promise<readonly PolicyRecord[]> {
    return readPolicies(this.#sql);
  }

  async proposePolicy(request: TeamRequest<"proposePolicy">): Refusable<PolicyRecord> {
    return this.#once(request, () => proposePolicy(this.#sql, request));
  }

  async activatePolicy(request: TeamRequest<"activatePolicy">): Refusable<PolicyRecord> {
    return this.#once(request, () => activatePolicy(this.#sql, this.#team(), request));
  }

  async shadowPolicy(request: TeamRequest<"shadowPolicy">): Refusable<PolicyRecord> {
    return this.#once(request, () => tryPolicy(this.#sql, request));
  }

  async incidents(after: number, limit: number): Promise<readonly IncidentRecord[]> {
    return readIncidents(this.#sql, after, limit);
  }

  async assignIncident(incident: TeamRequest<"assignIncident">): Promise<IncidentRecord> {
    return this.ctx.storage.transactionSync(() => assignIncident(this.#sql, incident));
  }

  async setIncidentStatus(request: TeamRequest<"setIncidentStatus">): Refusable<IncidentRecord> {
    return this.#once(request, () => setIncidentStatus(this.#sql, request));
  }

  async appendLogEntry(entry: TeamLogEntry): ReturnType<TeamRpc["appendLogEntry"]> {
    return this.#log.append(entry);
  }

  async logHead(size: number | null): ReturnType<TeamRpc["logHead"]> {
    return logHead(this.#log.tree(), size);
  }

  async logInclusion(
    place: number | string,
    size: number | null,
  ): ReturnType<TeamRpc["logInclusion"]> {
    const index = typeof place === "number" ? ok(place) : this.#log.indexOf(place);
    return index.ok ? logInclusion(this.#log.tree(), index.value, size) : index;
  }

  async logConsistency(from: number, to: number | null): ReturnType<TeamRpc["logConsistency"]> {
    return logConsistency(this.#log.tree(), from, to);
  }

  async logEntries(after: number, limit: number): ReturnType<TeamRpc["logEntries"]> {
    return this.#log.entries(after, limit);
  }

  #once<T>(
    { idempotency }: { readonly idempotency: Idempotency },
    run: () => Result<T, TeamRejection>,
  ): Result<T, TeamRejection> {
    return runOnce(this.ctx.storage, idempotency, Date.now(), run);
  }

  #team(): string {
    const { name } = this.ctx.id;
    invariant(name !== undefined, "a team's object is found by the team's name");
    return name;
  }
}
