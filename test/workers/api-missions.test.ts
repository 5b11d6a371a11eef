/**
 * Missions over HTTP, end to end within one worker: opening, evidence, proposals, signed approvals,
 * results, interventions, and requests that are sent twice.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { signJws } from "../../shared/jws.ts";
import { missionViewSchema, nodeViewSchema } from "../../shared/wire/views.ts";
import {
  approvalAnswerSchema,
  evidenceAnswerSchema,
  gateAnswerSchema,
  openedWithWarningsSchema,
  resultAnswerSchema,
} from "../../shared/wire/api.ts";
import {
  call,
  callerOf,
  expectStatus,
  openMission,
  setUpTeam,
  SMALL_PLAN,
  type createPerson,
} from "../support/api.ts";

const TEAM = "mission-team";
const agent = callerOf(TEAM, "agent");
const operator = callerOf(TEAM, "operator");
const approver = callerOf(TEAM, "approver");
const auditor = callerOf(TEAM, "auditor");
let person: ReturnType<typeof createPerson>;

beforeAll(async () => {
  ({ person } = await setUpTeam(TEAM));
});

/** One risk 3 decision that needs a person, and evidence before that. */
const RISKY_PLAN = {
  title: "One risky decision",
  phases: ["work"],
  missionInputs: ["brief"],
  nodes: [
    {
      id: "decide",
      kind: "decision",
      phase: "work",
      title: "Decide",
      risk: 3,
      ownerR: "human",
      ownerX: "agent",
      evidenceIn: ["brief"],
      tests: [{ id: "done", title: "It is done" }],
    },
  ],
};

const BRIEF = {
  kind: "brief",
  claims: [
    {
      id: "c1",
      subject: "vendor",
      predicate: "price",
      value: 240_000,
      statement: "The price is 240000.",
      confidence: 0.9,
      sources: [{ identifier: "https://example.test/p", kind: "primary", title: "Price list" }],
    },
  ],
};

const nodePath = (id: string, what: string) => `/v1/missions/${id}/nodes/decide/${what}`;

