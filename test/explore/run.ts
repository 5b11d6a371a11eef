/**
 * `npm run explore [-- --deep] [-- --sabotage]`, the part that scripts/explore.ts starts: explores all rounds on as
 * many threads as there are processors, or the planted bugs, and prints what it found. Exit codes: 0; 1 for a
 * violation, or a bug that nobody saw. What is bounded, and why: docs/testing.md.
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { roundsOf } from "./rounds.ts";
import { PLANTED, sabotage } from "./sabotage.ts";
import type { Tally } from "./slice.ts";
import type { Order } from "./worker.ts";

const { values } = parseArgs({
  options: {
    deep: { type: "boolean", default: false },
    sabotage: { type: "boolean", default: false },
  },
});
process.exitCode = values.sabotage ? plant() : await exploreAll(values.deep);

async function exploreAll(isDeep: boolean): Promise<number> {
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(fileURLToPath(import.meta.resolve("./worker.ts"))),
  );
  const sum = { states: 0, transitions: 0, steps: 0, traces: 0 };
  let violation: Tally["violation"] = null;
  for (const [at, { name, alphabet, depthMax }] of roundsOf(isDeep).entries()) {
    const tallies = await Promise.all(
      workers.map((worker, first) => ask(worker, { round: at, first, step: workers.length })),
    );
    const depth = depthMax === Infinity ? "to the end" : `${depthMax} commands deep`;
    const count = (member: "plans" | keyof typeof sum) =>
      tallies.reduce((total, tally) => total + tally[member], 0);
    for (const member of ["states", "transitions", "steps", "traces"] as const)
      sum[member] += count(member);
    print(
      `${name}, ${alphabet}, ${depth}: ${count("plans")} plans, ${count("states")} states, ${count("transitions")} transitions`,
    );
    violation = tallies.find((tally) => tally.violation)?.violation ?? null;
    if (violation) break;
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  if (violation) {
    print(violation.plan);
    print(violation.path.map((letter, at) => `${at + 1}. ${letter}`).join("\n"));
    print(violation.flaws.join("\n"));
  }
  print(`${sum.steps} transitions worked out, ${sum.traces} whole traces lived through`);
  print(
    `explored ${sum.states} states, ${sum.transitions} transitions, ${violation ? "1 violation" : "0 violations"}`,
  );
  return violation ? 1 : 0;
}

async function ask(worker: Worker, order: Order): Promise<Tally> {
  worker.postMessage(order);
  // An error of the thread rejects.
  const [tally] = (await once(worker, "message")) as [Tally];
  return tally;
}

function plant(): number {
  let found = 0;
  for (const planted of PLANTED) {
    const { violation } = sabotage(planted);
    const flaw = violation?.flaws.find((text) => text.startsWith(`${planted.invariant}: `));
    if (flaw) found += 1;
    print(`${planted.gate}: ${flaw ? `${violation?.path.join(", ")}: ${flaw}` : "NOT SEEN"}`);
  }
  print(`${found} of ${PLANTED.length} planted bugs found`);
  return found === PLANTED.length ? 0 : 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
