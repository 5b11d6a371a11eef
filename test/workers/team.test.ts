/**
 * The team's object in workerd with its real database: incident numbers under concurrency, what survives
 * an eviction, the rules of keys, and idempotent requests.
 */
import { describe, expect, it } from "vitest";
import type { PublicJwk } from "../../shared/crypto.ts";
import { call, callerOf, expectStatus } from "../support/api.ts";
import { iso, keyPair, ms } from "../support/builders.ts";
import {
  activation,
  ADA,
  evictTeam,
  freshTeam,
  insideTeam,
  proposeVersion,
  register,
  teamObject,
  withActivePolicy,
} from "../support/team-world.ts";

const MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
const OTHER = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c073990";
const WHK = "whk_017f22e2-79b0-7cc3-98c4-dc0c0c073993";

function incident(seq: number | null, overrides: Record<string, unknown> = {}) {
  return {
    missionId: seq === null ? null : MISSION,
    nodeId: null,
    seq,
    kind: "ticket_denied",
    severity: "high",
    reasonCodes: ["NONCE_USED"],
    summary: "the ticket was used before",
    openedAt: iso(0),
    ...overrides,
  } as Parameters<ReturnType<typeof teamObject>["assignIncident"]>[0];
}

describe("incident numbers", () => {
  it("count from 1 without gaps under 50 concurrent reports", async () => {
    const team = freshTeam();
    const given = await Promise.all(
      Array.from({ length: 50 }, (_, seq) => teamObject(team).assignIncident(incident(seq))),
    );
    const numbers = given.map(({ number }) => number).toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("are given again to the same event, also after an eviction and a resolution", async () => {
    const team = freshTeam();
    const first = await teamObject(team).assignIncident(incident(7));
    const twice = await Promise.all(
      Array.from({ length: 20 }, () => teamObject(team).assignIncident(incident(7))),
    );
    expect(new Set(twice.map(({ number }) => number))).toEqual(new Set([first.number]));
    await teamObject(team).setIncidentStatus({
      number: 1,
      status: "resolved",
      by: "olga",
      idempotency: null,
      at: ms(9),
    });
    await evictTeam(team);
    expect(await teamObject(team).assignIncident(incident(7))).toMatchObject({
      number: 1,
      status: "resolved",
    });
    expect((await teamObject(team).assignIncident(incident(8))).number).toBe(2);
  });

  it("tell missions, seqs, kinds and summaries apart", async () => {
    const team = freshTeam();
    const different = [
      incident(1),
      incident(1, { missionId: OTHER }),
      incident(null),
      incident(null, { kind: "dead_letter" }),
      incident(null, { summary: "another" }),
      incident(null, { missionId: MISSION }),
    ];
    const numbers = [];
    for (const one of different) numbers.push((await teamObject(team).assignIncident(one)).number);
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("without an event are shared until somebody resolves the trouble, then it is a new one", async () => {
    const team = freshTeam();
    const object = teamObject(team);
    const open = await object.assignIncident(incident(null));
    expect((await object.assignIncident(incident(null))).number).toBe(open.number);
    const status = { number: open.number, by: "olga", idempotency: null, at: ms(1) } as const;
    await object.setIncidentStatus({ ...status, status: "acknowledged" });
    expect((await object.assignIncident(incident(null))).number).toBe(open.number);
    await object.setIncidentStatus({ ...status, status: "resolved" });
    expect((await object.assignIncident(incident(null))).number).toBe(open.number + 1);
  });

  it("cannot be deleted, so none is ever reused", async () => {
    const team = freshTeam();
    await teamObject(team).assignIncident(incident(1));
    await insideTeam(team, ({ sql }) => {
      expect(() => sql.exec("DELETE FROM incident")).toThrow(/never reused/);
    });
  });

  it("belong to one team each", async () => {
    const [one, two] = [freshTeam(), freshTeam()];
    await teamObject(one).assignIncident(incident(1));
    expect((await teamObject(two).assignIncident(incident(1))).number).toBe(1);
    expect(await teamObject(two).incidents(0, 10)).toHaveLength(1);
  });
});

describe("an incident's status", () => {
  it("moves forward only, and asking twice changes nothing", async () => {
    const object = teamObject(freshTeam());
    await object.assignIncident(incident(1));
    const set = (status: "acknowledged" | "resolved", by: string) =>
      object.setIncidentStatus({ number: 1, status, by, idempotency: null, at: ms(5) });
    expect(await set("acknowledged", "olga")).toMatchObject({
      ok: true,
      value: { status: "acknowledged", statusBy: "olga", statusAt: iso(5) },
    });
    expect(await set("acknowledged", "otto")).toMatchObject({ value: { statusBy: "olga" } });
    expect(await set("resolved", "otto")).toMatchObject({ value: { status: "resolved" } });
    expect(await set("acknowledged", "olga")).toEqual({
      ok: false,
      error: { reason: "incident_status_final", status: "resolved" },
    });
  });

  it("of a number never given is unknown", async () => {
    const unknown = await teamObject(freshTeam()).setIncidentStatus({
      number: 3,
      status: "resolved",
      by: "olga",
      idempotency: null,
      at: ms(5),
    });
    expect(unknown).toEqual({ ok: false, error: { reason: "incident_unknown", id: "INC#000003" } });
  });
});

describe("the approver directory", () => {
  const put = (team: string, id: string, keys: readonly PublicJwk[]) =>
    teamObject(team).putApprover({
      by: "olga",
      approver: { id, name: id, groups: ["board"], keys, validFrom: null, validUntil: null },
      idempotency: null,
      at: ms(0),
    });

  it("names keys by their thumbprints and keeps them over an eviction", async () => {
    const team = freshTeam();
    const key = keyPair("laptop");
    await put(team, "ada", [{ ...key.publicJwk, kid: "chosen by the caller" }]);
    await evictTeam(team);
    const facts = await teamObject(team).approverFacts("ada");
    expect(facts).toEqual({
      id: "ada",
      name: "ada",
      groups: ["board"],
      keys: [{ kid: key.kid, jwk: { ...key.publicJwk, kid: key.kid } }],
      validFrom: null,
      validUntil: null,
    });
    expect(await teamObject(team).approverFacts("bob")).toBeNull();
  });

  it("gives a key to one person only, for ever", async () => {
    const team = freshTeam();
    const [shared, own] = [keyPair("shared"), keyPair("own")];
    expect((await put(team, "ada", [shared.publicJwk])).ok).toBe(true);
    const taken = { ok: false, error: { reason: "key_in_use", kid: shared.kid } };
    expect(await put(team, "bob", [own.publicJwk, shared.publicJwk])).toEqual(taken);
    expect(await teamObject(team).approverFacts("bob")).toBeNull();
    expect((await put(team, "ada", [keyPair("new").publicJwk])).ok).toBe(true);
    expect(await put(team, "bob", [shared.publicJwk])).toEqual(taken);
    expect((await put(team, "ada", [shared.publicJwk])).ok).toBe(true);
    expect((await put(freshTeam(), "bob", [shared.publicJwk])).ok).toBe(true);
  });

  it.each([
    ["nine", Array.from({ length: 9 }, (_, index) => keyPair(`key ${index}`).publicJwk)],
    ["the same twice", [keyPair("twin").publicJwk, keyPair("twin").publicJwk]],
    ["one of low order", [{ kty: "OKP", crv: "Ed25519", x: "A".repeat(43) } as const]],
    ["a private one", [keyPair("private").privateJwk]],
  ])("refuses %s as a person's keys", async (_what, keys) => {
    expect(await put(freshTeam(), "ada", keys)).toMatchObject({
      ok: false,
      error: { reason: "approver_not_permitted" },
    });
  });

  it("takes eight", async () => {
    const keys = Array.from({ length: 8 }, (_, index) => keyPair(`eight ${index}`).publicJwk);
    expect((await put(freshTeam(), "ada", keys)).ok).toBe(true);
  });
});

describe("an agent put again", () => {
  it("stays banned while nobody says that the ban is lifted", async () => {
    const admin = callerOf(freshTeam(), "admin");
    const put = async (body: object) =>
      (await expectStatus(call(admin, "POST", "/v1/agents", body), 200)).body;
    expect(await put({ id: "agent-a", skills: ["pay"] })).toMatchObject({ banned: false });
    expect(await put({ id: "agent-a", skills: ["pay"], banned: true })).toMatchObject({
      banned: true,
    });
    const changed = { id: "agent-a", skills: ["pay", "audit"], zone: "eu", banned: true };
    expect(await put({ id: "agent-a", skills: ["pay", "audit"], zone: "eu" })).toEqual(changed);
    expect(await teamObject(admin.team).agentFacts("agent-a")).toEqual(changed);
    expect(await put({ id: "agent-a", banned: false })).toMatchObject({ banned: false });
  });
});

describe("an idempotency key", () => {
  const key = (key: string, requestHash = "h1") => ({ key, requestHash });

  it("replays the first answer, refuses another request, and leaves nothing of it", async () => {
    const team = freshTeam();
    const object = teamObject(team);
    const agent = { id: "agent-a", skills: ["pay"], zone: null, banned: false };
    const at = ms(0);
    await object.putAgent({ by: "olga", agent, idempotency: key("ada:1"), at });
    await object.putAgent({ by: "olga", agent: { ...agent, banned: true }, idempotency: null, at });
    await evictTeam(team);
    const replayed = await teamObject(team).putAgent({
      by: "olga",
      agent,
      idempotency: key("ada:1"),
      at,
    });
    expect(replayed).toEqual({ ok: true, value: agent });
    expect(await teamObject(team).agentFacts("agent-a")).toMatchObject({ banned: true });
    const other = { by: "olga", agent: { ...agent, id: "b" }, idempotency: key("ada:1", "h2"), at };
    expect(await teamObject(team).putAgent(other)).toEqual({
      ok: false,
      error: { reason: "idempotency_key_reused" },
    });
    expect(await teamObject(team).agentFacts("b")).toBeNull();
  });

  it("under 50 concurrent requests makes one change", async () => {
    const team = freshTeam();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        teamObject(team).addWebhook({
          id: `${WHK.slice(0, -2)}${String(index).padStart(2, "0")}`,
          url: "https://hooks.example.com/",
          events: ["*"],
          signature: "v1a",
          format: "cloudevents",
          root: "root",
          idempotency: key("olga:hook"),
          at: ms(0),
        }),
      ),
    );
    expect(new Set(answers.map((answer) => (answer.ok ? answer.value.id : "refused"))).size).toBe(
      1,
    );
    expect(await teamObject(team).webhooks()).toHaveLength(1);
  });

  it("does not keep a refusal", async () => {
    const team = freshTeam();
    await register(team, ADA);
    const proposed = await proposeVersion(team);
    const activate = (statement: string) =>
      teamObject(team).activatePolicy({
        version: proposed.version,
        statement,
        sub: "ada",
        idempotency: key("ada:act"),
        at: ms(2),
      });
    expect((await activate("nonsense")).ok).toBe(false);
    expect((await activate(activation(team, proposed, ADA))).ok).toBe(true);
  });

  it("gives the same mission id again, and reserves it once", async () => {
    const team = freshTeam();
    const early = await teamObject(team).opening({ missionId: OTHER, idempotency: key("a:open") });
    expect(early).toEqual({ ok: true, value: { missionId: OTHER, policy: null } });
    expect(await teamObject(team).missionIds("", 10)).toEqual([]);
    await withActivePolicy(team);
    const open = (missionId: string) =>
      teamObject(team).opening({ missionId, idempotency: key("a:open") });
    expect(await open(MISSION)).toMatchObject({ value: { missionId: MISSION } });
    expect(await open(OTHER)).toMatchObject({ value: { missionId: MISSION } });
    expect(await teamObject(team).missionIds("", 10)).toEqual([MISSION]);
    expect(await teamObject(team).missionIds(MISSION, 10)).toEqual([]);
  });

  it("is kept for at least a day and forgotten some time after", async () => {
    const team = freshTeam();
    const agent = { id: "agent-a", skills: [], zone: null, banned: false };
    const send = (name: string) =>
      teamObject(team).putAgent({ by: "olga", agent, idempotency: key(name), at: ms(0) });
    await send("old");
    await send("young");
    await insideTeam(team, ({ sql }) => {
      const age = "UPDATE idempotency SET at = at - ? WHERE key = ?";
      sql.exec(age, 24 * 3_600_000 + 60_000, "old");
      sql.exec(age, 24 * 3_600_000 - 60_000, "young");
      sql.exec("UPDATE team_meta SET value = '0' WHERE name = 'answers_pruned_at'");
    });
    await send("new");
    const keys = await insideTeam(team, ({ sql }) =>
      sql.exec<{ key: string }>("SELECT key FROM idempotency ORDER BY key").toArray(),
    );
    expect(keys.map((row) => row.key)).toEqual(["new", "young"]);
  });
});

describe("the database", () => {
  it("refuses to start when an applied migration was edited", async () => {
    const team = freshTeam();
    await teamObject(team).agents();
    await insideTeam(team, ({ sql }) => sql.exec("UPDATE team_migration SET hash = 'edited'"));
    await evictTeam(team);
    await expect(Promise.resolve(teamObject(team).agents())).rejects.toThrow(/never edited/);
  });

  it("is billed one row for an opening, one for a kept answer and two for an incident", async () => {
    const team = freshTeam();
    await teamObject(team).agents();
    const written = await insideTeam(team, (storage) => {
      const { sql } = storage;
      const opening = sql.exec("INSERT INTO opening (mission_id) VALUES ('x')").rowsWritten;
      const answer = sql.exec(
        "INSERT INTO idempotency (key, request_hash, answer, at) VALUES ('x', 'h', '1', 0)",
      ).rowsWritten;
      const row = sql.exec(
        "INSERT INTO incident (number, origin_key, kind, severity, reason_codes, summary, opened_at, status) VALUES (1, 'k', 'k', 'low', '[]', 's', 't', 'open')",
      ).rowsWritten;
      return { opening, answer, row };
    });
    expect(written).toEqual({ opening: 1, answer: 1, row: 2 });
  });
});
