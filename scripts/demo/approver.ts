/**
 * A human approver, played by a process of its own on loopback: receives webhooks, verifies who sent them,
 * compares them with what the API itself says, and signs with a key that never leaves this process.
 * Refuses what is not signed by Sekisho, and what is not for this person's group.
 * Specification: docs/approvals.md; Standard Webhooks (v1a, Ed25519).
 */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { base64Decode, type Ed25519PublicJwk, verifySignature } from "../../shared/crypto.ts";
import type { MissionView } from "../../shared/mission/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { parseWebhookPublicKey } from "../../shared/webhook/index.ts";
import { createApiClient, isRecord } from "../cli/api-client.ts";
import {
  type ApprovalStatement,
  signApprovalStatement,
  signPolicyActivation,
} from "../local/approval.ts";
import type { Person } from "../local/example.ts";
import { createKeyPair, publicHalf } from "../local/keys.ts";
import { leaveWithParent, setting, tell } from "./child.ts";
import { must, mustHave } from "./must.ts";

/** What became of a request: signed, no longer open because others were first, or refused by the API. */
export type ApprovalOutcome = "signed" | "not_needed" | "refused";

const STATEMENT_TTL_MS = 5 * 60_000;
const WEBHOOK_AGE_MAX_SECONDS = 5 * 60;

const person = JSON.parse(setting("PERSON")) as Person;
const api = createApiClient(setting("SEKISHO_URL"), setting("SEKISHO_TOKEN"));
const key = createKeyPair();
/** Unknown until the admin has registered this address and handed the key over. */
let senderKey: Ed25519PublicJwk | null = null;

leaveWithParent();
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    if (request.url === "/policy") {
      void activatePolicy(body).then(
        (status) => response.writeHead(status).end(),
        (cause: unknown) => response.writeHead(500).end(String(cause)),
      );
      return;
    }
    if (request.url === "/sender") {
      senderKey = parseWebhookPublicKey(body);
      response.writeHead(senderKey === null ? 400 : 204).end();
      return;
    }
    const isGenuine = isSignedBySender(request.headers, body);
    response.writeHead(isGenuine ? 204 : 401).end();
    if (isGenuine) void decide(body, String(request.headers["webhook-id"])).catch(report);
    else tell({ event: "webhook.refused", person: person.id });
  });
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  tell({ event: "listening", url: `http://127.0.0.1:${port}`, publicJwk: publicHalf(key) });
});

/** Webhook signature over `id.timestamp.body`, in date, by the key the team's admin handed over. */
function isSignedBySender(headers: IncomingHttpHeaders, body: string): boolean {
  const {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures,
  } = headers;
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signatures !== "string") {
    return false;
  }
  const sender = senderKey;
  if (sender === null) return false;
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(ageSeconds <= WEBHOOK_AGE_MAX_SECONDS)) return false;
  const message = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  return signatures.split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",");
    const bytes = version === "v1a" ? base64Decode(text) : null;
    return bytes !== null && verifySignature(sender, "EdDSA", message, bytes);
  });
}

/** Signs what the webhook asks for, when it is this person's to sign and the API confirms it. */
async function decide(body: string, webhookId: string): Promise<void> {
  const message: unknown = JSON.parse(body);
  if (!isRecord(message) || message["type"] !== "sekisho.approval.requested") return;
  const data = isRecord(message["data"]) ? message["data"] : {};
  const requirement = isRecord(data["requirement"]) ? data["requirement"] : {};
  const group = requirement["group"];
  if (typeof group === "string" && !person.groups.includes(group)) return;
  const asked = data["statement"] as Pick<
    ApprovalStatement,
    "missionId" | "nodeId" | "attempt" | "gateDigest"
  >;

  const path = `/v1/missions/${asked.missionId}`;
  const found = await api.get(path);
  must(found.ok && found.value.status === 200, "the API shows the mission to its approver", found);
  const view = found.value.body as MissionView;
  const node = mustHave(
    view.nodes.find((candidate) => candidate.id === asked.nodeId),
    "the node of the webhook is in the mission",
  );
  if (node.request?.gateDigest !== asked.gateDigest) return settle(asked.nodeId, "not_needed");
  tell({
    event: "webhook.verified",
    person: person.id,
    webhookId,
    nodeId: node.id,
    title: node.title,
    mission: view.title,
    risk: node.risk,
    action: node.proposal?.action ?? null,
    gateDigest: asked.gateDigest,
  });

  const now = Date.now();
  const statement: ApprovalStatement = {
    missionId: asked.missionId,
    nodeId: asked.nodeId,
    attempt: asked.attempt,
    gateDigest: asked.gateDigest,
    decision: "approve",
    approver: person.id,
    reason: `${person.name} has read the evidence of ${node.title}`,
    issuedAt: unixMsToIso(now),
    expiresAt: unixMsToIso(now + STATEMENT_TTL_MS),
  };
  const posted = await api.post(`${path}/nodes/${asked.nodeId}/approvals`, {
    statement: signApprovalStatement(statement, key),
  });
  must(posted.ok, "the API answers its approver", posted);
  const { status, body: answered } = posted.value;
  const code = isRecord(answered) ? answered["code"] : undefined;
  if (status === 200 || status === 202) settle(asked.nodeId, "signed", answered);
  else settle(asked.nodeId, code === "approval_not_requested" ? "not_needed" : "refused", answered);
}

function settle(nodeId: string, outcome: ApprovalOutcome, answered: unknown = null): void {
  tell({ event: "approval.settled", person: person.id, nodeId, outcome, kid: key.kid, answered });
}

/** The human gate of a policy: the same person, the same key, another statement. */
async function activatePolicy(body: string): Promise<number> {
  const { team, version, policyHash } = JSON.parse(body) as Record<string, string>;
  const now = Date.now();
  const statement = signPolicyActivation(
    {
      team: mustHave(team, "a team"),
      version: mustHave(version, "a version"),
      policyHash: mustHave(policyHash, "a policy hash"),
      decision: "activate",
      approver: person.id,
      reason: `${person.name} has read the policy`,
      issuedAt: unixMsToIso(now),
      expiresAt: unixMsToIso(now + STATEMENT_TTL_MS),
    },
    key,
  );
  const posted = await api.post(`/v1/policies/${version}/activation`, { statement });
  tell({
    event: "policy.posted",
    person: person.id,
    status: posted.ok ? posted.value.status : 0,
    answer: posted.ok ? posted.value.body : posted.error.detail,
  });
  return posted.ok ? posted.value.status : 502;
}

function report(cause: unknown): void {
  const detail = cause instanceof Error ? cause.message : String(cause);
  tell({ event: "approver.failed", person: person.id, detail });
}
