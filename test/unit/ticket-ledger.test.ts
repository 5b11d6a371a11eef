/**
 * The ledger's decisions, state by state: who may act, who waits, what is refused, what is said again.
 * Source: docs/tickets.md, "The ledger".
 */
import { describe, expect, test } from "vitest";
import { Breach } from "../../shared/invariant.ts";
import {
  CLAIM_HOLD_MS,
  DISPATCH_GRACE_MS,
  decideClaim,
  decideDispatch,
  decideRefuse,
  decideRelease,
  decideReported,
  decideSettle,
  receiptSchema,
  type ClaimRequest,
  type ClaimResult,
  type LedgerRow,
  type Receipt,
  type TicketState,
} from "../../shared/ticket/index.ts";
import { EXP_MS, JTI, MISSION, NOW_MS } from "../support/tickets.ts";

const DIGEST = "cd".repeat(32);
const NO_FENCES: ReadonlyMap<string, number> = new Map();
const LATE_MS = EXP_MS + 5_000;

const RECEIPT: Receipt = {
  jti: JTI,
  outcome: "succeeded",
  status: 200,
  requestDigest: DIGEST,
  responseDigest: DIGEST,
  detail: "answered 200",
  startedAt: "2026-11-18T11:06:42.000Z",
  finishedAt: "2026-11-18T11:06:43.000Z",
};
const DOUBT: Receipt = { ...RECEIPT, outcome: "unknown", status: 503, detail: "answered 503" };

function claimRequest(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    jti: JTI,
    missionId: MISSION,
    messageId: "m2",
    fence: { "crm#vendor": 3 },
    fenceScope: "team",
    expMs: EXP_MS,
    nowMs: NOW_MS,
    idempotent: false,
    ...changes,
  };
}

const CLAIMED: LedgerRow = {
  jti: JTI,
  state: "claimed",
  messageId: "m1",
  epoch: 1,
  dispatchedEpoch: 0,
  expMs: EXP_MS,
  claimedAtMs: NOW_MS - 1_000,
  dispatchedAtMs: null,
  deadlineMs: NOW_MS,
  requestDigest: null,
  receipt: null,
  refusal: null,
  reported: false,
};
const DISPATCHED: LedgerRow = {
  ...CLAIMED,
  state: "dispatched",
  dispatchedEpoch: 1,
  dispatchedAtMs: NOW_MS - 500,
  requestDigest: DIGEST,
};
const SETTLED: LedgerRow = { ...DISPATCHED, state: "settled", receipt: RECEIPT };
const IN_DOUBT: LedgerRow = { ...DISPATCHED, state: "unknown", receipt: DOUBT };
const REFUSED: LedgerRow = { ...CLAIMED, state: "refused", refusal: "FENCE_STALE" };

describe("a first presentation", () => {
  test("is claimed, and holds the ticket for the claim's time", () => {
    expect(decideClaim(null, NO_FENCES, claimRequest())).toEqual({
      result: { outcome: "claimed", epoch: 1 },
      row: {
        ...CLAIMED,
        messageId: "m2",
        claimedAtMs: NOW_MS,
        deadlineMs: NOW_MS + CLAIM_HOLD_MS,
      },
    });
  });

  test.each([
    ["a fence never seen", new Map(), "claimed"],
    ["a fence seen before", new Map([["crm#vendor", 3]]), "claimed"],
    ["a fence higher than seen", new Map([["crm#vendor", 2]]), "claimed"],
    ["a fence lower than seen", new Map([["crm#vendor", 4]]), "refused"],
  ])("with %s", (_rule, highest, outcome) => {
    expect(decideClaim(null, highest, claimRequest()).result.outcome).toBe(outcome);
  });

  test("with one stale fence among good ones is refused and burned", () => {
    const decided = decideClaim(
      null,
      new Map([["crm#vendor", 9]]),
      claimRequest({ fence: { "erp#supplier": 5, "crm#vendor": 8 } }),
    );
    expect(decided.result).toEqual({ outcome: "refused", code: "FENCE_STALE" });
    expect(decided.row).toMatchObject({ state: "refused", refusal: "FENCE_STALE" });
  });

  test("after expiry is refused and burned; a millisecond earlier it is claimed", () => {
    const late = decideClaim(null, NO_FENCES, claimRequest({ nowMs: LATE_MS }));
    expect(late.result).toEqual({ outcome: "refused", code: "TICKET_EXPIRED" });
    expect(late.row).toMatchObject({ state: "refused", refusal: "TICKET_EXPIRED" });
    const early = decideClaim(null, NO_FENCES, claimRequest({ nowMs: LATE_MS - 1 }));
    expect(early.result.outcome).toBe("claimed");
  });
});

