/**
 * An unknown outcome over HTTP: the gateway says it does not know, an operator says what happened, and
 * nobody else may.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../worker/env.ts";
import { GatewayCallbacks } from "../../worker/gateway-callbacks.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import { receipt } from "../support/builders.ts";
import { freshTeam } from "../support/team-world.ts";

const PLAN = {
  title: "Pay once",
  phases: ["work"],
  nodes: [
    {
      id: "pay",
      kind: "execution",
      phase: "work",
      title: "Pay",
      risk: 1,
      ownerR: "agent",
      ownerX: "agent",
      attemptsMax: 2,
      action: { type: "invoice.pay" },
    },
  ],
};
const POLICY = {
  name: "paying",
  rules: [{ id: "pay", effect: "permit", kinds: ["execution"], actions: ["invoice.pay"] }],
};
const ACTION = { rationale: "It is due.", action: { type: "invoice.pay", args: { invoice: 1 } } };

function gateway(): GatewayCallbacks {
  const ctx = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
  return new GatewayCallbacks(ctx as unknown as ExecutionContext, env as unknown as Env);
}

/** A mission whose one action ended in doubt. */
async function doubtful() {
  const team = freshTeam();
  await setUpTeam(team, POLICY);
  const id = await openMission(team, PLAN);
  const at = `/v1/missions/${id}/nodes/pay`;
  const agent = callerOf(team, "agent");
  const proposed = await expectStatus(call(agent, "POST", `${at}/proposals`, ACTION), 200);
  const { jti } = proposed.body["ticket"] as { readonly jti: string };
  await gateway().report(team, id, receipt(jti, { outcome: "unknown", status: null }));
  const operator = callerOf(team, "operator");
  const reconcile = (body: object, headers = {}) =>
    call(operator, "POST", `${at}/reconciliation`, body, headers);
  const mission = () => call(operator, "GET", `/v1/missions/${id}`);
  return { team, id, at, agent, jti, operator, reconcile, mission };
}

const DONE = { outcome: "done", reason: "the bank's statement shows it" };

describe("an operator reconciles", () => {
  it("what was done: the mission completes, and the view keeps what the gateway knew", async () => {
    const { reconcile, mission } = await doubtful();
    const answer = await expectStatus(reconcile(DONE), 200);
    expect(answer.body).toMatchObject({
      type: "reconciled",
      outcome: "done",
      nodeState: "DONE",
      gateResult: { verdict: "allow" },
    });
    const { body } = await mission();
    expect(body).toMatchObject({ state: "completed" });
    expect((body["nodes"] as readonly object[])[0]).toMatchObject({
      receipt: { outcome: "unknown", reconciled: { outcome: "done", by: "operator" } },
    });
  });

  it("what was not done: the next attempt gets another ticket", async () => {
    const { reconcile, agent, at, jti } = await doubtful();
    const answer = await expectStatus(reconcile({ ...DONE, outcome: "not_done" }), 200);
    expect(answer.body).toMatchObject({ nodeState: "READY" });
    const again = await expectStatus(call(agent, "POST", `${at}/proposals`, ACTION), 200);
    expect((again.body["ticket"] as { jti: string }).jti).not.toBe(jti);
  });

  it("once: the second time nothing is unknown, and the same key gives the same answer", async () => {
    const { reconcile } = await doubtful();
    const key = { "idempotency-key": "reconcile-1" };
    const first = await expectStatus(reconcile(DONE, key), 200);
    const again = await expectStatus(reconcile(DONE, key), 200);
    expect(again.text).toBe(first.text);
    const other = await reconcile({ ...DONE, outcome: "not_done" });
    expect(other.body).toMatchObject({ code: "mission_not_active" });
  });

  it("not without a reason, not by another word, and not over evidence nobody holds", async () => {
    const { reconcile } = await doubtful();
    expect((await reconcile({ outcome: "done" })).status).toBe(422);
    expect((await reconcile({ ...DONE, outcome: "maybe" })).status).toBe(422);
    const unheld = await reconcile({ ...DONE, evidence: ["0".repeat(64)] });
    expect(unheld.body).toMatchObject({ code: "evidence_unknown" });
    await expectStatus(reconcile(DONE), 200);
  });
});

it("the trace of a reconciled mission is certified", async () => {
  const { reconcile, id, team } = await doubtful();
  await expectStatus(reconcile(DONE), 200);
  const caller = callerOf(team, "auditor");
  const audited = await expectStatus(
    call(caller, "POST", "/v1/audit/verify", { missionId: id }),
    200,
  );
  expect(audited.body).toMatchObject({ valid: true });
});
