/**
 * Automatic authorization within gate 10: what it lifts, what it never lifts, and what a person reads where
 * a grant is there and not enough.
 */
import { describe, expect, it } from "vitest";
import { evaluateEntry, type GateQuestion, requestOf } from "../../shared/gates/index.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import { approvalNode, type executionNode, iso, MISSION, policy } from "../support/builders.ts";
import { execution } from "../support/gate-questions.ts";
import { askingPolicy, grantOf, trustAt } from "../support/trusts.ts";

const AUTO = "AUTO_AUTH_BY_TRUST_AND_GRANT";

/** A question that only the policy's wish for a person pauses, of an agent with trust and a grant. */
function asking(overrides: Partial<GateQuestion> = {}): GateQuestion {
  return execution({
    policy: askingPolicy(),
    mission: { id: MISSION, done: 0, total: 1 },
    trust: trustAt(0),
    ...overrides,
  });
}

const specWith = (overrides: Parameters<typeof executionNode>[1]) =>
  nodeSchema.parse({ ...asking().spec, ...overrides });
const codesOf = (about: GateQuestion) => evaluateEntry(about).reasons.map(({ code }) => code);
const share = (draw: number) => ({
  h: 0.9,
  a: 0.1,
  h0: 0.9,
  hk: 0.9,
  k: 0,
  eqk: 0,
  draw,
  selected: true,
});

describe("trust and a grant", () => {
  it("stand in for the person a policy rule asks for, with the reason in the result", () => {
    const result = evaluateEntry(asking());
    expect(result.verdict).toBe("allow");
    expect(result.reasons).toEqual([
      {
        code: AUTO,
        gate: "approval",
        detail: `score 0.99 of 0.98, streak 4 of 2, grant ${grantOf().id} of ann`,
        counterfactual: expect.any(String),
      },
    ]);
    expect(requestOf(asking(), result.gates)).toBeNull();
  });

  it("stand in for groups of people that a policy rule asks for", () => {
    const all = [{ group: "finance", quorum: 2 }];
    const groups = askingPolicy({ quorum: 2, all });
    expect(codesOf(asking({ policy: groups }))).toEqual([AUTO]);
  });

  it("stand in for a review that only the share above its floor selected", () => {
    const selected = { policy: policy(), spec: specWith({ allocation: { humanMin: 0.3 } }) };
    expect(codesOf(asking({ ...selected, share: share(0.3) }))).toEqual([AUTO]);
    expect(codesOf(asking({ ...selected, share: share(0.29) }))).toEqual([
      "APPROVAL_MISSING",
      "REVIEW_SELECTED",
    ]);
  });

  it("say nothing where nobody is asked for", () => {
    expect(evaluateEntry(asking({ policy: policy() }))).toMatchObject({
      verdict: "allow",
      reasons: [],
    });
  });

  it.each<[string, Partial<GateQuestion>]>([
    ["risk 3", { spec: specWith({ risk: 3, ownerR: "human" }) }],
    ["the plan's own approval", { spec: specWith({ approval: { quorum: 1 } }) }],
    ["a review within the floor of risk 2", { policy: policy(), share: share(0.19) }],
    [
      "what a person has begun to approve",
      { approvers: ["ann"], policy: askingPolicy({ quorum: 2 }) },
    ],
    [
      "the pause of another gate",
      {
        spec: specWith({ criteria: [{ text: "It looks good", kind: "subjective" }] }),
      },
    ],
    ["a mission of an earlier generation, which knows no trust", { trust: undefined as never }],
  ])("never stand in for %s", (_, overrides) => {
    const about = asking(overrides);
    const { verdict } = evaluateEntry(about);
    expect(verdict).toBe("pause");
    expect(codesOf(about)).toContain("APPROVAL_MISSING");
    expect(codesOf(about)).not.toContain(AUTO);
  });

  it("never stand in at an approval node, whose whole point is a person", () => {
    const spec = nodeSchema.parse(approvalNode("agree", { approves: "run", risk: 1 }));
    const about = asking({ spec, expectedAction: asking().spec.action ?? null });
    expect(codesOf(about)).toEqual(["APPROVAL_MISSING"]);
  });

  it.each(["denied", "expired"] as const)("never stand in against what people %s", (refused) => {
    const result = evaluateEntry(asking({ refused }));
    expect(result.verdict).toBe("block");
    expect(result.reasons.map(({ code }) => code)).not.toContain(AUTO);
  });
});

describe("where a grant is there and not enough", () => {
  it.each([
    ["TRUST_COOLDOWN_ACTIVE", trustAt(0, { cooldownUntil: iso(1) })],
    ["GRANT_EXPIRED", trustAt(0, { grants: [grantOf({ expiresAt: iso(0) })] })],
    ["NO_VALID_GRANT", trustAt(0, { grants: [grantOf({ zone: "us" })] })],
    ["TRUST_SCORE_LOW", trustAt(0, { score: 0.97 })],
    ["TRUST_UNAVAILABLE", trustAt(-61)],
    ["TRUST_UNAVAILABLE", "unavailable"],
  ] as const)("people are asked, and read %s", (code, trust) => {
    const result = evaluateEntry(asking({ trust }));
    expect(result.verdict).toBe("pause");
    expect(result.reasons.map((reason) => reason.code)).toEqual(["APPROVAL_MISSING", code]);
    expect(requestOf(asking({ trust }), result.gates)).toMatchObject({ quorum: 1 });
  });

  it("nothing is said of trust to who has no grant for the action at all", () => {
    expect(codesOf(asking({ trust: trustAt(0, { grants: [] }) }))).toEqual(["APPROVAL_MISSING"]);
  });

  it("the expiry is that of the moment the gate is asked, not of the proposal", () => {
    const trust = trustAt(0, { grants: [grantOf({ expiresAt: iso(30) })] });
    expect(codesOf(asking({ trust, at: iso(29) }))).toEqual([AUTO]);
    expect(codesOf(asking({ trust, at: iso(30) }))).toEqual(["APPROVAL_MISSING", "GRANT_EXPIRED"]);
  });
});
