/**
 * Things of a team that tests of the API name in addresses and bodies: one made of each kind, and its id answered.
 */
import { env } from "cloudflare:workers";
import { incidentId } from "../../shared/ids.ts";
import type { Env } from "../../worker/env.ts";
import { teamStub } from "../../worker/missions.ts";
import { call, callerOf, expectStatus } from "./api.ts";

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
