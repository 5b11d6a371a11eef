/**
 * Trust and grants through the worker's own entry and in the team's object: who issues what, what an agent with
 * both may do without a person, and that outcomes count once whatever their order.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { TrustOutcome } from "../../shared/trust/index.ts";
import { unixMsToIso } from "../../shared/time.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import { iso, MISSION } from "../support/builders.ts";
import { rebuildIndex } from "../../worker/read-model/rebuild.ts";
import { bindings, evictTeam, freshTeam, insideTeam, teamObject } from "../support/team-world.ts";
import { grantBody, issueGrant } from "../support/team-things.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

const ASKING = {
  name: "asking",
  rules: [
    {
      id: "all",
      effect: "permit",
      kinds: ["decision", "execution", "approval"],
      approval: { quorum: 1 },
    },
    {
      id: "act",
      effect: "permit",
      kinds: ["execution"],
      actions: ["vendor.switch"],
      approval: { quorum: 1 },
    },
  ],
};

const PLAN = {
  title: "Switch",
  phases: ["work"],
  nodes: [
    {
      id: "switch",
      kind: "execution",
      phase: "work",
      title: "Switch",
      risk: 2,
      ownerR: "agent",
      ownerX: "agent",
      action: { type: "vendor.switch" },
    },
  ],
};
const PROPOSAL = { rationale: "It is cheaper.", action: { type: "vendor.switch", args: {} } };

/** Successes of as many missions, each worth what one mission may give. */
function successes(agent: string, missions: number): readonly TrustOutcome[] {
  return Array.from({ length: missions * 2 }, (_, n) => ({
    agent,
    outcome: n % 2 === 0 ? "approval_granted" : "node_done",
    missionId: `${MISSION.slice(0, -2)}${String(Math.floor(n / 2)).padStart(2, "0")}`,
    nodeId: "a",
    seq: n,
    at: iso(n),
  }));
}

async function granted() {
  const team = freshTeam();
  await setUpTeam(team, ASKING);
  const grant = await issueGrant(team, "agent");
  const propose = async () => {
    const id = await openMission(team, PLAN);
    return call(
      callerOf(team, "agent"),
      "POST",
      `/v1/missions/${id}/nodes/switch/proposals`,
      PROPOSAL,
    );
  };
  const admin = callerOf(team, "admin");
  return { team, grant, propose, admin };
}

const codesOf = (body: Record<string, unknown>) =>
  (body["gateResult"] as { reasons: { code: string }[] }).reasons.map(({ code }) => code);

describe("an agent with a grant", () => {
  it("waits for a person until it has earned enough, and then goes without", async () => {
    const { team, propose } = await granted();
    const first = await expectStatus(propose(), 202);
    expect(codesOf(first.body)).toEqual(["APPROVAL_MISSING", "TRUST_SCORE_LOW"]);
    await teamObject(team).recordTrust(successes("agent", 3));
    const second = await expectStatus(propose(), 200);
    expect(codesOf(second.body)).toEqual(["AUTO_AUTH_BY_TRUST_AND_GRANT"]);
    expect(second.body["ticket"]).not.toBeNull();
  });

  it("waits again once the grant is revoked, and reads nothing of trust then", async () => {
    const { team, grant, propose, admin } = await granted();
    await teamObject(team).recordTrust(successes("agent", 3));
    const path = `/v1/agents/agent/grants/${grant}/revocation`;
    await expectStatus(call(admin, "POST", path, { reason: "no more" }), 200);
    expect(codesOf((await expectStatus(propose(), 202)).body)).toEqual(["APPROVAL_MISSING"]);
  });

  it("waits while it cools down after a ban of the team that was lifted", async () => {
    const { team, propose, admin } = await granted();
    await teamObject(team).recordTrust(successes("agent", 3));
    await expectStatus(call(admin, "POST", "/v1/agents", { id: "agent", banned: true }), 200);
    await expectStatus(call(admin, "POST", "/v1/agents", { id: "agent", banned: false }), 200);
    const waiting = await expectStatus(propose(), 202);
    expect(codesOf(waiting.body)).toEqual(["APPROVAL_MISSING", "TRUST_COOLDOWN_ACTIVE"]);
  });

  it("waits where what is stored of its trust cannot be believed, until a person resets it", async () => {
    const { team, propose, admin } = await granted();
    await teamObject(team).recordTrust(successes("agent", 3));
    await insideTeam(team, ({ sql }) => void sql.exec("UPDATE agent_trust SET score = 7"));
    const waiting = await expectStatus(propose(), 202);
    expect(codesOf(waiting.body)).toEqual(["APPROVAL_MISSING", "TRUST_UNAVAILABLE"]);
    const shown = await expectStatus(call(admin, "GET", "/v1/agents/agent/trust"), 200);
    expect(shown.body["trust"]).toBeNull();
    const reason = { reason: "the store was damaged" };
    const reset = await expectStatus(call(admin, "POST", "/v1/agents/agent/trust", reason), 200);
    expect(reset.body).toMatchObject({
      trust: { score: 0.9, streak: 0, cooldownUntil: null },
      updates: [
        { outcome: "trust_reset", by: "admin", reason: reason.reason },
        {},
        {},
        {},
        {},
        {},
        {},
      ],
    });
  });
});

