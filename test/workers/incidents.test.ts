/**
 * The routes over the read model, through the worker's own entry: incidents with their context and status,
 * the approval inbox, cursors that belong to one team, and the rebuild.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Denial } from "../../shared/ticket/index.ts";
import { GatewayCallbacks } from "../../worker/gateway-callbacks.ts";
import { call, callerOf, openMission, setUpTeam } from "../support/api.ts";
import { denial } from "../support/builders.ts";
import { bindings, freshTeam, teamObject } from "../support/team-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

const APPROVAL_PLAN = {
  title: "Two approvals",
  phases: ["work"],
  nodes: ["first", "second"].map((id) => ({
    id,
    kind: "approval",
    phase: "work",
    title: `Agree to the ${id}`,
    risk: 3,
    ownerR: "human",
    ownerX: "human",
  })),
  edges: [],
};

const gateway = () => {
  const ctx = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
  return new GatewayCallbacks(ctx as unknown as ExecutionContext, bindings);
};

const denied = (detail: string): Denial => denial(null, { reason: "TICKET_EXPIRED", detail });

/** A team with one mission and one denied ticket, its incident in the index. */
async function teamWithIncident() {
  const team = freshTeam();
  const { person } = await setUpTeam(team);
  const missionId = await openMission(team);
  expect(await gateway().denied(team, missionId, denied("exp has passed"))).toEqual({
    recorded: true,
  });
  const operator = callerOf(team, "operator");
  const list = async (query = "") => {
    const answered = await call(operator, "GET", `/v1/incidents${query}`);
    return answered.body as { items: Record<string, unknown>[]; nextCursor: string | null };
  };
  await vi.waitFor(async () => expect((await list()).items).toHaveLength(1), { timeout: 10_000 });
  return { team, person, missionId, operator, list };
}

describe("a denied ticket", () => {
  it("becomes an incident that is listed, and shown with the events around it", async () => {
    const { team, missionId, operator, list } = await teamWithIncident();
    const [listed] = (await list(`?mission=${missionId}&reason=TICKET_EXPIRED&status=open`)).items;
    expect(listed).toMatchObject({
      id: "INC#000001",
      team,
      missionId,
      kind: "ticket_denied",
      severity: "high",
      reasonCodes: ["TICKET_EXPIRED"],
      status: "open",
    });
    for (const id of ["1", encodeURIComponent("INC#000001")]) {
      const shown = await call(operator, "GET", `/v1/incidents/${id}`);
      expect(shown.status).toBe(200);
      const { context, ...incident } = shown.body;
      expect(incident).toEqual(listed);
      expect(context).toMatchObject({
        before: [{ type: "mission.opened" }, { type: "node.ready" }, { type: "ticket.denied" }],
        incident: { type: "incident.raised", seq: listed?.["seq"] },
        after: [],
      });
    }
  });

  it("shows at most five events on either side", async () => {
    const { team, missionId, operator } = await teamWithIncident();
    for (let more = 0; more < 9; more += 1) {
      await gateway().denied(team, missionId, denied("exp has passed"));
    }
    const shown = await call(operator, "GET", "/v1/incidents/1");
    const { before, after } = shown.body["context"] as { before: unknown[]; after: unknown[] };
    expect([before.length, after.length]).toEqual([3, 5]);
  });

  it("is acknowledged and resolved, in the object and in the index, and never reopened", async () => {
    const { team, operator, list } = await teamWithIncident();
    const set = (status: string, headers = {}) =>
      call(operator, "POST", "/v1/incidents/1/status", { status }, headers);
    const acknowledged = await set("acknowledged");
    expect(acknowledged.body).toMatchObject({ status: "acknowledged", statusBy: "operator" });
    expect((await list("?status=acknowledged")).items).toHaveLength(1);
    const key = { "idempotency-key": "resolve" };
    expect((await set("resolved", key)).status).toBe(200);
    expect((await set("resolved", key)).body).toMatchObject({ status: "resolved" });
    expect((await set("acknowledged", key)).body["code"]).toBe("idempotency_key_reused");
    expect((await set("acknowledged")).status).toBe(409);
    expect((await list("?status=resolved")).items).toHaveLength(1);
    expect(await teamObject(team).incidents(0, 9)).toMatchObject([{ status: "resolved" }]);
  });

  it("of another team answers like one that does not exist", async () => {
    await teamWithIncident();
    const rival = callerOf(freshTeam(), "operator");
    for (const [method, path, body] of [
      ["GET", "/v1/incidents/1", undefined],
      ["POST", "/v1/incidents/1/status", { status: "resolved" }],
    ] as const) {
      const foreign = await call(rival, method, path, body);
      expect([foreign.status, foreign.body["code"]]).toEqual([404, "incident_unknown"]);
    }
    expect((await call(rival, "GET", "/v1/incidents")).body["items"]).toEqual([]);
  });

  it.each(["0", "01", "-1", "1.5", "INC%23000000", "INC%231", "INC%230000001", "x"])(
    "is not found under the id %s",
    async (id) => {
      const { status } = await call(callerOf(freshTeam(), "auditor"), "GET", `/v1/incidents/${id}`);
      expect(status).toBe(404);
    },
  );
});

