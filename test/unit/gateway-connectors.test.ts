/**
 * The connectors against a real loopback server that misbehaves in every way a server can, and the
 * registry and key set that decide what exists at all. Source: docs/tickets.md, "What an answer means".
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sha256Hex } from "../../shared/crypto.ts";
import { parseEgressAllowList } from "../../shared/egress.ts";
import { LIMITS } from "../../shared/limits.ts";
import { parseActions } from "../../worker/gateway/actions.ts";
import { outcomeOfStatus, performHttp } from "../../worker/gateway/connectors/http.ts";
import { performDryRun } from "../../worker/gateway/connectors/log.ts";
import { parseKeySet } from "../../worker/gateway/env.ts";
import { JTI, TICKET_KID, TICKET_PRIVATE_JWK, TICKET_PUBLIC_JWK } from "../support/tickets.ts";

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const BODY = '{"action":"vendor.switch","args":{}}';
let server: Server;
let origin: string;
let seen: Seen[] = [];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url: path, headers } = request;
      seen.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  seen = [];
});

async function call(timeoutMs = 5_000, url = `${origin}/switch`) {
  return performHttp({ url, body: BODY, idempotencyKey: JTI, bearer: null, timeoutMs }, fetch);
}

test("the call is one POST of the exact bytes, with the ticket as its idempotency key", async () => {
  answer = (response) => response.end("done");
  await call();
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ method: "POST", path: "/switch", body: BODY });
  expect(seen[0]?.headers).toMatchObject({
    "content-type": "application/json",
    "idempotency-key": JTI,
    "user-agent": "sekisho-gateway",
  });
  expect(seen[0]?.headers).not.toHaveProperty("authorization");
});

test("a credential goes into the Authorization header and nowhere else", async () => {
  answer = (response) => response.end("done");
  const bearer = "s3cret-of-the-vendor";
  const performed = await performHttp(
    { url: `${origin}/switch`, body: BODY, idempotencyKey: JTI, bearer, timeoutMs: 5_000 },
    fetch,
  );
  expect(seen[0]?.headers).toMatchObject({ authorization: `Bearer ${bearer}` });
  expect(seen[0]?.body).toBe(BODY);
  expect(JSON.stringify(performed)).not.toContain(bearer);
});

describe("what an answer means", () => {
  test.each([
    [200, "succeeded"],
    [201, "succeeded"],
    [202, "succeeded"],
    [204, "succeeded"],
    [400, "failed"],
    [401, "failed"],
    [403, "failed"],
    [404, "failed"],
    [409, "unknown"],
    [422, "failed"],
    [408, "unknown"],
    [425, "unknown"],
    [429, "unknown"],
    [300, "unknown"],
    [301, "unknown"],
    [302, "unknown"],
    [303, "unknown"],
    [307, "unknown"],
    [308, "unknown"],
    [500, "unknown"],
    [502, "unknown"],
    [503, "unknown"],
    [504, "unknown"],
  ])("%i: %s", async (status, outcome) => {
    answer = (response) => response.writeHead(status, { location: `${origin}/elsewhere` }).end();
    expect(await call()).toMatchObject({ outcome, status, detail: `answered ${status}` });
    expect(outcomeOfStatus(status)).toBe(outcome);
    expect(seen.map(({ path }) => path)).toEqual(["/switch"]);
  });

  test("the answer leaves as its hash only", async () => {
    answer = (response) => response.end("secret: 42");
    const performed = await call();
    expect(performed.responseDigest).toBe(sha256Hex("secret: 42"));
    expect(JSON.stringify(performed)).not.toContain("42");
  });

  test("an answer without a body has the digest of nothing", async () => {
    answer = (response) => response.writeHead(204).end();
    expect((await call()).responseDigest).toBe(sha256Hex(""));
  });

  test("an answer longer than the limit is cut off there and says so", async () => {
    const bytes = "x".repeat(LIMITS.responseBytesMax + 70_000);
    answer = (response) => response.end(bytes);
    const performed = await call();
    expect(performed).toMatchObject({ outcome: "succeeded", status: 200 });
    expect(performed.responseDigest).toBe(sha256Hex("x".repeat(LIMITS.responseBytesMax)));
    expect(performed.detail).toContain(`first ${LIMITS.responseBytesMax} bytes`);
  });

  test("an answer of exactly the limit is whole", async () => {
    answer = (response) => response.end("x".repeat(LIMITS.responseBytesMax));
    expect((await call()).detail).toBe("answered 200");
  });
});

describe("no complete answer is an unknown outcome, never a failure", () => {
  const nothing = { outcome: "unknown", status: null, responseDigest: null };

  test("executed, then reset", async () => {
    answer = (response) => response.destroy();
    expect(await call()).toMatchObject(nothing);
    expect(seen).toHaveLength(1);
  });

  test("headers, then reset within the body", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    };
    expect(await call()).toMatchObject(nothing);
  });

  test("no answer within the time", async () => {
    answer = () => {};
    expect(await call(50)).toMatchObject({
      ...nothing,
      detail: "no complete answer within 50 ms",
    });
  });

  test("an answer that never ends", async () => {
    answer = (response) => void response.writeHead(200).write("and then ");
    expect(await call(50)).toMatchObject({
      ...nothing,
      detail: "no complete answer within 50 ms",
    });
  });

  test("an answer that is not HTTP", async () => {
    answer = (_response, request) => void request.socket.end("SSH-2.0-server\r\n\r\n");
    expect(await call()).toMatchObject(nothing);
  });

  test("nobody listening looks the same from here", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const refused = await call(5_000, `http://127.0.0.1:${port}/`);
    answer = (response) => response.destroy();
    expect(refused).toEqual(await call());
  });
});

test("the dry run performs nothing and says so", () => {
  expect(performDryRun()).toEqual({
    outcome: "succeeded",
    status: null,
    responseDigest: null,
    detail: "dry run: nothing was performed",
  });
});

describe("the registry of actions", () => {
  const http = {
    connector: "http",
    url: "https://vendor.example/",
    method: "POST",
    idempotent: true,
  };
  const allow = parseEgressAllowList("127.0.0.1");

  test("holds what it names, with the time limit filled in", () => {
    const text = JSON.stringify({
      "vendor.switch": http,
      "vendor.notify": { connector: "log" },
      "vendor.local": { ...http, url: "http://127.0.0.1:4000", timeoutMs: 1_500 },
    });
    const parsed = parseActions(text, allow, () => false);
    expect(parsed.ok && [...parsed.value]).toEqual([
      ["vendor.switch", { ...http, timeoutMs: LIMITS.actionTimeoutMs }],
      ["vendor.notify", { connector: "log", idempotent: true, timeoutMs: LIMITS.actionTimeoutMs }],
      ["vendor.local", { ...http, url: "http://127.0.0.1:4000/", timeoutMs: 1_500 }],
    ]);
  });

  test("may name a secret that is set", () => {
    const action = { ...http, bearerSecret: "CONNECTOR_VENDOR" };
    const parsed = parseActions(
      JSON.stringify({ "a.b": action }),
      allow,
      (name) => name === "CONNECTOR_VENDOR",
    );
    expect(parsed.ok && parsed.value.get("a.b")).toMatchObject({
      bearerSecret: "CONNECTOR_VENDOR",
    });
  });

  test("may be empty", () => {
    expect(parseActions("{}", allow, () => false)).toMatchObject({ ok: true });
  });

  test.each([
    ["no JSON", ""],
    ["a list", JSON.stringify([{ type: "vendor.switch", ...http }])],
    ["an action named twice", `{"a.b":${JSON.stringify(http)},"a.b":${JSON.stringify(http)}}`],
    ["a type that is no action type", JSON.stringify({ "Vendor Switch": http })],
    ["an unknown connector", JSON.stringify({ "a.b": { ...http, connector: "shell" } })],
    ["a member nobody knows", JSON.stringify({ "a.b": { ...http, retries: 3 } })],
    ["another method", JSON.stringify({ "a.b": { ...http, method: "DELETE" } })],
    ["no word on idempotency", JSON.stringify({ "a.b": { ...http, idempotent: undefined } })],
    ["idempotency as text", JSON.stringify({ "a.b": { ...http, idempotent: "yes" } })],
    ["too long a time", JSON.stringify({ "a.b": { ...http, timeoutMs: 10_001 } })],
    ["no time at all", JSON.stringify({ "a.b": { ...http, timeoutMs: 0 } })],
    ["an address inside", JSON.stringify({ "a.b": { ...http, url: "https://169.254.169.254/" } })],
    ["plain http", JSON.stringify({ "a.b": { ...http, url: "http://vendor.example/" } })],
    [
      "a secret that is not set",
      JSON.stringify({ "a.b": { ...http, bearerSecret: "CONNECTOR_X" } }),
    ],
    [
      "a setting taken for a secret",
      JSON.stringify({ "a.b": { ...http, bearerSecret: "ACTIONS" } }),
    ],
    ["one bad entry among good ones", JSON.stringify({ "a.a": http, "a.b": { ...http, url: "" } })],
  ])("with %s is refused as a whole", (_rule, text) => {
    expect(parseActions(text, allow, () => false)).toMatchObject({
      ok: false,
      error: { reason: "registry_unreadable" },
    });
  });
});

describe("the key set", () => {
  test("holds the public keys by kid", () => {
    const keys = parseKeySet(JSON.stringify({ keys: [TICKET_PUBLIC_JWK] }));
    expect([...keys]).toEqual([[TICKET_KID, TICKET_PUBLIC_JWK]]);
  });

  test.each([
    ["no JSON", ""],
    ["no object", "[]"],
    ["no list of keys", '{"keys":{}}'],
    ["a private key", JSON.stringify({ keys: [TICKET_PRIVATE_JWK] })],
    ["a key without kid", JSON.stringify({ keys: [{ ...TICKET_PUBLIC_JWK, kid: undefined }] })],
    [
      "a key of low order",
      JSON.stringify({ keys: [{ ...TICKET_PUBLIC_JWK, x: `AQ${"A".repeat(41)}` }] }),
    ],
  ])("with %s verifies nothing", (_rule, text) => {
    expect([...parseKeySet(text).keys()]).toEqual([]);
  });
});