describe("a further presentation", () => {
  type Case = readonly [
    rule: string,
    row: LedgerRow,
    request: Partial<ClaimRequest>,
    result: ClaimResult,
    state: TicketState | null,
  ];
  const inFlight = { ...CLAIMED, deadlineMs: NOW_MS + 700 };
  const dispatchedInFlight = { ...DISPATCHED, deadlineMs: NOW_MS + 700 };
  const waits: ClaimResult = { outcome: "in_flight", retryAfterMs: 700 };
  const replay: ClaimResult = { outcome: "refused", code: "NONCE_USED" };
  const again: ClaimResult = { outcome: "settled", receipt: RECEIPT };

  test.each<Case>([
    ["waits while another holds the claim", inFlight, {}, waits, null],
    ["waits even under the holder's own message", inFlight, { messageId: "m1" }, waits, null],
    ["waits while the call is out", dispatchedInFlight, { idempotent: true }, waits, null],
    [
      "waits for a holder although the ticket expired meanwhile",
      { ...inFlight, deadlineMs: LATE_MS + 700 },
      { nowMs: LATE_MS },
      waits,
      null,
    ],
    [
      "takes over a claim whose time has passed",
      CLAIMED,
      {},
      { outcome: "claimed", epoch: 2 },
      "claimed",
    ],
    [
      "does not take over an expired claim",
      CLAIMED,
      { nowMs: LATE_MS },
      { outcome: "refused", code: "TICKET_EXPIRED" },
      "refused",
    ],
    [
      "repeats an idempotent call that left no outcome",
      DISPATCHED,
      { idempotent: true },
      { outcome: "redispatch", epoch: 2 },
      "dispatched",
    ],
    ["says a settled outcome again while the mission has not heard", SETTLED, {}, again, null],
    [
      "says a reported outcome again to its own message",
      { ...SETTLED, reported: true },
      { messageId: "m1" },
      again,
      null,
    ],
    [
      "says an unknown outcome again while the mission has not heard",
      IN_DOUBT,
      {},
      { outcome: "settled", receipt: DOUBT },
      null,
    ],
    ["says an expired ticket's outcome again", SETTLED, { nowMs: LATE_MS }, again, null],
    ["is a replay once the outcome was reported", { ...SETTLED, reported: true }, {}, replay, null],
    ["is a replay once the doubt was reported", { ...IN_DOUBT, reported: true }, {}, replay, null],
    [
      "repeats a refusal the mission has not heard",
      REFUSED,
      {},
      { outcome: "refused", code: "FENCE_STALE" },
      null,
    ],
    [
      "repeats a refusal to its own message",
      { ...REFUSED, reported: true },
      { messageId: "m1" },
      { outcome: "refused", code: "FENCE_STALE" },
      null,
    ],
    ["is a replay once the refusal was reported", { ...REFUSED, reported: true }, {}, replay, null],
  ])("%s", (_rule, row, request, result, state) => {
    const decided = decideClaim(row, NO_FENCES, claimRequest(request));
    expect(decided.result).toEqual(result);
    expect(decided.row?.state ?? null).toBe(state);
  });

  test("may not take over when a later lease was seen meanwhile", () => {
    const decided = decideClaim(CLAIMED, new Map([["crm#vendor", 4]]), claimRequest());
    expect(decided.result).toEqual({ outcome: "refused", code: "FENCE_STALE" });
  });

  test("that takes over becomes the holder: epoch, message and deadline are its own", () => {
    expect(decideClaim(CLAIMED, NO_FENCES, claimRequest()).row).toEqual({
      ...CLAIMED,
      messageId: "m2",
      epoch: 2,
      deadlineMs: NOW_MS + CLAIM_HOLD_MS,
    });
  });

  test.each<readonly [string, Partial<ClaimRequest>, ReadonlyMap<string, number>]>([
    ["is not idempotent", {}, NO_FENCES],
    ["expired", { idempotent: true, nowMs: LATE_MS }, NO_FENCES],
    ["lost its lease", { idempotent: true }, new Map([["crm#vendor", 4]])],
  ])("of a call without outcome that %s settles it as unknown", (_rule, request, highest) => {
    const decided = decideClaim(DISPATCHED, highest, claimRequest(request));
    expect(decided.result).toMatchObject({
      outcome: "doubtful",
      receipt: { outcome: "unknown", status: null, requestDigest: DIGEST },
    });
    expect(decided.row).toMatchObject({ state: "unknown", messageId: "m2", reported: false });
    expect(receiptSchema.safeParse(decided.row?.receipt).success).toBe(true);
  });

  test("of a call given back in doubt keeps the upstream's last word", () => {
    const decided = decideClaim({ ...DISPATCHED, receipt: DOUBT }, NO_FENCES, claimRequest());
    expect(decided.result).toEqual({ outcome: "doubtful", receipt: DOUBT });
  });
});