describe("opening a mission", () => {
  it("answers 201, where it is, and what is ready", async () => {
    const opened = await expectStatus(
      call(agent, "POST", "/v1/missions", { plan: SMALL_PLAN }),
      201,
    );
    const answer = openedWithWarningsSchema.parse(opened.body);
    expect(opened.headers.get("location")).toBe(`/v1/missions/${answer.missionId}`);
    expect(opened.headers.get("etag")).toMatch(/^"\d+-[0-9a-f]{64}"$/);
    expect(answer.ready).toEqual(["decide"]);
    const read = await expectStatus(call(auditor, "GET", `/v1/missions/${answer.missionId}`), 200);
    expect(missionViewSchema.parse(read.body)).toMatchObject({ id: answer.missionId, team: TEAM });
    expect(read.headers.get("etag")).toBe(opened.headers.get("etag"));
  });

  it("sent twice under one key opens one mission and says so", async () => {
    const headers = { "idempotency-key": "open-1" };
    const send = () => call(agent, "POST", "/v1/missions", { plan: SMALL_PLAN }, headers);
    const first = await expectStatus(send(), 201);
    const second = await expectStatus(send(), 201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
  });

  it("sent twenty times at once under one key opens one mission", async () => {
    const headers = { "idempotency-key": "open-at-once" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call(agent, "POST", "/v1/missions", { plan: SMALL_PLAN }, headers),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const fresh = answers.filter((one) => one.headers.get("idempotency-replayed") === null);
    expect(fresh).toHaveLength(1);
  });

  it("under a used key with another plan is refused", async () => {
    const headers = { "idempotency-key": "open-2" };
    await expectStatus(call(agent, "POST", "/v1/missions", { plan: SMALL_PLAN }, headers), 201);
    const other = { plan: { ...SMALL_PLAN, title: "Another" } };
    const answer = await call(agent, "POST", "/v1/missions", other, headers);
    expect(answer.status).toBe(422);
    expect(answer.body["code"]).toBe("idempotency_key_reused");
  });

  it("under the key of somebody else opens another mission", async () => {
    const headers = { "idempotency-key": "open-3" };
    const mine = await call(agent, "POST", "/v1/missions", { plan: SMALL_PLAN }, headers);
    const theirs = await call(operator, "POST", "/v1/missions", { plan: SMALL_PLAN }, headers);
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body["missionId"]).not.toBe(mine.body["missionId"]);
  });

  it("with a plan that does not compile says everything that is wrong, where, and the fix", async () => {
    const plan = {
      ...SMALL_PLAN,
      edges: [
        { from: "decide", to: "decide" },
        { from: "decide", to: "nowhere" },
      ],
    };
    const answer = await expectStatus(call(agent, "POST", "/v1/missions", { plan }), 422);
    expect(answer.body["code"]).toBe("plan_invalid");
    const errors = answer.body["errors"] as readonly Record<string, unknown>[];
    expect(errors.map((error) => error["code"])).toEqual(
      expect.arrayContaining(["edge_self_loop", "edge_node_unknown"]),
    );
    for (const error of errors) {
      expect(error["pointer"]).toMatch(/^\/plan\/edges\/\d/);
      expect(error["fix"]).toBeTypeOf("string");
    }
  });

  it("with an input the plan does not name is refused", async () => {
    const body = { plan: SMALL_PLAN, inputs: [BRIEF] };
    const answer = await expectStatus(call(agent, "POST", "/v1/missions", body), 422);
    expect(answer.body).toMatchObject({ code: "input_unexpected", kind: "brief" });
  });

  it("with an input that names another hash is refused", async () => {
    const body = { plan: RISKY_PLAN, inputs: [{ ...BRIEF, hash: "0".repeat(64) }] };
    const answer = await expectStatus(call(agent, "POST", "/v1/missions", body), 422);
    expect(answer.body).toMatchObject({ code: "evidence_hash_mismatch", expected: "0".repeat(64) });
    expect(answer.body["actual"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("in a team without an active policy is refused", async () => {
    const answer = await call(callerOf("new-team", "agent"), "POST", "/v1/missions", {
      plan: SMALL_PLAN,
    });
    expect(answer.status).toBe(409);
    expect(answer.body["code"]).toBe("policy_inactive");
  });
});

describe("a gate's answer", () => {
  it("is 200 when it allows, and the node then runs to its end", async () => {
    const id = await openMission(TEAM);
    const proposed = await expectStatus(
      call(agent, "POST", nodePath(id, "proposals"), { rationale: "Because." }),
      200,
    );
    expect(gateAnswerSchema.parse(proposed.body)).toMatchObject({
      nodeState: "RUNNING",
      gateResult: { verdict: "allow" },
    });
    const result = await expectStatus(
      call(agent, "POST", nodePath(id, "results"), { tests: [{ id: "done", passed: true }] }),
      200,
    );
    expect(resultAnswerSchema.parse(result.body)).toMatchObject({ nodeState: "DONE" });
    const read = await call(auditor, "GET", `/v1/missions/${id}`);
    expect(read.body).toMatchObject({ state: "completed", progress: { done: 1, total: 1 } });
  });

  it("is 409 with the whole answer when it blocks, and 202 when it waits for a person", async () => {
    const opened = await call(agent, "POST", "/v1/missions", { plan: RISKY_PLAN });
    const id = String(opened.body["missionId"]);
    const proposal = { rationale: "Because." };
    const blocked = await expectStatus(
      call(agent, "POST", nodePath(id, "proposals"), proposal),
      409,
    );
    expect(blocked.body["code"]).toBe("gate_blocked");
    const answer = gateAnswerSchema.parse(blocked.body["answer"]);
    const missing = answer.gateResult.reasons.find(({ code }) => code === "EVIDENCE_MISSING");
    expect(missing?.counterfactual).toBeTypeOf("string");
    expect(blocked.headers.get("etag")).not.toBe(opened.headers.get("etag"));

    const evidence = await expectStatus(call(agent, "POST", nodePath(id, "evidence"), BRIEF), 201);
    expect(evidenceAnswerSchema.parse(evidence.body).verification.claims).toBe(1);
    const again = await expectStatus(call(agent, "POST", nodePath(id, "evidence"), BRIEF), 200);
    expect(again.body).toEqual({ type: "recorded", events: 0 });

    const read = await call(agent, "GET", `/v1/missions/${id}`);
    const node = nodeViewSchema.parse((read.body["nodes"] as readonly unknown[])[0]);
    expect(node).toMatchObject({ state: "BLOCKED", verdict: "pause" });
    const paused = await call(agent, "POST", nodePath(id, "proposals"), {
      rationale: "Because of something else.",
    });
    expect(paused.status).toBe(202);
    expect(gateAnswerSchema.parse(paused.body).gateResult.verdict).toBe("pause");
  });

  it("without consequence is 200 whatever the verdict, and records nothing", async () => {
    const opened = await call(agent, "POST", "/v1/missions", { plan: RISKY_PLAN });
    const id = String(opened.body["missionId"]);
    const path = `${nodePath(id, "gate")}?dryRun=true`;
    const explained = await expectStatus(
      call(agent, "POST", path, { proposal: { rationale: "Because." } }),
      200,
    );
    expect(explained.body["gateResult"]).toMatchObject({ verdict: "block" });
    expect(explained.headers.get("etag")).toBe(opened.headers.get("etag"));
    const wet = await call(agent, "POST", nodePath(id, "gate"), {});
    expect(wet.status).toBe(422);
  });
});

describe("an approval", () => {
  async function awaiting(): Promise<{ id: string; statement: Record<string, unknown> }> {
    const opened = await call(agent, "POST", "/v1/missions", { plan: RISKY_PLAN, inputs: [BRIEF] });
    const id = String(opened.body["missionId"]);
    const paused = await expectStatus(
      call(agent, "POST", nodePath(id, "proposals"), { rationale: "Because." }),
      202,
    );
    const now = Date.now();
    const statement = {
      missionId: id,
      nodeId: "decide",
      attempt: 1,
      gateDigest: paused.body["gateDigest"],
      decision: "approve",
      approver: "approver",
      reason: "seen and weighed",
      issuedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 60_000).toISOString(),
    };
    return { id, statement };
  }

  function sign(statement: object): { statement: string } {
    const header = { typ: "sekisho-approval+jwt", kid: person.jwk.kid };
    return { statement: signJws(header, JSON.stringify(statement), person.jwk) };
  }

  it("over what is asked lets the node run", async () => {
    const { id, statement } = await awaiting();
    const answer = await expectStatus(
      call(approver, "POST", nodePath(id, "approvals"), sign(statement)),
      200,
    );
    expect(approvalAnswerSchema.parse(answer.body)).toMatchObject({
      decision: "approve",
      nodeState: "RUNNING",
      gateResult: { verdict: "allow" },
    });
  });

  it("that denies is recorded with 200", async () => {
    const { id, statement } = await awaiting();
    const denial = sign({ ...statement, decision: "deny" });
    const answer = await expectStatus(
      call(approver, "POST", nodePath(id, "approvals"), denial),
      200,
    );
    expect(approvalAnswerSchema.parse(answer.body)).toMatchObject({
      decision: "deny",
      nodeState: "BLOCKED",
    });
  });

  it("made for an older head is refused with 412", async () => {
    const { id, statement } = await awaiting();
    const headers = { "if-match": `"0-${"0".repeat(64)}"` };
    const answer = await call(
      approver,
      "POST",
      nodePath(id, "approvals"),
      sign(statement),
      headers,
    );
    expect(answer.status).toBe(412);
    expect(answer.body["code"]).toBe("head_stale");
  });

  it.each(["0-abc", 'W/"0-abc"', `"x"`, `"0-${"0".repeat(64)}", "1-${"0".repeat(64)}"`])(
    "with If-Match %s is refused with 400",
    async (header) => {
      const { id, statement } = await awaiting();
      const headers = { "if-match": header };
      const answer = await call(
        approver,
        "POST",
        nodePath(id, "approvals"),
        sign(statement),
        headers,
      );
      expect(answer.body["code"]).toBe("if_match_malformed");
    },
  );

  it("in the name of somebody else is refused", async () => {
    const { id, statement } = await awaiting();
    const other = { ...approver, sub: "somebody" };
    const answer = await call(other, "POST", nodePath(id, "approvals"), sign(statement));
    expect(answer.status).toBe(403);
    expect(answer.body["code"]).toBe("approver_unknown");
  });

  it("sent twice under one key counts once and is answered twice", async () => {
    const { id, statement } = await awaiting();
    const headers = { "idempotency-key": "approve-1" };
    const body = sign(statement);
    const first = await expectStatus(
      call(approver, "POST", nodePath(id, "approvals"), body, headers),
      200,
    );
    const second = await expectStatus(
      call(approver, "POST", nodePath(id, "approvals"), body, headers),
      200,
    );
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
  });
});

describe("an intervention", () => {
  it("pauses, resumes and stops, and refuses what the state does not allow", async () => {
    const id = await openMission(TEAM);
    const path = `/v1/missions/${id}/interventions`;
    const intervene = (kind: string) => call(operator, "POST", path, { kind, reason: "tested" });
    expect((await intervene("pause")).body).toEqual({
      type: "intervention",
      state: "paused",
      reset: [],
    });
    expect((await intervene("pause")).body["code"]).toBe("intervention_not_possible");
    const proposed = await call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" });
    expect(proposed.body["code"]).toBe("mission_not_active");
    expect((await intervene("resume")).body).toEqual({
      type: "intervention",
      state: "active",
      reset: [],
    });
    expect((await intervene("stop")).body).toEqual({
      type: "intervention",
      state: "stopped",
      reset: [],
    });
    expect((await intervene("resume")).status).toBe(409);
  });

  it("resets a node, bans an agent, and names the member that is missing or too much", async () => {
    const id = await openMission(TEAM);
    const path = `/v1/missions/${id}/interventions`;
    const intervene = (body: Record<string, unknown>) =>
      call(operator, "POST", path, { reason: "tested", ...body });
    await expectStatus(call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" }), 200);
    const reset = await expectStatus(intervene({ kind: "reset", nodeId: "decide" }), 200);
    expect(reset.body).toEqual({ type: "intervention", state: "active", reset: ["decide"] });
    await expectStatus(intervene({ kind: "ban", agent: agent.sub }), 200);
    await expectStatus(call(agent, "POST", nodePath(id, "proposals"), { rationale: "x" }), 409);
    for (const [body, pointer] of [
      [{ kind: "ban" }, "/agent"],
      [{ kind: "reset", nodeId: 7 }, "/nodeId"],
      [{ kind: "shrug" }, "/kind"],
    ] as const) {
      const { status, body: problem } = await intervene(body);
      expect([status, problem["errors"]]).toMatchObject([422, [{ pointer }]]);
    }
    await expectStatus(intervene({ kind: "pause", nodeId: "decide" }), 422);
    expect((await intervene({ kind: "reset", nodeId: "nope" })).body["code"]).toBe("node_unknown");
  });
});
