/**
 * One team's directory, policies, incident numbers and webhook endpoints: a shell that loads, asks the
 * rules of shared/team/ and writes, one synchronous transaction a call. Another team's things cannot be
 * reached from here, because each team has its own object and its own database.
 *
 * Every call that changes something answers an idempotency key's second use with the first answer; a
 * refusal is not kept, so the same request may succeed once its cause is gone.
 */
import { DurableObject } from "cloudflare:workers";
import type { ApproverFacts } from "../../shared/approval/index.ts";
import { hashJson } from "../../shared/canonical.ts";
import { incidentId } from "../../shared/ids.ts";
import { invariant } from "../../shared/invariant.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { AgentFacts } from "../../shared/mission/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  TEAM_LIMITS,
  decideActivation,
  incidentEventKey,
  incidentSummaryKey,
  moveIncidentStatus,
  nameApproverKeys,
} from "../../shared/team/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import type {
  AgentEntry,
  DeliveryRecord,
  IncidentRecord,
  PolicyRecord,
  TeamRejection,
  TeamRpc,
  WebhookEndpoint,
} from "../../shared/wire/rpc.ts";
import {
  appendDelivery,
  hasWebhook,
  insertWebhook,
  readDeliveries,
  readWebhooks,
} from "./delivery-store.ts";
import { migrateTeamStore } from "./migrations.ts";
import {
  countRows,
  insertIncident,
  insertOpening,
  insertPolicy,
  pruneAnswers,
  readActivePolicy,
  readAgent,
  readAgents,
  readAnswer,
  readApprover,
  readApprovers,
  readIncident,
  readIncidentByOrigin,
  readIncidents,
  readKeyOwner,
  readMissionIds,
  readPolicies,
  readPolicy,
  switchActivePolicy,
  writeAgent,
  writeAnswer,
  writeApprover,
  writeIncidentStatus,
} from "./store.ts";

type Idempotency = { readonly key: string; readonly requestHash: string } | null;
type Refusable<T> = Promise<Result<T, TeamRejection>>;