describe("a dispatch", () => {
  const request = { jti: JTI, epoch: 1, nowMs: NOW_MS, timeoutMs: 10_000, requestDigest: DIGEST };

  test("by the holder is written down with its deadline", () => {
    expect(decideDispatch({ ...CLAIMED, deadlineMs: NOW_MS + 1 }, request)).toEqual({
      result: { go: true },
      row: {
        ...DISPATCHED,
        dispatchedAtMs: NOW_MS,
        deadlineMs: NOW_MS + 10_000 + DISPATCH_GRACE_MS,
      },
    });
  });

  test.each<readonly [string, LedgerRow, number]>([
    ["by a delivery that was superseded", { ...CLAIMED, epoch: 2 }, 1],
    ["by an epoch that was never handed out", CLAIMED, 2],
    ["twice under one epoch", DISPATCHED, 1],
    ["of a settled ticket", SETTLED, 1],
    ["of a ticket in doubt", IN_DOUBT, 1],
    ["of a refused ticket", REFUSED, 1],
  ])("%s is not allowed and changes nothing", (_rule, row, epoch) => {
    expect(decideDispatch(row, { ...request, epoch })).toEqual({
      result: { go: false, why: "superseded" },
      row: null,
    });
  });

  test("again under the next epoch is allowed, and the first call stays in doubt", () => {
    const retaken = { ...DISPATCHED, epoch: 2, deadlineMs: NOW_MS + 1 };
    const decided = decideDispatch(retaken, { ...request, epoch: 2 });
    expect(decided.result).toEqual({ go: true });
    expect(decided.row).toMatchObject({
      dispatchedEpoch: 2,
      dispatchedAtMs: NOW_MS,
      receipt: { outcome: "unknown" },
    });
  });

  test("by a holder that slept through its hold is not allowed", () => {
    expect(decideDispatch({ ...CLAIMED, deadlineMs: NOW_MS }, request)).toEqual({
      result: { go: false, why: "superseded" },
      row: null,
    });
  });

  test("after expiry is not allowed, and frees the ticket for its end", () => {
    const row = { ...CLAIMED, deadlineMs: LATE_MS + 9_000 };
    const decided = decideDispatch(row, { ...request, nowMs: LATE_MS });
    expect(decided.result).toEqual({ go: false, why: "expired" });
    expect(decided.row).toEqual({ ...row, deadlineMs: LATE_MS });
  });

  test("of a ticket never claimed is a breach", () => {
    expect(() => decideDispatch(null, request)).toThrow(Breach);
  });
});

