/**
 * A canary through the API: what its approver may read tells it from no other request, approving it is an
 * incident that counts in their attention, and it cannot be approved into anything.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { signJws } from "../../shared/jws.ts";
import { call, callerOf, expectStatus, setUpTeam } from "../support/api.ts";
import { freshTeam } from "../support/team-world.ts";

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

const ASKING = {
  title: "May the archive go?",
  phases: ["ask"],
  nodes: [
    {
      id: "ask",
      kind: "approval",
      phase: "ask",
      title: "Delete the archive of 2019",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
    },
  ],
};

async function open(team: string, path: "/v1/missions" | "/v1/canaries") {
  const operator = callerOf(team, "operator");
  const opened = await expectStatus(call(operator, "POST", path, { plan: ASKING }), 201);
  return String(opened.body["missionId"]);
}

/** Everything of a mission that whoever approves may read, ids and times left out. */
async function shownOf(team: string, missionId: string): Promise<string> {
  const approver = callerOf(team, "approver");
  const paths = ["", "/blocked", "/ready", "/nodes/ask/approval"];
  const texts = [];
  for (const path of paths) {
    const { text } = await expectStatus(
      call(approver, "GET", `/v1/missions/${missionId}${path}`),
      200,
    );
    texts.push(text);
  }
  const inbox = await vi.waitFor(
    async () => {
      const { body } = await call(approver, "GET", "/v1/approvals");
      const items = body["items"] as readonly { mission: { id: string } }[];
      const item = items.find(({ mission }) => mission.id === missionId);
      expect(item).toBeDefined();
      return JSON.stringify(item);
    },
    { timeout: 10_000 },
  );
  return [...texts, inbox]
    .join("\n")
    .replaceAll(missionId, "MISSION")
    .replaceAll(/[0-9a-f]{64}/g, "HASH")
    .replaceAll(/"shortDigest":"[^"]*"/g, "DIGEST")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
}

describe("a canary", () => {
  it("reads to its approver as a mission like any other", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const canary = await shownOf(team, await open(team, "/v1/canaries"));
    expect(canary).toBe(await shownOf(team, await open(team, "/v1/missions")));
    expect(canary).toContain("Delete the archive");
  });

  it("that is approved stops, is an incident, and counts in the person's attention", async () => {
    const team = freshTeam();
    const { person } = await setUpTeam(team);
    const missionId = await open(team, "/v1/canaries");
    const approver = callerOf(team, "approver");
    const node = `/v1/missions/${missionId}/nodes/ask`;
    const { body: request } = await expectStatus(call(approver, "GET", `${node}/approval`), 200);
    const statement = {
      missionId,
      nodeId: "ask",
      attempt: 1,
      gateDigest: request["gateDigest"],
      decision: "approve",
      approver: "approver",
      reason: "looks right",
      issuedAt: new Date(Date.now()).toISOString(),
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
    const header = { typ: "sekisho-approval+jwt", kid: person.jwk.kid };
    const signed = signJws(header, JSON.stringify(statement), person.jwk);
    await expectStatus(call(approver, "POST", `${node}/approvals`, { statement: signed }), 202);
    const { body: mission } = await call(approver, "GET", `/v1/missions/${missionId}`);
    expect(mission["state"]).toBe("stopped");
    const auditor = callerOf(team, "auditor");
    const items = async (path: string) => (await call(auditor, "GET", path)).body["items"];
    await vi.waitFor(
      async () =>
        expect(await items("/v1/incidents?kind=canary_approved")).toMatchObject([
          { missionId, nodeId: "ask", severity: "high" },
        ]),
      { timeout: 10_000 },
    );
    expect(await items("/v1/attention")).toMatchObject([
      { approver: "approver", canariesApproved: 1, canariesDenied: 0 },
    ]);
  });

  it("is listed for admins and auditors, and other missions are not", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    await open(team, "/v1/missions");
    const missionId = await open(team, "/v1/canaries");
    await vi.waitFor(
      async () => {
        const { body } = await call(callerOf(team, "admin"), "GET", "/v1/canaries");
        expect(body["items"]).toMatchObject([{ id: missionId, title: ASKING.title }]);
      },
      { timeout: 10_000 },
    );
  });
});
