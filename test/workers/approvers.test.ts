/**
 * People and their passkeys over HTTP in workerd: registration, approval by passkey, counters that race,
 * rotation and removal, and the trail that says who changed what.
 */
import { describe, expect, it } from "vitest";
import { challengeOf } from "../../shared/approval/index.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { iso, type KeyPair, keyPair, signStatement } from "../support/builders.ts";
import { bindings } from "../support/team-world.ts";
import { NO_CHANGES, writeChanges } from "../../worker/read-model/queries.ts";
import {
  type Changes,
  passkey,
  type Passkey,
  registerPasskey,
  signWithPasskey,
  toBrowserJson,
} from "../support/passkeys.ts";

const HERE = { rpId: "api.sekisho.test", origin: "https://api.sekisho.test" };
const TWO_PEOPLE = {
  title: "Two people sign",
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
      approval: { quorum: 2 },
    },
  ],
};

let teams = 0;

async function freshTeam(): Promise<string> {
  teams += 1;
  const team = `people-${teams}`;
  await setUpTeam(team);
  return team;
}

const admin = (team: string) => callerOf(team, "admin");
const ann = (team: string) => ({ team, sub: "ann", roles: ["approver"] as const });

async function register(team: string, key: Passkey, changes: Changes = {}) {
  const path = "/v1/approvers/ann/passkeys";
  await call(admin(team), "POST", "/v1/approvers", { id: "ann", name: "Ann", keys: [] });
  const { body } = await expectStatus(call(admin(team), "POST", `${path}/options`, {}), 200);
  const made = registerPasskey(key, String(body["challenge"]), { ...HERE, ...changes });
  return call(ann(team), "POST", path, made);
}

async function signed(team: string, mission: string, key: Passkey, changes: Changes = {}) {
  const { body } = await call(admin(team), "GET", `/v1/missions/${mission}`);
  const [node] = body["nodes"] as readonly { request: { gateDigest: string } }[];
  const now = Date.now();
  const statement = {
    missionId: mission,
    nodeId: "sign",
    attempt: 1,
    gateDigest: node?.request.gateDigest ?? "",
    decision: "approve" as const,
    approver: "ann",
    reason: "read",
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 60_000).toISOString(),
  };
  const answer = signWithPasskey(statement, key, { ...HERE, ...changes });
  return { statement, assertion: toBrowserJson(answer) };
}

const approve = (team: string, mission: string, body: object) =>
  call(ann(team), "POST", `/v1/missions/${mission}/nodes/sign/approvals`, body);

describe("registering a passkey", () => {
  it.each(["ES256", "EdDSA"] as const)("stores the key that was made: %s", async (alg) => {
    const key = passkey("phone", alg);
    const { body } = await expectStatus(register(await freshTeam(), key), 200);
    expect(body["keys"]).toEqual([
      {
        kid: key.kid,
        jwk: { ...key.jwk, kid: key.kid },
        passkey: { credentialId: key.credentialId },
      },
    ]);
  });

  it.each<[string, Changes, string]>([
    ["another challenge", { challenge: "AAAA" }, "the challenge is another one"],
    ["another origin", { origin: "https://evil.test" }, "the origin is not one of ours"],
    ["another domain", { rpId: "evil.test" }, "the passkey is of another domain"],
    ["another ceremony", { type: "webauthn.get" }, "the ceremony is not webauthn.create"],
    ["nobody verified", { flags: 0x41 }, "the person was not verified"],
    [
      "bytes behind the key",
      { extra: Uint8Array.of(0) },
      "the authenticator data holds no key that we accept",
    ],
  ])("is refused with %s", async (_what, changes, detail) => {
    const answer = await register(await freshTeam(), passkey("phone"), changes);
    expect(answer.body).toMatchObject({ status: 422, code: "passkey_refused", detail });
  });

  it("takes a challenge once, and a refusal uses it up", async () => {
    const team = await freshTeam();
    const refused = await register(team, passkey("phone"), { origin: "https://evil.test" });
    expect(refused.status).toBe(422);
    const again = registerPasskey(passkey("phone"), challengeOf("guessed"), HERE);
    const { body } = await call(ann(team), "POST", "/v1/approvers/ann/passkeys", again);
    expect(body["detail"]).toBe("no registration is open for this person");
  });

  it("is open to the person and an admin, and a passkey is nobody else's", async () => {
    const team = await freshTeam();
    await expectStatus(register(team, passkey("phone")), 200);
    const other = { team, sub: "bob", roles: ["approver"] as const };
    const answer = await call(
      other,
      "POST",
      "/v1/approvers/ann/passkeys",
      registerPasskey(passkey("x"), "AAAA", HERE),
    );
    expect(answer.body["code"]).toBe("approver_not_permitted");
    const taken = await register(team, passkey("phone"));
    expect(taken.body["code"]).toBe("key_in_use");
  });
});

