/**
 * Webhooks end to end in workerd: registered over HTTP, told of an approval request through the real
 * queues, signed with the published key, logged; only the receiver is played, by a captured fetch.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseWebhookPublicKey, verifyWebhook } from "../../shared/webhook/index.ts";
import { call, callerOf, expectStatus, openMission, setUpTeam } from "../support/api.ts";
import { isTakenBy, startReceiver, type Received, type Receiver } from "../support/receiver.ts";
import { freshTeam, insideTeam } from "../support/team-world.ts";

const APPROVAL_PLAN = {
  title: "One approval",
  phases: ["work"],
  nodes: [
    {
      id: "agree",
      kind: "approval",
      phase: "work",
      title: "Agree",
      risk: 3,
      ownerR: "human",
      ownerX: "human",
    },
  ],
};

let receiver: Receiver;

beforeEach(() => {
  receiver = startReceiver();
  for (const level of ["info", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

afterEach(() => vi.restoreAllMocks());

async function register(team: string, members: Readonly<Record<string, unknown>> = {}) {
  return call(callerOf(team, "admin"), "POST", "/v1/webhooks", {
    url: `https://hooks.example.com/${team}`,
    events: ["approval.requested"],
    ...members,
  });
}

/** What the team's endpoint received, once it is as much; other tests' endpoints may still be tried. */
async function receive(team: string, count: number): Promise<readonly Received[]> {
  const own = () => receiver.received.filter(({ url }) => url.endsWith(`/${team}`));
  await vi.waitFor(() => expect(own()).toHaveLength(count), { timeout: 10_000 });
  return own();
}

/** The log, once it has as many entries. */
async function logged(team: string, id: unknown, count: number) {
  return vi.waitFor(
    async () => {
      const items = await deliveriesOf(team, id);
      expect(items).toHaveLength(count);
      return items;
    },
    { timeout: 10_000 },
  );
}

function ask(team: string, path: string, body: unknown = {}, headers = {}) {
  return call(callerOf(team, "admin"), "POST", path, body, headers);
}

async function deliveriesOf(team: string, id: unknown) {
  const path = `/v1/webhooks/${String(id)}/deliveries`;
  const answered = await call(callerOf(team, "admin"), "GET", path);
  return answered.body["items"] as readonly Record<string, unknown>[];
}

describe("an approval request", () => {
  it("reaches the endpoint as a CloudEvent that verifies with the published key", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const added = await register(team);
    expect(added.status).toBe(201);
    expect(added.headers.get("location")).toBe(`/v1/webhooks/${String(added.body["id"])}`);
    const missionId = await openMission(team, APPROVAL_PLAN);
    const [message] = await receive(team, 1);
    if (!message) throw new Error("a message was received");
    expect([message.url, message.redirect]).toEqual([
      `https://hooks.example.com/${team}`,
      "manual",
    ]);
    const key = parseWebhookPublicKey(String(added.body["publicKey"]));
    if (!key) throw new Error("the published key is readable");
    const header = (name: string) => message.headers.get(`webhook-${name}`) ?? "";
    const headers = {
      id: header("id"),
      timestamp: header("timestamp"),
      signature: header("signature"),
    };
    expect(verifyWebhook(headers, message.body, [{ kind: "v1a", key }], Date.now()).ok).toBe(true);
    expect(JSON.parse(message.body)).toMatchObject({
      specversion: "1.0",
      type: "sekisho.approval.requested",
      source: `https://api.sekisho.test/v1/missions/${missionId}`,
      subject: `${missionId}/agree`,
      data: { statement: { missionId, nodeId: "agree" } },
    });
    await vi.waitFor(async () => {
      expect(await deliveriesOf(team, added.body["id"])).toMatchObject([
        { id: headers.id, outcome: "delivered", status: 200, attempt: 1 },
      ]);
    });
  });

  it("that the receiver refuses is in the log as failed", async () => {
    receiver.answer = { status: 503, body: "closed\u0007 until noon, token=abcdef" };
    const team = freshTeam();
    await setUpTeam(team);
    const added = await register(team);
    await openMission(team, APPROVAL_PLAN);
    await vi.waitFor(
      async () => {
        expect(await deliveriesOf(team, added.body["id"])).toMatchObject([
          {
            outcome: "failed",
            status: 503,
            detail: "the receiver refused",
            excerpt: "closed until noon, [hidden]",
          },
        ]);
      },
      { timeout: 10_000 },
    );
  });
});

