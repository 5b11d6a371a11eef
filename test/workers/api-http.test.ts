/**
 * HTTP itself: bodies, methods, media types, sizes, problems, health and the documents. One thing is
 * wrong in each request, on an address that would otherwise answer.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import { PROBLEMS } from "../../shared/wire/problem.ts";
import { createApp } from "../../worker/app.ts";
import type { Env } from "../../worker/env.ts";
import { call, callerOf, expectStatus, mintToken, send } from "../support/api.ts";

const admin = callerOf("http-team", "admin");
const operator = callerOf("http-team", "operator");
const api = env as unknown as Env;

function expectProblem(answer: Awaited<ReturnType<typeof send>>, code: keyof typeof PROBLEMS) {
  expect(answer.body).toMatchObject({
    type: `${api.API_ORIGIN}/docs/errors/${code}`,
    title: PROBLEMS[code].title,
    status: PROBLEMS[code].status,
    code,
  });
  expect(answer.status).toBe(PROBLEMS[code].status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(answer.body["instance"]).toBe(answer.headers.get("x-request-id"));
}

describe("a query", () => {
  const AGENT = { id: "buyer-1" };

  it("that a command does not take is refused, and nothing is done", async () => {
    const asked = await call(admin, "POST", "/v1/agents?dryRun=true", AGENT);
    expectProblem(asked, "request_invalid");
    expect(asked.body["errors"]).toEqual([{ pointer: "/query/dryRun", detail: "unknown field" }]);
    const listed = await expectStatus(call(admin, "GET", "/v1/agents"), 200);
    expect(JSON.stringify(listed.body)).not.toContain(AGENT.id);
    await expectStatus(call(admin, "POST", "/v1/agents", AGENT), 200);
  });

  const MISSION = "/v1/missions/msn_017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  const NODE = `${MISSION}/nodes/decide`;
  const everyRole = callerOf("http-team", "admin", "operator", "agent", "approver");

  it.each([
    "/v1/missions",
    `${MISSION}/amendments`,
    `${MISSION}/interventions`,
    `${MISSION}/policy`,
    `${NODE}/evidence`,
    `${NODE}/proposals`,
    `${NODE}/results`,
    `${NODE}/approvals`,
    "/v1/policies",
  ])("that asks for a dry run is refused where nothing is dry: %s", async (path) => {
    const answer = await call(everyRole, "POST", `${path}?dryRun=true`, {});
    expectProblem(answer, "request_invalid");
    expect(answer.body["errors"]).toEqual([{ pointer: "/query/dryRun", detail: "unknown field" }]);
  });
});

describe("If-Match", () => {
  const head = { "if-match": `"0-${"0".repeat(64)}"` };
  const AGENT = { id: "held-1" };

  it("that a command does not take is refused, and nothing is done", async () => {
    const answer = await call(admin, "POST", "/v1/agents", AGENT, head);
    expectProblem(answer, "request_invalid");
    expect(answer.body["errors"]).toMatchObject([{ pointer: "/header/if-match" }]);
    const listed = await expectStatus(call(admin, "GET", "/v1/agents"), 200);
    expect(JSON.stringify(listed.body)).not.toContain(AGENT.id);
    await expectStatus(call(admin, "POST", "/v1/agents", AGENT), 200);
  });

  it("is not looked at before the role", async () => {
    const agent = callerOf("http-team", "agent");
    expectProblem(await call(agent, "POST", "/v1/agents", AGENT, head), "role_missing");
  });
});

describe("a body", () => {
  const TEXTS = [
    ["that is no JSON", "{", "json_malformed", ""],
    ["that is empty", "", "json_malformed", ""],
    ["with text behind it", '{"id":"a"} x', "json_malformed", ""],
    ["with a trailing comma", '{"id":"a",}', "json_malformed", ""],
    ["with a byte order mark", '\ufeff{"id":"a"}', "json_malformed", ""],
    ["with NaN", '{"id":NaN}', "json_malformed", "/id"],
    ["with a key twice", '{"id":"a","id":"b"}', "json_duplicate_key", "/id"],
    ["with a key twice, once escaped", '{"id":"a","\\u0069d":"b"}', "json_duplicate_key", "/id"],
    ["with a lone surrogate", '{"id":"\\ud800"}', "json_lone_surrogate", "/id"],
    ["with an unsafe number", '{"id":"a","zone":9007199254740993}', "json_number_unsafe", "/zone"],
    ["with a number beyond all", '{"id":"a","zone":1e999}', "json_number_unsafe", "/zone"],
    [
      "with __proto__",
      '{"id":"a","__proto__":{"banned":true}}',
      "json_key_forbidden",
      "/__proto__",
    ],
    ["that nests too deep", `${"[".repeat(33)}${"]".repeat(33)}`, "json_too_deep", "/0".repeat(32)],
  ] as const;

  it.each(TEXTS)(
    "%s is refused with its own code and place",
    async (_name, text, code, pointer) => {
      const answer = await call(admin, "POST", "/v1/agents", text);
      expectProblem(answer, code);
      expect(answer.body["errors"]).toMatchObject([{ pointer }]);
    },
  );

  it("that is not UTF-8 is refused", async () => {
    const authorization = `Bearer ${await mintToken(admin)}`;
    const headers = { authorization, "content-type": "application/json" };
    const body = new Uint8Array([0x22, 0xff, 0x22]);
    expectProblem(await send("/v1/agents", { method: "POST", headers, body }), "json_malformed");
  });

  const SHAPES = [
    ["an unknown field", { id: "a", nope: 1 }, { pointer: "/nope", detail: "unknown field" }],
    ["a missing field", {}, { pointer: "/id" }],
    ["a field of another type", { id: "a", banned: "yes" }, { pointer: "/banned" }],
    ["a text too long", { id: "a".repeat(129) }, { pointer: "/id" }],
    ["a name in an array", { id: "a", skills: ["ok", "Not OK"] }, { pointer: "/skills/1" }],
    [
      "an unknown field whose name needs escaping",
      { id: "a", "x/y~z": 1 },
      { pointer: "/x~1y~0z" },
    ],
    ["an array where an object belongs", [], { pointer: "" }],
    ["null", null, { pointer: "" }],
  ] as const;

  it.each(SHAPES)("with %s is refused with a pointer", async (_name, body, error) => {
    const answer = await call(admin, "POST", "/v1/agents", body);
    expectProblem(answer, "request_invalid");
    expect(answer.body["errors"]).toMatchObject([error]);
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json; charset=utf-16",
    "",
  ])("of type %j is refused", async (type) => {
    const answer = await call(admin, "POST", "/v1/agents", '{"id":"a"}', { "content-type": type });
    expectProblem(answer, "media_type_unsupported");
  });

  it.each(["application/json", "application/json; charset=UTF-8", "application/merge-patch+json"])(
    "of type %j is read",
    async (type) => {
      const headers = { "content-type": type };
      await expectStatus(call(admin, "POST", "/v1/agents", '{"id":"a"}', headers), 200);
    },
  );

  it("that is compressed is refused", async () => {
    const headers = { "content-encoding": "gzip" };
    const answer = await call(admin, "POST", "/v1/agents", '{"id":"a"}', headers);
    expectProblem(answer, "media_type_unsupported");
  });

  it("as large as allowed is read, one byte more is refused", async () => {
    const frame = '{"id":""}'.length;
    const filled = (bytes: number) => `{"id":"${"a".repeat(bytes - frame)}"}`;
    const allowed = await call(admin, "POST", "/v1/agents", filled(LIMITS.bodyBytesMax));
    expectProblem(allowed, "request_invalid");
    expectProblem(
      await call(admin, "POST", "/v1/agents", filled(LIMITS.bodyBytesMax + 1)),
      "body_too_large",
    );
  });

  it("without a length is still cut off at the limit", async () => {
    const authorization = `Bearer ${await mintToken(admin)}`;
    const headers = { authorization, "content-type": "application/json" };
    const chunk = new Uint8Array(64 * 1024).fill(0x20);
    let chunks = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1;
        if (chunks > 1_000) controller.close();
        else controller.enqueue(chunk);
      },
    });
    expectProblem(await send("/v1/agents", { method: "POST", headers, body }), "body_too_large");
    expect(chunks).toBeLessThan(100);
  });
});

describe("an idempotency key", () => {
  it.each(["", "k".repeat(256), "caf\u00e9", "tab\tbed"])("spelt %j is refused", async (key) => {
    const headers = { "idempotency-key": key };
    const answer = await call(admin, "POST", "/v1/agents", { id: "a" }, headers);
    expectProblem(answer, "idempotency_key_malformed");
  });

  it("of 255 characters is taken", async () => {
    const headers = { "idempotency-key": "k".repeat(255) };
    await expectStatus(call(admin, "POST", "/v1/agents", { id: "a" }, headers), 200);
  });
});

describe("an address", () => {
  it.each([
    ["DELETE", "/v1/missions", "POST, GET, HEAD"],
    ["PUT", "/v1/agents", "GET, HEAD, POST"],
    ["GET", "/v1/audit/verify", "POST"],
    ["PATCH", "/v1/missions/msn_x", "GET, HEAD"],
    ["POST", "/health", "GET, HEAD"],
    ["OPTIONS", "/v1/policies", "GET, HEAD, POST"],
  ])("that does not take %s %s names what it takes", async (method, path, allow) => {
    const answer = await call(operator, method, path);
    expectProblem(answer, "method_not_allowed");
    expect(new Set(answer.headers.get("allow")?.split(", "))).toEqual(new Set(allow.split(", ")));
  });

  it.each([
    "/",
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v1/missions/",
    "/v1/missions/a/b/c",
    "/V1/missions",
  ])("nobody knows, %s, is not found", async (path) => {
    expectProblem(await call(operator, "GET", path), "not_found");
  });

  it.each(["msn_x", "MSN_0190", "..", "%2e%2e", "msn_%00", "__proto__"])(
    "with the malformed id %s is not found",
    async (id) => {
      const answer = await call(operator, "GET", `/v1/missions/${id}`);
      expectProblem(answer, "not_found");
    },
  );

  it("takes HEAD wherever it takes GET", async () => {
    const answer = await send("/health", { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe("");
  });

  it.each([
    ["/v1/missions?limit=0", "/query/limit"],
    ["/v1/missions?limit=201", "/query/limit"],
    ["/v1/missions?limit=ten", "/query/limit"],
    ["/v1/missions?state=gone", "/query/state"],
    ["/v1/missions?nope=1", "/query/nope"],
    ["/v1/missions?cursor=AAAA", "/query/cursor"],
  ])("with a query nobody understands, %s, is refused with a pointer", async (path, pointer) => {
    const answer = await call(operator, "GET", path);
    expectProblem(answer, "request_invalid");
    expect(answer.body["errors"]).toMatchObject([{ pointer }]);
  });
});

describe("without a token", () => {
  it("health says the worker lives", async () => {
    expect((await expectStatus(send("/health"), 200)).body).toEqual({
      status: "ok",
      mode: "local",
    });
  });

  it("ready says that the index and an object answer", async () => {
    expect((await expectStatus(send("/ready"), 200)).body).toEqual({ status: "ok" });
  });

  const broken: readonly (readonly [string, Partial<Env>])[] = [
    ["the index is gone", { DB: {} as D1Database }],
    [
      "no object answers",
      { TEAM: { getByName: () => ({ agentFacts: fail }) } as unknown as Env["TEAM"] },
    ],
    ["there is no ticket key", { TICKET_SIGNING_KEYS: '{"keys":[]}' }],
  ];

  it.each(broken)("ready says 503 without detail when %s", async (_name, without) => {
    const request = new Request("https://api.sekisho.test/ready");
    const response = await createApp().fetch(request, { ...api, ...without });
    expect(response.status).toBe(503);
    const { instance: _id, ...body } = (await response.json()) as Record<string, unknown>;
    expect(body).toEqual({
      type: `${api.API_ORIGIN}/docs/errors/unavailable`,
      title: PROBLEMS.unavailable.title,
      status: 503,
      code: "unavailable",
    });
  });

  it("the published keys hold no private part", async () => {
    const { body } = await expectStatus(send("/.well-known/jwks.json"), 200);
    const keys = body["keys"] as readonly Record<string, unknown>[];
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
    }
  });

  it("metrics are not shown", async () => {
    expectProblem(await send("/metrics"), "unauthenticated");
  });
});

describe("nothing under /v1 works", () => {
  const pair = JSON.parse(api.TICKET_SIGNING_KEYS) as { keys: [Record<string, string>] };
  const [key] = pair.keys;

  it.each([
    ["no ticket key", undefined],
    ["a malformed ticket key", "whatever"],
    ["a ticket key without its private part", JSON.stringify({ keys: [{ ...key, d: undefined }] })],
    ["a ticket key without a name", JSON.stringify({ keys: [{ ...key, kid: undefined }] })],
    ["one name for two ticket keys", JSON.stringify({ keys: [key, key] })],
    [
      "a ticket key whose halves do not fit",
      JSON.stringify({ keys: [{ ...key, d: "A".repeat(43) }] }),
    ],
    ["a low-order ticket key", JSON.stringify({ keys: [{ ...key, x: `AQ${"A".repeat(41)}` }] })],
  ])("with %s", async (_name, text) => {
    const headers = { authorization: `Bearer ${await mintToken(admin)}` };
    const request = new Request("https://api.sekisho.test/v1/agents", { headers });
    const bindings = { ...api, TICKET_SIGNING_KEYS: text as string };
    const response = await createApp().fetch(request, bindings);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain(key["d"]);
  });
});

describe("a fault", () => {
  it("is told as 500 without detail", async () => {
    const TEAM = { getByName: () => ({ agents: fail }) } as unknown as Env["TEAM"];
    const headers = { authorization: `Bearer ${await mintToken(admin)}` };
    const request = new Request("https://api.sekisho.test/v1/agents", { headers });
    const response = await createApp().fetch(request, { ...api, TEAM });
    expect(response.status).toBe(500);
    const { instance: _id, ...body } = (await response.json()) as Record<string, unknown>;
    expect(body).toEqual({
      type: `${api.API_ORIGIN}/docs/errors/internal`,
      title: PROBLEMS.internal.title,
      status: 500,
      code: "internal",
    });
  });

  it.each(["retryable", "overloaded", "durableObjectReset"])(
    "of an object that the runtime marks %s is told as 503",
    async (mark) => {
      const agents = async () => {
        throw Object.assign(new Error("secret detail"), { [mark]: true });
      };
      const TEAM = { getByName: () => ({ agents }) } as unknown as Env["TEAM"];
      const headers = { authorization: `Bearer ${await mintToken(admin)}` };
      const request = new Request("https://api.sekisho.test/v1/agents", { headers });
      const response = await createApp().fetch(request, { ...api, TEAM });
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await response.text()).not.toContain("secret detail");
    },
  );
});

describe("metrics", () => {
  it("show a team its own missions and nothing of what others ask for", async () => {
    const { text } = await expectStatus(call(operator, "GET", "/metrics"), 200);
    expect(text).toContain("# TYPE sekisho_missions gauge");
    expect(text).not.toContain("sekisho_requests_total");
  });

  it("count for the operators' team by route and status, never by the path asked for", async () => {
    await call(operator, "GET", "/v1/missions/msn_x");
    await call(operator, "GET", "/v1/nothing/secret-in-a-path");
    const operators = callerOf(api.OPERATOR_TEAM, "operator");
    const { text } = await expectStatus(call(operators, "GET", "/metrics"), 200);
    expect(text).toContain(
      'sekisho_requests_total{method="GET",route="/v1/missions/:id",status="404"}',
    );
    expect(text).toContain('sekisho_requests_total{method="GET",route="none",status="404"}');
    expect(text).not.toContain("secret-in-a-path");
    expect(text).toContain("# TYPE sekisho_missions gauge");
  });
});

async function fail(): Promise<never> {
  throw new Error("broken for the test");
}
