/**
 * The measures of attention against numbers worked out by hand, and that nothing which decides reads them.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  measureAttention,
  type MeasuredDecision,
  wordsShown,
} from "../../shared/attention/index.ts";
import { projectEvents } from "../../worker/read-model/project.ts";
import { iso, TEAM } from "../support/builders.ts";
import { storyOf } from "../support/index-stories.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** Signed `at`, on a request of `words` words made `after` before. */
function signed(at: number, after: number, words: number, more: Partial<MeasuredDecision> = {}) {
  const request = { at: at - after, words };
  return {
    decision: "approve",
    decidedAt: at,
    request,
    previousAt: null,
    isCanary: false,
    ...more,
  } as const;
}

describe("a person's attention", () => {
  it("of nobody's decisions has no shares and no times", () => {
    expect(measureAttention([])).toEqual({
      decisions: 0,
      approvals: 0,
      denials: 0,
      approvedShare: null,
      timeToDecisionMs: null,
      approvalsPerHour: null,
      approvalsPerHourMax: 0,
      timedApprovals: 0,
      hastyApprovals: 0,
      rubberStampIndex: null,
      canariesApproved: 0,
      canariesDenied: 0,
    });
  });

  it("of five decisions is what is worked out by hand", () => {
    // 100 words take 20 s at 300 words a minute.
    const decisions = [
      signed(1 * HOUR, 30 * SECOND, 100),
      signed(1 * HOUR + 60 * SECOND, 19 * SECOND, 100),
      signed(1 * HOUR + 120 * SECOND, 5 * SECOND, 100, { decision: "deny" }),
      signed(5 * HOUR, 200 * SECOND, 100),
      signed(5 * HOUR + 10 * SECOND, 0, 0, { request: null }),
    ];
    expect(measureAttention(decisions)).toEqual({
      decisions: 5,
      approvals: 4,
      denials: 1,
      approvedShare: 0.8,
      timeToDecisionMs: { shortest: 5 * SECOND, median: 19 * SECOND, p90: 200 * SECOND },
      approvalsPerHour: 2,
      approvalsPerHourMax: 2,
      timedApprovals: 3,
      hastyApprovals: 1,
      rubberStampIndex: 1 / 3,
      canariesApproved: 0,
      canariesDenied: 0,
    });
  });

  it("is not hasty when there was exactly as much time as reading takes", () => {
    expect(measureAttention([signed(HOUR, 20 * SECOND, 100)]).hastyApprovals).toBe(0);
    expect(measureAttention([signed(HOUR, 20 * SECOND - 1, 100)]).hastyApprovals).toBe(1);
  });

  it("is hasty in a pile of old requests that are signed one after another", () => {
    const first = signed(9 * HOUR, 8 * HOUR, 100);
    const pile = [1, 2, 3].map((n) =>
      signed(9 * HOUR + n * SECOND, 8 * HOUR, 100, { previousAt: 9 * HOUR + (n - 1) * SECOND }),
    );
    expect(measureAttention([first, ...pile])).toMatchObject({
      hastyApprovals: 3,
      rubberStampIndex: 0.75,
      approvalsPerHourMax: 4,
    });
  });

  it("counts a decision from before the request for nothing", () => {
    const decision = signed(9 * HOUR, 30 * SECOND, 100, { previousAt: 2 * HOUR });
    expect(measureAttention([decision]).hastyApprovals).toBe(0);
  });

  it("has no hasty denials: refusing quickly is no carelessness", () => {
    const denial = signed(HOUR, 0, 5_000, { decision: "deny" });
    expect(measureAttention([denial])).toMatchObject({ hastyApprovals: 0, rubberStampIndex: null });
  });

  it("counts the canaries that were approved and those that were denied", () => {
    const canary = { isCanary: true };
    const decisions = [
      signed(1 * HOUR, 60 * SECOND, 10, canary),
      signed(2 * HOUR, 60 * SECOND, 10, { ...canary, decision: "deny" }),
      signed(3 * HOUR, 60 * SECOND, 10, { ...canary, decision: "deny" }),
      signed(4 * HOUR, 60 * SECOND, 10, { decision: "deny" }),
    ];
    expect(measureAttention(decisions)).toMatchObject({ canariesApproved: 1, canariesDenied: 2 });
  });

  it("counts the most within 60 minutes across the hours of the clock", () => {
    const times = [10, 50, 65, 109, 111, 170].map((minute) => minute * 60 * SECOND);
    const approvals = times.map((at) => signed(at, HOUR / 60, 1));
    expect(measureAttention(approvals)).toMatchObject({
      approvalsPerHour: 2,
      approvalsPerHourMax: 3,
    });
  });

  it("is the same in whatever order the decisions come", () => {
    const decision = fc.record({
      decision: fc.constantFrom("approve" as const, "deny" as const),
      decidedAt: fc.integer({ min: 5 * HOUR, max: 50 * HOUR }),
      request: fc.option(
        fc.record({ at: fc.integer({ min: 0, max: 5 * HOUR }), words: fc.nat(50_000) }),
      ),
      isCanary: fc.boolean(),
      previousAt: fc.option(fc.integer({ min: 0, max: 5 * HOUR })),
    });
    fc.assert(
      fc.property(fc.array(decision), (decisions) => {
        const measured = measureAttention(decisions);
        expect(measureAttention(decisions.toReversed())).toEqual(measured);
        expect(measured.hastyApprovals).toBeLessThanOrEqual(measured.timedApprovals);
        expect(measured.approvals + measured.denials).toBe(decisions.length);
      }),
    );
  });
});

describe("the words of a request", () => {
  it("are those of its texts and of its arguments, keys included", () => {
    expect(wordsShown(["Switch the vendor", "vendor.switch", { to: "b", amounts: [1, 2] }])).toBe(
      3 + 2 + 2 + 3,
    );
  });

  it("are none where there is nothing", () => {
    expect(wordsShown([undefined, null, "", " -- ", {}, []])).toBe(0);
  });
});

describe("the projection", () => {
  const { asked, decisions } = projectEvents(TEAM, null, storyOf());

  it("keeps each request with what there was to read, and who signed what", () => {
    expect(asked).toMatchObject([{ at: iso(3) }]);
    expect(asked[0]?.words).toBeGreaterThan(3);
    expect(decisions).toMatchObject([
      { approver: "ada", decision: "approve", at: iso(5), gateDigest: asked[0]?.gateDigest },
    ]);
    expect(decisions[0]?.seq).toBeGreaterThan(asked[0]?.seq ?? Number.POSITIVE_INFINITY);
  });
});

describe("what decides", () => {
  const root = path.join(import.meta.dirname, "../..");
  const deciding = globSync(["shared/**/*.ts", "durable-objects/**/*.ts"], { cwd: root }).filter(
    (file) => !/^shared\/(attention|wire)\//.test(file),
  );

  it("imports no measure of attention: it is shown, and nothing hangs on it", () => {
    expect(deciding).toContain("shared/gates/approval.ts");
    expect(deciding).toContain("durable-objects/mission/object.ts");
    const readers = deciding.filter((file) =>
      /from "[^"]*attention/.test(readFileSync(path.join(root, file), "utf8")),
    );
    expect(readers).toEqual([]);
  });
});
