/**
 * Webhook endpoints in the team's object with its real database: keys over rotations, the log of attempts,
 * when an endpoint is disabled, and what is kept for a redelivery.
 */
import { describe, expect, it } from "vitest";
import { migrateTeamStore } from "../../durable-objects/team/migrations.ts";
import { TEAM_LIMITS } from "../../shared/team/index.ts";
import type { DeliveryRecord } from "../../shared/wire/rpc.ts";
import { iso, ms } from "../support/builders.ts";
import { evictTeam, freshTeam, insideTeam, teamObject } from "../support/team-world.ts";

const WHK = "whk_017f22e2-79b0-7cc3-98c4-dc0c0c073993";
const DELIVERY = `msg_${"0".repeat(32)}`;
const BODY = '{"specversion":"1.0"}';
const DAY_S = 86_400;
/** Migrations that were there before endpoints had keys of their own. */
const BEFORE_KEYS = 6;

async function added(id = WHK) {
  const team = freshTeam();
  const object = teamObject(team);
  await add(object, id);
  return { team, object };
}

function add(object: ReturnType<typeof teamObject>, id: string) {
  return object.addWebhook({
    id,
    url: "https://hooks.example.com/",
    events: ["*"],
    signature: "v1a",
    format: "cloudevents",
    root: "root-1",
    idempotency: null,
    at: ms(0),
  });
}

function record(attempt: number, members: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    id: DELIVERY,
    endpointId: WHK,
    type: "sekisho.incident.raised",
    cause: "event",
    run: 0,
    attempt,
    status: 503,
    outcome: "failed",
    detail: "the receiver refused",
    excerpt: "down for repair",
    durationMs: 12,
    at: iso(attempt),
    ...members,
  };
}

async function read(object: ReturnType<typeof teamObject>) {
  const [endpoint] = await object.webhooks();
  if (!endpoint) throw new Error("the endpoint is there");
  return endpoint;
}

describe("the keys of an endpoint", () => {
  const rotate = (object: ReturnType<typeof teamObject>, atS: number, overlapMs = 3_600_000) =>
    object.rotateWebhook({ id: WHK, root: "root-2", overlapMs, idempotency: null, at: ms(atS) });

  it("begin with one, and a rotation leaves the one before until its overlap ends", async () => {
    const { object } = await added();
    await rotate(object, 10);
    expect((await read(object)).keys).toEqual([
      { generation: 2, root: "root-2", publicKey: null, createdAt: iso(10), expiresAt: null },
      { generation: 1, root: "root-1", publicKey: null, createdAt: iso(0), expiresAt: iso(3_610) },
    ]);
  });

  it("are never more than two, and one alone without an overlap", async () => {
    const { object } = await added();
    await rotate(object, 10);
    await rotate(object, 20);
    expect((await read(object)).keys.map(({ generation }) => generation)).toEqual([3, 2]);
    await rotate(object, 30, 0);
    expect((await read(object)).keys.map(({ generation }) => generation)).toEqual([4]);
  });

  it("of an endpoint from before there were any are the instance's own", async () => {
    const team = freshTeam();
    await teamObject(team).agents();
    await insideTeam(team, async (storage) => {
      await storage.deleteAll();
      migrateTeamStore(storage, BEFORE_KEYS);
      storage.sql.exec(
        `INSERT INTO webhook VALUES ('${WHK}', 'https://hooks.example.com/', '["*"]', '${iso(0)}', NULL);
         INSERT INTO delivery VALUES
           ('${WHK}', 1, '${DELIVERY}', 'sekisho.x', 1, 204, 'delivered', '', '${iso(1)}')`,
      );
    });
    await evictTeam(team);
    const object = teamObject(team);
    expect(await read(object)).toEqual({
      id: WHK,
      url: "https://hooks.example.com/",
      events: ["*"],
      signature: "v1a",
      format: "cloudevents",
      createdAt: iso(0),
      disabledAt: null,
      disabledReason: null,
      failingSince: null,
      keys: [{ generation: 0, root: null, publicKey: null, createdAt: iso(0), expiresAt: null }],
    });
    expect(await object.deliveries(WHK, 5)).toMatchObject({
      value: [{ id: DELIVERY, cause: "event", run: 0, excerpt: "", durationMs: null }],
    });
    await rotate(object, 10);
    expect((await read(object)).keys.map(({ generation }) => generation)).toEqual([1, 0]);
  });

  it("go with it when it is removed, and so does all that was sent", async () => {
    const { team, object } = await added();
    await object.recordDelivery(record(1), BODY);
    expect(await object.removeWebhook({ id: WHK, idempotency: null })).toEqual({
      ok: true,
      value: null,
    });
    expect(await object.removeWebhook({ id: WHK, idempotency: null })).toMatchObject({
      error: { reason: "webhook_unknown" },
    });
    const left = await insideTeam(team, ({ sql }) =>
      ["webhook", "endpoint_key", "delivery", "delivery_body"].map(
        (name) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one().n,
      ),
    );
    expect(left).toEqual([0, 0, 0, 0]);
  });
});

