/**
 * What there is to see: a vendor switch that waits for a signature, one that is through, and one that failed until
 * an incident was raised. Made over the public API, as its agents and people would.
 */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, inject, vi } from "vitest";
import { type ApiClient, createApiClient } from "../../scripts/cli/api-client.ts";
import { bundle, claim, primary } from "../../scripts/demo/evidence.ts";
import { type ApproverPrivateKey, signApprovalStatement } from "../../scripts/local/approval.ts";
import { readExample } from "../../scripts/local/example.ts";
import { readKeyFile } from "../../scripts/cli/key.ts";
import type { MissionView, NodeView } from "../../shared/mission/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { tokenFor } from "./browser.ts";

const ANALYST = "agent.analyst";
const BUYER = "agent.buyer";
export const FINANCE = "mina.board";

const SWITCH = {
  type: "vendor.switch",
  args: { from: "northwind", to: "acme-parts", amountUsd: 240_000, startsOn: "2027-01-01" },
};

const COMPARISON = bundle(
  "vendor-comparison",
  claim(
    "cost",
    ["acme-parts", "costs USD a year", 240_000],
    0.97,
    primary("https://acme-parts.example/quote/8841", "Signed quote 8841"),
  ),
);

const RISK = bundle(
  "risk-assessment",
  claim(
    "exit",
    ["northwind contract", "can be ended within days", 90],
    0.98,
    primary("sha256:9f2b", "Northwind master agreement, clause 14.2"),
  ),
);

/** The approver's key file, as `sekisho dev --example` prints it. */
export function keyFileOf(approver: string): string {
  return path.join(inject("stateDir"), "approvers", `${approver}.jwk`);
}

export async function clientOf(
  sub: string,
  role: "agent" | "operator" | "approver" | "admin",
): Promise<ApiClient> {
  return createApiClient(inject("url"), await tokenFor(sub, [role]));
}

/** Opens the vendor switch; answers its id. */
export async function openMission(title?: string): Promise<string> {
  const { mission } = readExample("vendor-switch");
  const plan = title === undefined ? mission.plan : { ...mission.plan, title };
  const opened = await post(await clientOf("olga", "operator"), "/v1/missions", {
    ...mission,
    plan,
  });
  return String(opened["missionId"]);
}

/** Takes a mission to where finance is asked to sign. */
export async function askFinance(missionId: string): Promise<void> {
  await recommend(missionId);
  await work(missionId, ANALYST, "validate", "proposals", { rationale: "Terms checked." });
  await work(missionId, ANALYST, "validate", "evidence", RISK);
  await work(missionId, ANALYST, "validate", "results", {
    outputs: { assessment: "acceptable" },
    tests: [{ id: "references-checked", passed: true }],
  });
  const asked = { rationale: "Finance decides on the switch.", action: SWITCH };
  await work(missionId, BUYER, "approve", "proposals", asked);
  expect((await nodeOf(missionId, "approve")).request).not.toBeNull();
}

async function recommend(missionId: string): Promise<void> {
  await work(missionId, ANALYST, "propose", "proposals", { rationale: "Parts cost 18% less." });
  await work(missionId, ANALYST, "propose", "evidence", COMPARISON);
  await work(missionId, ANALYST, "propose", "results", {
    outputs: { recommendation: "switch to acme-parts" },
  });
}

/** Signs as finance would on the command line, and executes. */
export async function finish(missionId: string): Promise<void> {
  const key = readKeyFile(keyFileOf(FINANCE));
  if (!key.ok) throw new Error(key.error.message);
  const { attempt, request } = await nodeOf(missionId, "approve");
  const now = Date.now();
  const statement = signApprovalStatement(
    {
      missionId,
      nodeId: "approve",
      attempt,
      gateDigest: request?.gateDigest ?? "",
      decision: "approve",
      approver: FINANCE,
      reason: "read and agreed",
      issuedAt: unixMsToIso(now),
      expiresAt: unixMsToIso(now + 60_000),
    },
    key.value satisfies ApproverPrivateKey,
  );
  const signer = await clientOf(FINANCE, "approver");
  await post(signer, `/v1/missions/${missionId}/nodes/approve/approvals`, { statement });
  await work(missionId, BUYER, "execute", "proposals", {
    rationale: "As approved.",
    action: SWITCH,
  });
  await untilNode(missionId, "execute", "DONE");
}

