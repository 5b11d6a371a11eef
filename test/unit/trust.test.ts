/**
 * Trust as pure rules: how outcomes move score, streak and cooldown, what a grant may be, and what both
 * together authorize, in which order. With the recorded sequences and decisions of the system it comes from.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Authorizing,
  autoAuthorization,
  type Grant,
  grantMisfit,
  readTrust,
  type Trust,
  TRUST,
  TRUST_START,
  type TrustFacts,
  type TrustOutcomeName,
  updateTrust,
} from "../../shared/trust/index.ts";
import { TRUST_DELTAS } from "../../shared/trust/rule.ts";
import { iso, MISSION, ms } from "../support/builders.ts";

const CAP = TRUST.gainPerMissionMax;

interface Step {
  readonly outcome: string;
  readonly delta_requested: number;
  readonly trust_before: string;
  readonly trust_after: string;
  readonly approval_streak: number;
  readonly cap_remaining: string;
}

interface GateCase {
  readonly trust_score: number;
  readonly approval_streak: number;
  readonly cooldown_seconds_from_now: number | null;
  readonly grant: {
    readonly scenario: string;
    readonly location_id: string;
    readonly expires_in_seconds: number;
  } | null;
  readonly auto_auth: boolean;
  readonly reason_code: string;
}

interface Vectors {
  readonly update_sequences: readonly {
    readonly start: number;
    readonly streak: number;
    readonly steps: readonly Step[];
  }[];
  readonly gate: readonly GateCase[];
}

const vectorsFile = path.resolve(import.meta.dirname, "../../../shared/vectors/maestro/trust.json");

const OUTCOME_OF: Readonly<Record<string, TrustOutcomeName>> = {
  AUTH_APPROVE: "approval_granted",
  FINALIZE_APPROVE: "node_done",
  AUTH_REJECT: "approval_denied",
  DRAFT_LINT_FAIL: "attempt_failed",
  EVIDENCE_FABRICATION: "evidence_fabricated",
  AUTH_EXPIRED: "authorization_expired",
};

const SCENARIO = "CASE_B_PED_IN_CROSSWALK_EMERGENCY_PRESENT";
const LOCATION = "INT-042";

describe.skipIf(!existsSync(vectorsFile))(
  "the recorded cases (skipped when ../shared/vectors is absent)",
  () => {
    const vectors = existsSync(vectorsFile)
      ? (JSON.parse(readFileSync(vectorsFile, "utf8")) as Vectors)
      : { update_sequences: [], gate: [] };

    it("are there", () => {
      expect(vectors.update_sequences.length).toBeGreaterThanOrEqual(4);
      expect(vectors.gate.length).toBeGreaterThanOrEqual(11);
    });

    it.each(vectors.update_sequences.map((sequence, n) => ({ n, ...sequence })))(
      "sequence $n comes out to the last bit",
      ({ start, streak, steps }) => {
        let trust: Trust = { ...TRUST_START, score: start, streak };
        let gainLeft: number = CAP;
        for (const [n, step] of steps.entries()) {
          const outcome = OUTCOME_OF[step.outcome];
          if (outcome === undefined) throw new Error(`an outcome we know, not ${step.outcome}`);
          const at = iso(1_000 * (n + 1));
          const going = updateTrust(trust, gainLeft, outcome, at);
          // The recording does not mark where a run begins; there the cap is whole again.
          const isSameRun = String(going.gainLeft) === String(Number(step.cap_remaining));
          const update = isSameRun ? going : updateTrust(trust, CAP, outcome, at);
          expect(update.deltaRequested).toBe(step.delta_requested);
          expect(trust.score).toBe(Number(step.trust_before));
          expect(update.trust.score).toBe(Number(step.trust_after));
          expect(update.trust.streak).toBe(step.approval_streak);
          expect(update.gainLeft).toBe(Number(step.cap_remaining));
          ({ trust, gainLeft } = update);
        }
      },
    );

    it.each(vectors.gate.map((recorded, n) => ({ n, ...recorded })))(
      "decision $n: $reason_code",
      (recorded) => {
        const { grant, cooldown_seconds_from_now: cooldown } = recorded;
        const issued =
          grant === null
            ? []
            : [
                grantOf({
                  actionType: grant.scenario,
                  zone: grant.location_id,
                  expiresAt: iso(NOW + grant.expires_in_seconds),
                }),
              ];
        const facts = factsOf({
          score: recorded.trust_score,
          streak: recorded.approval_streak,
          cooldownUntil: cooldown === null ? null : iso(NOW + cooldown),
          grants: issued,
        });
        const asked = askedOf({ actionType: SCENARIO, zone: LOCATION });
        const answer = autoAuthorization(facts, asked, iso(NOW));
        expect(answer.allowed).toBe(recorded.auto_auth);
        // There an expired grant is no grant; here its expiry is the reason.
        const isExpired = (grant?.expires_in_seconds ?? 0) < 0;
        expect(answer.code).toBe(isExpired ? "GRANT_EXPIRED" : recorded.reason_code);
      },
    );
  },
);

const NOW = 10_000;

function grantOf(changes: Partial<Grant> = {}): Grant {
  return {
    id: "grt_1",
    agent: "agent-a",
    actionType: "vendor.switch",
    riskMax: 2,
    expiresAt: iso(NOW + 60),
    issuedBy: "ann",
    ...changes,
  };
}

function factsOf(changes: Partial<TrustFacts> = {}): TrustFacts {
  return {
    score: 0.98,
    streak: 2,
    cooldownUntil: null,
    readAt: iso(NOW),
    grants: [grantOf()],
    ...changes,
  };
}

function askedOf(changes: Partial<Authorizing> = {}): Authorizing {
  return {
    agent: "agent-a",
    actionType: "vendor.switch",
    zone: null,
    risk: 2,
    missionId: MISSION,
    authorizationExpiresAt: null,
    ...changes,
  };
}

describe("outcomes", () => {
  it("a success raises score and streak, a fault lowers one, ends the other and starts the cooldown", () => {
    const up = updateTrust(TRUST_START, CAP, "node_done", iso(0));
    expect(up).toMatchObject({
      deltaApplied: 0.02,
      trust: { score: 0.92, streak: 1, cooldownUntil: null },
    });
    const down = updateTrust(up.trust, up.gainLeft, "approval_denied", iso(5));
    expect(down.trust).toEqual({ score: 0.89, streak: 0, cooldownUntil: iso(305) });
    expect(down.gainLeft).toBe(up.gainLeft);
  });

  it("what a mission no longer allows to gain raises neither score nor streak", () => {
    const update = updateTrust(TRUST_START, 0, "approval_granted", iso(0));
    expect(update).toMatchObject({ deltaApplied: 0, trust: TRUST_START });
  });

  it("a success from before the last fault, told late, begins no streak", () => {
    const fault = updateTrust(TRUST_START, CAP, "attempt_failed", iso(100)).trust;
    expect(updateTrust(fault, CAP, "node_done", iso(99)).trust.streak).toBe(0);
    expect(updateTrust(fault, CAP, "node_done", iso(101)).trust.streak).toBe(1);
  });

  it("a fault told late does not end the cooldown of a later one", () => {
    const later = updateTrust(TRUST_START, CAP, "attempt_failed", iso(100)).trust;
    const trust = updateTrust(later, CAP, "attempt_failed", iso(10)).trust;
    expect(trust.cooldownUntil).toBe(iso(400));
  });

  it("the score stays within its bounds, whatever happens, and a mission never gives more than its share", () => {
    const names = Object.keys(TRUST_DELTAS) as TrustOutcomeName[];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names), { maxLength: 60 }), (outcomes) => {
        let [trust, gainLeft, gained] = [TRUST_START, CAP as number, 0];
        for (const [n, outcome] of outcomes.entries()) {
          const update = updateTrust(trust, gainLeft, outcome, iso(n));
          gained += Math.max(0, update.deltaApplied);
          expect(readTrust(update.trust)).toEqual(update.trust);
          expect(update.trust.streak === 0 || TRUST_DELTAS[outcome] > 0).toBe(true);
          ({ trust, gainLeft } = update);
        }
        expect(gained).toBeLessThanOrEqual(CAP + Number.EPSILON);
      }),
    );
  });

  it("nobody starts with enough", () => {
    expect(autoAuthorization(factsOf(TRUST_START), askedOf(), iso(NOW))).toMatchObject({
      allowed: false,
      code: "TRUST_SCORE_LOW",
    });
  });
});

describe("stored trust", () => {
  it.each([
    ["a score that is no number", { score: "1" }],
    ["a score out of bounds", { score: 1.01 }],
    ["a score of NaN", { score: Number.NaN }],
    ["a broken streak", { streak: 1.5 }],
    ["a negative streak", { streak: -1 }],
    ["a cooldown that is no time", { cooldownUntil: "soon" }],
  ])("with %s is unreadable, never the start", (_, change) => {
    expect(readTrust({ ...TRUST_START, ...change })).toBeNull();
  });
});

describe("automatic authorization", () => {
  it("is given to high trust with a live grant, and says by which", () => {
    expect(autoAuthorization(factsOf(), askedOf(), iso(NOW))).toEqual({
      allowed: true,
      code: "AUTO_AUTH_BY_TRUST_AND_GRANT",
      grant: grantOf(),
      detail: "score 0.98 of 0.98, streak 2 of 2, grant grt_1 of ann",
    });
  });

  it.each([
    ["trust that cannot be read", "TRUST_UNAVAILABLE", { score: Number.NaN }, {}],
    ["trust read too long ago", "TRUST_UNAVAILABLE", { readAt: iso(NOW - 61) }, {}],
    ["trust read in the future", "TRUST_UNAVAILABLE", { readAt: iso(NOW + 1) }, {}],
    ["a cooldown", "TRUST_COOLDOWN_ACTIVE", { cooldownUntil: iso(NOW + 1) }, {}],
    [
      "an authorization of the mission that ended",
      "AUTHORIZATION_EXPIRED",
      {},
      { authorizationExpiresAt: iso(NOW) },
    ],
    ["an expired grant", "GRANT_EXPIRED", { grants: [grantOf({ expiresAt: iso(NOW) })] }, {}],
    [
      "an expiry that is no time",
      "GRANT_EXPIRED",
      { grants: [grantOf({ expiresAt: "never" })] },
      {},
    ],
    ["no grant", "NO_VALID_GRANT", { grants: [] }, {}],
    ["a grant of another agent", "NO_VALID_GRANT", {}, { agent: "agent-b" }],
    ["a grant of another action", "NO_VALID_GRANT", {}, { actionType: "vendor.pay" }],
    ["a grant of another zone", "NO_VALID_GRANT", { grants: [grantOf({ zone: "a/b" })] }, {}],
    ["a grant of another mission", "NO_VALID_GRANT", { grants: [grantOf({ missionId: "m" })] }, {}],
    ["a grant of a lower risk", "NO_VALID_GRANT", { grants: [grantOf({ riskMax: 1 })] }, {}],
    [
      "risk 3, whatever the grant says",
      "NO_VALID_GRANT",
      { grants: [grantOf({ riskMax: 4 })] },
      { risk: 3 },
    ],
    ["a score just below", "TRUST_SCORE_LOW", { score: 0.9799999 }, {}],
    ["a short streak", "TRUST_SCORE_LOW", { streak: 1 }, {}],
  ])("is refused for %s: %s", (_, code, facts, asked) => {
    const answer = autoAuthorization(factsOf(facts), askedOf(asked), iso(NOW));
    expect(answer).toMatchObject({ allowed: false, code });
  });

  it("is refused where the directory could not say", () => {
    const answer = autoAuthorization("unavailable", askedOf(), iso(NOW));
    expect(answer).toMatchObject({ allowed: false, code: "TRUST_UNAVAILABLE" });
  });

  it("names the first of several causes: cooldown, expiry, grant, then score", () => {
    const codes: string[] = [];
    let facts = factsOf({
      score: 0.5,
      cooldownUntil: iso(NOW + 1),
      grants: [grantOf({ expiresAt: iso(1) })],
    });
    let asked = askedOf({ authorizationExpiresAt: iso(1) });
    const ask = () => codes.push(autoAuthorization(facts, asked, iso(NOW)).code);
    ask();
    facts = { ...facts, cooldownUntil: null };
    ask();
    asked = askedOf();
    ask();
    facts = { ...facts, grants: [] };
    ask();
    facts = { ...facts, grants: [grantOf()] };
    ask();
    facts = { ...facts, score: 0.98 };
    ask();
    expect(codes).toEqual([
      "TRUST_COOLDOWN_ACTIVE",
      "AUTHORIZATION_EXPIRED",
      "GRANT_EXPIRED",
      "NO_VALID_GRANT",
      "TRUST_SCORE_LOW",
      "AUTO_AUTH_BY_TRUST_AND_GRANT",
    ]);
  });

  it("takes the grant that lives where another one has expired", () => {
    const grants = [grantOf({ id: "grt_0", expiresAt: iso(1) }), grantOf()];
    expect(autoAuthorization(factsOf({ grants }), askedOf(), iso(NOW))).toMatchObject({
      allowed: true,
      grant: { id: "grt_1" },
    });
  });
});

describe("a grant", () => {
  const issuing = { isIssuerAgent: false, at: ms(NOW) };

  it("is issued by a person, for another, at risk 2 at most and for 30 days at most", () => {
    expect(grantMisfit(grantOf({ expiresAt: iso(NOW + 30 * 86_400) }), issuing)).toBeNull();
  });

  it.each([
    ["who it is for", "", grantOf({ issuedBy: "agent-a" }), issuing],
    ["an agent", "", grantOf(), { ...issuing, isIssuerAgent: true }],
    ["a person for risk 3", "/riskMax", grantOf({ riskMax: 3 }), issuing],
    ["a person for half a risk", "/riskMax", grantOf({ riskMax: 1.5 }), issuing],
    ["a person for the past", "/expiresAt", grantOf({ expiresAt: iso(NOW) }), issuing],
    [
      "a person for longer",
      "/expiresAt",
      grantOf({ expiresAt: iso(NOW + 30 * 86_400 + 1) }),
      issuing,
    ],
  ])("is not issued by %s", (_, pointer, grant, by) => {
    expect(grantMisfit(grant, by)).toMatchObject({ reason: "grant_not_permitted", pointer });
  });
});
