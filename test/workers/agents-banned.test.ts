/**
 * Agents that the directory does not vouch for, through the worker's own entry and as the gateway asks:
 * what they hand in is refused and touches nothing, and a ban holds against a ticket issued before it.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import type { Env } from "../../worker/env.ts";
import { GatewayCallbacks } from "../../worker/gateway-callbacks.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import { claim } from "../support/builders.ts";
import { bindings, freshTeam } from "../support/team-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

const PLAN = {
  title: "Look",
  phases: ["work"],
  nodes: [
    {
      id: "look",
      kind: "decision",
      phase: "work",
      title: "Look",
      risk: 1,
      ownerR: "agent",
      ownerX: "agent",
      evidenceOut: ["brief"],
      tests: [{ id: "done", title: "It is done" }],
    },
  ],
};
const BRIEF = { kind: "brief", claims: [claim("c1")] };
const REASON = { rationale: "Because." };

function callbacks(env: Env): GatewayCallbacks {
  const ctx = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
  return new GatewayCallbacks(ctx as unknown as ExecutionContext, env);
}

/** A team whose mission runs its first node, and calls at its nodes by the given caller. */
async function working() {
  const team = freshTeam();
  await setUpTeam(team);
  const id = await openMission(team, PLAN);
  const at = (node: string, what: string) => `/v1/missions/${id}/nodes/${node}/${what}`;
  const agent = callerOf(team, "agent");
  await expectStatus(call(agent, "POST", at("look", "proposals"), REASON), 200);
  const ban = (banned: boolean) =>
    expectStatus(call(callerOf(team, "admin"), "POST", "/v1/agents", { id: "agent", banned }), 200);
  const head = async () =>
    (await call(callerOf(team, "auditor"), "GET", `/v1/missions/${id}`)).headers.get("etag");
  return { team, at, agent, ban, head };
}

describe("what an agent hands in", () => {
  it("is refused while it is banned, and touches nothing", async () => {
    const { agent, at, ban, head } = await working();
    const before = await head();
    await ban(true);
    for (const [what, body] of [
      ["evidence", BRIEF],
      ["results", {}],
    ] as const) {
      const answer = await expectStatus(call(agent, "POST", at("look", what), body), 403);
      expect(answer.body).toMatchObject({
        code: "agent_not_permitted",
        detail: expect.stringContaining("agent agent is banned"),
      });
    }
    expect(await head()).toBe(before);
    await ban(false);
    await expectStatus(call(agent, "POST", at("look", "evidence"), BRIEF), 201);
  });

  it("is refused from an agent that nobody registered", async () => {
    const { team, at, head } = await working();
    const before = await head();
    const stranger = { team, sub: "stranger", roles: ["agent"] } as const;
    const answer = await expectStatus(call(stranger, "POST", at("look", "evidence"), BRIEF), 403);
    expect(answer.body["code"]).toBe("agent_not_permitted");
    expect(await head()).toBe(before);
  });
});

describe("a ticket of an agent that was banned after it was issued", () => {
  const confirmed = { ok: true, value: { confirmed: true } };
  const claims = { txn: "msn_019a9f4e-0000-7000-8000-00000000000a", sub: "agent" };

  /** The gateway's question about a ticket that the mission itself stands behind. */
  async function asking() {
    const world = await working();
    const confirmTicket = vi.fn<() => Promise<typeof confirmed>>(() => Promise.resolve(confirmed));
    const MISSION = { getByName: () => ({ confirmTicket }) } as unknown as Env["MISSION"];
    const ask = (sub = "agent", changes: Partial<Env> = {}) =>
      callbacks({ ...bindings, MISSION, ...changes }).confirm({
        ...claims,
        team: world.team,
        sub,
      } as TicketClaims);
    return { ...world, ask, confirmTicket };
  }

  it("is confirmed no more, and again once the ban is lifted", async () => {
    const { ask, ban, confirmTicket } = await asking();
    expect(await ask()).toEqual(confirmed);
    await ban(true);
    expect(await ask()).toEqual({
      ok: false,
      error: { reason: "gate_not_confirmed", detail: "agent agent is banned" },
    });
    expect(confirmTicket).toHaveBeenCalledTimes(1);
    await ban(false);
    expect(await ask()).toEqual(confirmed);
  });

  it("is not confirmed for an agent that the directory does not know", async () => {
    const { ask } = await asking();
    expect(await ask("stranger")).toEqual({
      ok: false,
      error: { reason: "gate_not_confirmed", detail: "the directory knows no agent stranger" },
    });
  });

  it("is not confirmed while the directory cannot be asked: the call fails", async () => {
    const { ask, confirmTicket } = await asking();
    const agentFacts = () => Promise.reject(new Error("no answer"));
    const TEAM = { getByName: () => ({ agentFacts }) } as unknown as Env["TEAM"];
    await expect(ask("agent", { TEAM })).rejects.toThrow("no answer");
    expect(confirmTicket).not.toHaveBeenCalled();
  });
});
