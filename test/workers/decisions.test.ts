/** The worst-case gate over HTTP: as a pure service, in a proposal and in a dry run. */
import { beforeAll, describe, expect, it } from "vitest";
import example from "../../examples/vendor-switch.universes.json";
import {
  call,
  callerOf,
  expectStatus,
  openMission,
  setUpTeam,
  SMALL_PLAN,
} from "../support/api.ts";

const TEAM = "team-universe";
const agent = callerOf(TEAM, "agent");
const auditor = callerOf(TEAM, "auditor");
const PATH = "/v1/decisions/evaluate";

const WATCHED = {
  ...SMALL_PLAN,
  nodes: SMALL_PLAN.nodes.map((node) => ({
    ...node,
    universes: [{ id: "regulatory", budget: 0.5, overBudget: "pause" }],
  })),
};
const TENSE = { id: "regulatory", risk: 0.78, evidence: 0.9, uncertainty: 0.1 };

beforeAll(async () => {
  await setUpTeam(TEAM);
});

describe("POST /v1/decisions/evaluate", () => {
  it("blocks the vendor switch by the formula, whoever of the team asks", async () => {
    const answered = await expectStatus(call(auditor, "POST", PATH, example), 200);
    expect(answered.body).toMatchObject({
      decision: "block",
      topUniverse: "regulatory",
      recommendations: ["SPLIT_SCOPE", "RUN_SANDBOX", "GATHER_MORE_EVIDENCE"],
    });
    expect(answered.body["score"]).toBeCloseTo(2.609375, 12);
  });

  it("pauses it where over budget pauses", async () => {
    const universes = example.universes.map((one) => ({ ...one, overBudget: "pause" }));
    const { body } = await expectStatus(call(agent, "POST", PATH, { ...example, universes }), 200);
    expect(body).toMatchObject({ decision: "pause", topUniverse: "regulatory" });
    const reasons = body["reasons"] as readonly { code: string; universe: string }[];
    expect(reasons.map(({ code, universe }) => `${code} ${universe}`)).toEqual([
      "RISK_OVER_BUDGET regulatory",
      "EVIDENCE_INCOMPLETE regulatory",
      "UNCERTAINTY_HIGH hr",
    ]);
  });

  it("counts ages to the moment asked about, else to now", async () => {
    const one = { id: "a", risk: 0, budget: 1, evidence: 1, uncertainty: 0, staleAfterMs: 1000 };
    const universes = [{ ...one, observedAt: "2026-01-01T00:00:00.000Z" }];
    const then = { universes, at: "2026-01-01T00:00:01.000Z" };
    expect((await call(agent, "POST", PATH, then)).body).toMatchObject({ decision: "allow" });
    expect((await call(agent, "POST", PATH, { universes })).body).toMatchObject({
      decision: "pause",
      reasons: [{ code: "UNIVERSE_STALE" }],
    });
  });

  it("names the fields that it refuses", async () => {
    const wrong = { universes: [{ id: "a", budget: 1.5, average: 0.2 }] };
    const { body } = await expectStatus(call(agent, "POST", PATH, wrong), 422);
    expect(body).toMatchObject({ code: "request_invalid" });
    const errors = body["errors"] as readonly { pointer: string }[];
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      "/universes/0/average",
      "/universes/0/budget",
    ]);
  });
});

describe("universes at a node", () => {
  it("a dry run takes observations, says what would clear the pause, and records nothing", async () => {
    const id = await openMission(TEAM, WATCHED);
    const path = `/v1/missions/${id}/nodes/decide/gate?dryRun=true`;
    const asked = { proposal: { rationale: "x", universes: [TENSE] } };
    const first = await expectStatus(call(agent, "POST", path, asked), 200);
    expect(first.body).toMatchObject({ gateResult: { verdict: "pause" } });
    expect(first.text).toContain("regulatory risk 0.78 must fall to 0.50");
    const again = await call(agent, "POST", path, asked);
    expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
  });

  it("a proposal carries them into the trace and the mission's view, and waits for a person", async () => {
    const id = await openMission(TEAM, WATCHED);
    const path = `/v1/missions/${id}/nodes/decide/proposals`;
    const body = { rationale: "x", universes: [TENSE] };
    const answered = await expectStatus(call(agent, "POST", path, body), 202);
    expect(answered.body).toMatchObject({ nodeState: "BLOCKED" });
    const view = await expectStatus(call(agent, "GET", `/v1/missions/${id}`), 200);
    expect(view.body).toMatchObject({
      nodes: [{ proposal: { universes: [{ ...TENSE, constraints: [] }] }, request: { have: 0 } }],
    });
    const stale = { rationale: "x", universes: [{ ...TENSE, risk: 0.4 }] };
    await expectStatus(call(agent, "POST", path, stale), 200);
  });

  it("a malformed observation is refused at its place", async () => {
    const id = await openMission(TEAM, WATCHED);
    const path = `/v1/missions/${id}/nodes/decide/proposals`;
    const body = { rationale: "x", universes: [{ ...TENSE, risk: -1 }] };
    const answered = await expectStatus(call(agent, "POST", path, body), 422);
    expect(answered.text).toContain("/universes/0/risk");
  });
});