describe("approving with a passkey", () => {
  it("is recorded with everything that verifies it, and replayed by the same idempotency key", async () => {
    const team = await freshTeam();
    const key = passkey("laptop", "ES256");
    await expectStatus(register(team, key), 200);
    const mission = await openMission(team, TWO_PEOPLE);
    const body = await signed(team, mission, key, { signCount: 7 });
    const path = `/v1/missions/${mission}/nodes/sign/approvals`;
    const headers = { "idempotency-key": "once" };
    const first = await call(ann(team), "POST", path, body, headers);
    expect(first.status).toBe(202);
    const again = await call(ann(team), "POST", path, body, headers);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
    expect((await approve(team, mission, body)).body["code"]).toBe("passkey_refused");
    const question = { missionId: mission, certify: true };
    const verified = await call(callerOf(team, "auditor"), "POST", "/v1/audit/verify", question);
    expect(verified.body).toMatchObject({
      certification: { certified: true, approverKeys: "pinned", verifierKeys: "pinned" },
    });
  });

  it("refuses a counter that does not rise, and one of two copies that race", async () => {
    const team = await freshTeam();
    const key = passkey("laptop", "ES256");
    await expectStatus(register(team, key), 200);
    const missions = await Promise.all([1, 2, 3].map(() => openMission(team, TWO_PEOPLE)));
    const [first = "", second = "", third = ""] = missions;
    await expectStatus(approve(team, first, await signed(team, first, key, { signCount: 9 })), 202);
    const stale = await approve(team, second, await signed(team, second, key, { signCount: 9 }));
    expect(stale.body["code"]).toBe("passkey_counter_regressed");
    const copies = await Promise.all(
      [second, third].map(async (mission) => signed(team, mission, key, { signCount: 10 })),
    );
    const raced = await Promise.all(
      copies.map((body, at) => approve(team, missions[at + 1] ?? "", body)),
    );
    expect(raced.map(({ status }) => status)).toEqual(expect.arrayContaining([202, 409]));
  });

  it("refuses a body that mixes the two kinds", async () => {
    const team = await freshTeam();
    await expectStatus(register(team, passkey("phone")), 200);
    const mission = await openMission(team, TWO_PEOPLE);
    const { statement, assertion } = await signed(team, mission, passkey("phone"));
    for (const body of [{ statement }, { statement: "x.y.z", assertion }]) {
      const answer = await approve(team, mission, body);
      expect(answer.body).toMatchObject({
        code: "request_invalid",
        errors: [{ pointer: "/assertion" }],
      });
    }
  });
});

