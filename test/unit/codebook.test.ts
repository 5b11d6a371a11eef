/**
 * The contract of the codebook: the numbers below are in stored traces and exports. A line is never
 * changed and never removed; a new code is a new line, and raises CODEBOOK_VERSION.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { CODEBOOK_VERSION, GATES, REASON_CODES } from "../../shared/gates/index.ts";

/** Version 1 first, then what each later version added. */
const PINNED_CODES = {
  GATE_FAILURE: 1,
  PREDECESSOR_NOT_DONE: 101,
  MISSION_NOT_ACTIVE: 102,
  ATTEMPTS_EXHAUSTED: 103,
  NODE_SEALED: 104,
  AGENT_BANNED: 201,
  AGENT_NOT_ASSIGNED: 202,
  SKILL_MISSING: 203,
  ACTION_OUT_OF_SCOPE: 204,
  ZONE_CROSSED: 205,
  AGENT_UNKNOWN: 206,
  PROPOSAL_EMPTY: 301,
  PROPOSAL_CONTRADICTS_SPEC: 302,
  ACTION_MISSING: 303,
  ACTION_NOT_EXPECTED: 304,
  EVIDENCE_MISSING: 501,
  EVIDENCE_EXPIRED: 502,
  EVIDENCE_CONTRADICTION: 503,
  PRIMARY_SOURCE_REQUIRED: 504,
  CONFIDENCE_TOO_LOW: 505,
  SOURCE_MISSING: 506,
  SOURCES_TOO_FEW: 507,
  RECEIPT_MISSING: 508,
  CLAIM_REFUTED: 509,
  VERIFIER_UNAVAILABLE: 510,
  VERIFICATION_UNCLEAR: 511,
  VERIFIER_DISAGREEMENT: 512,
  POLICY_NO_MATCH: 601,
  POLICY_FORBIDDEN: 602,
  POLICY_UNREADABLE: 603,
  OWNER_MISSING: 901,
  AUTHORIZATION_EXPIRED: 902,
  SEPARATION_OF_DUTIES: 903,
  APPROVAL_MISSING: 1001,
  APPROVAL_DENIED: 1002,
  APPROVAL_EXPIRED: 1003,
  APPROVAL_NOT_FOR_THIS_ACTION: 1004,
  REVIEW_SELECTED: 1005,
  LEASE_HELD: 1101,
  OUTPUT_MISSING: 1201,
  TEST_FAILED: 1202,
  TEST_MISSING: 1203,
  ACTION_FAILED: 1204,
  OUTCOME_UNKNOWN: 1205,
  LEASE_EXPIRED: 1206,
  TICKET_UNUSED: 1207,
  TICKET_MALFORMED: 2001,
  TICKET_SIGNATURE_INVALID: 2002,
  TICKET_TYPE_INVALID: 2003,
  TICKET_KEY_UNKNOWN: 2004,
  TICKET_AUDIENCE_INVALID: 2005,
  TICKET_EXPIRED: 2006,
  TICKET_NOT_YET_VALID: 2007,
  ACTION_NOT_REGISTERED: 2008,
  ACTION_TYPE_MISMATCH: 2009,
  ARGS_HASH_MISMATCH: 2010,
  NONCE_USED: 2011,
  FENCE_STALE: 2012,
  GATE_NOT_CONFIRMED: 2013,
  GATEWAY_FAILURE: 2014,
  CHAIN_BROKEN: 3001,
  DELIVERY_FAILED: 3002,
  TICKET_UNSETTLED: 3003,
  // Version 2.
  PAUSE_OVERRIDDEN: 2,
  WRITE_OUT_OF_SCOPE: 207,
  CRITERION_SUBJECTIVE: 401,
  REL_BOUNDARY_UNSTABLE: 402,
  REL_REF_MISSING: 403,
  CONSTRAINT_VIOLATED: 701,
  RISK_OVER_BUDGET: 702,
  EVIDENCE_INCOMPLETE: 703,
  UNCERTAINTY_HIGH: 704,
  UNIVERSE_STALE: 705,
  UNIVERSE_UNKNOWN: 706,
  PURPOSE_FORBIDDEN: 801,
  EVIDENCE_FABRICATED: 802,
  PURPOSE_UNDECLARED: 803,
  // Version 3.
  UNIVERSES_CONFLICT: 707,
  // Version 4.
  LOOP_UNCHANGED: 3101,
  LOOP_OSCILLATION: 3102,
  LOOP_SAME_REASON: 3103,
  LOOP_SAME_AGENT: 3104,
  LOOP_PROPOSALS_MAX: 3105,
  LOOP_REFUSALS_MAX: 3106,
  // Version 5.
  AUTO_AUTH_BY_TRUST_AND_GRANT: 1006,
  TRUST_COOLDOWN_ACTIVE: 1007,
  GRANT_EXPIRED: 1008,
  NO_VALID_GRANT: 1009,
  TRUST_SCORE_LOW: 1010,
  TRUST_UNAVAILABLE: 1011,
  BREAK_GLASS: 1012,
} as const;

/** Version 1: the numbers of the pipeline. */
const PINNED_GATES = {
  readiness: 1,
  scope: 2,
  consistency: 3,
  relativity: 4,
  evidence: 5,
  policy: 6,
  universe: 7,
  ethics: 8,
  accountability: 9,
  approval: 10,
  lease: 11,
} as const;

describe("the codebook", () => {
  test("holds every pinned code and gate under its number", () => {
    expect(REASON_CODES).toMatchObject(PINNED_CODES);
    expect(GATES).toMatchObject(PINNED_GATES);
  });

  test("holds nothing that is not pinned here", () => {
    expect(Object.keys(REASON_CODES).sort()).toEqual(Object.keys(PINNED_CODES).sort());
    expect(Object.keys(GATES).sort()).toEqual(Object.keys(PINNED_GATES).sort());
    expect(CODEBOOK_VERSION).toBe(5);
  });

  test("gives every code and every gate a number of its own", () => {
    for (const numbers of [Object.values(REASON_CODES), Object.values(GATES)])
      expect(new Set<number>(numbers).size).toBe(numbers.length);
  });

  test("numbers a gate's codes by the gate", () => {
    const own = Object.entries(REASON_CODES).filter(([, number]) => number > 100 && number < 1_200);
    for (const [code, number] of own)
      expect([code, Object.values(GATES).includes(Math.floor(number / 100) as never)]).toEqual([
        code,
        true,
      ]);
  });

  test("is documented: every code and gate stands in docs/reasons.md with its number", () => {
    const text = readFileSync(path.join(import.meta.dirname, "../../docs/reasons.md"), "utf8");
    const missing = Object.entries({ ...REASON_CODES, ...GATES }).filter(
      ([name, number]) => !text.includes(`| ${number} | \`${name}\` |`),
    );
    expect(missing).toEqual([]);
  });
});
