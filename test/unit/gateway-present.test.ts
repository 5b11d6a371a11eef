/**
 * One ticket's way through the gateway, with every call on it broken in turn. What must hold whatever
 * breaks: never a side effect without claim and confirmation, at most one without an idempotency key, and
 * the mission hears one honest outcome. Source: docs/tickets.md; invariants I7, I8, I15.
 */
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { denialSchema, receiptSchema } from "../../shared/ticket/index.ts";
import { retryDelaySeconds } from "../../worker/gateway/passage.ts";
import {
  createWorld,
  FAILED,
  SUCCEEDED,
  UNKNOWN,
  type Fault,
  type FaultMode,
  type World,
  type WorldOptions,
} from "../support/gateway-world.ts";
import {
  ARGS,
  EXP_MS,
  JTI,
  MISSION,
  NOW_MS,
  TEAM,
  ticketClaims,
  ticketMessage,
} from "../support/tickets.ts";

const WHOLE_WAY = ["claim", "confirm", "dispatching", "perform", "settle", "report", "reported"];

describe("a valid ticket", () => {
  test("is claimed, confirmed, written down, performed, settled and reported, in that order", async () => {
    const world = createWorld();
    expect(await world.deliverUntilDone("m1")).toBe("acknowledged");
    expect(world.calls).toEqual(WHOLE_WAY);
    expect(world.reached).toEqual([JTI]);
  });

  test("gives a receipt that fits its schema and digests what was sent", async () => {
    const world = createWorld();
    await world.deliverUntilDone("m1");
    const sent = canonicalJson({
      action: "vendor.switch",
      args: ARGS,
      missionId: MISSION,
      nodeId: "execute",
      attempt: 1,
      ticket: JTI,
    });
    expect(world.receipts).toHaveLength(1);
    expect(receiptSchema.parse(world.receipts[0])).toMatchObject({
      jti: JTI,
      outcome: "succeeded",
      status: 200,
      requestDigest: sha256Hex(sent),
      startedAt: "2026-11-18T11:06:42.000Z",
    });
  });

  test("that the upstream refuses is settled as failed and not tried again", async () => {
    const world = createWorld({ upstream: [FAILED], idempotent: true });
    await world.deliverUntilDone("m1");
    expect(world.reached).toHaveLength(1);
    expect(world.receipts).toMatchObject([{ outcome: "failed", status: 422 }]);
  });
});

describe("an unknown outcome", () => {
  test("of an action that is not idempotent is settled as unknown and never repeated", async () => {
    const world = createWorld({ upstream: [UNKNOWN] });
    await world.deliverUntilDone("m1");
    expect(world.reached).toHaveLength(1);
    expect(world.receipts).toMatchObject([{ outcome: "unknown", status: 503 }]);
  });

  test("of an idempotent action is tried again under the same key until it is known", async () => {
    const world = createWorld({ upstream: [UNKNOWN, UNKNOWN, SUCCEEDED], idempotent: true });
    await world.deliverUntilDone("m1");
    expect(world.reached).toEqual([JTI, JTI, JTI]);
    expect(world.receipts).toMatchObject([{ outcome: "succeeded" }]);
  });

  test("of an idempotent action is confirmed anew before each try", async () => {
    const world = createWorld({ upstream: [UNKNOWN, SUCCEEDED], idempotent: true });
    await world.deliverUntilDone("m1");
    expect(world.calls.filter((name) => name === "confirm")).toHaveLength(2);
  });

  test("that lasts as long as the ticket is settled as the upstream's last word", async () => {
    const world = createWorld({ upstream: [UNKNOWN], idempotent: true });
    expect(await world.deliverUntilDone("m1")).toBe("acknowledged");
    expect(world.reached.length).toBeGreaterThan(3);
    expect(world.nowMs).toBeLessThan(EXP_MS + 5_000);
    expect(world.receipts).toMatchObject([{ outcome: "unknown", status: 503 }]);
  });
});

describe("a mission that does not confirm", () => {
  test("means no side effect, a burned ticket and a denial", async () => {
    const world = createWorld({ confirms: [false] });
    await world.deliverUntilDone("m1");
    expect(world.calls).toEqual(["claim", "confirm", "refuse", "denied", "reported"]);
    expect(world.reached).toEqual([]);
    expect(world.rows.get(JTI)).toMatchObject({ state: "refused", refusal: "GATE_NOT_CONFIRMED" });
    expect(denialSchema.parse(world.denials[0])).toMatchObject({
      jti: JTI,
      reason: "GATE_NOT_CONFIRMED",
      verified: true,
    });
  });

  test("after a doubtful call turns the doubt into an unknown outcome, not into a denial", async () => {
    const world = createWorld({ upstream: [UNKNOWN], idempotent: true, confirms: [true, false] });
    await world.deliverUntilDone("m1");
    expect(world.reached).toHaveLength(1);
    expect(world.denials).toEqual([]);
    expect(world.receipts).toMatchObject([{ outcome: "unknown", status: 503 }]);
  });

  test("because it cannot be reached is asked again, and the ticket is not lost", async () => {
    const world = createWorld({ fault: { call: 1, mode: "throws before" } });
    expect(await world.deliver("m1", 1)).toEqual({ kind: "retry", delaySeconds: 1 });
    expect(world.reached).toEqual([]);
    expect(world.rows.get(JTI)).toMatchObject({ state: "claimed", dispatchedEpoch: 0 });
    world.nowMs += 1_000;
    expect(await world.deliver("m1", 2)).toEqual({ kind: "ack" });
    expect(world.receipts).toMatchObject([{ outcome: "succeeded" }]);
  });
});

