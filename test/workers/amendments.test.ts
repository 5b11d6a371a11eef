/**
 * Amendments, blocked sub-graphs and certification over HTTP, in workerd: what an operator, an agent, an
 * approver and an auditor see. Source: docs/amendments.md, docs/replay.md.
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { signJws } from "../../shared/jws.ts";
import type { Env } from "../../worker/env.ts";
import { missionStub } from "../../worker/missions.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import { checkMission } from "../support/check-mission.ts";
import { evict } from "../support/mission-world.ts";

const TEAM = "team-amends";
const AGENT = callerOf(TEAM, "agent");
const OPERATOR = callerOf(TEAM, "operator");
const APPROVER = callerOf(TEAM, "approver");
const AUDITOR = callerOf(TEAM, "auditor");
const POLICY = {
  name: "amendable",
  rules: [
    { id: "decide", effect: "permit", kinds: ["decision", "approval", "amendment"] },
    { id: "act", effect: "permit", kinds: ["execution"], actions: ["do.it"] },
  ],
};

const own = { phase: "work", ownerR: "agent", ownerX: "agent" } as const;
const decision = (id: string) => ({
  ...own,
  id,
  kind: "decision",
  title: id,
  risk: 1,
  tests: [{ id: "done", title: "It is done" }],
});
const execution = (id: string) => ({
  ...own,
  id,
  kind: "execution",
  title: id,
  risk: 2,
  action: { type: "do.it" },
});
const planOf = (nodes: readonly object[], ...edges: readonly string[]) => ({
  title: "A plan",
  phases: ["work"],
  nodes,
  edges: edges.map((edge) => ({ from: edge.split(" ")[0], to: edge.split(" ")[1] })),
});
const more = (nodes: readonly object[], edges: readonly object[] = []) => ({
  title: "More",
  reason: "a requirement came up",
  nodes,
  edges,
});

let person: Awaited<ReturnType<typeof setUpTeam>>["person"];

beforeAll(async () => {
  ({ person } = await setUpTeam(TEAM, POLICY));
});

function amend(mission: string, body: object, caller = OPERATOR) {
  return call(caller, "POST", `/v1/missions/${mission}/amendments`, body);
}

function read(mission: string, rest = "") {
  return expectStatus(call(AGENT, "GET", `/v1/missions/${mission}${rest}`), 200);
}

function decide(mission: string, gateDigest: string, verdict: "approve" | "deny" = "approve") {
  const statement = {
    missionId: mission,
    nodeId: "amendment.1",
    attempt: 1,
    gateDigest,
    decision: verdict,
    approver: "approver",
    reason: "read",
    issuedAt: new Date(Date.now()).toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
  };
  const header = { typ: "sekisho-approval+jwt", kid: person.jwk.kid };
  return call(APPROVER, "POST", `/v1/missions/${mission}/nodes/amendment.1/approvals`, {
    statement: signJws(header, JSON.stringify(statement), person.jwk),
  });
}

async function propose(mission: string, node: string, action: object | null = null) {
  const body = { rationale: "it is due", ...(action && { action }) };
  return expectStatus(
    call(AGENT, "POST", `/v1/missions/${mission}/nodes/${node}/proposals`, body),
    200,
  );
}

describe("an amendment", () => {
  it("of little risk joins at once and survives that the object is evicted", async () => {
    const id = await openMission(TEAM, planOf([decision("a")]));
    const body = more([decision("b")], [{ from: "a", to: "b" }]);
    const { body: answer } = await expectStatus(amend(id, body, AGENT), 200);
    expect(answer).toMatchObject({ type: "amendment", id: "amendment.1", state: "applied" });
    const stub = missionStub(env as unknown as Env, TEAM, id);
    await evict(stub);
    const { body: view } = await read(id);
    expect(view).toMatchObject({ planHash: answer["planHash"], progress: { done: 0, total: 2 } });
    const checked = await checkMission(stub, TEAM);
    expect(checked.events.map((event) => event.type)).toContain("mission.amended");
  });

  it("that touches risk 2 waits, shows what it adds, and joins by a person's signature", async () => {
    const id = await openMission(TEAM, planOf([decision("a")]));
    const { body: answer } = await expectStatus(amend(id, more([execution("pay")])), 202);
    expect(answer).toMatchObject({ state: "waiting", gateResult: { verdict: "pause" } });
    const { body: waiting } = await read(id);
    expect(waiting["amendments"]).toMatchObject({
      open: { id: "amendment.1", by: "operator", risk: 2, nodes: [{ id: "pay" }] },
    });
    const other = await amend(id, more([decision("b")]));
    expect([other.status, other.body["code"]]).toEqual([409, "amendment_open"]);
    const { body: approved } = await expectStatus(decide(id, String(answer["gateDigest"])), 200);
    expect(approved).toMatchObject({ type: "approval", nodeState: "DONE" });
    const { body: ready } = await read(id, "/ready");
    expect((ready["items"] as { id: string }[]).map((node) => node.id).sort()).toEqual([
      "a",
      "pay",
    ]);
  });

  it("that is denied leaves the plan as it was", async () => {
    const id = await openMission(TEAM, planOf([decision("a")]));
    const { body: before } = await read(id);
    const { body: answer } = await expectStatus(amend(id, more([execution("pay")])), 202);
    await expectStatus(decide(id, String(answer["gateDigest"]), "deny"), 200);
    const { body: after } = await read(id);
    expect(after["planHash"]).toBe(before["planHash"]);
  });

  it("that does not fit is refused with every place", async () => {
    const id = await openMission(TEAM, planOf([decision("a")]));
    const body = more([decision("a"), { ...decision("b"), phase: "no" }], [{ from: "b", to: "a" }]);
    const answer = await amend(id, body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: "amendment_invalid",
      errors: [
        { pointer: "/nodes/0/id", code: "amendment_node_exists" },
        { pointer: "/edges/0", code: "amendment_edge_into_existing" },
        { pointer: "/nodes/1/phase", code: "phase_unknown" },
      ],
    });
  });
});

describe("nodes of one ready set", () => {
  it("run at the same time: two tickets are out at once", async () => {
    const id = await openMission(TEAM, planOf([execution("left"), execution("right")]));
    for (const node of ["left", "right"]) await propose(id, node, { type: "do.it", args: {} });
    const { body } = await read(id);
    const nodes = body["nodes"] as { state: string; ticket: { jti: string } | null }[];
    expect(nodes.map((node) => node.state)).toEqual(["RUNNING", "RUNNING"]);
    expect(new Set(nodes.map((node) => node.ticket?.jti)).size).toBe(2);
  });
});

describe("a BLOCKED node", () => {
  it("holds up what is behind it, and nothing else", async () => {
    const gate = { ...decision("ask"), kind: "approval", risk: 3, tests: [] };
    const plan = planOf(
      [{ ...gate, ownerR: "human", ownerX: "human" }, ...["b", "c", "x", "y"].map(decision)],
      "ask b",
      "b c",
      "x y",
    );
    const id = await openMission(TEAM, plan);
    const { body } = await read(id, "/blocked");
    expect(body).toMatchObject({ blocked: 1, waiting: 2, goingOn: 2 });
    expect(body["items"]).toMatchObject([
      {
        nodeId: "ask",
        verdict: "pause",
        codes: ["APPROVAL_MISSING"],
        waiting: 2,
        chain: ["b", "c"],
      },
    ]);
    await propose(id, "x");
    const done = call(AGENT, "POST", `/v1/missions/${id}/nodes/x/results`, {
      tests: [{ id: "done", passed: true }],
    });
    await expectStatus(done, 200);
    const { body: ready } = await read(id, "/ready");
    expect(ready["items"]).toMatchObject([{ id: "y", state: "READY" }]);
  });
});

describe("certification", () => {
  const verify = (body: object) =>
    expectStatus(call(AUDITOR, "POST", "/v1/audit/verify", body), 200);

  it("certifies a mission, amended while it ran, with the state hash of its replay", async () => {
    const id = await openMission(TEAM, planOf([decision("a")]));
    await propose(id, "a");
    await expectStatus(amend(id, more([decision("b")])), 200);
    const { body } = await verify({ missionId: id, certify: true });
    const certified = body["certification"] as { stateHash: string; certified: boolean };
    expect(certified).toMatchObject({ certified: true, exact: true, unjudged: 0 });
    const trace = await call(AUDITOR, "GET", `/v1/missions/${id}/trace?limit=1000`);
    const events = trace.body["items"] as readonly { seq: number }[];
    const at = events.at(-1)?.seq ?? 0;
    const replayed = await call(AUDITOR, "GET", `/v1/missions/${id}/replay?at=${at}`);
    expect(replayed.body["stateHash"]).toBe(certified.stateHash);
    const uploaded = await verify({ events, certify: true });
    expect(uploaded.body["certification"]).toEqual(certified);
  });

  it("is left out unless it is asked for", async () => {
    const id = await openMission(TEAM, planOf([decision("a")]));
    const { body } = await verify({ missionId: id });
    expect(Object.keys(body).sort()).toEqual(["events", "head", "valid"]);
  });
});
