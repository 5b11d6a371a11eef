/**
 * Purposes and policies that do not count yet: on trial and over recorded missions, what is forbidden is what
 * the plan forbids and what the policy on trial forbids, not what the pinned one does.
 */
import { describe, expect, test } from "vitest";
import { hashJson } from "../../shared/canonical.ts";
import { createPolicyRun, redecideMission } from "../../shared/mission/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import { amend, amendment } from "../support/amendments.ts";
import { decisionNode, executionNode, person, plan, rule } from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { version } from "../support/policies.ts";
import { approves, denies, eventsOf, given, type Run, type Step } from "../support/scenario.ts";

const ADA = person("ada");
const RULES = [rule({ id: "act", kinds: ["execution"], actions: ["vendor.switch"] })];
const LENIENT = version("1", RULES);
const STRICT = version("2", RULES, ["surveillance"]);

const RISKY = executionNode("run", { risk: 3, ownerR: "human" });
const proposing = (purpose: string): Step => {
  const usual = propose(1, "run", { action: vendorSwitch({ amount: 5 }) });
  return { ...usual, proposal: { ...usual.proposal, purpose } };
};
const opened = (policy: PinnedPolicy, purpose: string, members: Parameters<typeof plan>[1] = {}) =>
  [openMission(plan([RISKY], members), { policy }), proposing(purpose)] as const;

function over(run: Run, candidate: PinnedPolicy) {
  const counts = createPolicyRun();
  const take = redecideMission(counts, candidate, 10);
  for (const event of run.events) take(event);
  const flips = counts.flips.map(({ from, to }) => [from, to]);
  return { flips, contradictions: counts.contradictions.map(({ kind }) => kind) };
}

function onTrial(policy: PinnedPolicy, shadow: PinnedPolicy, purpose: string, forbidden?: string) {
  const forbids = forbidden === undefined ? {} : { forbiddenPurposes: [forbidden] };
  const opening = openMission(plan([RISKY], forbids), { policy, shadow });
  const { run } = given(opening, proposing(purpose));
  return eventsOf(run, "gate.evaluated").map(({ gateResult, data }) => [
    gateResult?.verdict,
    (data["shadow"] as { verdict: string }).verdict,
  ]);
}

describe("a policy on trial", () => {
  test("that forbids the purpose would have sealed", () => {
    expect(onTrial(LENIENT, STRICT, "surveillance.staff")).toEqual([["pause", "seal"]]);
  });

  test("that no longer forbids it is not held to what the pinned one forbids", () => {
    expect(onTrial(STRICT, LENIENT, "surveillance.staff")).toEqual([["seal", "pause"]]);
  });

  test("is held to what the plan forbids", () => {
    expect(onTrial(LENIENT, LENIENT, "weapons", "weapons")).toEqual([["seal", "seal"]]);
  });

  test("says the same where the purpose is another", () => {
    expect(onTrial(LENIENT, STRICT, "procurement")).toEqual([["pause", "pause"]]);
  });
});

describe("a run over recorded missions", () => {
  test("flips what the candidate's purposes forbid, and the approval they contradict", () => {
    const { run } = given(...opened(LENIENT, "surveillance"), approves(2, "run", ADA));
    expect(over(run, STRICT)).toEqual({
      flips: [
        ["pause", "seal"],
        ["allow", "seal"],
      ],
      contradictions: ["approved_now_blocked"],
    });
    expect(over(run, LENIENT)).toEqual({ flips: [], contradictions: [] });
  });

  test("flips what only the recorded policy forbade", () => {
    const { run } = given(...opened(STRICT, "surveillance"));
    expect(over(run, LENIENT).flips).toEqual([["seal", "pause"]]);
  });

  test("a denial of what the candidate forbids contradicts nothing", () => {
    const { run } = given(...opened(LENIENT, "surveillance"), denies(2, "run", ADA));
    expect(over(run, STRICT).contradictions).toEqual([]);
  });

  test("what the plan forbids is not the candidate's doing", () => {
    const { run } = given(
      ...opened(LENIENT, "surveillance", { forbiddenPurposes: ["surveillance"] }),
    );
    expect(over(run, STRICT)).toEqual({ flips: [], contradictions: [] });
  });
});

describe("a policy that cannot be read", () => {
  const unreadable = (extra: object): PinnedPolicy => {
    const document = { name: "torn", rules: "all", ...extra };
    return { ...LENIENT, hash: hashJson(document), document: document as never };
  };

  test.each([[{}], [{ forbiddenPurposes: 5 }], [{ forbiddenPurposes: "surveillance" }]])(
    "blocks whatever it says of purposes: %j",
    (extra) => {
      const { events } = given(...opened(unreadable(extra), "procurement"));
      const last = events.at(-1);
      expect([last?.type, last?.gateResult?.verdict]).toEqual(["gate.evaluated", "block"]);
      const codes = last?.gateResult?.reasons.map(({ code }) => code);
      expect(codes).toContain("POLICY_UNREADABLE");
    },
  );

  test("on trial would have blocked, and decides nothing", () => {
    expect(onTrial(LENIENT, unreadable({ forbiddenPurposes: 5 }), "procurement")).toEqual([
      ["pause", "block"],
    ]);
  });

  test("permits no amendment", () => {
    const opening = openMission(plan([RISKY]), { policy: unreadable({ forbiddenPurposes: 5 }) });
    const { events } = given(opening, amend(1, amendment([decisionNode("more")])));
    expect(events.at(-1)).toMatchObject({
      type: "amendment.refused",
      gateResult: { verdict: "block", reasons: [{ code: "POLICY_UNREADABLE" }] },
    });
  });

  test("is not silent of amendments because it has no rule that this code knows", () => {
    const newer = unreadable({ rules: [], forbids: "all of it" });
    const { events } = given(
      openMission(plan([RISKY]), { policy: newer }),
      amend(1, amendment([decisionNode("more")])),
    );
    expect(events.at(-1)?.type).toBe("amendment.refused");
  });
});
