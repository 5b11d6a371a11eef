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
import type { VerificationFacts, VerifierFacts } from "../../shared/evidence/index.ts";
import type { ZoneFacts } from "../../shared/architect/index.ts";
import { incidentId } from "../../shared/ids.ts";
import { invariant } from "../../shared/invariant.ts";
import { LIMITS } from "../../shared/limits.ts";
import {
  logConsistency,
  logHead,
  logInclusion,
  type TeamLogEntry,
} from "../../shared/log/index.ts";
import type { AgentFacts } from "../../shared/mission/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  TEAM_LIMITS,
  admitAgent,
  admitZone,
  agentWithin,
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
import { createTeamLog, type TeamLog } from "./log.ts";
import { migrateTeamStore } from "./migrations.ts";
import { activatePolicy, pinsOf, proposePolicy, tryPolicy } from "./policies.ts";
import {
  countRows,
  insertIncident,
  insertOpening,
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
  writeAgent,
  writeAnswer,
  writeApprover,
  writeIncidentStatus,
} from "./store.ts";
import { readZone, readZones, writeZone } from "./zone-store.ts";
import { readVerifiers } from "./verifier-store.ts";
import { registerVerifier } from "./verifiers.ts";

type Idempotency = { readonly key: string; readonly requestHash: string } | null;
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
  async opening(request: {
    missionId: string;
    idempotency: Idempotency;
  }): Refusable<{ missionId: string; policy: PinnedPolicy | null; shadow?: PinnedPolicy }> {
    const active = readActivePolicy(this.#sql);
    // Without an active policy no mission can open, so nothing is reserved and no answer is kept.
    if (active === null) return ok({ missionId: request.missionId, policy: null });
    const reserved = this.#once<string>(request.idempotency, () => {
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
    const agent = readAgent(this.#sql, agentId);
    return agent && agentWithin(agent, readZone(this.#sql, agent.zone));
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
      const admitted = admitAgent(agent, readZone(this.#sql, agent.zone));
      if (!admitted.ok) return admitted;
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

  async putVerifier(request: Parameters<TeamRpc["putVerifier"]>[0]): Refusable<VerifierFacts> {
    return this.#once(request.idempotency, () => registerVerifier(this.#sql, request.verifier));
  }

  async verifiers(): Promise<readonly VerifierFacts[]> {
    return readVerifiers(this.#sql);
  }

  async verificationFacts(producer: string): Promise<VerificationFacts> {
    const producerFamily = readAgent(this.#sql, producer)?.family ?? null;
    return { producerFamily, verifiers: readVerifiers(this.#sql) };
  }

  async zones(): Promise<readonly ZoneFacts[]> {
    return readZones(this.#sql);
  }

  /** Registers the zone or replaces what was known of it. */
  async putZone(request: {
    zone: ZoneFacts;
    idempotency: Idempotency;
    at: number;
  }): Refusable<ZoneFacts> {
    const { zone, idempotency } = request;
    return this.#once(idempotency, () => {
      const admitted = admitZone(zone, readZones(this.#sql));
      if (!admitted.ok) return admitted;
      const isNew = readZone(this.#sql, zone.zone) === null;
      const full = isNew ? this.#fullOf("zone", TEAM_LIMITS.zonesMax) : null;
      if (full) return err(full);
      writeZone(this.#sql, zone);
      return ok(zone);
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

  async proposePolicy(request: Parameters<TeamRpc["proposePolicy"]>[0]): Refusable<PolicyRecord> {
    return this.#once(request.idempotency, () => proposePolicy(this.#sql, request));
  }

  async activatePolicy(request: Parameters<TeamRpc["activatePolicy"]>[0]): Refusable<PolicyRecord> {
    return this.#once(request.idempotency, () => activatePolicy(this.#sql, this.#team(), request));
  }

  async shadowPolicy(request: Parameters<TeamRpc["shadowPolicy"]>[0]): Refusable<PolicyRecord> {
    return this.#once(request.idempotency, () => tryPolicy(this.#sql, request));
  }

  async policy(version: string): Promise<PolicyRecord | null> {
    return readPolicy(this.#sql, version);
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

  #fullOf(
    kind: "agent" | "approver" | "policy" | "webhook" | "zone",
    max: number,
  ): TeamRejection | null {
    return countRows(this.#sql, kind) < max ? null : { reason: "directory_full", kind, max };
  }

  #team(): string {
    const { name } = this.ctx.id;
    invariant(name !== undefined, "a team's object is found by the team's name");
    return name;
  }
}
