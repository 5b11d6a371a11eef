/**
 * What the two wrangler.toml files say, in the words Miniflare wants: bindings, queues and their numbers
 * are written once, there. Refuses a setting it does not carry over, so that the local system cannot
 * quietly differ from the deployed one.
 */
import path from "node:path";
import { unstable_readConfig } from "wrangler";

/** The part of one worker's options that its wrangler.toml decides. */
export interface WorkerSettings {
  readonly name: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: string[];
  readonly bindings: Record<string, string>;
  readonly durableObjects: Record<string, { className: string; useSQLite: true }>;
  readonly d1Databases: Record<string, string>;
  readonly queueProducers: Record<string, { queueName: string }>;
  readonly queueConsumers: Record<string, QueueConsumer>;
  readonly serviceBindings: Record<string, { name: string; entrypoint?: string }>;
  readonly crons: readonly string[];
  /** Files served through a binding; null: none. */
  readonly assets: AssetSettings | null;
}

/** Files that the worker itself hands out; `directory` is absolute. */
interface AssetSettings {
  readonly directory: string;
  readonly binding: string;
}

interface QueueConsumer {
  maxBatchSize?: number;
  maxBatchTimeout?: number;
  maxRetries?: number;
  retryDelay?: number;
  deadLetterQueue?: string;
}

/** The members read here; wrangler's own type leads into a package that is not installed on its own. */
interface WranglerConfig {
  readonly name?: string;
  readonly compatibility_date?: string;
  readonly compatibility_flags: string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
  readonly d1_databases: readonly { binding: string; database_name?: string }[];
  readonly queues: {
    readonly producers?: readonly { binding: string; queue: string }[];
    readonly consumers?: readonly {
      queue: string;
      max_batch_size?: number;
      max_batch_timeout?: number;
      max_retries?: number | null;
      retry_delay?: number;
      dead_letter_queue?: string;
    }[];
  };
  readonly services?: readonly { binding: string; service: string; entrypoint?: string }[];
  readonly triggers: { readonly crons?: readonly string[] };
  readonly kv_namespaces: readonly unknown[];
  readonly r2_buckets: readonly unknown[];
  readonly workflows: readonly unknown[];
  readonly ratelimits: readonly unknown[];
  readonly assets?: {
    readonly directory?: string;
    readonly binding?: string;
    readonly run_worker_first?: boolean | readonly string[];
  };
}

/** Reads a wrangler.toml. Throws when it holds something that the local runtime would leave out. */
export function readWorkerSettings(file: string): WorkerSettings {
  const config: WranglerConfig = unstable_readConfig({ config: file }, { hideWarnings: true });
  const name = config.name;
  const compatibilityDate = config.compatibility_date;
  if (name === undefined || compatibilityDate === undefined) {
    throw new Error(`${path.basename(file)} names no worker or no compatibility date`);
  }
  refuseUncarried(config, file);
  return {
    name,
    compatibilityDate,
    compatibilityFlags: config.compatibility_flags,
    bindings: textVars(config),
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map(({ name: binding, class_name: className }) => [
        binding,
        { className, useSQLite: true as const },
      ]),
    ),
    d1Databases: Object.fromEntries(
      config.d1_databases.map((database) => [
        database.binding,
        database.database_name ?? database.binding,
      ]),
    ),
    queueProducers: Object.fromEntries(
      (config.queues.producers ?? []).map(({ binding, queue }) => [binding, { queueName: queue }]),
    ),
    queueConsumers: Object.fromEntries(
      (config.queues.consumers ?? []).map((consumer) => [
        consumer.queue,
        defined({
          maxBatchSize: consumer.max_batch_size,
          maxBatchTimeout: consumer.max_batch_timeout,
          maxRetries: consumer.max_retries ?? undefined,
          retryDelay: consumer.retry_delay,
          deadLetterQueue: consumer.dead_letter_queue,
        }),
      ]),
    ),
    serviceBindings: Object.fromEntries(
      (config.services ?? []).map(({ binding, service, entrypoint }) => [
        binding,
        entrypoint === undefined ? { name: service } : { name: service, entrypoint },
      ]),
    ),
    crons: config.triggers.crons ?? [],
    assets: readAssets(config, file),
  };
}

/** The period of an "every N minutes" cron; the local runtime keeps no calendar and refuses any other. */
export function cronPeriodMs(cron: string): number {
  const minutes = /^\*\/(\d{1,2}) \* \* \* \*$/.exec(cron)?.[1];
  if (minutes === undefined) throw new Error(`the local runtime cannot follow the cron "${cron}"`);
  return Number(minutes) * 60_000;
}

function textVars(config: WranglerConfig): Record<string, string> {
  const vars: Record<string, string> = {};
  for (const [key, value] of Object.entries(config.vars)) {
    if (typeof value !== "string") throw new Error(`the variable ${key} is not text`);
    vars[key] = value;
  }
  return vars;
}

function refuseUncarried(config: WranglerConfig, file: string): void {
  const left = [
    ...(config.kv_namespaces.length > 0 ? ["kv_namespaces"] : []),
    ...(config.r2_buckets.length > 0 ? ["r2_buckets"] : []),
    ...(config.workflows.length > 0 ? ["workflows"] : []),
    ...(config.ratelimits.length > 0 ? ["ratelimits"] : []),
  ];
  if (left.length > 0) {
    throw new Error(
      `${path.basename(file)}: the local runtime does not carry over ${left.join(", ")}`,
    );
  }
}

/** Only files that no request reaches but through the worker: it adds their headers. */
function readAssets({ assets }: WranglerConfig, file: string): AssetSettings | null {
  if (assets === undefined) return null;
  const { directory, binding, run_worker_first: isWorkerFirst } = assets;
  if (directory === undefined || binding === undefined || isWorkerFirst !== true) {
    throw new Error(`${path.basename(file)}: assets without a binding, or not behind the worker`);
  }
  return { directory: path.resolve(path.dirname(file), directory), binding };
}

/** Drops absent members: Miniflare reads an explicit undefined as a value. */
function defined(consumer: {
  [K in keyof QueueConsumer]: QueueConsumer[K] | undefined;
}): QueueConsumer {
  return Object.fromEntries(Object.entries(consumer).filter(([, value]) => value !== undefined));
}