describe("a denial that no mission records", () => {
  it.each([
    ["an unknown mission", "no-such-team", "msn_017f22e2-79b0-7cc3-98c4-dc0c0c073990"],
    ["a malformed mission", "no-such-team", "msn_x"],
    ["a malformed team", "../x", "msn_017f22e2-79b0-7cc3-98c4-dc0c0c073990"],
  ])("for %s becomes the operators' incident", async (_what, team, missionId) => {
    const before = await teamObject(bindings.OPERATOR_TEAM || "operators").incidents(0, 100);
    const jti = `tkt_\ud800${missionId}`;
    const odd = { ...denied("exp has passed"), jti };
    expect(await gateway().denied(team, missionId, odd)).toEqual({ recorded: false });
    expect(await gateway().denied(team, missionId, odd)).toEqual({ recorded: false });
    const after = await teamObject(bindings.OPERATOR_TEAM || "operators").incidents(0, 100);
    expect(after.slice(before.length)).toMatchObject([
      { kind: "ticket_denied", missionId: null, reasonCodes: ["TICKET_EXPIRED"] },
    ]);
    const { results } = await bindings.DB.prepare("SELECT summary FROM incident WHERE team = ?")
      .bind(bindings.OPERATOR_TEAM || "operators")
      .all();
    expect(results).toHaveLength(after.length);
  });

  it("and a receipt that none takes is a fault, so that the gateway tries again", async () => {
    const { team, missionId } = await teamWithIncident();
    const receipt = {
      jti: `tkt_${"0".repeat(32)}`,
      outcome: "succeeded",
      status: 200,
      requestDigest: "0".repeat(64),
      responseDigest: null,
      detail: "",
      startedAt: "2026-01-01T00:00:00.000Z",
      finishedAt: "2026-01-01T00:00:00.000Z",
    } as const;
    await expect(gateway().report(team, missionId, receipt)).rejects.toThrow(/ticket_unknown/);
  });
});

describe("the approval inbox", () => {
  it("shows what waits, what it would do and what to sign, and leaves out stopped missions", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const missionId = await openMission(team, APPROVAL_PLAN);
    const approver = callerOf(team, "approver");
    const inbox = async (query = "") =>
      (await call(approver, "GET", `/v1/approvals?state=pending${query}`)).body as {
        items: Record<string, unknown>[];
        nextCursor: string | null;
      };
    await vi.waitFor(async () => expect((await inbox()).items).toHaveLength(2), {
      timeout: 10_000,
    });
    const first = await inbox("&limit=1");
    expect(first.items).toMatchObject([
      {
        mission: { id: missionId, title: "Two approvals", state: "active" },
        nodeId: "first",
        state: "pending",
        have: 0,
        requirement: { quorum: 1, group: null },
        pauses: [],
        blastRadius: { risk: 3, action: null, downstream: 0 },
        statement: { missionId, nodeId: "first", attempt: 1 },
      },
    ]);
    const second = await inbox(`&limit=1&cursor=${first.nextCursor ?? ""}`);
    expect(second.items.map((item) => item["nodeId"])).toEqual(["second"]);
    expect(second.nextCursor).toBeNull();
    const stop = { kind: "stop", reason: "called off" };
    const path = `/v1/missions/${missionId}/interventions`;
    expect((await call(callerOf(team, "operator"), "POST", path, stop)).status).toBe(200);
    await vi.waitFor(async () => expect((await inbox()).items).toEqual([]), { timeout: 10_000 });
  });

  it("refuses a cursor of another team, of another list, and of nobody", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    await openMission(team, APPROVAL_PLAN);
    const approver = callerOf(team, "approver");
    const path = "/v1/approvals?limit=1";
    await vi.waitFor(
      async () => expect((await call(approver, "GET", path)).body["nextCursor"]).not.toBeNull(),
      { timeout: 10_000 },
    );
    const cursor = String((await call(approver, "GET", path)).body["nextCursor"]);
    const refused = [
      await call(callerOf(freshTeam(), "approver"), "GET", `${path}&cursor=${cursor}`),
      await call(callerOf(team, "auditor"), "GET", `/v1/incidents?cursor=${cursor}`),
      await call(approver, "GET", `${path}&cursor=${cursor.slice(1)}`),
      await call(approver, "GET", `${path}&cursor=`),
    ];
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
    expect((await call(approver, "GET", `${path}&cursor=${cursor}`)).status).toBe(200);
  });
});

describe("the rebuild", () => {
  it("goes step by step until nothing is left, and gives back what was lost", async () => {
    const { team, missionId, list } = await teamWithIncident();
    const admin = callerOf(team, "admin");
    for (const table of ["mission", "trace_event", "incident"]) {
      await bindings.DB.prepare(`DELETE FROM ${table} WHERE team = ?`).bind(team).run();
    }
    expect((await list()).items).toEqual([]);
    let cursor: unknown = null;
    const steps = [];
    do {
      const step = await call(admin, "POST", "/v1/index/rebuild", { cursor });
      expect(step.status).toBe(200);
      steps.push(step.body);
      cursor = step.body["nextCursor"];
    } while (cursor !== null && steps.length < 10);
    expect(steps).toMatchObject([
      { missions: 1, skipped: [] },
      { missions: 0, incidents: 0 },
      { incidents: 1 },
      { incidents: 0, nextCursor: null },
    ]);
    expect((await list()).items).toHaveLength(1);
    const missions = await call(admin, "GET", "/v1/missions");
    expect(missions.body["items"]).toMatchObject([{ id: missionId }]);
  });

  it("is the admin's, and takes no other team's cursor", async () => {
    const path = "/v1/index/rebuild";
    const { team } = await teamWithIncident();
    expect((await call(callerOf(team, "operator"), "POST", path, {})).status).toBe(403);
    const step = await call(callerOf(team, "admin"), "POST", path, {});
    const { nextCursor: cursor } = step.body;
    const foreign = await call(callerOf(freshTeam(), "admin"), "POST", path, { cursor });
    expect(foreign.status).toBe(422);
  });
});