describe("an endpoint with a shared secret", () => {
  it("is signed so that the Standard Webhooks library takes it, and no other secret does", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const added = await register(team, { signature: "v1" });
    expect(added.body).toMatchObject({ signature: "v1", publicKey: null });
    const secret = String(added.body["secret"]);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await openMission(team, APPROVAL_PLAN);
    const [message] = await receive(team, 1);
    if (!message) throw new Error("a message was received");
    expect(isTakenBy(secret, message)).toBe(true);
    expect(isTakenBy(secret, { ...message, body: `${message.body} ` })).toBe(false);
    const other = await register(freshTeam(), { signature: "v1" });
    expect(isTakenBy(String(other.body["secret"]), message)).toBe(false);
  });

  it("shows the secret in the answer that makes it, and in no other", async () => {
    const team = freshTeam();
    const key = { "idempotency-key": "one" };
    const body = { url: "https://hooks.example.com/in", events: ["*"], signature: "v1" };
    const added = await ask(team, "/v1/webhooks", body, key);
    const secret = String(added.body["secret"]);
    const repeated = await ask(team, "/v1/webhooks", body, key);
    expect(repeated.body["secret"]).toBe(secret);
    const path = `/v1/webhooks/${String(added.body["id"])}`;
    const texts = [
      (await call(callerOf(team, "admin"), "GET", "/v1/webhooks")).text,
      (await ask(team, `${path}/status`, { status: "disabled" })).text,
      (await ask(team, `${path}/test`)).text,
      await insideTeam(team, ({ sql }) =>
        ["webhook", "endpoint_key", "idempotency"]
          .map((name) => JSON.stringify(sql.exec(`SELECT * FROM ${name}`).toArray()))
          .join(),
      ),
    ];
    for (const text of texts) {
      expect(text).not.toContain(secret.slice("whsec_".length));
      expect(text).not.toContain("whsec_");
    }
  });

  it("is signed by both secrets while a rotation overlaps, and by the new one alone after", async () => {
    const team = freshTeam();
    const added = await register(team, { signature: "v1" });
    const path = `/v1/webhooks/${String(added.body["id"])}`;
    const rotated = await ask(team, `${path}/rotation`, { overlapSeconds: 3_600 });
    const [old, fresh] = [String(added.body["secret"]), String(rotated.body["secret"])];
    expect(fresh).not.toBe(old);
    expect(rotated.body["keys"]).toMatchObject([{ expiresAt: null }, { publicKey: null }]);
    await ask(team, `${path}/test`);
    const [overlapping] = await receive(team, 1);
    if (!overlapping) throw new Error("a message was received");
    expect(overlapping.headers.get("webhook-signature")?.split(" ")).toHaveLength(2);
    expect([isTakenBy(old, overlapping), isTakenBy(fresh, overlapping)]).toEqual([true, true]);
    const last = await ask(team, `${path}/rotation`, { overlapSeconds: 0 });
    await ask(team, `${path}/test`);
    const [, alone] = await receive(team, 2);
    if (!alone) throw new Error("a message was received");
    expect(
      [old, fresh, String(last.body["secret"])].map((secret) => isTakenBy(secret, alone)),
    ).toEqual([false, false, true]);
  });
});