describe("an outcome", () => {
  test.each<readonly [string, Receipt, TicketState]>([
    ["known", RECEIPT, "settled"],
    ["unknown", DOUBT, "unknown"],
  ])("%s is recorded", (_rule, receipt, state) => {
    expect(decideSettle(DISPATCHED, { epoch: 1, receipt })).toEqual({
      result: { receipt },
      row: { ...DISPATCHED, state, receipt },
    });
  });

  test("refused after a call without outcome is unknown: the first call may have acted", () => {
    const doubted = { ...DISPATCHED, epoch: 2, dispatchedEpoch: 2, receipt: DOUBT };
    const failed: Receipt = { ...RECEIPT, outcome: "failed", status: 409 };
    const decided = decideSettle(doubted, { epoch: 2, receipt: failed });
    expect(decided.row?.state).toBe("unknown");
    expect(decided.result.receipt).toMatchObject({ outcome: "unknown", status: 409 });
    expect(decideSettle(doubted, { epoch: 2, receipt: RECEIPT }).row?.state).toBe("settled");
  });

  test("recorded first stands against every later one", () => {
    for (const row of [SETTLED, IN_DOUBT]) {
      for (const receipt of [RECEIPT, DOUBT]) {
        const decided = decideSettle(row, { epoch: 1, receipt });
        expect(decided).toEqual({ result: { receipt: row.receipt }, row: null });
      }
    }
  });

  test("known counts from a superseded delivery too, unknown does not", () => {
    const retaken = { ...DISPATCHED, epoch: 2 };
    expect(decideSettle(retaken, { epoch: 1, receipt: RECEIPT }).row?.state).toBe("settled");
    expect(decideSettle(retaken, { epoch: 1, receipt: DOUBT })).toEqual({
      result: { receipt: null },
      row: null,
    });
  });

  test.each([null, CLAIMED, REFUSED])("without a dispatch is a breach", (row) => {
    expect(() => decideSettle(row, { epoch: 1, receipt: RECEIPT })).toThrow(Breach);
  });
});

describe("giving a ticket back", () => {
  test("lets the next delivery take it at once, and keeps what the upstream said", () => {
    const held = { ...DISPATCHED, deadlineMs: NOW_MS + 9_000 };
    const decided = decideRelease(held, { epoch: 1, nowMs: NOW_MS, receipt: DOUBT });
    expect(decided.row).toEqual({ ...held, deadlineMs: NOW_MS, receipt: DOUBT });
  });

  test("a second time without a word keeps the earlier one", () => {
    const row = { ...DISPATCHED, receipt: DOUBT };
    expect(decideRelease(row, { epoch: 1, nowMs: NOW_MS, receipt: null }).row?.receipt).toBe(DOUBT);
  });

  test.each<readonly [string, LedgerRow]>([
    ["superseded", { ...DISPATCHED, epoch: 2 }],
    ["settled", SETTLED],
    ["refused", REFUSED],
  ])("that is %s changes nothing", (_rule, row) => {
    expect(decideRelease(row, { epoch: 1, nowMs: NOW_MS, receipt: DOUBT }).row).toBeNull();
  });
});

describe("a refusal by the mission", () => {
  const request = { epoch: 1, nowMs: NOW_MS, code: "GATE_NOT_CONFIRMED" } as const;

  test("before any dispatch burns the ticket", () => {
    expect(decideRefuse(CLAIMED, request)).toEqual({
      result: { outcome: "refused" },
      row: { ...CLAIMED, state: "refused", refusal: "GATE_NOT_CONFIRMED" },
    });
  });

  test("after a dispatch is doubt, because the call may have acted", () => {
    const decided = decideRefuse({ ...DISPATCHED, receipt: DOUBT }, request);
    expect(decided.result).toEqual({ outcome: "doubtful", receipt: DOUBT });
    expect(decided.row?.state).toBe("unknown");
  });

  test.each<readonly [string, LedgerRow]>([
    ["superseded", { ...CLAIMED, epoch: 2 }],
    ["settled", SETTLED],
    ["refused already", REFUSED],
  ])("of a ticket that is %s changes nothing", (_rule, row) => {
    expect(decideRefuse(row, request)).toEqual({ result: { outcome: "superseded" }, row: null });
  });
});

describe("having reported", () => {
  test("is remembered once", () => {
    expect(decideReported(SETTLED).row).toEqual({ ...SETTLED, reported: true });
    expect(decideReported(REFUSED).row).toEqual({ ...REFUSED, reported: true });
    expect(decideReported({ ...SETTLED, reported: true }).row).toBeNull();
  });

  test.each([null, CLAIMED, DISPATCHED])("what has no outcome is a breach", (row) => {
    expect(() => decideReported(row)).toThrow(Breach);
  });
});
