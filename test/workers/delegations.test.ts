/** Delegation over HTTP in workerd: signed, registered, used, revoked; and an emergency approved by one. */
import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import { keyPair, signStatement } from "../support/builders.ts";
import { registerApprover, signDelegation } from "../support/team-things.ts";

const [ANN, BEN, DAN] = ["ann", "ben", "dan"].map((name) => keyPair(`${name}-signs`));
const SIGN = {
  title: "The board signs",
  phases: ["work"],
  nodes: [
    {
      id: "sign",
      kind: "approval",
      phase: "work",
      title: "Sign",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
      approval: { quorum: 2, group: "board" },
    },
  ],
};

let teams = 0;

/** Ann and Ben are the board; Dan is nobody of it. */
async function freshTeam(): Promise<string> {
  teams += 1;
  const team = `delegating-${teams}`;
  await setUpTeam(team);
  const people = [
    { id: "ann", name: "Ann", groups: ["board"], keys: [ANN?.publicJwk], breakGlass: true },
    { id: "ben", name: "Ben", groups: ["board"], keys: [BEN?.publicJwk] },
    { id: "dan", name: "Dan", groups: ["staff"], keys: [DAN?.publicJwk] },
  ];
  for (const person of people)
    await expectStatus(call(callerOf(team, "admin"), "POST", "/v1/approvers", person), 200);
  return team;
}

const as = (team: string, sub: string) => ({ team, sub, roles: ["approver"] as const });

function mustHave<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("made above");
  return value;
}

const delegating = (team: string, members = {}) =>
  call(as(team, "ann"), "POST", "/v1/delegations", {
    statement: signDelegation(team, "ann", "dan", mustHave(ANN), members),
  });

async function decide(team: string, mission: string, sub: string, members: object = {}) {
  const { body } = await call(callerOf(team, "admin"), "GET", `/v1/missions/${mission}`);
  const [node] = body["nodes"] as readonly { request: { gateDigest: string } | null }[];
  const at = Date.now();
  const said = {
    missionId: mission,
    nodeId: "sign",
    attempt: 1,
    gateDigest: node?.request?.gateDigest ?? "",
    decision: "approve",
    approver: sub,
    reason: "read",
    issuedAt: new Date(at).toISOString(),
    expiresAt: new Date(at + 60_000).toISOString(),
    ...members,
  };
  const key = mustHave({ ann: ANN, ben: BEN, dan: DAN }[sub]);
  const statement = signStatement(said, key);
  return call(as(team, sub), "POST", `/v1/missions/${mission}/nodes/sign/approvals`, { statement });
}

async function eventsIn(team: string, mission: string): Promise<readonly TraceEvent[]> {
  const { text } = await call(callerOf(team, "auditor"), "GET", `/v1/missions/${mission}/trace`);
  return (JSON.parse(text) as { items: readonly TraceEvent[] }).items;
}

describe("a delegation", () => {
  it("lets the delegate fill the seat, and not a second one", async () => {
    const team = await freshTeam();
    const mission = await openMission(team, SIGN);
    const forAnn = { onBehalfOf: "ann" };
    expect((await decide(team, mission, "dan", forAnn)).body).toMatchObject({
      code: "delegation_not_permitted",
    });
    await expectStatus(delegating(team), 201);
    await expectStatus(decide(team, mission, "dan", forAnn), 202);
    expect((await decide(team, mission, "ann")).body).toMatchObject({
      code: "approval_already_given",
    });
    const { body } = await expectStatus(decide(team, mission, "ben"), 200);
    expect(body).toMatchObject({ nodeState: "DONE" });
  });

  it("that is revoked takes its approval with it when the gate is next asked", async () => {
    const team = await freshTeam();
    const mission = await openMission(team, SIGN);
    const { body } = await expectStatus(delegating(team), 201);
    await expectStatus(decide(team, mission, "dan", { onBehalfOf: "ann" }), 202);
    await expectStatus(
      call(as(team, "ann"), "DELETE", `/v1/delegations/${String(body["id"])}`),
      200,
    );
    await expectStatus(decide(team, mission, "ben"), 202);
    const revoked = (await eventsIn(team, mission)).find(({ type }) => type === "approval.revoked");
    expect(revoked).toMatchObject({
      actor: { id: "ann" },
      data: { approver: "dan", person: "ann", cause: "delegation_ended" },
    });
  });

  it("is registered by its delegator alone, for a known person, with groups they have, for 30 days", async () => {
    const team = await freshTeam();
    const statement = signDelegation(team, "ann", "dan", mustHave(ANN));
    const byBen = await call(as(team, "ben"), "POST", "/v1/delegations", { statement });
    expect(byBen.body).toMatchObject({ code: "approval_signature_invalid" });
    const month = new Date(Date.now() + 31 * 86_400_000).toISOString();
    for (const members of [{ delegate: "nobody" }, { groups: ["staff"] }, { expiresAt: month }])
      expect((await delegating(team, members)).body).toMatchObject({
        code: "delegation_not_permitted",
      });
  });

  it("is seen and revoked by its people and an admin, and by nobody else", async () => {
    const team = await freshTeam();
    await registerApprover(team, "eve");
    const { body } = await expectStatus(delegating(team), 201);
    const path = `/v1/delegations/${String(body["id"])}`;
    const items = async (caller: Parameters<typeof call>[0]) =>
      (await call(caller, "GET", "/v1/delegations")).body["items"];
    expect(await items(as(team, "eve"))).toEqual([]);
    expect(await items(as(team, "dan"))).toMatchObject([{ delegator: "ann", revoked: null }]);
    expect((await call(as(team, "dan"), "DELETE", path)).body).toMatchObject({ status: 403 });
    await expectStatus(call(callerOf(team, "admin"), "DELETE", path), 200);
    expect(await items(callerOf(team, "auditor"))).toMatchObject([{ revoked: { by: "admin" } }]);
    const changes = await call(callerOf(team, "auditor"), "GET", "/v1/directory/changes");
    const trail = changes.body["items"] as readonly { kind: string; by: string }[];
    expect(trail.filter(({ kind }) => kind === "delegation").map(({ by }) => by)).toEqual([
      "ann",
      "admin",
    ]);
  });
});

describe("breaking the glass", () => {
  it("fills the request alone and is a critical incident in the same answer's trace", async () => {
    const team = await freshTeam();
    const mission = await openMission(team, SIGN);
    expect((await decide(team, mission, "ben", { decision: "break-glass" })).body).toMatchObject({
      code: "approver_not_permitted",
    });
    const { body } = await expectStatus(
      decide(team, mission, "ann", { decision: "break-glass", reason: "the site burns" }),
      200,
    );
    expect(body).toMatchObject({ nodeState: "DONE" });
    const raised = (await eventsIn(team, mission)).find(({ type }) => type === "incident.raised");
    expect(raised?.data).toMatchObject({ kind: "break_glass", severity: "critical" });
  });
});
