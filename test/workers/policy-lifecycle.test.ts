/**
 * A policy's life over HTTP: refused where it is unsound, on trial beside the active one, run over what
 * was recorded, activated by a person, and brought to a mission that is already running.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { signJws } from "../../shared/jws.ts";
import {
  call,
  callerOf,
  type createPerson,
  expectStatus,
  openMission,
  setUpTeam,
  SMALL_PLAN,
} from "../support/api.ts";

const operator = (team: string) => callerOf(team, "operator");
const decide = { id: "all", effect: "permit", kinds: ["decision"] };
const OPEN = { name: "open", rules: [decide] };
const TIGHT = {
  name: "tight",
  rules: [
    { ...decide, condition: "node.risk < 3" },
    { ...decide, id: "no", effect: "forbid", condition: "agent.id == 'rogue'" },
  ],
};
const CLOSED = { name: "closed", rules: [] };

async function propose(team: string, document: object): Promise<{ version: string; hash: string }> {
  const { body } = await expectStatus(
    call(operator(team), "POST", "/v1/policies", { document }),
    201,
  );
  return { version: String(body["version"]), hash: String(body["hash"]) };
}

type Person = ReturnType<typeof createPerson>;

/** The approver of the team signs `payload` as the given kind of statement. */
function sign(who: Person, kind: string, payload: object): string {
  const window = {
    approver: "approver",
    reason: "tested",
    issuedAt: new Date(Date.now()).toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
  };
  const header = { typ: `sekisho-policy-${kind}+jwt`, kid: who.jwk.kid };
  return signJws(header, JSON.stringify({ ...window, ...payload }), who.jwk);
}

async function activate(team: string, who: Person, policy: { version: string; hash: string }) {
  const payload = { team, version: policy.version, policyHash: policy.hash, decision: "activate" };
  const statement = sign(who, "activation", payload);
  const path = `/v1/policies/${policy.version}/activation`;
  return expectStatus(call(callerOf(team, "approver"), "POST", path, { statement }), 200);
}

async function decideOnce(team: string, mission: string) {
  const path = `/v1/missions/${mission}/nodes/decide/proposals`;
  return call(callerOf(team, "agent"), "POST", path, { rationale: "it is sound" });
}

describe("an upload", () => {
  it("tells every bad condition with its pointer and its place", async () => {
    const rules = [
      { ...decide, condition: "args.flag" },
      { ...decide, condition: "node.risk <\n 'two'" },
      { ...decide, condition: "args.a.matches('(a+)+$')" },
      { ...decide, condition: "node.risk < 2" },
    ];
    const { body } = await expectStatus(
      call(operator("lifecycle-upload"), "POST", "/v1/policies", {
        document: { name: "p", rules },
      }),
      422,
    );
    expect(body["errors"]).toEqual([
      { pointer: "/document/rules/0/condition", detail: expect.stringContaining("at 1:1: is dyn") },
      {
        pointer: "/document/rules/1/condition",
        detail: expect.stringMatching(/^at \d+:\d+: no such overload/),
      },
      {
        pointer: "/document/rules/2/condition",
        detail: expect.stringContaining("matches is refused"),
      },
    ]);
  });
});

describe("a version on trial", () => {
  const team = "lifecycle-trial";
  let person: Person;
  beforeAll(async () => {
    ({ person } = await setUpTeam(team, OPEN));
  });

  it("says beside the active one what it would have said, and stops when it is told to", async () => {
    const before = await openMission(team);
    const trial = await propose(team, CLOSED);
    const path = `/v1/policies/${trial.version}/shadow`;
    const live = (on: boolean) => call(operator(team), "POST", path, { over: "live", on });
    expect((await expectStatus(live(true), 200)).body["state"]).toBe("shadow");
    const during = await openMission(team);
    expect((await decideOnce(team, before)).status).toBe(200);
    expect((await decideOnce(team, during)).status).toBe(200);
    expect((await expectStatus(live(false), 200)).body["state"]).toBe("proposed");
    const after = await openMission(team);
    expect((await decideOnce(team, after)).status).toBe(200);

    const results = await expectStatus(call(operator(team), "GET", path), 200);
    expect(results.body).toMatchObject({
      version: trial.version,
      hash: trial.hash,
      state: "proposed",
      missions: 3,
      unread: [],
      decisions: 1,
      same: 0,
      wouldStop: 1,
      examples: [{ missionId: during, nodeId: "decide", from: "allow", to: "block" }],
      nextCursor: null,
    });
  });

  it("is one at a time: starting another ends the one before", async () => {
    const [one, other] = [await propose(team, CLOSED), await propose(team, CLOSED)];
    const start = (version: string) =>
      expectStatus(
        call(operator(team), "POST", `/v1/policies/${version}/shadow`, { over: "live", on: true }),
        200,
      );
    await start(one.version);
    await start(other.version);
    const { body } = await expectStatus(call(operator(team), "GET", "/v1/policies"), 200);
    const states = new Map(
      (body["items"] as { version: string; state: string }[]).map(({ version, state }) => [
        version,
        state,
      ]),
    );
    expect([states.get(one.version), states.get(other.version)]).toEqual(["proposed", "shadow"]);
  });

  it("becomes active by the same signature as a proposal, and cannot be tried again", async () => {
    const trial = await propose(team, OPEN);
    const path = `/v1/policies/${trial.version}/shadow`;
    await expectStatus(call(operator(team), "POST", path, { over: "live", on: true }), 200);
    expect((await activate(team, person, trial)).body["state"]).toBe("active");
    const again = await call(operator(team), "POST", path, { over: "live", on: true });
    expect(again.body).toMatchObject({ code: "policy_not_proposed", state: "active" });
  });
});

