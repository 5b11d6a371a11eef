/**
 * The whole system in one local process: API worker, gateway worker, objects, D1 and queues, on
 * Miniflare with the bundles that would be deployed. Reads every binding and number from the two
 * wrangler.toml files, makes no request to the outside of its own accord, and listens on loopback.
 * Specification: docs/cli.md, "sekisho dev"; what a crash leaves behind is said in ARCHITECTURE.md.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { LOCAL_ISSUER, type LocalKeys, openKeys, publicHalf, webhookSecret } from "./keys.ts";
import { type MigratedDatabase, applyMigrations } from "./migrations.ts";
import { type Reaper, startReaper, watchingSpawns } from "./reaper.ts";
import { type WorkerSettings, cronPeriodMs, readWorkerSettings } from "./wrangler-config.ts";

const ROOT = path.join(import.meta.dirname, "../..");

/** How long the first answer of /health may take; a cold start takes about a second. */
const HEALTH_DEADLINE_MS = 20_000;

export interface RuntimeOptions {
  /** Where state and keys live; null: a temporary folder that `stop` removes. */
  readonly stateDir: string | null;
  /** 0: a free port. */
  readonly port: number;
  readonly host?: string;
  /** The gateway's registry of actions, as its ACTIONS variable holds it. */
  readonly actions: Readonly<Record<string, unknown>>;
  /** Hosts that connectors and webhooks may reach although they are loopback. */
  readonly egressAllowHosts: readonly string[];
  /** Entry files of the two bundles, from scripts/build.ts. */
  readonly bundles: { readonly api: string; readonly gateway: string };
  /** Receives each line the workers log; left out, lines are dropped. */
  readonly onLog?: (line: string) => void;
}

export interface Runtime {
  readonly url: string;
  readonly keys: LocalKeys;
  readonly stateDir: string;
  /** Names of the migrations applied by this start. */
  readonly migrated: readonly string[];
  /** Puts a message on a queue as whoever has write access to it could. */
  sendToQueue(queue: string, message: unknown): Promise<void>;
  /** Ends every process of the runtime; again is harmless. */
  readonly stop: () => Promise<void>;
}

/** Starts the system and answers once /health does. Throws, with nothing left running, when it cannot. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const host = options.host ?? "127.0.0.1";
  const stateDir = options.stateDir ?? mkdtempSync(path.join(tmpdir(), "sekisho-"));
  if (options.stateDir !== null) mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const keys = openKeys(stateDir);
  const port = options.port === 0 ? await freePort(host) : options.port;
  const url = `http://${host}:${port}`;
  const api = readWorkerSettings(path.join(ROOT, "wrangler.toml"));
  const gateway = readWorkerSettings(path.join(ROOT, "worker/gateway/wrangler.toml"));

  const miniflare = launch(() =>
    createMiniflare({ options, api, gateway, keys, stateDir, url, host, port }),
  );
  const timers: NodeJS.Timeout[] = [];
  let reaper: Reaper | null = null;
  const stop = once(async () => {
    for (const timer of timers) clearInterval(timer);
    await miniflare.dispose();
    await reaper?.dismiss();
    if (options.stateDir === null) rmSync(stateDir, { recursive: true, force: true });
  });
  try {
    const { children } = await watchingSpawns(() => miniflare.ready);
    reaper = startReaper(children);
    const migrated = await migrate(miniflare, api);
    await waitForHealth(url);
    for (const cron of api.crons) timers.push(startCron(miniflare, api.name, cron));
    const sendToQueue = async (queue: string, message: unknown) => {
      const producer = await miniflare.getQueueProducer(producerBinding(api, queue), api.name);
      await producer.send(message);
    };
    return { url, keys, stateDir, migrated, sendToQueue, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

interface Launch {
  readonly options: RuntimeOptions;
  readonly api: WorkerSettings;
  readonly gateway: WorkerSettings;
  readonly keys: LocalKeys;
  readonly stateDir: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

function createMiniflare(launched: Launch): Miniflare {
  const { options, api, gateway, keys, stateDir, url, host, port } = launched;
  const egress = options.egressAllowHosts.join(",");
  const publicTickets = JSON.stringify({ keys: keys.tickets.map(publicHalf) });
  const apiBindings = {
    ...api.bindings,
    MODE: "local",
    API_ORIGIN: url,
    AUTH_ISSUER: LOCAL_ISSUER,
    AUTH_JWKS: JSON.stringify({ keys: [publicHalf(keys.auth)] }),
    TICKET_SIGNING_KEYS: JSON.stringify({ keys: keys.tickets }),
    WEBHOOK_SIGNING_KEY: webhookSecret(keys),
    CHECKPOINT_SIGNING_KEY: JSON.stringify(keys.checkpoint),
    EGRESS_ALLOW_HOSTS: egress,
    OPERATOR_TEAM: "operators",
    // For trying the console against an issuer; its tokens must still be those of the local keys.
    OIDC_ISSUER: process.env["OIDC_ISSUER"] ?? "",
    OIDC_CLIENT_ID: process.env["OIDC_CLIENT_ID"] ?? "",
    // A passkey belongs to a name, and an address is none: the console is opened as localhost.
    PASSKEY_RP_ID: "localhost",
    PASSKEY_ORIGINS: `http://localhost:${port}`,
  };
  const gatewayBindings = {
    ...gateway.bindings,
    ...connectorSecrets(),
    TICKET_ISSUER: url,
    TICKET_JWKS: publicTickets,
    ACTIONS: JSON.stringify(options.actions),
    EGRESS_ALLOW_HOSTS: egress,
  };
  return new Miniflare(
    convertV4MiniflareOptions({
      host,
      port: 0,
      cf: false,
      log: new Log(LogLevel.NONE),
      logRequests: false,
      telemetry: { enabled: false },
      handleStructuredLogs: ({ message }) => options.onLog?.(message),
      resourcePersistencePath: path.join(stateDir, "data"),
      workers: [
        {
          ...workerOptions(api, options.bundles.api),
          bindings: apiBindings,
          // The direct socket skips Miniflare's entry worker, whose port and speed are its own.
          unsafeDirectSockets: [{ host, port }],
        },
        { ...workerOptions(gateway, options.bundles.gateway), bindings: gatewayBindings },
      ],
    }),
  );
}

function workerOptions(settings: WorkerSettings, bundle: string) {
  const { name, compatibilityDate, compatibilityFlags, durableObjects } = settings;
  const { d1Databases, queueProducers, queueConsumers, serviceBindings, assets } = settings;
  return {
    name,
    modulesRoot: path.dirname(bundle),
    modules: [{ type: "ESModule" as const, path: bundle }],
    compatibilityDate,
    compatibilityFlags,
    durableObjects,
    d1Databases,
    queueProducers,
    queueConsumers,
    serviceBindings,
    ...(assets === null ? {} : { assets: assetOptions(assets) }),
  };
}

/** As wrangler.toml has them: behind the worker, found by their exact names. */
function assetOptions({ directory, binding }: NonNullable<WorkerSettings["assets"]>) {
  return {
    directory,
    binding,
    run_worker_first: true,
    routerConfig: { invoke_user_worker_ahead_of_assets: true, has_user_worker: true },
    assetConfig: { html_handling: "none" as const, not_found_handling: "none" as const },
  };
}