describe("outcomes", () => {
  it("count once, however often and in whatever stretches they are told", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const told = successes("agent", 2);
    for (const outcomes of [told.slice(0, 2), told, told.slice(1), told])
      await teamObject(team).recordTrust(outcomes);
    await evictTeam(team);
    await teamObject(team).recordTrust(told);
    const trust = await teamObject(team).agentTrust("agent", 1_000, 50);
    expect(trust).toMatchObject({
      ok: true,
      value: { trust: { score: 0.9600000000000001, streak: 4 } },
    });
    expect(trust.ok && trust.value.updates.map(({ number }) => number)).toEqual([4, 3, 2, 1]);
  });

  it("reach the team with what the index reads of a mission, and a rebuild tells nothing new", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const id = await openMission(team);
    const at = (what: string) => `/v1/missions/${id}/nodes/decide/${what}`;
    const agent = callerOf(team, "agent");
    await expectStatus(call(agent, "POST", at("proposals"), { rationale: "Because." }), 200);
    const tests = [{ id: "done", passed: true }];
    await expectStatus(call(agent, "POST", at("results"), { outputs: {}, tests }), 200);
    await rebuildIndex(bindings, team);
    const once = await teamObject(team).agentTrust("agent", 1_000, 50);
    expect(once).toMatchObject({
      ok: true,
      value: {
        trust: { score: 0.92, streak: 1, cooldownUntil: null },
        updates: [{ outcome: "node_done", missionId: id, nodeId: "decide" }],
      },
    });
    await rebuildIndex(bindings, team);
    expect(await teamObject(team).agentTrust("agent", 1_000, 50)).toEqual(once);
  });

  it("of one mission give no more than its share, whatever comes between", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const [first] = successes("agent", 1);
    if (!first) throw new Error("there is a success");
    const many = Array.from({ length: 9 }, (_, seq) => ({
      ...first,
      seq,
      outcome: "node_done" as const,
    }));
    for (const outcome of many) await teamObject(team).recordTrust([outcome]);
    const trust = await teamObject(team).agentTrust("agent", 1_000, 50);
    expect(trust).toMatchObject({ ok: true, value: { trust: { score: 0.93, streak: 2 } } });
  });
});

describe("a grant", () => {
  const body = (changes: object = {}) => ({ ...grantBody(), ...changes });

  it("stands in the list and in the audit trail, and so does its revocation", async () => {
    const { grant, admin } = await granted();
    const path = `/v1/agents/agent/grants/${grant}/revocation`;
    const revoked = await expectStatus(call(admin, "POST", path, { reason: "enough" }), 200);
    expect(revoked.body).toMatchObject({ id: grant, revoked: { by: "admin", reason: "enough" } });
    const again = await expectStatus(call(admin, "POST", path, { reason: "again" }), 200);
    expect(again.body).toEqual(revoked.body);
    const listed = await expectStatus(call(admin, "GET", "/v1/agents/agent/grants"), 200);
    expect(listed.body["items"]).toEqual([revoked.body]);
    const trail = await expectStatus(call(admin, "GET", "/v1/directory/changes"), 200);
    const changes = trail.body["items"] as readonly { kind: string; subject: string }[];
    expect(changes.filter(({ kind }) => kind === "grant").map(({ subject }) => subject)).toEqual([
      grant,
      grant,
    ]);
  });

  it.each([
    ["by an agent that is an admin as well", { sub: "second" }, {}, 422, "grant_not_permitted"],
    ["by the agent itself", { sub: "agent" }, {}, 422, "grant_not_permitted"],
    ["for risk 3", {}, { riskMax: 3 }, 422, "request_invalid"],
    ["for the past", {}, { expiresAt: iso(0) }, 422, "grant_not_permitted"],
    [
      "for a year",
      {},
      { expiresAt: unixMsToIso(Date.now() + 365 * 86_400_000) },
      422,
      "grant_not_permitted",
    ],
  ])("is not issued %s", async (_, caller, changes, status, code) => {
    const { admin } = await granted();
    await expectStatus(call(admin, "POST", "/v1/agents", { id: "second" }), 200);
    const by = { ...admin, ...caller };
    const refused = await expectStatus(
      call(by, "POST", "/v1/agents/agent/grants", body(changes)),
      status,
    );
    expect(refused.body["code"]).toBe(code);
    expect(refused.body["errors"]).toHaveLength(1);
  });

  it("is not issued to an agent nobody knows", async () => {
    const { admin } = await granted();
    const refused = await call(admin, "POST", "/v1/agents/stranger/grants", body());
    expect(refused.body).toMatchObject({ code: "agent_not_found", agent: "stranger" });
  });
});
