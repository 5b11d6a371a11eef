/**
 * Bundles the two workers and the console into dist/ exactly as a deployment would, offline. Skips the work when no input has
 * changed since the last build. A bundle is put in place whole, so that a reader never sees half of one.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { CONSOLE_PAGE, buildConsole } from "./build-console.ts";
import { ROOT, runTool } from "./tool.ts";

const CONFIGS = { api: "wrangler.toml", gateway: "worker/gateway/wrangler.toml" } as const;
type WorkerName = keyof typeof CONFIGS;

/** What can change a bundle: every source folder, and what decides how it is bundled. */
const SOURCE_FOLDERS = ["worker", "durable-objects", "shared"];
const SOURCE_FILES = [
  ...Object.values(CONFIGS),
  "tsconfig.json",
  "package.json",
  "package-lock.json",
];

/** Entry file of each bundle, absolute. */
export interface Bundles {
  readonly api: string;
  readonly gateway: string;
}

/** Builds what is stale and returns the entry files. Throws with wrangler's own message when a bundle fails. */
export async function buildBundles(): Promise<Bundles> {
  const bundles: Bundles = { api: entryFile("api"), gateway: entryFile("gateway") };
  const stampFile = path.join(ROOT, "dist", ".inputs");
  const stamp = hashInputs();
  const isCurrent =
    existsSync(bundles.api) &&
    existsSync(bundles.gateway) &&
    existsSync(CONSOLE_PAGE) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === stamp;
  if (isCurrent) return bundles;
  rmSync(stampFile, { force: true });
  // First: wrangler.toml names its folder.
  await buildConsole();
  await Promise.all([bundle("api"), bundle("gateway")]);
  writeFileSync(stampFile, stamp);
  return bundles;
}

function entryFile(worker: WorkerName): string {
  return path.join(ROOT, "dist", worker, "index.js");
}

async function bundle(worker: WorkerName): Promise<void> {
  const target = path.join(ROOT, "dist", worker);
  // Beside the target, so that the source map's relative paths stay true and the rename stays on one disk.
  const draft = `${target}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    const args = ["deploy", "--dry-run", "--outdir", draft, "-c", CONFIGS[worker]];
    const { code, output } = await runTool("wrangler", { args });
    if (code !== 0) throw new Error(`bundling ${CONFIGS[worker]} failed:\n${output}`);
    rmSync(target, { recursive: true, force: true });
    renameSync(draft, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function hashInputs(): string {
  const files = SOURCE_FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes(".wrangler"))
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  const hash = createHash("sha256");
  for (const file of [...SOURCE_FILES.map((name) => path.join(ROOT, name)), ...files].sort()) {
    hash
      .update(`${path.relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex");
}

if (process.argv[1] === import.meta.filename) {
  const bundles = await buildBundles();
  for (const file of Object.values(bundles)) console.log(path.relative(ROOT, file));
}
