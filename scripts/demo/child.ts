/**
 * The demo's other parties as processes of their own. A child writes one JSON object a line on its
 * standard output, the first of them `{ "event": "listening", "url" }`; it leaves when its standard
 * input ends, so none outlives the demo, whatever happens to it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { must } from "./must.ts";

export type ChildEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface Child {
  readonly url: string;
  readonly listening: ChildEvent;
  /** The next event, not yet taken, that fits; waits for it until the deadline. */
  readonly next: (
    fits: (event: ChildEvent) => boolean,
    claim: string,
    deadlineMs?: number,
  ) => Promise<ChildEvent>;
  readonly stop: () => Promise<void>;
}

const STOP_DEADLINE_MS = 3_000;

/** Starts a script of this folder with settings in its environment; answers when it listens. */
export async function startChild(
  script: string,
  settings: Readonly<Record<string, string>>,
): Promise<Child> {
  const process_ = spawn(process.execPath, [path.join(import.meta.dirname, script)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ...settings },
  });
  const inbox = createInbox(process_);
  const stop = () => stopChild(process_);
  try {
    const listening = await inbox.next((event) => event.event === "listening", `${script} listens`);
    return { url: String(listening["url"]), listening, next: inbox.next, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

function createInbox(child: ChildProcess): Pick<Child, "next"> {
  const events: ChildEvent[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  let ended = false;
  child.once("exit", () => {
    ended = true;
    wake();
  });
  if (child.stdout === null) throw new Error("the child has no standard output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push(JSON.parse(line) as ChildEvent);
    wake();
  });
  return {
    next: (fits, claim, deadlineMs = 15_000) =>
      new Promise((resolve, reject) => {
        const settle = (run: () => void) => {
          waiting.delete(look);
          clearTimeout(timer);
          run();
        };
        const look = () => {
          const index = events.findIndex(fits);
          const [event] = index < 0 ? [] : events.splice(index, 1);
          if (event !== undefined) settle(() => resolve(event));
          else if (ended) settle(() => reject(new Error(`${claim}: its process has ended`)));
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`${claim} within ${deadlineMs / 1000} s`))),
          deadlineMs,
        );
        waiting.add(look);
        look();
      }),
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.stdin?.end();
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(late);
}

/** In a child: tells the parent something. */
export function tell(event: ChildEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** In a child: leaves when the parent closes the pipe or dies. Ctrl-C is the parent's to handle. */
export function leaveWithParent(): void {
  process.on("SIGINT", () => undefined);
  process.stdin
    .on("end", () => process.exit(0))
    .on("error", () => process.exit(0))
    .resume();
}

/** In a child: a setting that must be there. */
export function setting(name: string): string {
  const value = process.env[name];
  must(value !== undefined && value !== "", `the setting ${name} is given`);
  return value;
}
