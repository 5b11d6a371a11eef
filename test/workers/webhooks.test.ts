/**
 * Webhooks end to end in workerd: registered over HTTP, told of an approval request through the real
 * queues, signed with the published key, logged; only the receiver is played, by a captured fetch.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseWebhookPublicKey, verifyWebhook } from "../../shared/webhook/index.ts";
import { call, callerOf, openMission, setUpTeam } from "../support/api.ts";
import { freshTeam } from "../support/team-world.ts";

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

interface Received {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: string | undefined;
}

const received: Received[] = [];
let status = 200;

beforeEach(() => {
  received.length = 0;
  status = 200;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const body = typeof init?.body === "string" ? init.body : "";
    received.push({ url, headers: new Headers(init?.headers), body, redirect: init?.redirect });
    return new Response("ignored", { status });
  });
});

afterEach(() => vi.restoreAllMocks());

async function register(team: string, url = "https://hooks.example.com/in") {
  return call(callerOf(team, "admin"), "POST", "/v1/webhooks", {
    url,
    events: ["approval.requested"],
  });
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
    await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 10_000 });
    const [message] = received;
    if (!message) throw new Error("a message was received");
    expect([message.url, message.redirect]).toEqual(["https://hooks.example.com/in", "manual"]);
    const key = parseWebhookPublicKey(String(added.body["publicKey"]));
    if (!key) throw new Error("the published key is readable");
    const header = (name: string) => message.headers.get(`webhook-${name}`) ?? "";
    const headers = {
      id: header("id"),
      timestamp: header("timestamp"),
      signature: header("signature"),
    };
    expect(verifyWebhook(headers, message.body, [key], Date.now()).ok).toBe(true);
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
    status = 503;
    const team = freshTeam();
    await setUpTeam(team);
    const added = await register(team);
    await openMission(team, APPROVAL_PLAN);
    await vi.waitFor(
      async () => {
        expect(await deliveriesOf(team, added.body["id"])).toMatchObject([
          { outcome: "failed", status: 503, detail: "the receiver refused" },
        ]);
      },
      { timeout: 10_000 },
    );
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
    const refused = await register(freshTeam(), url);
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