describe("a second presentation", () => {
  test("of a reported ticket under another message is a replay: denied, and nothing happens", async () => {
    const world = createWorld();
    await world.deliverUntilDone("m1");
    await world.deliverUntilDone("m2");
    expect(world.calls.slice(WHOLE_WAY.length)).toEqual(["claim", "denied"]);
    expect(world.reached).toHaveLength(1);
    expect(world.receipts).toHaveLength(1);
    expect(world.denials).toMatchObject([{ jti: JTI, reason: "NONCE_USED", verified: true }]);
  });

  test("of a reported ticket under its own message reports the same receipt again", async () => {
    const world = createWorld();
    await world.deliverUntilDone("m1");
    await world.deliverUntilDone("m1");
    expect(world.reached).toHaveLength(1);
    expect(world.denials).toEqual([]);
    expect(world.receipts[1]).toEqual(world.receipts[0]);
  });

  test("of a settled ticket the mission has not heard of reports its receipt", async () => {
    const world = createWorld({ fault: { call: 5, mode: "throws before" } });
    expect(await world.deliver("m1", 1)).toMatchObject({ kind: "retry" });
    expect(await world.deliver("m2", 1)).toEqual({ kind: "ack" });
    expect(world.reached).toHaveLength(1);
    expect(world.receipts).toMatchObject([{ outcome: "succeeded" }]);
    expect(world.denials).toEqual([]);
  });

  test("while the first is at work waits for it", async () => {
    const world = createWorld({ fault: { call: 1, mode: "crashes before" } });
    expect(await world.deliver("m1", 1)).toBeNull();
    expect(await world.deliver("m2", 1)).toEqual({ kind: "retry", delaySeconds: 10 });
  });

  test("with other arguments is refused without spending the ticket", async () => {
    const world = createWorld();
    const message = ticketMessage();
    const changed = { ...message, action: { ...message.action, args: { ...ARGS, amountUsd: 1 } } };
    await world.deliverUntilDone("m0", changed);
    expect(world.denials).toMatchObject([{ reason: "ARGS_HASH_MISMATCH", verified: true }]);
    await world.deliverUntilDone("m1");
    expect(world.receipts).toMatchObject([{ outcome: "succeeded" }]);
  });
});

describe("an expired ticket", () => {
  test("that was never claimed is denied, and stays dead when the clock goes back", async () => {
    const world = createWorld();
    world.nowMs = EXP_MS + 5_000;
    await world.deliverUntilDone("m1");
    world.nowMs = NOW_MS;
    await world.deliverUntilDone("m2");
    expect(world.reached).toEqual([]);
    expect(world.denials.map(({ reason }) => reason)).toEqual(["TICKET_EXPIRED", "NONCE_USED"]);
  });

  test("that acted is reported with its outcome", async () => {
    const world = createWorld({ fault: { call: 5, mode: "throws before" } });
    await world.deliver("m1", 1);
    world.nowMs = EXP_MS + 60_000;
    await world.deliverUntilDone("m1");
    expect(world.receipts).toMatchObject([{ outcome: "succeeded" }]);
    expect(world.denials).toEqual([]);
  });

  test("that was dispatched without an outcome is unknown, even if idempotent", async () => {
    const world = createWorld({ idempotent: true, fault: { call: 3, mode: "crashes after" } });
    await world.deliver("m1", 1);
    world.nowMs = EXP_MS + 60_000;
    await world.deliverUntilDone("m1");
    expect(world.reached).toHaveLength(1);
    expect(world.receipts).toMatchObject([{ outcome: "unknown", status: null }]);
    expect(receiptSchema.safeParse(world.receipts[0]).success).toBe(true);
  });
});

describe("a message that is no ticket message", () => {
  test.each([
    ["text", "hello"],
    ["nothing", null],
    ["another kind", { ...ticketMessage(), kind: "index" }],
    ["a member too many", { ...ticketMessage(), extra: 1 }],
    ["an overlong ticket", { ...ticketMessage(), ticket: "x".repeat(16_385) }],
  ])("%s: goes to the dead-letter queue, and nobody is called", async (_rule, body) => {
    const world = createWorld();
    expect(await world.deliverUntilDone("m1", body)).toBe("given up");
    expect(world.calls).toEqual([]);
    expect(world.nowMs).toBe(NOW_MS);
  });
});