/**
 * Miniflare answers SIGINT itself, by leaving with 130 in the middle of whatever runs. Its handlers are
 * taken off, so that the caller decides how a run ends; its "exit" handler stays and kills the runtime.
 */
function launch(create: () => Miniflare): Miniflare {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = new Set(signals.flatMap((signal) => process.listeners(signal)));
  const miniflare = create();
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) {
      if (!before.has(listener)) process.removeListener(signal, listener);
    }
  }
  return miniflare;
}

async function migrate(miniflare: Miniflare, api: WorkerSettings): Promise<readonly string[]> {
  const applied: string[] = [];
  for (const binding of Object.keys(api.d1Databases)) {
    const database = await miniflare.getD1Database(binding, api.name);
    const folder = path.join(ROOT, "d1-migrations");
    applied.push(...(await applyMigrations(database as unknown as MigratedDatabase, folder)));
  }
  return applied;
}

function startCron(miniflare: Miniflare, worker: string, cron: string): NodeJS.Timeout {
  const run = async () => {
    const fetcher = await miniflare.getWorker(worker);
    await fetcher.scheduled({ cron });
  };
  // A failed sweep is the next sweep's work, and the worker has logged why.
  return setInterval(() => void run().catch(() => undefined), cronPeriodMs(cron)).unref();
}

function producerBinding(api: WorkerSettings, queue: string): string {
  const found = Object.entries(api.queueProducers).find(([, { queueName }]) => queueName === queue);
  if (found === undefined) throw new Error(`no worker writes to a queue named ${queue}`);
  return found[0];
}

async function waitForHealth(url: string): Promise<void> {
  const deadline = Date.now() + HEALTH_DEADLINE_MS;
  for (;;) {
    const response = await fetch(`${url}/health`).catch(() => null);
    if (response?.ok === true) return;
    if (Date.now() > deadline) {
      const said = response === null ? "no answer" : `${response.status} ${await response.text()}`;
      throw new Error(`${url}/health did not answer with success in time: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= run());
}

/** The gateway's credentials come from the environment of this process, as secrets do when hosted. */
function connectorSecrets(): Readonly<Record<string, string>> {
  const secrets = Object.entries(process.env).filter(([name]) => name.startsWith("CONNECTOR_"));
  return Object.fromEntries(secrets.map(([name, value]) => [name, value ?? ""]));
}
