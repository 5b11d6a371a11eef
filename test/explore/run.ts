/**
 * `npm run explore [-- --nodes 4] [-- --sabotage]`, the part that scripts/explore.ts starts: explores all plans
 * up to a size, or the planted bugs, and prints what it found. Exit codes: 0; 1 for a violation, or a bug
 * that nobody saw. What is bounded, and why: docs/testing.md.
 */
import { parseArgs } from "node:util";
import { explore } from "./explore.ts";
import { plansOf, type Profile, PROFILES, shapesOf } from "./plans.ts";
import { PLANTED, sabotage } from "./sabotage.ts";

interface Round {
  readonly size: number;
  readonly profiles: readonly Profile[];
  readonly attemptsMax: number;
  readonly depthMax: number;
}

/** Three nodes and more: one profile of each kind, each of another risk. */
const FEW = PROFILES.filter(
  ({ kind, risk }) =>
    `${kind}${risk}` === "decision0" ||
    `${kind}${risk}` === "execution2" ||
    `${kind}${risk}` === "approval3",
);

const ROUNDS: readonly Round[] = [
  { size: 1, profiles: PROFILES, attemptsMax: 1, depthMax: Infinity },
  { size: 1, profiles: PROFILES, attemptsMax: 2, depthMax: 8 },
  { size: 2, profiles: PROFILES, attemptsMax: 1, depthMax: 3 },
  { size: 3, profiles: FEW, attemptsMax: 1, depthMax: 2 },
];
/** With `--nodes 4`: minutes. */
const LONG: readonly Round[] = [
  { size: 1, profiles: PROFILES, attemptsMax: 2, depthMax: Infinity },
  { size: 2, profiles: PROFILES, attemptsMax: 1, depthMax: 4 },
  { size: 3, profiles: FEW, attemptsMax: 1, depthMax: 3 },
  { size: 4, profiles: FEW, attemptsMax: 1, depthMax: 2 },
];

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "3" },
    sabotage: { type: "boolean", default: false },
  },
});
process.exitCode = values.sabotage ? plant() : exploreAll(Number(values.nodes));

function exploreAll(nodes: number): number {
  let [states, transitions] = [0, 0];
  const rounds = nodes > 3 ? LONG : ROUNDS.filter(({ size }) => size <= nodes);
  for (const { size, profiles, attemptsMax, depthMax } of rounds) {
    const plans = shapesOf(size).flatMap((edges) => plansOf(size, edges, profiles, attemptsMax));
    for (const plan of plans) {
      const found = explore(plan, { depthMax });
      states += found.states;
      transitions += found.transitions;
      if (!found.violation) continue;
      print(JSON.stringify({ nodes: plan.plan.nodes, edges: plan.plan.edges }));
      print(found.violation.path.map((name, at) => `${at + 1}. ${name}`).join("\n"));
      print(found.violation.flaws.join("\n"));
      print(`explored ${states} states, ${transitions} transitions, 1 violation`);
      return 1;
    }
    const depth = depthMax === Infinity ? "to the end" : `${depthMax} commands deep`;
    print(
      `${size} nodes, ${attemptsMax} attempts, ${plans.length} plans, ${depth}: ${states} states so far`,
    );
  }
  print(`explored ${states} states, ${transitions} transitions, 0 violations`);
  return 0;
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
