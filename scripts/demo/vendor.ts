/**
 * The vendor's system, played by a process of its own on loopback. Counts every request that really
 * arrives and every distinct Idempotency-Key among them, and does not hide a repeated one: if the gateway
 * acted twice it would show here. Answers GET /ledger with what it has seen.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { leaveWithParent, tell } from "./child.ts";

export interface VendorRequest {
  readonly path: string;
  readonly idempotencyKey: string | null;
  readonly body: unknown;
}

export interface VendorLedger {
  /** Requests that arrived. */
  readonly received: number;
  /** Distinct idempotency keys among them. */
  readonly distinct: number;
  readonly requests: readonly VendorRequest[];
}

/** `{ "/path": { status, times } }`: refuse that many requests to the path first. */
type Failures = Record<string, { readonly status: number; times: number }>;

const failures = JSON.parse(process.env["VENDOR_FAILURES"] ?? "{}") as Failures;
const requests: VendorRequest[] = [];

leaveWithParent();
const server = createServer((request, response) => {
  void respond(request, response).catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  tell({ event: "listening", url: `http://127.0.0.1:${port}` });
});

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? "/";
  if (request.method === "GET" && path === "/ledger") return json(response, 200, ledger());
  if (request.method !== "POST") return json(response, 405, { error: "POST only" });
  const key = request.headers["idempotency-key"];
  const idempotencyKey = typeof key === "string" ? key : null;
  const text = Buffer.concat(chunks).toString("utf8");
  requests.push({ path, idempotencyKey, body: text === "" ? null : (JSON.parse(text) as unknown) });
  const failure = failures[path];
  if (failure !== undefined && failure.times > 0) {
    failure.times -= 1;
    return json(response, failure.status, { error: "refused by the vendor" });
  }
  return json(response, 200, { accepted: true, reference: `V-${1000 + requests.length}` });
}

function ledger(): VendorLedger {
  const distinct = new Set(requests.map((request) => request.idempotencyKey)).size;
  return { received: requests.length, distinct, requests };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