describe("the directory", () => {
  it("rotates a key in one step and keeps the old one from anybody else", async () => {
    const team = await freshTeam();
    const [old, now] = [keyPair(`${team}-old`), keyPair(`${team}-new`)];
    const person = { id: "ann", name: "Ann", keys: [old.publicJwk] };
    await expectStatus(call(admin(team), "POST", "/v1/approvers", person), 200);
    const changes = { addKeys: [now.publicJwk], removeKeys: [old.kid] };
    const { body } = await expectStatus(
      call(admin(team), "PATCH", "/v1/approvers/ann", changes),
      200,
    );
    expect((body["keys"] as { kid: string }[]).map(({ kid }) => kid)).toEqual([now.kid]);
    const thief = { id: "bob", name: "Bob", keys: [old.publicJwk] };
    const taken = await call(admin(team), "POST", "/v1/approvers", thief);
    expect(taken.body["code"]).toBe("key_in_use");
    const missing = await call(admin(team), "PATCH", "/v1/approvers/ann", {
      removeKeys: [old.kid],
    });
    expect(missing.body["code"]).toBe("approver_not_permitted");
  });

  it("refuses a patch that changes nothing, a low-order key and hours that are none", async () => {
    const team = await freshTeam();
    const person = { id: "ann", name: "Ann", keys: [] };
    await expectStatus(call(admin(team), "POST", "/v1/approvers", person), 200);
    const patch = (changes: object) => call(admin(team), "PATCH", "/v1/approvers/ann", changes);
    expect((await patch({})).body["code"]).toBe("request_invalid");
    const lowOrder = {
      kty: "OKP",
      crv: "Ed25519",
      x: "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    const refused = await patch({ addKeys: [lowOrder] });
    expect(refused.body).toMatchObject({
      code: "key_low_order",
      errors: [{ pointer: "/addKeys/0" }],
    });
    const hours = { timeZone: "Mars/Olympus", days: [1], from: "09:00", to: "17:00" };
    expect((await patch({ hours })).body).toMatchObject({
      errors: [{ pointer: "/hours/timeZone" }],
    });
  });

  it("says who changed what, in order, and of nothing that did not change", async () => {
    const team = await freshTeam();
    const person = { id: "ann", name: "Ann", keys: [] };
    await expectStatus(call(admin(team), "POST", "/v1/approvers", person), 200);
    await expectStatus(call(admin(team), "POST", "/v1/approvers", person), 200);
    await expectStatus(call(admin(team), "PATCH", "/v1/approvers/ann", { groups: ["board"] }), 200);
    await expectStatus(call(admin(team), "DELETE", "/v1/approvers/ann"), 200);
    const gone = await call(admin(team), "DELETE", "/v1/approvers/ann");
    expect([gone.status, gone.body["code"]]).toEqual([404, "approver_not_found"]);
    const trail = await call(callerOf(team, "auditor"), "GET", "/v1/directory/changes?limit=100");
    const items = trail.body["items"] as readonly {
      subject: string;
      before: unknown;
      after: unknown;
    }[];
    expect(items.filter(({ subject }) => subject === "ann")).toMatchObject([
      { by: "admin", kind: "approver", before: null, after: { groups: [] } },
      { by: "admin", before: { groups: [] }, after: { groups: ["board"] } },
      { by: "admin", before: { groups: ["board"] }, after: null },
    ]);
    const page = await call(admin(team), "GET", "/v1/directory/changes?limit=1");
    const next = await call(
      admin(team),
      "GET",
      `/v1/directory/changes?limit=1&cursor=${String(page.body["nextCursor"])}`,
    );
    expect(next.body["items"]).toMatchObject([{ number: 2 }]);
  });
});

describe("a person removed after approving", () => {
  const jws = async (team: string, mission: string, who: string, key: KeyPair) => {
    const { statement } = await signed(team, mission, passkey("unused"));
    const said = signStatement({ ...statement, approver: who }, key);
    const caller = { team, sub: who, roles: ["approver"] as const };
    return call(caller, "POST", `/v1/missions/${mission}/nodes/sign/approvals`, {
      statement: said,
    });
  };

  const withTwo = async () => {
    const team = await freshTeam();
    const keys = {
      ann: keyPair(`${team} ann`),
      bob: keyPair(`${team} bob`),
      cat: keyPair(`${team} cat`),
    };
    for (const [id, key] of Object.entries(keys)) {
      const who = { id, name: id, keys: [key.publicJwk] };
      await expectStatus(call(admin(team), "POST", "/v1/approvers", who), 200);
    }
    const mission = await openMission(team, TWO_PEOPLE);
    await expectStatus(jws(team, mission, "ann", keys.ann), 202);
    return { team, mission, keys };
  };

  const trace = async (team: string, mission: string) => {
    const { text } = await call(callerOf(team, "auditor"), "GET", `/v1/missions/${mission}/trace`);
    return (JSON.parse(text) as { items: readonly TraceEvent[] }).items;
  };

  it("no longer counts at the gate, and the trace says who removed them", async () => {
    const { team, mission, keys } = await withTwo();
    await expectStatus(call(admin(team), "DELETE", "/v1/approvers/ann"), 200);
    const second = await jws(team, mission, "bob", keys.bob);
    expect(second.status).toBe(202);
    const revoked = (await trace(team, mission)).filter(({ type }) => type === "approval.revoked");
    expect(revoked).toMatchObject([
      { actor: { kind: "human", id: "admin" }, data: { approver: "ann", cause: "person_removed" } },
    ]);
    expect((await jws(team, mission, "cat", keys.cat)).status).toBe(200);
    const question = { missionId: mission, certify: true };
    const verified = await call(callerOf(team, "auditor"), "POST", "/v1/audit/verify", question);
    expect(verified.body).toMatchObject({ certification: { certified: true } });
  });

  it("whose key was rotated away has to sign again with the new one", async () => {
    const { team, mission, keys } = await withTwo();
    const fresh = keyPair(`${team} ann again`);
    const rotation = { addKeys: [fresh.publicJwk], removeKeys: [keys.ann.kid] };
    await expectStatus(call(admin(team), "PATCH", "/v1/approvers/ann", rotation), 200);
    expect((await jws(team, mission, "bob", keys.bob)).status).toBe(202);
    expect((await jws(team, mission, "ann", keys.ann)).body["code"]).toBe(
      "approval_signature_invalid",
    );
    expect((await jws(team, mission, "ann", fresh)).status).toBe(200);
  });
});

describe("a requirement nobody can meet", () => {
  const plan = {
    ...TWO_PEOPLE,
    nodes: TWO_PEOPLE.nodes.map((node) => ({
      ...node,
      approval: { all: [{ group: "security" }, { group: "finance", quorum: 2 }] },
    })),
  };

  it("is told when the mission opens, and opens it all the same", async () => {
    const team = await freshTeam();
    const both = {
      id: "ann",
      name: "Ann",
      groups: ["security", "finance"],
      keys: [keyPair(team).publicJwk],
    };
    await expectStatus(call(admin(team), "POST", "/v1/approvers", both), 200);
    const open = () => call(callerOf(team, "agent"), "POST", "/v1/missions", { plan });
    const { body } = await expectStatus(open(), 201);
    expect(body["warnings"]).toEqual([
      { nodeId: "sign", detail: "the directory lacks 2 people who may approve sign" },
    ]);
    for (const id of ["bob", "cat"]) {
      const who = { id, name: id, groups: ["finance"], keys: [keyPair(`${team} ${id}`).publicJwk] };
      await expectStatus(call(admin(team), "POST", "/v1/approvers", who), 200);
    }
    expect((await expectStatus(open(), 201)).body["warnings"]).toEqual([]);
  });
});

describe("a person's own approvals that stopped counting", () => {
  const row = (team: string, approver: string, seq: number) => ({
    team,
    approver,
    missionId: "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    seq,
    nodeId: "sign",
    gateDigest: "a".repeat(64),
    newGateDigest: seq % 2 === 0 ? "b".repeat(64) : null,
    cause: seq % 2 === 0 ? "voided" : "key_removed",
    at: iso(seq),
  });

  it("are listed for them alone, newest first, page by page", async () => {
    const team = await freshTeam();
    const withdrawn = [row(team, "ann", 1), row(team, "ann", 2), row(team, "bob", 3)];
    await writeChanges(bindings.DB, { ...NO_CHANGES, withdrawn });
    await writeChanges(bindings.DB, { ...NO_CHANGES, withdrawn });
    const path = "/v1/approvals?state=voided&mine=true&limit=1";
    const first = await expectStatus(call(ann(team), "GET", path), 200);
    expect(first.body["items"]).toMatchObject([{ seq: 2, cause: "voided" }]);
    const next = `${path}&cursor=${String(first.body["nextCursor"])}`;
    const second = await expectStatus(call(ann(team), "GET", next), 200);
    expect(second.body).toMatchObject({
      items: [{ seq: 1, newGateDigest: null }],
      nextCursor: null,
    });
    const other = await expectStatus(call({ ...ann(team), sub: "cat" }, "GET", path), 200);
    expect(other.body["items"]).toEqual([]);
  });

  it("go with voided only", async () => {
    const answer = await call(ann(await freshTeam()), "GET", "/v1/approvals?mine=true");
    expect(answer.body).toMatchObject({ code: "request_invalid" });
  });
});