test("a denial of an unverified ticket goes where the message says, and says that it is unverified", async () => {
  const world = createWorld();
  await world.deliverUntilDone("m1", { ...ticketMessage(), ticket: "forged" });
  expect(world.deniedAt).toEqual([`${TEAM}/${MISSION}`]);
  expect(denialSchema.parse(world.denials[0])).toMatchObject({
    reason: "TICKET_MALFORMED",
    verified: false,
    argsHash: null,
  });
});

test("a genuine ticket sent under another team's name is denied where it was issued", async () => {
  const world = createWorld();
  await world.deliverUntilDone("m1", { ...ticketMessage(), team: "treasury" });
  expect(world.deniedAt).toEqual([`${TEAM}/${MISSION}`]);
  expect(world.denials).toMatchObject([{ reason: "TICKET_MALFORMED", verified: true }]);
});

test("a ticket with an older fence than seen is refused and burned", async () => {
  const world = createWorld();
  const later = ticketClaims({ jti: `tkt_${"1".repeat(32)}`, fence: { "crm#vendor": 2 } });
  await world.deliverUntilDone("m1", ticketMessage(later));
  await world.deliverUntilDone("m2");
  expect(world.reached).toEqual([later.jti]);
  expect(world.denials).toMatchObject([{ jti: JTI, reason: "FENCE_STALE" }]);
  expect(world.rows.get(JTI)).toMatchObject({ state: "refused" });
});

test("retries come after 1, 2, 4, 8, 16 and then 30 seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 40].map(retryDelaySeconds)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
});

const MODES: readonly FaultMode[] = [
  "throws before",
  "throws after",
  "crashes before",
  "crashes after",
];

/** What no fault may break. */
function checkWorld(world: World, options: WorldOptions): void {
  const { calls, reached, receipts, denials } = world;
  calls.forEach((name, index) => {
    if (name !== "perform") return;
    expect(calls.slice(index - 3, index)).toEqual(["claim", "confirm", "dispatching"]);
  });
  // Without an idempotency key one call; with one, as often as it takes, always the same key.
  expect(reached.length).toBeLessThanOrEqual(options.idempotent === true ? 9 : 1);
  expect(new Set(reached).size).toBeLessThanOrEqual(1);
  const outcomes = new Set(receipts.map((receipt) => canonicalJson(receipt)));
  expect(outcomes.size).toBeLessThanOrEqual(1);
  const isKnown = receipts.some(({ outcome }) => outcome !== "unknown");
  const hasActed = reached.length > 0;
  expect({ isKnown, hasActed }).not.toEqual({ isKnown: true, hasActed: false });
  expect({ hasActed, told: outcomes.size }).not.toEqual({ hasActed: true, told: 0 });
  expect({ hasActed, isDenied: denials.length > 0 }).not.toEqual({
    hasActed: true,
    isDenied: true,
  });
}

interface Scenario {
  readonly name: string;
  readonly options: WorldOptions;
  readonly calls: number;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "succeeds", options: {}, calls: 7 },
  { name: "succeeds, idempotent", options: { idempotent: true }, calls: 7 },
  { name: "fails", options: { upstream: [FAILED] }, calls: 7 },
  { name: "is unknown", options: { upstream: [UNKNOWN] }, calls: 7 },
  {
    name: "is unknown once, idempotent",
    options: { upstream: [UNKNOWN, SUCCEEDED], idempotent: true },
    calls: 12,
  },
  { name: "is not confirmed", options: { confirms: [false] }, calls: 5 },
];

describe.each(SCENARIOS)("with one call broken, a ticket whose action $name", (scenario) => {
  const faults = Array.from({ length: scenario.calls }, (_, call) =>
    MODES.map((mode): Fault => ({ call, mode })),
  ).flat();

  test.each(faults)("keeps its promises: call $call $mode", async (fault) => {
    const options = { ...scenario.options, fault };
    const world = createWorld(options);
    expect(await world.deliverUntilDone("m1")).toBe("acknowledged");
    expect(world.calls.length).toBeGreaterThan(fault.call);
    expect(world.receipts.length + world.denials.length).toBeGreaterThan(0);
    checkWorld(world, options);
    expect(world.rows.get(JTI)).toMatchObject({ reported: true });
  });
});

test("with the whole way intact each scenario makes as many calls as the table above says", async () => {
  for (const { options, calls } of SCENARIOS) {
    const world = createWorld(options);
    await world.deliverUntilDone("m1");
    expect(world.calls).toHaveLength(calls);
  }
});

test("an outcome survives a ledger that fails once: it is not turned into doubt", async () => {
  const world = createWorld({ fault: { call: 4, mode: "throws before" } });
  await world.deliverUntilDone("m1");
  expect(world.receipts).toMatchObject([{ outcome: "succeeded" }]);
});