describe("an endpoint with a public key", () => {
  it("has a key of its own, and both sign while a rotation overlaps", async () => {
    const team = freshTeam();
    const added = await register(team);
    expect(added.body["secret"]).toBeUndefined();
    expect((await register(team)).body["publicKey"]).not.toBe(added.body["publicKey"]);
    const path = `/v1/webhooks/${String(added.body["id"])}`;
    const rotated = await ask(team, `${path}/rotation`);
    const keys = [rotated.body["publicKey"], added.body["publicKey"]];
    expect(rotated.body["keys"]).toMatchObject(keys.map((publicKey) => ({ publicKey })));
    await ask(team, `${path}/test`);
    const [message] = await receive(team, 1);
    const entries = message?.headers.get("webhook-signature")?.split(" ") ?? [];
    expect(entries.map((entry) => entry.split(",")[0])).toEqual(["v1a", "v1a"]);
    for (const text of keys) {
      const key = parseWebhookPublicKey(String(text));
      if (!key || !message) throw new Error("a key and a message");
      const header = (name: string) => message.headers.get(`webhook-${name}`) ?? "";
      const headers = {
        id: header("id"),
        timestamp: header("timestamp"),
        signature: header("signature"),
      };
      expect(verifyWebhook(headers, message.body, [{ kind: "v1a", key }], Date.now()).ok).toBe(
        true,
      );
    }
  });
});

describe("a chat endpoint", () => {
  it("is told of a request in plain words, with a link to read and nothing that decides", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    await register(team, { format: "slack" });
    const missionId = await openMission(team, APPROVAL_PLAN);
    const [message] = await receive(team, 1);
    expect(message?.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(Object.keys(JSON.parse(message?.body ?? "{}") as object)).toEqual(["text", "blocks"]);
    expect(message?.body).toContain(`https://api.sekisho.test/console/inbox/${missionId}/agree`);
    expect(message?.body).not.toMatch(/"type":"(?:actions|button|input)"|action_id/);
  });
});

describe("a test", () => {
  it("is sent once, also to a disabled endpoint, and stands in the log as such", async () => {
    const team = freshTeam();
    const added = await register(team);
    const path = `/v1/webhooks/${String(added.body["id"])}`;
    await expectStatus(ask(team, `${path}/status`, { status: "disabled" }), 200);
    const key = { "idempotency-key": "once" };
    const asked = await expectStatus(ask(team, `${path}/test`, {}, key), 202);
    await expectStatus(ask(team, `${path}/test`, {}, key), 202);
    const [message] = await receive(team, 1);
    expect(message?.headers.get("webhook-id")).toBe(asked.body["deliveryId"]);
    expect(JSON.parse(message?.body ?? "")).toMatchObject({
      type: "sekisho.webhook.test",
      subject: added.body["id"],
    });
    expect(await logged(team, added.body["id"], 1)).toMatchObject([
      { id: asked.body["deliveryId"], cause: "test", outcome: "delivered", excerpt: "taken" },
    ]);
  });
});

describe("a redelivery", () => {
  it("has the same id and body as what was sent, and stands in the log as such", async () => {
    const team = freshTeam();
    await setUpTeam(team);
    const added = await register(team);
    await openMission(team, APPROVAL_PLAN);
    const [first] = await receive(team, 1);
    await logged(team, added.body["id"], 1);
    const id = first?.headers.get("webhook-id") ?? "";
    const path = `/v1/webhooks/${String(added.body["id"])}/deliveries/${id}/redelivery`;
    const asked = await expectStatus(ask(team, path), 202);
    expect(asked.body).toEqual({ deliveryId: id, cause: "redelivery", run: 1 });
    const [, second] = await receive(team, 2);
    expect([second?.headers.get("webhook-id"), second?.body]).toEqual([id, first?.body]);
    expect(await logged(team, added.body["id"], 2)).toMatchObject([
      { id, cause: "redelivery", run: 1, attempt: 1 },
      { id, cause: "event", run: 0, attempt: 1 },
    ]);
  });

  it("of a delivery that never was is refused", async () => {
    const team = freshTeam();
    const added = await register(team);
    const path = `/v1/webhooks/${String(added.body["id"])}/deliveries/msg_${"0".repeat(32)}`;
    const refused = await ask(team, `${path}/redelivery`);
    expect([refused.status, refused.body["code"]]).toEqual([404, "delivery_unknown"]);
  });
});

