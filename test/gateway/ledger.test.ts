/**
 * The real ledger in workerd: one winner of many, nothing forgotten by an eviction, and two rows for each
 * durable step: the object dies with the step stored, and with the step lost. Source: docs/tickets.md.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  CLAIM_HOLD_MS,
  DISPATCH_GRACE_MS,
  type ClaimRequest,
  type ClaimResult,
  type DispatchRequest,
  type LedgerRpc,
  type Receipt,
} from "../../shared/ticket/index.ts";
import type { Env } from "../../worker/gateway/env.ts";
import type { TicketLedger } from "../../worker/gateway/index.ts";
import { EXP_MS, JTI, MISSION, NOW_MS } from "../support/tickets.ts";

const { LEDGER } = env as unknown as Env;

/** A fresh stub of a ledger of its own; isolation is per file, so each test has its team. */
function stubOf(team: string) {
  return LEDGER.getByName(team);
}

function ledgerOf(team: string): LedgerRpc {
  return stubOf(team) as unknown as LedgerRpc;
}

const TIMEOUT_MS = 10_000;
const OTHER_MISSION = "msn_019a9f4e-0000-7000-8000-000000000009";
const OTHER_JTI = `tkt_${"1".repeat(32)}`;

function claimRequest(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    jti: JTI,
    missionId: MISSION,
    messageId: "m1",
    fence: { "crm#vendor": 3 },
    fenceScope: "team",
    expMs: EXP_MS,
    nowMs: NOW_MS,
    idempotent: false,
    ...changes,
  };
}

const DISPATCH: DispatchRequest = {
  jti: JTI,
  epoch: 1,
  nowMs: NOW_MS,
  timeoutMs: TIMEOUT_MS,
  requestDigest: "cd".repeat(32),
};

const RECEIPT: Receipt = {
  jti: JTI,
  outcome: "succeeded",
  status: 200,
  requestDigest: "cd".repeat(32),
  responseDigest: "ef".repeat(32),
  detail: "answered 200",
  startedAt: "2026-11-18T11:06:42.000Z",
  finishedAt: "2026-11-18T11:06:43.000Z",
};

describe("of fifty presentations at once one wins", () => {
  test.each([
    ["under fifty messages", (index: number) => `m${index}`],
    ["under one message", () => "m1"],
  ])("%s", async (rule, messageOf) => {
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, index) =>
        ledgerOf(`race ${rule}`).claim(claimRequest({ messageId: messageOf(index) })),
      ),
    );
    const outcomes = results.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "claimed")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "in_flight")).toHaveLength(49);
  });

  test("and of fifty dispatches under its epoch one goes", async () => {
    const team = "dispatch race";
    await ledgerOf(team).claim(claimRequest());
    const results = await Promise.all(
      Array.from({ length: 50 }, async () => ledgerOf(team).dispatching(DISPATCH)),
    );
    expect(results.filter(({ go }) => go)).toHaveLength(1);
  });
});

describe("an evicted ledger", () => {
  test("still knows the nonce, its outcome and what was reported", async () => {
    const team = "evicted nonce";
    await ledgerOf(team).claim(claimRequest());
    await ledgerOf(team).dispatching(DISPATCH);
    await evictDurableObject(stubOf(team));
    await ledgerOf(team).settle({ jti: JTI, epoch: 1, receipt: RECEIPT });
    await evictDurableObject(stubOf(team));
    expect(await ledgerOf(team).claim(claimRequest({ messageId: "m2" }))).toEqual({
      outcome: "settled",
      receipt: RECEIPT,
    });
    await ledgerOf(team).reported(JTI);
    await evictDurableObject(stubOf(team));
    expect(await ledgerOf(team).claim(claimRequest({ messageId: "m2" }))).toEqual({
      outcome: "refused",
      code: "NONCE_USED",
    });
  });

  test("still knows the highest fence of each slice, whichever mission it came from", async () => {
    const team = "evicted fence";
    await ledgerOf(team).claim(claimRequest());
    await evictDurableObject(stubOf(team));
    const older = { jti: OTHER_JTI, fence: { "crm#vendor": 2 }, missionId: OTHER_MISSION };
    expect(await ledgerOf(team).claim(claimRequest(older))).toEqual(STALE);
    const newer = { jti: `tkt_${"2".repeat(32)}`, fence: { "crm#vendor": 4 } };
    expect(await ledgerOf(team).claim(claimRequest(newer))).toMatchObject({ outcome: "claimed" });
  });

  test("still knows the fences that a mission counted by itself, mission by mission", async () => {
    const team = "evicted own fence";
    const own = { fenceScope: "mission" } as const;
    await ledgerOf(team).claim(claimRequest(own));
    await evictDurableObject(stubOf(team));
    const older = { ...own, jti: OTHER_JTI, fence: { "crm#vendor": 2 } };
    const elsewhere = await ledgerOf(team).claim(
      claimRequest({ ...older, jti: `tkt_${"2".repeat(32)}`, missionId: OTHER_MISSION }),
    );
    expect(elsewhere.outcome).toBe("claimed");
    expect(await ledgerOf(team).claim(claimRequest(older))).toEqual(STALE);
  });

  test("refuses who counts for itself once an arbiter's number has acted on the slice", async () => {
    const team = "upgraded";
    await ledgerOf(team).claim(claimRequest());
    const own = { fenceScope: "mission", jti: OTHER_JTI, fence: { "crm#vendor": 99 } } as const;
    expect(await ledgerOf(team).claim(claimRequest(own))).toEqual(STALE);
  });
});

