/**
 * How a policy becomes active in the team's object (I13): only by the signature of a registered person
 * other than its proposer, over exactly this version, document and team, inside its window.
 */
import { describe, expect, it } from "vitest";
import { iso, keyPair, ms, person, policy } from "../support/builders.ts";
import {
  activation,
  ADA,
  BOB,
  evictTeam,
  freshTeam,
  insideTeam,
  proposeVersion,
  register,
  teamObject,
  withActivePolicy,
} from "../support/team-world.ts";

const MISSION = "msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

describe("a policy", () => {
  async function attempt(
    team: string,
    version: string,
    statement: string,
    { sub = "ada", at = ms(2) } = {},
  ) {
    return teamObject(team).activatePolicy({ version, statement, sub, idempotency: null, at });
  }

  it("becomes active by another person's signature, and retires the one before", async () => {
    const team = freshTeam();
    const first = await withActivePolicy(team);
    expect(first).toMatchObject({ state: "active", activatedBy: "ada", activatedAt: iso(2) });
    const second = await proposeVersion(team);
    expect((await attempt(team, second.version, activation(team, second, ADA))).ok).toBe(true);
    await evictTeam(team);
    expect((await teamObject(team).policies()).map(({ state }) => state)).toEqual([
      "retired",
      "active",
    ]);
    const opened = await teamObject(team).opening({ missionId: MISSION, idempotency: null });
    expect(opened).toEqual({
      ok: true,
      value: {
        missionId: MISSION,
        policy: { version: second.version, hash: second.hash, document: second.document },
      },
    });
  });

  it("has the hash of its own document", async () => {
    const proposed = await proposeVersion(freshTeam());
    expect(proposed.hash).toBe(policy().hash);
  });

  it("is activated only once", async () => {
    const team = freshTeam();
    const active = await withActivePolicy(team);
    expect(await attempt(team, active.version, activation(team, active, ADA))).toMatchObject({
      error: { reason: "policy_not_proposed", state: "active" },
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["another team", { team: "rivals" }, "approval_statement_mismatch"],
    ["another version", { version: "pol_x" }, "approval_statement_mismatch"],
    ["another document", { policyHash: "0".repeat(64) }, "approval_statement_mismatch"],
    ["another person", { approver: "bob" }, "approval_statement_mismatch"],
    ["another decision", { decision: "approve" }, "approval_statement_malformed"],
    ["a further member", { extra: 1 }, "approval_statement_malformed"],
    ["no reason", { reason: "" }, "approval_statement_malformed"],
    ["the past", { expiresAt: iso(2) }, "approval_statement_expired"],
    ["the future", { issuedAt: iso(60) }, "approval_statement_malformed"],
    ["too long a time", { expiresAt: iso(8 * 86_400) }, "approval_statement_malformed"],
    ["no time at all", { expiresAt: iso(0) }, "approval_statement_malformed"],
  ])("is not activated by a statement for %s", async (_what, members, reason) => {
    const team = freshTeam();
    await register(team, ADA);
    const proposed = await proposeVersion(team);
    const statement = activation(team, proposed, ADA, members);
    expect(await attempt(team, proposed.version, statement)).toMatchObject({
      ok: false,
      error: { reason },
    });
    expect((await teamObject(team).policies()).map(({ state }) => state)).toEqual(["proposed"]);
  });

  it("is not activated by its proposer, an unknown person, or one outside their time", async () => {
    const team = freshTeam();
    await register(team, ADA);
    await register(team, person("eve", { validUntil: iso(1) }));
    const own = await proposeVersion(team, "ada");
    const refused = { ok: false, error: { reason: "approver_not_permitted" } };
    expect(await attempt(team, own.version, activation(team, own, ADA))).toMatchObject(refused);
    const eve = person("eve");
    const byEve = activation(team, own, eve);
    expect(await attempt(team, own.version, byEve, { sub: "eve" })).toMatchObject(refused);
    const byBob = activation(team, own, BOB);
    expect(await attempt(team, own.version, byBob, { sub: "bob" })).toEqual({
      ok: false,
      error: { reason: "approver_unknown", approver: "bob" },
    });
  });

  it("is not activated by a signature of another key, another kind, or another person's request", async () => {
    const team = freshTeam();
    await register(team, ADA);
    await register(team, BOB);
    const proposed = await proposeVersion(team);
    const forged = activation(team, proposed, ADA, {}, { key: keyPair("stranger") });
    const invalid = { ok: false, error: { reason: "approval_signature_invalid" } };
    expect(await attempt(team, proposed.version, forged)).toEqual(invalid);
    const other = activation(team, proposed, ADA, {}, { typ: "sekisho-approval+jwt" });
    expect(await attempt(team, proposed.version, other)).toEqual(invalid);
    const stolen = activation(team, proposed, ADA);
    expect(await attempt(team, proposed.version, stolen, { sub: "bob" })).toEqual(invalid);
  });

  it("nobody proposed is unknown", async () => {
    const team = freshTeam();
    const active = await withActivePolicy(team);
    const unknown = await attempt(team, "pol_unknown", activation(team, active, ADA));
    expect(unknown).toEqual({
      ok: false,
      error: { reason: "policy_unknown", version: "pol_unknown" },
    });
  });

  it("cannot be active in the database without a statement, or beside another", async () => {
    const team = freshTeam();
    await withActivePolicy(team);
    const second = await proposeVersion(team);
    await insideTeam(team, ({ sql }) => {
      const force = "UPDATE policy SET state = 'active' WHERE version = ?";
      expect(() => sql.exec(force, second.version)).toThrow(/CHECK/);
      const signed =
        "UPDATE policy SET state = 'active', activation_statement = 'x' WHERE version = ?";
      expect(() => sql.exec(signed, second.version)).toThrow(/UNIQUE/);
    });
  });
});