describe("a receiver that says 410", () => {
  it("is disabled with an incident, hears nothing more, and is enabled by an admin", async () => {
    receiver.answer = { status: 410, body: "" };
    const team = freshTeam();
    await setUpTeam(team);
    const added = await register(team);
    await openMission(team, APPROVAL_PLAN);
    const listed = async () => {
      const { body } = await call(callerOf(team, "admin"), "GET", "/v1/webhooks");
      return (body["items"] as readonly Record<string, unknown>[])[0];
    };
    await vi.waitFor(async () => expect(await listed()).toMatchObject({ disabledReason: "gone" }), {
      timeout: 10_000,
    });
    await vi.waitFor(
      async () => {
        const path = "/v1/incidents?kind=webhook_disabled";
        const { body } = await call(callerOf(team, "operator"), "GET", path);
        expect(body["items"]).toMatchObject([{ id: "INC#000001", status: "open" }]);
      },
      { timeout: 10_000 },
    );
    const id = String(added.body["id"]);
    const delivery = (await receive(team, 1))[0]?.headers.get("webhook-id") ?? "";
    const again = `/v1/webhooks/${id}/deliveries/${delivery}/redelivery`;
    expect((await ask(team, again)).body["code"]).toBe("webhook_disabled");
    await expectStatus(ask(team, `/v1/webhooks/${id}/status`, { status: "enabled" }), 200);
    expect(await listed()).toMatchObject({ disabledAt: null, disabledReason: null });
    receiver.answer = { status: 200, body: "" };
    await expectStatus(ask(team, again), 202);
    await receive(team, 2);
  });
});

describe("removing an endpoint", () => {
  it("ends its deliveries, and its id is unknown from then on", async () => {
    const team = freshTeam();
    const added = await register(team);
    const path = `/v1/webhooks/${String(added.body["id"])}`;
    const removed = await call(callerOf(team, "admin"), "DELETE", path);
    expect([removed.status, removed.text]).toEqual([204, ""]);
    expect((await call(callerOf(team, "admin"), "DELETE", path)).status).toBe(404);
    expect((await ask(team, `${path}/test`)).body["code"]).toBe("webhook_unknown");
  });
});

describe("registering an endpoint", () => {
  it("under an idempotency key is done once", async () => {
    const team = freshTeam();
    const admin = callerOf(team, "admin");
    const body = { url: "https://hooks.example.com/in", events: ["*"] };
    const key = { "idempotency-key": "one" };
    const first = await call(admin, "POST", "/v1/webhooks", body, key);
    const again = await call(admin, "POST", "/v1/webhooks", body, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const listed = await call(admin, "GET", "/v1/webhooks");
    expect(listed.body["items"]).toEqual([first.body]);
  });

  it.each([
    "http://hooks.example.com/",
    "https://10.0.0.1/",
    "https://[::1]/",
    "https://metadata.internal/",
    "https://user:word@hooks.example.com/",
    "https://hooks.example.com:8443/",
    "ftp://hooks.example.com/",
    "not a url",
  ])("refuses the address %s", async (url) => {
    const refused = await register(freshTeam(), { url });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "request_invalid", errors: [{ pointer: "/url" }] });
  });

  it.each([[[]], [["approval.requsted"]], [["node.ready"]], [["*", "*"]], ["*"]])(
    "refuses the events %j",
    async (events) => {
      const body = { url: "https://hooks.example.com/", events };
      const refused = await call(callerOf(freshTeam(), "admin"), "POST", "/v1/webhooks", body);
      expect(refused.status).toBe(422);
    },
  );

  it("is the admin's, and its deliveries are not another team's", async () => {
    const team = freshTeam();
    const added = await register(team);
    const path = `/v1/webhooks/${String(added.body["id"])}/deliveries`;
    const unknown = "/v1/webhooks/whk_017f22e2-79b0-7cc3-98c4-dc0c0c073993/deliveries";
    const rival = callerOf(freshTeam(), "admin");
    const foreign = await call(rival, "GET", path);
    expect(foreign.status).toBe(404);
    const { id: _id, instance: _instance, ...shown } = foreign.body;
    const { id: _other, instance: _seen, ...expected } = (await call(rival, "GET", unknown)).body;
    expect(shown).toEqual(expected);
    expect((await call(callerOf(team, "operator"), "GET", path)).status).toBe(403);
  });
});