describe("the delivery log", () => {
  it("keeps the newest 1,000 of an endpoint, newest first", async () => {
    const { object } = await added();
    const kept = TEAM_LIMITS.deliveriesPerEndpointMax;
    for (let attempt = 1; attempt <= kept + 5; attempt += 1) {
      await object.recordDelivery(record(attempt), BODY);
    }
    const log = await object.deliveries(WHK, 5_000);
    if (!log.ok) throw new Error(log.error.reason);
    expect(log.value).toHaveLength(kept);
    expect(log.value[0]).toEqual(record(kept + 5));
    expect(log.value.at(-1)?.attempt).toBe(6);
  });

  it("holds an attempt once, however often it is reported", async () => {
    const { object } = await added();
    await object.recordDelivery(record(1), BODY);
    await object.recordDelivery(record(1, { at: iso(50), status: 500 }), BODY);
    const log = await object.deliveries(WHK, 5);
    expect(log).toEqual({ ok: true, value: [record(1)] });
  });

  it("of an unknown endpoint is refused and never written", async () => {
    const object = teamObject(freshTeam());
    await object.recordDelivery(record(1), BODY);
    expect(await object.deliveries(WHK, 10)).toEqual({
      ok: false,
      error: { reason: "webhook_unknown", id: WHK },
    });
  });

  it("says before an attempt whether it was made, and whether its run succeeded", async () => {
    const { object } = await added();
    const name = { endpointId: WHK, id: DELIVERY, run: 0, attempt: 1 };
    expect(await object.dispatch(name)).toMatchObject({ recorded: null, isDelivered: false });
    await object.recordDelivery(record(1), BODY);
    await object.recordDelivery(record(2, { outcome: "delivered", status: 200 }), BODY);
    expect(await object.dispatch(name)).toMatchObject({ recorded: record(1), isDelivered: true });
    expect(await object.dispatch({ ...name, run: 1 })).toMatchObject({
      recorded: null,
      isDelivered: false,
    });
    const other = WHK.replace(/3$/, "4");
    expect(await object.dispatch({ ...name, endpointId: other })).toBeNull();
  });
});

