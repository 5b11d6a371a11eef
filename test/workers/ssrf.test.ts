/**
 * Family 16 in workerd, with its own URL parser: no target is registered, and none that stands in the database
 * all the same is called. The egress sink is a captured fetch, which must stay empty.
 */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../worker/app.ts";
import { handleQueue } from "../../worker/consumers/index.ts";
import { rootKeys } from "../../worker/webhook-keys.ts";
import { callerOf, mintToken } from "../support/api.ts";
import { ms } from "../support/builders.ts";
import { REDIRECT_STATUSES, SSRF_TARGETS, SSRF_TARGETS_MIN } from "../support/ssrf-targets.ts";
import { bindings, freshTeam, teamObject } from "../support/team-world.ts";

const sink: string[] = [];
let respond: () => Response;

beforeEach(() => {
  sink.length = 0;
  respond = () => new Response("reached");
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (init?.redirect !== "manual") throw new Error("a redirect would be followed");
    sink.push(input instanceof Request ? input.url : String(input));
    return respond();
  });
  for (const level of ["info", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});

afterEach(() => vi.restoreAllMocks());

/** As only a fault or an older version could leave it in the database. */
async function plant(team: string, url: string): Promise<string> {
  const endpointId = `whk_017f22e2-79b0-7cc3-98c4-${crypto.randomUUID().slice(-12)}`;
  const [root] = await rootKeys(bindings);
  const planted = await teamObject(team).addWebhook({
    id: endpointId,
    url,
    events: ["*"],
    signature: "v1a",
    format: "cloudevents",
    root: root?.id ?? "",
    idempotency: null,
    at: ms(0),
  });
  if (!planted.ok) throw new Error(planted.error.reason);
  return endpointId;
}

/** One test delivery through the queue's real consumer; answers the log's entry. */
async function dispatch(team: string, endpointId: string, env = bindings) {
  const body = {
    kind: "delivery",
    team,
    endpointId,
    deliveryId: `msg_${"0".repeat(32)}`,
    body: "{}",
    cause: "test",
  };
  const message = { id: "m", timestamp: new Date(0), attempts: 1, body };
  const batch = createMessageBatch("sekisho-webhooks", [message]);
  await handleQueue(batch as MessageBatch, env);
  const result = await getQueueResult(batch, createExecutionContext());
  expect(result.explicitAcks).toEqual(["m"]);
  const log = await teamObject(team).deliveries(endpointId, 5);
  return log.ok ? log.value : [];
}

it("the family has its floor", () => {
  expect(SSRF_TARGETS.length).toBeGreaterThanOrEqual(SSRF_TARGETS_MIN);
});

/** No host is excused here, unlike in the test instance, which excuses its own as `sekisho dev` does. */
const STRICT = { ...bindings, EGRESS_ALLOW_HOSTS: "" };

describe("at registration", () => {
  const team = freshTeam();
  const app = createApp();

  async function register(url: string): Promise<Response> {
    const authorization = `Bearer ${await mintToken(callerOf(team, "admin"))}`;
    const headers = { authorization, "content-type": "application/json" };
    const body = JSON.stringify({ url, events: ["*"] });
    return app.request("/v1/webhooks", { method: "POST", headers, body }, STRICT);
  }

  it.each(SSRF_TARGETS)("%j is refused", async (url) => {
    const refused = await register(url);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      code: "request_invalid",
      errors: [{ pointer: "/url" }],
    });
  });

  it("nothing was registered and nobody called; an address that is fit is taken", async () => {
    expect([await teamObject(team).webhooks(), sink]).toEqual([[], []]);
    expect((await register("https://hooks.example.com/in")).status).toBe(201);
  });
});

describe("at dispatch", () => {
  it.each(SSRF_TARGETS)("%j is not called, and the log says so", async (url) => {
    const team = freshTeam();
    const endpointId = await plant(team, url);
    const [entry] = await dispatch(team, endpointId, STRICT);
    expect(entry).toMatchObject({ outcome: "failed", status: null });
    expect(entry?.detail).toMatch(/^address refused: /);
    expect(sink).toEqual([]);
  });

  it("an address that is fit is called", async () => {
    const team = freshTeam();
    const endpointId = await plant(team, "https://hooks.example.com/in");
    expect(await dispatch(team, endpointId, STRICT)).toMatchObject([{ outcome: "delivered" }]);
    expect(sink).toEqual(["https://hooks.example.com/in"]);
  });

  it.each(REDIRECT_STATUSES)("a redirect (%i) to the inside is not followed", async (status) => {
    const headers = { location: "http://169.254.169.254/latest/meta-data/" };
    respond = () => new Response(null, { status, headers });
    const team = freshTeam();
    const endpointId = await plant(team, "https://hooks.example.com/in");
    expect(await dispatch(team, endpointId)).toMatchObject([{ outcome: "failed", status }]);
    expect(sink).toEqual(["https://hooks.example.com/in"]);
  });
});
