/**
 * `node scripts/setup.mjs <script.ts> [args...]`: makes sure that the dependencies are installed, then runs the
 * script on the project's own Node with the offline switches set. Runs itself on any Node >= 20 and imports nothing
 * that is not built in. It exists because the machine's Node may be too old for TypeScript and wrangler, and
 * because a shell caches where `node` is: `node a && node b` in one npm script would run the old one twice.
 * Exit codes: the script's own; 2 when the setup itself is impossible.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, "node_modules");
const stampFile = path.join(modules, ".sekisho-setup");
const lockFolder = path.join(root, ".sekisho", "setup.lock");

/** Node runs TypeScript without a flag from here on. */
const typescriptNode = [22, 18];
const lockStaleMs = 30 * 60_000;
const lockPollMs = 200;
const heartbeatMs = 10_000;

/** Nothing of the toolchain calls home, and what it writes stays inside this checkout. */
const offline = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true", // the banner asks the npm registry for updates
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
  WRANGLER_REGISTRY_PATH: path.join(root, ".wrangler", "registry"),
  WRANGLER_LOG_PATH: path.join(root, ".wrangler", "logs"),
};

/** Progress goes to stderr: stdout belongs to the script, and may be a pipe that expects JSON. */
function say(line) {
  process.stderr.write(`sekisho: ${line}\n`);
}

function giveUp(...lines) {
  for (const line of lines) say(line);
  process.exit(2);
}

function isAtLeast(version, [major, minor]) {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}

/** The platform is in it because a tree can be mounted into another system, where its binaries do not run. */
function fingerprint() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of ["package.json", "package-lock.json"])
    hash.update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

/** True when a plain `npm install`, ours or not, already brought every locked version that this system needs. */
function matchesLock() {
  const record = path.join(modules, ".package-lock.json");
  if (!existsSync(record) || projectNode() === null) return false;
  const wanted = readJson("package-lock.json").packages;
  const present = JSON.parse(readFileSync(record, "utf8")).packages;
  const { dependencies, devDependencies } = readJson("package.json");
  const listed = { ...dependencies, ...devDependencies };
  const locked = { ...wanted[""].dependencies, ...wanted[""].devDependencies };
  if (Object.keys({ ...listed, ...locked }).some((name) => listed[name] !== locked[name]))
    return false;
  return Object.entries(wanted).every(
    ([name, entry]) =>
      name === "" ||
      entry.optional ||
      entry.devOptional ||
      entry.peer ||
      present[name]?.version === entry.version,
  );
}

function isInstalled() {
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === fingerprint()) return true;
  if (!matchesLock()) return false;
  writeFileSync(stampFile, fingerprint());
  return true;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** A lock is stale when its owner is dead, or when it is too old to be believed. */
function isStale() {
  try {
    const ageMs = Date.now() - statSync(lockFolder).mtimeMs;
    const owner = path.join(lockFolder, "pid");
    // Between mkdir and the pid file a live owner has written nothing yet: give it a while.
    if (!existsSync(owner)) return ageMs > heartbeatMs;
    return ageMs > lockStaleMs || !isAlive(Number(readFileSync(owner, "utf8")));
  } catch {
    return false; // released meanwhile: the next mkdir decides
  }
}

async function acquireLock() {
  mkdirSync(path.dirname(lockFolder), { recursive: true });
  for (let attempt = 0; ; attempt += 1) {
    try {
      mkdirSync(lockFolder);
      writeFileSync(path.join(lockFolder, "pid"), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isStale()) {
      // Rename, then remove: of two processes that see the same stale lock, one rename wins.
      const grave = `${lockFolder}.${process.pid}.${attempt}`;
      try {
        renameSync(lockFolder, grave);
        rmSync(grave, { recursive: true, force: true });
      } catch {
        // the other one won
      }
      continue;
    }
    if (attempt === 0) say("another setup is installing into this folder; waiting for it");
    await sleep(lockPollMs);
  }
}

/** Runs npm with its output on stderr. Resolves to an exit code, or to null when npm cannot be started. */
function runNpm(args) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    const child = spawn("npm", args, {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    });
    const beat = setInterval(() => {
      say(`still installing, ${Math.round((Date.now() - startedAt) / 1000)} s`);
    }, heartbeatMs);
    const stop = forwardSignals(child);
    const finish = (code) => {
      clearInterval(beat);
      stop();
      resolve(code);
    };
    child.once("error", () => finish(null));
    child.once("exit", (code, signal) => finish(code ?? signalCode(signal)));
  });
}

async function install() {
  await acquireLock();
  process.once("exit", () => rmSync(lockFolder, { recursive: true, force: true }));
  try {
    if (isInstalled()) return;
    say("installing dependencies (npm install; once, about a minute)");
    // `npm ci` would refuse: the lock misses optional builds for other systems. --no-save leaves the lock as it is.
    const code = await runNpm([
      "install",
      "--no-audit",
      "--no-fund",
      "--no-save",
      "--include=dev",
      "--loglevel=error",
    ]);
    if (code === null)
      giveUp("npm was not found. Install Node.js >= 20 with npm, then run this again.");
    if (code > 128) process.exit(code);
    if (code !== 0)
      giveUp(
        `npm install failed (exit ${code}); its reason is above.`,
        "Check the connection to the npm registry, then run this again.",
      );
    writeFileSync(stampFile, fingerprint());
    say("dependencies are installed");
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

/** The project's own Node, or this one when it is new enough; null when neither can run TypeScript. */
function projectNode() {
  const own = [
    path.join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node"),
    path.join(modules, ".bin", "node"),
  ];
  const found = own.find((file) => existsSync(file));
  if (found !== undefined) return found;
  return isAtLeast(process.versions.node, typescriptNode) ? process.execPath : null;
}

function signalCode(signal) {
  return 128 + (os.constants.signals[signal] ?? 0);
}

/**
 * Keeps this process alive until the child has ended. From a terminal Ctrl-C reaches the whole group, so SIGINT is
 * passed on only without one: a child that got it twice would take the second for "stop at once".
 */
function forwardSignals(child) {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
    const handler = () => {
      if (signal !== "SIGINT" || !onTerminal) child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler];
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

function runScript(node, script, args) {
  return new Promise((resolve) => {
    const env = { ...process.env, ...offline };
    const pathKey = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
    env[pathKey] = [path.join(modules, ".bin"), env[pathKey]].filter(Boolean).join(path.delimiter);
    const child = spawn(node, [path.resolve(root, script), ...args], { stdio: "inherit", env });
    forwardSignals(child);
    child.once("error", (error) => giveUp(`cannot start ${node}: ${error.message}`));
    child.once("exit", (code, signal) => resolve(code ?? signalCode(signal)));
  });
}

/**
 * Sets up, runs a script of this repository with the caller's working directory, and exits with its code.
 * `script` is relative to the repository's root.
 */
export async function setUpAndRun(script, args) {
  if (!isAtLeast(process.versions.node, [20, 0]))
    giveUp(`Node ${process.versions.node} is too old; this needs Node >= 20.`);
  if (!isInstalled()) await install();
  const node = projectNode();
  if (node === null) {
    giveUp(
      "the `node` package did not unpack its binary (npm's ignore-scripts setting?).",
      "Run `npm rebuild node`, or use Node >= 22.18.",
    );
  }
  process.exit(await runScript(node, script, args));
}

if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) giveUp("usage: node scripts/setup.mjs <script.ts> [args...]");
  await setUpAndRun(script, args);
}