describe("a run over recorded missions", () => {
  it("goes page by page over all of them, changes nothing, and repeats itself", async () => {
    const team = "lifecycle-run";
    await setUpTeam(team, OPEN);
    const missions = [await openMission(team), await openMission(team), await openMission(team)];
    for (const mission of missions) await decideOnce(team, mission);
    const { version } = await propose(team, CLOSED);
    const path = `/v1/policies/${version}/shadow`;
    const run = (body: object) =>
      expectStatus(call(operator(team), "POST", path, { over: "recorded", ...body }), 200);
    const trace = () => call(operator(team), "GET", `/v1/missions/${missions[0] ?? ""}/trace`);
    const { text } = await trace();
    const all = await run({});
    expect(all.body).toMatchObject({
      missions: 3,
      decisions: 3,
      wouldStop: 3,
      drifted: 0,
      nextCursor: null,
    });
    const flipped = all.body["flips"] as readonly { missionId: string; to: string }[];
    expect(flipped.map(({ missionId, to }) => [missionId, to])).toEqual(
      missions.map((id) => [id, "block"]),
    );
    const first = await run({ limit: 2 });
    expect(first.body).toMatchObject({ missions: 2, wouldStop: 2 });
    const rest = await run({ limit: 2, cursor: first.body["nextCursor"] });
    expect(rest.body).toMatchObject({ missions: 1, wouldStop: 1, nextCursor: null });
    expect((await run({})).body).toEqual(all.body);
    expect((await trace()).text).toBe(text);
    const foreign = await call(operator("lifecycle-trial"), "POST", path, { over: "recorded" });
    expect(foreign.body["code"]).toBe("policy_unknown");
  });
});

describe("a re-pin", () => {
  it("brings the active policy to a running mission by a person's signature, once, and only a tighter one", async () => {
    const team = "lifecycle-repin";
    const { person } = await setUpTeam(team, OPEN);
    const before = (await call(operator(team), "GET", "/v1/policies")).body["items"] as {
      version: string;
      hash: string;
    }[];
    const from = before[0]?.hash ?? "";
    const mission = await openMission(team, SMALL_PLAN);
    const tight = await propose(team, TIGHT);
    const path = `/v1/missions/${mission}/policy`;
    const approver = callerOf(team, "approver");
    const statementFor = (to: { version: string; hash: string }, fromPolicyHash: string) =>
      sign(person, "repin", {
        missionId: mission,
        version: to.version,
        policyHash: to.hash,
        fromPolicyHash,
        decision: "repin",
      });
    const body = { version: tight.version, statement: statementFor(tight, from) };
    expect((await call(approver, "POST", path, body)).body["code"]).toBe("policy_not_active");
    await activate(team, person, tight);
    const key = { "idempotency-key": "repin-1" };
    const moved = await expectStatus(call(approver, "POST", path, body, key), 200);
    expect(moved.body).toEqual({
      type: "repinned",
      policyVersion: tight.version,
      policyHash: tight.hash,
      voided: [],
    });
    const again = await expectStatus(call(approver, "POST", path, body, key), 200);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await call(approver, "POST", path, body)).body["code"]).toBe("policy_already_pinned");
    const view = await expectStatus(call(operator(team), "GET", `/v1/missions/${mission}`), 200);
    expect(view.body["policy"]).toEqual({ version: tight.version, hash: tight.hash });
    const open = await propose(team, OPEN);
    await activate(team, person, open);
    const loose = { version: open.version, statement: statementFor(open, tight.hash) };
    expect((await call(approver, "POST", path, loose)).body).toMatchObject({
      code: "policy_not_tighter",
      nodes: [{ nodeId: "decide", rule: "no" }],
    });
  });
});