const STALE = { outcome: "refused", code: "FENCE_STALE" };

test("another team's ledger has never heard of the nonce", async () => {
  await ledgerOf("team a").claim(claimRequest());
  expect(await ledgerOf("team b").claim(claimRequest())).toMatchObject({ outcome: "claimed" });
});

test("a refused first presentation raises no fence", async () => {
  const team = "burned";
  await ledgerOf(team).claim(claimRequest({ nowMs: EXP_MS + 5_000, fence: { "crm#vendor": 9 } }));
  const next = await ledgerOf(team).claim(claimRequest({ jti: OTHER_JTI }));
  expect(next).toEqual({ outcome: "claimed", epoch: 1 });
});

test("a whole life writes no more rows than its steps and one for the fence", async () => {
  const written = await runInDurableObject(stubOf("cost"), (ledger: TicketLedger, state) => {
    const count = () =>
      state.storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
    const before = count();
    ledger.claim(claimRequest());
    ledger.dispatching(DISPATCH);
    ledger.settle({ jti: JTI, epoch: 1, receipt: RECEIPT });
    ledger.reported(JTI);
    return count() - before;
  });
  expect(written).toBe(5);
});

/** What happened before the step, by name; each returns the ledger in the state it needs. */
const AFTER_HOLD_MS = NOW_MS + CLAIM_HOLD_MS;
const AFTER_CALL_MS = NOW_MS + TIMEOUT_MS + DISPATCH_GRACE_MS;

type Step = (ledger: Pick<TicketLedger, keyof LedgerRpc>) => unknown;

interface Row {
  readonly step: string;
  readonly before: readonly Step[];
  readonly act: Step;
  /** What the next presentation, under another message and at that time, is told. */
  readonly next: Partial<ClaimRequest>;
  readonly lost: Partial<ClaimResult>;
  readonly stored: Partial<ClaimResult>;
}

const claim: Step = (ledger) => ledger.claim(claimRequest());
const dispatching: Step = (ledger) => ledger.dispatching(DISPATCH);
const settle: Step = (ledger) => ledger.settle({ jti: JTI, epoch: 1, receipt: RECEIPT });
const release: Step = (ledger) =>
  ledger.release({ jti: JTI, epoch: 1, nowMs: NOW_MS, receipt: null });
const refuse: Step = (ledger) =>
  ledger.refuse({ jti: JTI, epoch: 1, nowMs: NOW_MS, code: "GATE_NOT_CONFIRMED" });
const reported: Step = (ledger) => ledger.reported(JTI);

const TABLE: readonly Row[] = [
  {
    step: "claim",
    before: [],
    act: claim,
    next: { nowMs: NOW_MS },
    lost: { outcome: "claimed", epoch: 1 },
    stored: { outcome: "in_flight", retryAfterMs: CLAIM_HOLD_MS },
  },
  {
    step: "claim, seen after its hold",
    before: [],
    act: claim,
    next: { nowMs: AFTER_HOLD_MS },
    lost: { outcome: "claimed", epoch: 1 },
    stored: { outcome: "claimed", epoch: 2 },
  },
  {
    step: "dispatching",
    before: [claim],
    act: dispatching,
    next: { nowMs: AFTER_CALL_MS },
    lost: { outcome: "claimed", epoch: 2 },
    stored: { outcome: "doubtful" },
  },
  {
    step: "dispatching of an idempotent action",
    before: [claim],
    act: dispatching,
    next: { nowMs: AFTER_CALL_MS, idempotent: true },
    lost: { outcome: "claimed", epoch: 2 },
    stored: { outcome: "redispatch", epoch: 2 },
  },
  {
    step: "settle",
    before: [claim, dispatching],
    act: settle,
    next: { nowMs: AFTER_CALL_MS },
    lost: { outcome: "doubtful" },
    stored: { outcome: "settled", receipt: RECEIPT },
  },
  {
    step: "release",
    before: [claim],
    act: release,
    next: { nowMs: NOW_MS },
    lost: { outcome: "in_flight" },
    stored: { outcome: "claimed", epoch: 2 },
  },
  {
    step: "refuse",
    before: [claim],
    act: refuse,
    next: { nowMs: AFTER_HOLD_MS },
    lost: { outcome: "claimed", epoch: 2 },
    stored: { outcome: "refused", code: "GATE_NOT_CONFIRMED" },
  },
  {
    step: "reported",
    before: [claim, dispatching, settle],
    act: reported,
    next: { nowMs: AFTER_CALL_MS },
    lost: { outcome: "settled", receipt: RECEIPT },
    stored: { outcome: "refused", code: "NONCE_USED" },
  },
];

describe("a ledger that dies in the middle of", () => {
  const rows = TABLE.flatMap((row) => [
    { ...row, fate: "lost", expected: row.lost } as const,
    { ...row, fate: "stored", expected: row.stored } as const,
  ]);

  test.each(rows)("$step, $fate", async ({ step, fate, before, act, next, expected }) => {
    const team = `${step} ${fate}`;
    await runInDurableObject(stubOf(team), async (ledger: TicketLedger, state) => {
      for (const earlier of before) earlier(ledger);
      await state.storage.sync();
    });
    const death = runInDurableObject(stubOf(team), async (ledger: TicketLedger, state) => {
      act(ledger);
      if (fate === "stored") await state.storage.sync();
      state.abort("the object dies");
    });
    await expect(death).rejects.toThrow("the object dies");

    const told = await ledgerOf(team).claim(claimRequest({ messageId: "m2", ...next }));
    expect(told).toMatchObject(expected);
  });
});
