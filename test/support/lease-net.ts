/**
 * Calls between objects as a deterministic net: each request and each answer is a step that somebody orders, loses
 * or leaves lying while the clock moves. A process that died answers nobody and hears nothing more; whoever
 * waits for it is told that it broke.
 */
import { vi } from "vitest";

/** One life of an object: a restart is another process on the same rows. */
export interface Process {
  isAlive: boolean;
  /** What breaks for others when it dies. */
  readonly serving: Set<() => void>;
}

export type Loss = "none" | "request" | "answer";

interface Step {
  readonly name: string;
  run(loss: Loss): void;
}

export interface Net {
  readonly steps: Step[];
  nowMs: number;
  /** Commands made so far; each has random bits of its own. */
  commands: number;
  /** Runs `effect` in the process that `to` names when the request arrives. Rejects when either way was lost. */
  call<T>(from: Process, to: () => Process, name: string, effect: () => Promise<T>): Promise<T>;
  /** Takes one step, and everything that follows from it without another. */
  take(at: number, loss: Loss): Promise<void>;
  advance(ms: number): Promise<void>;
  settle(): Promise<void>;
}

export function startProcess(): Process {
  return { isAlive: true, serving: new Set() };
}

export function killProcess(process: Process): void {
  process.isAlive = false;
  for (const breakOff of process.serving) breakOff();
}

export function createNet(startMs: number): Net {
  const steps: Step[] = [];
  const net: Net = {
    steps,
    nowMs: startMs,
    commands: 0,
    call: async (from, to, name, effect) => {
      // The dead go on computing for a moment, and nobody hears them.
      if (!from.isAlive) return new Promise<never>(() => {});
      return new Promise((resolve, reject) => {
        const answer = (tell: () => void) => {
          const run = (loss: Loss) => {
            if (!from.isAlive) return;
            if (loss === "none") tell();
            else reject(new Error(`the answer to ${name} was lost`));
          };
          steps.push({ name: `answer to ${name}`, run });
        };
        const serve = () => {
          const server = to();
          const breakOff = () => {
            server.serving.delete(breakOff);
            answer(() => reject(new Error(`${name} broke off`)));
          };
          const end = (tell: () => void) => {
            if (server.serving.delete(breakOff)) answer(tell);
          };
          server.serving.add(breakOff);
          effect().then(
            (value) => end(() => resolve(value)),
            (error: unknown) => end(() => reject(error as Error)),
          );
        };
        steps.push({
          name,
          run: (loss) =>
            loss === "request" ? answer(() => reject(new Error(`${name} was lost`))) : serve(),
        });
      });
    },
    async take(at, loss) {
      const [step] = steps.splice(at, 1);
      step?.run(loss);
      await net.settle();
    },
    async advance(ms) {
      net.nowMs += ms;
      vi.advanceTimersByTime(ms);
      await net.settle();
    },
    settle: () => new Promise((resolve) => void setImmediate(resolve)),
  };
  return net;
}