describe("an endpoint", () => {
  it("is one of no more than the bound", async () => {
    const object = teamObject(freshTeam());
    const nth = (index: number) => `${WHK.slice(0, -2)}${String(index).padStart(2, "0")}`;
    for (let index = 0; index < TEAM_LIMITS.webhooksMax; index += 1) await add(object, nth(index));
    expect(await add(object, nth(99))).toMatchObject({
      error: { reason: "directory_full", kind: "webhook" },
    });
  });

  it("whose receiver says 410 is disabled at once, with one incident however often that is reported", async () => {
    const { object } = await added();
    const gone = record(1, { status: 410 });
    const first = await object.recordDelivery(gone, BODY);
    const again = await object.recordDelivery(gone, BODY);
    expect(first.disabled).toMatchObject({
      number: 1,
      kind: "webhook_disabled",
      reasonCodes: ["DELIVERY_FAILED"],
    });
    expect(first.disabled?.summary).toContain(WHK);
    expect(again).toEqual(first);
    expect(await read(object)).toMatchObject({ disabledAt: iso(1), disabledReason: "gone" });
    expect(await object.incidents(0, 10)).toHaveLength(1);
  });

  it("is disabled when five days went by without a success, and not a moment earlier", async () => {
    const { object } = await added();
    const failed = async (attempt: number, atS: number) =>
      (await object.recordDelivery(record(attempt, { at: iso(atS) }), BODY)).disabled;
    expect(await failed(1, 100)).toBeNull();
    expect((await read(object)).failingSince).toBe(iso(100));
    expect(await failed(2, 100 + 5 * DAY_S - 1)).toBeNull();
    expect(await failed(3, 100 + 5 * DAY_S)).toMatchObject({ kind: "webhook_disabled" });
    expect(await read(object)).toMatchObject({ disabledReason: "failing" });
  });

  it("is healthy again after any success, and a test counts for nothing", async () => {
    const { object } = await added();
    await object.recordDelivery(record(1), BODY);
    const test = { cause: "test", id: `msg_${"1".repeat(32)}` } as const;
    await object.recordDelivery(record(2, { ...test, outcome: "delivered", status: 200 }), BODY);
    expect((await read(object)).failingSince).toBe(iso(1));
    await object.recordDelivery(record(3, { ...test, status: 410 }), BODY);
    expect((await read(object)).disabledAt).toBeNull();
    await object.recordDelivery(record(4, { outcome: "delivered", status: 200 }), BODY);
    expect((await read(object)).failingSince).toBeNull();
  });

  it("is enabled by an admin only, who forgets what failed before", async () => {
    const { object } = await added();
    await object.recordDelivery(record(1, { status: 410 }), BODY);
    await object.recordDelivery(record(2, { outcome: "delivered", status: 200 }), BODY);
    expect((await read(object)).disabledAt).toBe(iso(1));
    const set = (status: "enabled" | "disabled", atS: number) =>
      object.setWebhookStatus({ id: WHK, status, idempotency: null, at: ms(atS) });
    await set("enabled", 20);
    expect(await read(object)).toMatchObject({ disabledAt: null, failingSince: null });
    await set("disabled", 30);
    await set("disabled", 40);
    expect(await read(object)).toMatchObject({ disabledAt: iso(30), disabledReason: "admin" });
  });
});

describe("a redelivery", () => {
  const again = (object: ReturnType<typeof teamObject>, key: string | null = null) =>
    object.redeliver({
      endpointId: WHK,
      deliveryId: DELIVERY,
      idempotency: key === null ? null : { key, requestHash: "h" },
    });

  it("has the body that was sent, and a number of its own", async () => {
    const { object } = await added();
    await object.recordDelivery(record(1), BODY);
    expect(await again(object)).toEqual({
      ok: true,
      value: { run: 1, type: "sekisho.incident.raised", body: BODY },
    });
    expect(await again(object)).toMatchObject({ value: { run: 2 } });
  });

  it("asked for twice under one idempotency key is one", async () => {
    const { object } = await added();
    await object.recordDelivery(record(1), BODY);
    expect(await again(object, "k")).toMatchObject({ value: { run: 1 } });
    expect(await again(object, "k")).toMatchObject({ value: { run: 1 } });
    expect(await again(object)).toMatchObject({ value: { run: 2 } });
  });

  it("of what was never sent, or is no longer kept, is refused", async () => {
    const { object } = await added();
    expect(await again(object)).toMatchObject({ error: { reason: "delivery_unknown" } });
    await object.recordDelivery(record(1), BODY);
    for (let index = 1; index <= TEAM_LIMITS.deliveryBodiesPerEndpointMax; index += 1) {
      const id = `msg_${String(index).padStart(32, "0")}`;
      await object.recordDelivery(record(1, { id }), BODY);
    }
    expect(await again(object)).toMatchObject({ error: { reason: "delivery_unknown" } });
    const oldest = {
      endpointId: WHK,
      deliveryId: `msg_${"1".padStart(32, "0")}`,
      idempotency: null,
    };
    expect(await object.redeliver(oldest)).toMatchObject({ value: { body: BODY } });
  });

  it("to a disabled endpoint is refused", async () => {
    const { object } = await added();
    await object.recordDelivery(record(1, { status: 410 }), BODY);
    expect(await again(object)).toMatchObject({ error: { reason: "webhook_disabled" } });
  });
});
