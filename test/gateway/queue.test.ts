/**
 * The gateway worker as the platform runs it: a batch from the queue, the real ledger, real requests to a
 * vendor, and a mission that remembers what it was told. Source: docs/tickets.md.
 */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  receiptSchema,
  type Denial,
  type Receipt,
  type TicketClaims,
} from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import type { GatewayCallbacksRpc } from "../../shared/wire/rpc.ts";
import type { Env } from "../../worker/gateway/env.ts";
import gateway from "../../worker/gateway/index.ts";
import {
  GATEWAY,
  ISSUER,
  MISSION,
  TICKET_PUBLIC_JWK,
  ticketClaims,
  ticketMessage,
} from "../support/tickets.ts";

const HTTP = { connector: "http", method: "POST", idempotent: false };
const ACTIONS = {
  "vendor.switch": { ...HTTP, url: "https://vendor.example/status/200" },
  "vendor.refuse": { ...HTTP, url: "https://vendor.example/status/422" },
  "vendor.move": { ...HTTP, url: "https://vendor.example/status/307" },
  "vendor.break": { ...HTTP, url: "https://vendor.example/status/503" },
  "vendor.retry": { ...HTTP, url: "https://vendor.example/status/503", idempotent: true },
  "vendor.rehearse": { connector: "log" },
};

/** What the missions were told. */
function createMissions() {
  const told: { receipts: Receipt[]; denials: Denial[] } = { receipts: [], denials: [] };
  const missions: GatewayCallbacksRpc = {
    confirm: async () => ({ ok: true, value: { confirmed: true } }),
    report: async (_team, _missionId, receipt) => void told.receipts.push(receipt),
    denied: async (_team, _missionId, denial) => {
      told.denials.push(denial);
      return { recorded: true };
    },
  };
  return { told, missions };
}

function createEnv(missions: GatewayCallbacksRpc, changes: Partial<Env> = {}): Env {
  return {
    LEDGER: (bindings as unknown as Env).LEDGER,
    MISSIONS: missions,
    GATEWAY_ID: GATEWAY,
    TICKET_ISSUER: ISSUER,
    TICKET_JWKS: JSON.stringify({ keys: [TICKET_PUBLIC_JWK] }),
    ACTIONS: JSON.stringify(ACTIONS),
    EGRESS_ALLOW_HOSTS: "",
    ...changes,
  };
}

let tickets = 0;

/** A ticket of its own, valid at this moment of the real clock. */
function freshMessage(changes: Partial<TicketClaims> = {}): TicketMessage {
  tickets += 1;
  const iat = Math.floor(Date.now() / 1_000);
  const jti = `tkt_${tickets.toString(16).padStart(32, "0")}`;
  return ticketMessage(ticketClaims({ jti, iat, exp: iat + 60, ...changes }));
}

async function deliver(env: Env, bodies: readonly unknown[], prefix = "m") {
  const batch = createMessageBatch(
    "sekisho-tickets",
    bodies.map((body, index) => ({
      id: `${prefix}${index}`,
      timestamp: new Date(),
      attempts: 1,
      body,
    })),
  );
  await gateway.queue(batch, env);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return {
    acked: explicitAcks.toSorted(),
    retried: retryMessages.map(({ msgId }) => msgId).toSorted(),
  };
}

describe("a ticket from the queue", () => {
  test.each([
    ["vendor.switch", "succeeded", 200],
    ["vendor.refuse", "failed", 422],
    ["vendor.move", "unknown", 307],
    ["vendor.break", "unknown", 503],
    ["vendor.rehearse", "succeeded", null],
  ])("for %s is reported as %s", async (action_type, outcome, status) => {
    const { told, missions } = createMissions();
    const message = freshMessage({ action_type });
    expect(await deliver(createEnv(missions), [message])).toEqual({ acked: ["m0"], retried: [] });
    expect(told.receipts).toMatchObject([{ outcome, status }]);
    expect(receiptSchema.safeParse(told.receipts[0]).success).toBe(true);
    expect(told.denials).toEqual([]);
  });

  test("whose outcome is unknown and whose action is idempotent is retried, not reported", async () => {
    const { told, missions } = createMissions();
    const message = freshMessage({ action_type: "vendor.retry" });
    expect(await deliver(createEnv(missions), [message])).toEqual({ acked: [], retried: ["m0"] });
    expect(told).toEqual({ receipts: [], denials: [] });
  });

  test("presented again after its report is a replay", async () => {
    const { told, missions } = createMissions();
    const message = freshMessage();
    await deliver(createEnv(missions), [message], "first");
    await deliver(createEnv(missions), [message], "second");
    expect(told.receipts).toHaveLength(1);
    expect(told.denials).toMatchObject([{ reason: "NONCE_USED", verified: true }]);
  });

  test("is refused when the registry cannot be read", async () => {
    const { told, missions } = createMissions();
    await deliver(createEnv(missions, { ACTIONS: "[" }), [freshMessage()]);
    expect(told.denials).toMatchObject([{ reason: "ACTION_NOT_REGISTERED" }]);
    expect(told.receipts).toEqual([]);
  });

  test("is refused when the keys cannot be read", async () => {
    const { told, missions } = createMissions();
    await deliver(createEnv(missions, { TICKET_JWKS: "" }), [freshMessage()]);
    expect(told.denials).toMatchObject([{ reason: "TICKET_KEY_UNKNOWN", verified: false }]);
  });
});

test("one bad message never fails the batch: each is acknowledged or retried for itself", async () => {
  const { told, missions } = createMissions();
  const bodies = [
    freshMessage(),
    "garbage",
    { ...freshMessage(), ticket: "forged" },
    { ...freshMessage(), missionId: `${MISSION.slice(0, -1)}7` },
    freshMessage({ action_type: "vendor.rehearse" }),
    null,
    freshMessage({ action_type: "vendor.retry" }),
    freshMessage({ action_type: "vendor.refuse" }),
  ];
  expect(await deliver(createEnv(missions), bodies)).toEqual({
    acked: ["m0", "m2", "m3", "m4", "m7"],
    retried: ["m1", "m5", "m6"],
  });
  expect(told.receipts.map(({ outcome }) => outcome).toSorted()).toEqual([
    "failed",
    "succeeded",
    "succeeded",
  ]);
  expect(told.denials.map(({ reason }) => reason)).toEqual([
    "TICKET_MALFORMED",
    "TICKET_MALFORMED",
  ]);
});

test("a mission that cannot be reached leaves nothing done and the message to come again", async () => {
  const { told, missions } = createMissions();
  const message = freshMessage();
  const unreachable = { ...missions, confirm: () => Promise.reject(new Error("unreachable")) };
  expect(await deliver(createEnv(unreachable), [message])).toEqual({
    acked: [],
    retried: ["m0"],
  });
  expect(told).toEqual({ receipts: [], denials: [] });
  expect(await deliver(createEnv(missions), [message])).toEqual({ acked: ["m0"], retried: [] });
  expect(told.receipts).toMatchObject([{ outcome: "succeeded", status: 200 }]);
});

describe("over HTTP the gateway", () => {
  test("answers its health", async () => {
    const response = gateway.fetch(new Request("https://gateway.test/health"));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });

  test.each([
    ["GET", "/"],
    ["POST", "/health"],
    ["POST", "/tickets"],
    ["GET", "/health/"],
  ])("has no other door: %s %s", async (method, path) => {
    const response = gateway.fetch(new Request(`https://gateway.test${path}`, { method }));
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 404 });
  });
});