export class TeamObject extends DurableObject implements TeamRpc {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrateTeamStore(ctx.storage);
    this.#sql = ctx.storage.sql;
  }

  /**
   * Reserves the mission id of an opening. The reservation is the list from which the index is rebuilt,
   * so it comes before the mission's first event; a crash between the two leaves an id without mission.
   */
  async opening(request: {
    missionId: string;
    idempotency: Idempotency;
  }): Refusable<{ missionId: string; policy: PinnedPolicy | null }> {
    const active = readActivePolicy(this.#sql);
    // Without an active policy no mission can open, so nothing is reserved and no answer is kept.
    if (active === null) return ok({ missionId: request.missionId, policy: null });
    const reserved = this.#once<string>(request.idempotency, () => {
      insertOpening(this.#sql, request.missionId);
      return ok(request.missionId);
    });
    if (!reserved.ok) return reserved;
    const { version, hash, document } = active;
    return ok({ missionId: reserved.value, policy: { version, hash, document } });
  }

  /** Reserved mission ids above `after` (all, when empty) in order; some may never have been opened. */
  async missionIds(after: string, limit: number): Promise<readonly string[]> {
    return readMissionIds(this.#sql, after, limit);
  }

  async agentFacts(agentId: string): Promise<AgentFacts | null> {
    return readAgent(this.#sql, agentId);
  }

  async approverFacts(personId: string): Promise<ApproverFacts | null> {
    return readApprover(this.#sql, personId);
  }

  async agents(): Promise<readonly AgentFacts[]> {
    return readAgents(this.#sql);
  }

  async approvers(): Promise<readonly ApproverFacts[]> {
    return readApprovers(this.#sql);
  }

  /** Adds the agent or replaces what was known of it; a ban stays until somebody says that it is lifted. */
  async putAgent(request: {
    agent: AgentEntry;
    idempotency: Idempotency;
    at: number;
  }): Refusable<AgentFacts> {
    const { agent: entry, idempotency } = request;
    return this.#once(idempotency, () => {
      const known = readAgent(this.#sql, entry.id);
      const agent = { ...entry, banned: entry.banned ?? known?.banned ?? false };
      const full = known === null ? this.#fullOf("agent", TEAM_LIMITS.agentsMax) : null;
      if (full) return err(full);
      writeAgent(this.#sql, agent);
      return ok(agent);
    });
  }

  /**
   * Adds the person or replaces what was known, keys included. A key stays bound to the first person it
   * was ever registered for, even after that person gave it up: an old signature must not change hands.
   */
  async putApprover(request: {
    approver: Omit<ApproverFacts, "keys"> & { readonly keys: readonly unknown[] };
    idempotency: Idempotency;
    at: number;
  }): Refusable<ApproverFacts> {
    const { approver, idempotency } = request;
    return this.#once<ApproverFacts>(idempotency, () => {
      const keys = nameApproverKeys(approver.keys);
      if (!keys.ok) return keys;
      for (const { kid } of keys.value) {
        const owner = readKeyOwner(this.#sql, kid);
        if (owner !== null && owner !== approver.id) return err({ reason: "key_in_use", kid });
      }
      const isNew = readApprover(this.#sql, approver.id) === null;
      const full = isNew ? this.#fullOf("approver", TEAM_LIMITS.approversMax) : null;
      if (full) return err(full);
      const facts = { ...approver, keys: keys.value };
      writeApprover(this.#sql, facts);
      return ok(facts);
    });
  }

  async addWebhook(request: {
    id: string;
    url: string;
    events: readonly string[];
    idempotency: Idempotency;
    at: number;
  }): Refusable<WebhookEndpoint> {
    const { id, url, events, at } = request;
    return this.#once<WebhookEndpoint>(request.idempotency, () => {
      const full = this.#fullOf("webhook", TEAM_LIMITS.webhooksMax);
      if (full) return err(full);
      const endpoint = { id, url, events, createdAt: unixMsToIso(at), disabledAt: null };
      insertWebhook(this.#sql, endpoint);
      return ok(endpoint);
    });
  }

  async webhooks(): Promise<readonly WebhookEndpoint[]> {
    return readWebhooks(this.#sql);
  }

  /** A log: an attempt reported twice stands there twice. */
  async recordDelivery(delivery: DeliveryRecord): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      if (!hasWebhook(this.#sql, delivery.endpointId)) return;
      appendDelivery(this.#sql, delivery, TEAM_LIMITS.deliveriesPerEndpointMax);
    });
  }

  /** Newest first. */
  async deliveries(endpointId: string, limit: number): Refusable<readonly DeliveryRecord[]> {
    if (!hasWebhook(this.#sql, endpointId))
      return err({ reason: "webhook_unknown", id: endpointId });
    return ok(readDeliveries(this.#sql, endpointId, limit));
  }

  async proposePolicy(request: {
    version: string;
    document: PolicyRecord["document"];
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Refusable<PolicyRecord> {
    const { version, document, by, at } = request;
    return this.#once<PolicyRecord>(request.idempotency, () => {
      const full = this.#fullOf("policy", TEAM_LIMITS.policiesMax);
      if (full) return err(full);
      invariant(readPolicy(this.#sql, version) === null, "a policy version is made only once");
      const policy: PolicyRecord = {
        version,
        hash: hashJson(document),
        document,
        state: "proposed",
        proposedBy: by,
        proposedAt: unixMsToIso(at),
        activatedBy: null,
        activatedAt: null,
      };
      insertPolicy(this.#sql, policy);
      return ok(policy);
    });
  }

  /** The human gate of I13: the version before is retired in the same transaction. */
  async activatePolicy(request: {
    version: string;
    statement: string;
    sub: string;
    idempotency: Idempotency;
    at: number;
  }): Refusable<PolicyRecord> {
    const { version, statement, sub, at } = request;
    return this.#once<PolicyRecord>(request.idempotency, () => {
      const policy = readPolicy(this.#sql, version);
      if (policy === null) return err({ reason: "policy_unknown", version });
      const approver = readApprover(this.#sql, sub);
      const team = this.#team();
      const decided = decideActivation({ team, policy, sub, approver, statement, at });
      if (!decided.ok) return decided;
      const activatedAt = unixMsToIso(at);
      switchActivePolicy(this.#sql, version, sub, activatedAt, statement);
      return ok({ ...policy, state: "active", activatedBy: sub, activatedAt });
    });
  }

  async policies(): Promise<readonly PolicyRecord[]> {
    return readPolicies(this.#sql);
  }

  /** Idempotent by (missionId, seq), or by kind, mission, node and summary while that one is unresolved. */
  async assignIncident(
    incident: Omit<IncidentRecord, "number" | "status" | "statusBy" | "statusAt">,
  ): Promise<IncidentRecord> {
    const originKey = incidentEventKey(incident) ?? incidentSummaryKey(incident);
    return this.ctx.storage.transactionSync(
      () =>
        readIncidentByOrigin(this.#sql, originKey) ??
        insertIncident(this.#sql, originKey, incident),
    );
  }

  /** Asking for the status it already has changes nothing and answers the incident as it stands. */
  async setIncidentStatus(request: {
    number: number;
    status: "acknowledged" | "resolved";
    by: string;
    idempotency: Idempotency;
    at: number;
  }): Refusable<IncidentRecord> {
    const { number, status, by, at } = request;
    return this.#once<IncidentRecord>(request.idempotency, () => {
      const incident = readIncident(this.#sql, number);
      if (incident === null) return err({ reason: "incident_unknown", id: incidentId(number) });
      const moved = moveIncidentStatus(incident.status, status);
      if (!moved.ok) return moved;
      if (!moved.value.changed) return ok(incident);
      const statusAt = unixMsToIso(at);
      writeIncidentStatus(this.#sql, number, status, by, statusAt);
      return ok({ ...incident, status, statusBy: by, statusAt });
    });
  }

  async incidents(after: number, limit: number): Promise<readonly IncidentRecord[]> {
    return readIncidents(this.#sql, after, limit);
  }

  /**
   * Runs a change at most once per idempotency key, in one transaction with its answer. `run` reads and
   * checks before it writes, so a refusal leaves nothing behind.
   */
  #once<T>(
    idempotency: Idempotency,
    run: () => Result<T, TeamRejection>,
  ): Result<T, TeamRejection> {
    const nowMs = Date.now();
    return this.ctx.storage.transactionSync(() => {
      if (idempotency === null) return run();
      const kept = readAnswer(this.#sql, idempotency.key);
      if (kept !== null) {
        return kept.requestHash === idempotency.requestHash
          ? ok(JSON.parse(kept.answer) as T)
          : err({ reason: "idempotency_key_reused" });
      }
      const result = run();
      if (!result.ok) return result;
      const { key, requestHash } = idempotency;
      writeAnswer(this.#sql, key, requestHash, JSON.stringify(result.value), nowMs);
      pruneAnswers(
        this.#sql,
        nowMs,
        nowMs - LIMITS.idempotencyKeepMs,
        TEAM_LIMITS.idempotencyPruneEveryMs,
      );
      return result;
    });
  }

  #fullOf(kind: "agent" | "approver" | "policy" | "webhook", max: number): TeamRejection | null {
    return countRows(this.#sql, kind) < max ? null : { reason: "directory_full", kind, max };
  }

  #team(): string {
    const { name } = this.ctx.id;
    invariant(name !== undefined, "a team's object is found by the team's name");
    return name;
  }
}