/** Fails the validation until its attempts are used up, which raises an incident. */
export async function failUntilIncident(missionId: string): Promise<void> {
  await recommend(missionId);
  const { attemptsMax } = await nodeOf(missionId, "validate");
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    await work(missionId, ANALYST, "validate", "proposals", { rationale: `Try ${attempt}.` });
    if (attempt === 1) await work(missionId, ANALYST, "validate", "evidence", RISK);
    await work(missionId, ANALYST, "validate", "results", {
      outputs: { assessment: "unclear" },
      tests: [{ id: "references-checked", passed: false }],
    });
  }
}

/**
 * Proposes the example's policy with a lower limit; answers the version. One that is to be activated must still let the
 * switch pass: all files of the suite share the team.
 */
export async function proposeTighterPolicy(limitUsd = 100_000): Promise<string> {
  const { policy } = readExample("vendor-switch");
  const tighter = JSON.parse(
    JSON.stringify(policy).replaceAll("250000", String(limitUsd)),
  ) as unknown;
  const operator = await clientOf("olga", "operator");
  const proposed = await post(operator, "/v1/policies", { document: tighter });
  return String(proposed["version"]);
}

/** Somebody who may break glass and is in no group; answers the file of their key. */
export async function registerOnDuty(approver: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keys = [publicKey.export({ format: "jwk" })];
  const person = { id: approver, name: "Dana on duty", keys, breakGlass: true };
  await post(await clientOf("olga", "admin"), "/v1/approvers", person);
  const file = path.join(inject("stateDir"), "approvers", `${approver}.jwk`);
  writeFileSync(file, JSON.stringify(privateKey.export({ format: "jwk" })), { mode: 0o600 });
  return file;
}

/** An endpoint to list; nobody answers there, and nothing waits for it. */
export async function addWebhook(): Promise<void> {
  const body = { url: "https://hooks.example/sekisho", events: ["mission.sealed"] };
  await post(await clientOf("olga", "admin"), "/v1/webhooks", body);
}

export async function missionOf(missionId: string): Promise<MissionView> {
  const answered = await (await clientOf("olga", "operator")).get(`/v1/missions/${missionId}`);
  if (!answered.ok) throw new Error(answered.error.detail);
  return answered.value.body as MissionView;
}

export async function nodeOf(missionId: string, nodeId: string): Promise<NodeView> {
  const found = (await missionOf(missionId)).nodes.find((node) => node.id === nodeId);
  if (found === undefined) throw new Error(`no node ${nodeId}`);
  return found;
}

/** Waits for what a queue brings. */
async function untilNode(missionId: string, nodeId: string, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await nodeOf(missionId, nodeId)).state).toBe(state), {
    timeout: 20_000,
    interval: 100,
  });
}

/** What an agent does at a node; a gate that blocks is as much an answer as one that lets pass. */
async function work(missionId: string, agent: string, node: string, verb: string, body: unknown) {
  const client = await clientOf(agent, "agent");
  const answered = await client.post(`/v1/missions/${missionId}/nodes/${node}/${verb}`, body);
  if (!answered.ok) throw new Error(answered.error.detail);
  expect([200, 201, 202, 409], answered.value.text).toContain(answered.value.status);
}

async function post(client: ApiClient, address: string, body: unknown) {
  const answered = await client.post(address, body);
  expect(answered.ok && answered.value.status, JSON.stringify(answered)).toBeLessThan(300);
  return answered.ok ? (answered.value.body as Readonly<Record<string, unknown>>) : {};
}
