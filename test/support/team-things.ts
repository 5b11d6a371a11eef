/**
 * Things of a team that tests of the API name in addresses and bodies: one made of each kind, and its id answered.
 */
import { env } from "cloudflare:workers";
import { DELEGATION_JWS_TYPE, type DelegationStatement } from "../../shared/approval/index.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { incidentId } from "../../shared/ids.ts";
import { signJws } from "../../shared/jws.ts";
import type { Env } from "../../worker/env.ts";
import { teamStub } from "../../worker/missions.ts";
import { call, callerOf, expectStatus } from "./api.ts";
import { type KeyPair, keyPair } from "./builders.ts";

/** Registers one and answers its id. */
export async function registerApprover(team: string, id: string): Promise<string> {
  const approver = { id, name: "A person", keys: [] };
  await expectStatus(call(callerOf(team, "admin"), "POST", "/v1/approvers", approver), 200);
  return id;
}

/** Registers one and answers its id. */
export async function addHook(team: string): Promise<string> {
  const body = { title: "The ticket system" };
  const added = await expectStatus(call(callerOf(team, "admin"), "POST", "/v1/hooks", body), 201);
  return String(added.body["id"]);
}

/** Registers one and answers its id. */
export async function addWebhook(team: string): Promise<string> {
  const body = { url: "http://127.0.0.1:9/hook", events: ["approval.requested"] };
  const added = await expectStatus(
    call(callerOf(team, "admin"), "POST", "/v1/webhooks", body),
    201,
  );
  return String(added.body["id"]);
}

/** Incidents come from faults, so one is put into the team's object directly. */
export async function openIncident(team: string): Promise<string> {
  const { number } = await teamStub(env as unknown as Env, team).assignIncident({
    missionId: null,
    nodeId: null,
    seq: null,
    kind: "poison_message",
    severity: "low",
    reasonCodes: ["DELIVERY_FAILED"],
    summary: "put here by a test",
    openedAt: "2026-11-21T00:00:00.000Z",
  });
  return incidentId(number);
}

/** A grant that may be issued, for an hour. */
export function grantBody() {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  return { actionType: "vendor.switch", riskMax: 2, expiresAt, reason: "tested" };
}

/** An agent of the team's and its grant, through the API. */
export async function issueGrant(team: string, agent: string): Promise<string> {
  const admin = callerOf(team, "admin");
  await expectStatus(call(admin, "POST", "/v1/agents", { id: agent }), 200);
  const path = `/v1/agents/${agent}/grants`;
  const issued = await expectStatus(call(admin, "POST", path, grantBody()), 201);
  return String(issued.body["id"]);
}

/** A delegation as its delegator signs it, for an hour; `members` replaces some of what it says. */
export function signDelegation(
  team: string,
  delegator: string,
  delegate: string,
  key: KeyPair,
  members: Partial<DelegationStatement> = {},
): string {
  const at = Date.now();
  const [issuedAt, expiresAt] = [at, at + 3_600_000].map((ms) => new Date(ms).toISOString());
  const people = { team, delegator, delegate, reason: "away" };
  const header = { typ: DELEGATION_JWS_TYPE, kid: key.kid };
  const said = { ...people, issuedAt, expiresAt, ...members };
  return signJws(header, canonicalJson(said), key.privateJwk);
}

/** Two people, and a delegation from the first to the second, through the API; answers its id. */
export async function delegate(team: string): Promise<string> {
  const admin = callerOf(team, "admin");
  const key = keyPair("away");
  const away = { id: "away", name: "Away", keys: [key.publicJwk] };
  await expectStatus(call(admin, "POST", "/v1/approvers", away), 200);
  await registerApprover(team, "stand-in");
  const statement = signDelegation(team, "away", "stand-in", key);
  const caller = { team, sub: "away", roles: ["approver"] as const };
  const added = await expectStatus(call(caller, "POST", "/v1/delegations", { statement }), 201);
  return String(added.body["id"]);
}
