/**
 * Four projects: `unit` (the pure core, in Node), `workers` (the API worker and its objects, in workerd, with
 * the built gateway beside them), `gateway` (the gateway and its ledger, in workerd) and `e2e` (the whole
 * system over HTTP, in Node). Keys are made anew for each run; nothing here is a secret of anyone. How to run
 * them: scripts/test.ts.
 */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { type Request as MiniflareRequest, Response as MiniflareResponse } from "miniflare";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;
const apiOrigin = "https://api.sekisho.test";
const gatewayId = "sekisho-gateway";

/** The plugin renames the worker under test to this prefix and the project's name; it documents this nowhere. */
const apiWorkerName = "vitest-plugin-runner-workers";

/** Public stays in the JWKS of whoever verifies, private goes to whoever signs. */
function createSigningKey(kid: string) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, ...rest } = privateKey.export({ format: "jwk" });
  const publicJwk = { ...rest, kid, alg: "EdDSA", use: "sig" };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

const ticketKey = createSigningKey("test-ticket");
const authKey = createSigningKey("test-auth");
const checkpointKey = createSigningKey("test-checkpoint");
const webhookKey = `whsk_${randomBytes(32).toString("base64")}`;

const apiBindings = {
  MODE: "local",
  API_ORIGIN: apiOrigin,
  GATEWAY_ID: gatewayId,
  AUTH_ISSUER: "https://auth.sekisho.test",
  AUTH_JWKS: JSON.stringify({ keys: [authKey.publicJwk] }),
  EGRESS_ALLOW_HOSTS: "127.0.0.1,localhost",
  TICKET_SIGNING_KEYS: JSON.stringify({ keys: [ticketKey.privateJwk] }),
  WEBHOOK_SIGNING_KEY: webhookKey,
  CHECKPOINT_SIGNING_KEY: JSON.stringify(checkpointKey.privateJwk),
  OPERATOR_TEAM: "operators",
  /** Private JWK (JSON text) for tests that mint access tokens. */
  TEST_AUTH_KEY: JSON.stringify(authKey.privateJwk),
};

const gatewayBindings = {
  GATEWAY_ID: gatewayId,
  TICKET_ISSUER: apiOrigin,
  TICKET_JWKS: JSON.stringify({ keys: [ticketKey.publicJwk] }),
  ACTIONS: "{}",
  EGRESS_ALLOW_HOSTS: "127.0.0.1,localhost",
};

/** The gateway as a neighbour of the worker under test. Built by scripts/build.ts; absent before the first build. */
function gatewayWorker() {
  const bundle = path.join(root, "dist/gateway/index.js");
  if (!existsSync(bundle)) return [];
  return [
    {
      name: gatewayId,
      modulesRoot: path.dirname(bundle),
      modules: [{ type: "ESModule" as const, path: bundle }],
      compatibilityDate: "2026-11-01",
      bindings: gatewayBindings,
      durableObjects: { LEDGER: { className: "TicketLedger", useSQLite: true } },
      serviceBindings: { MISSIONS: { name: apiWorkerName, entrypoint: "GatewayCallbacks" } },
      queueConsumers: {
        "sekisho-tickets": {
          maxBatchSize: 10,
          maxBatchTimeout: 0,
          maxRetries: 8,
          deadLetterQueue: "sekisho-tickets-dlq",
        },
      },
    },
  ];
}

/** Whatever the gateway calls in its own project ends here: `/status/503` answers 503. */
function answerAsVendor(request: MiniflareRequest) {
  const status = Number(new URL(request.url).pathname.split("/").at(-1));
  return new MiniflareResponse(`answered ${status}`, {
    status,
    headers: { location: "https://elsewhere.example/status/200" },
  });
}

async function readMigrations() {
  const folder = path.join(root, "d1-migrations");
  return existsSync(folder) ? await readD1Migrations(folder) : [];
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: ["test/unit/**/*.test.ts"],
          // Properties run hundreds of cases, and a loaded machine takes several times as long.
          testTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              cf: false,
              bindings: { ...apiBindings, TEST_MIGRATIONS: await readMigrations() },
              // wrangler.toml waits a second to fill a batch; each test that reads the index would wait it out.
              queueConsumers: {
                "sekisho-index": {
                  maxBatchSize: 100,
                  maxBatchTimeout: 0.05,
                  maxRetries: 5,
                  deadLetterQueue: "sekisho-index-dlq",
                },
              },
              workers: gatewayWorker(),
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          setupFiles: ["./test/support/apply-migrations.ts"],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: "./worker/gateway/index.ts",
            miniflare: {
              cf: false,
              compatibilityDate: "2026-11-01",
              bindings: gatewayBindings,
              durableObjects: { LEDGER: { className: "TicketLedger", useSQLite: true } },
              outboundService: answerAsVendor,
            },
          }),
        ],
        test: { name: "gateway", include: ["test/gateway/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
