/**
 * Ends the runtime's processes when the process that started them is killed: workerd does not notice the
 * death of its parent, and an orphan would keep the port and the state's files. As a script it waits at
 * the end of a pipe from its parent; refuses to act after an orderly end, which says so first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";

/** What the parent says before it leaves in order. */
const FAREWELL = "done\n";

export interface Reaper {
  /** Nothing is left to end; resolves when the reaper itself has gone. */
  readonly dismiss: () => Promise<void>;
}

/** Runs `start` and answers its value with the processes that were started meanwhile. */
export async function watchingSpawns<T>(
  start: () => Promise<T>,
): Promise<{ readonly value: T; readonly children: readonly ChildProcess[] }> {
  const children: ChildProcess[] = [];
  const onSpawn = (message: unknown) => {
    children.push((message as { process: ChildProcess }).process);
  };
  // Miniflare does not say which process it started; Node does.
  subscribe("child_process", onSpawn);
  try {
    return { value: await start(), children };
  } finally {
    unsubscribe("child_process", onSpawn);
  }
}

/** Starts the reaper for these processes. It outlives this process by as long as that takes, and no longer. */
export function startReaper(children: readonly ChildProcess[]): Reaper {
  const pids = children.flatMap(({ pid }) => (pid === undefined ? [] : [String(pid)]));
  const reaper = spawn(process.execPath, [import.meta.filename, ...pids], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = once(reaper, "exit");
  const dismiss = async () => {
    reaper.stdin?.end(FAREWELL);
    await gone;
  };
  return { dismiss };
}

async function waitAndReap(pids: readonly number[]): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => undefined);
  let said = "";
  for await (const chunk of process.stdin) said += String(chunk);
  if (said === FAREWELL) return;
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended by itself
    }
  }
}

if (import.meta.main) await waitAndReap(process.argv.slice(2).map(Number));
