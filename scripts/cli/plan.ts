/**
 * `sekisho plan`: a brief or a plan in a file, compiled here, without a server. Prints phases, nodes and
 * edges for people, the compiled plan for machines, and everything that is wrong at once.
 */
import { type Plan, checkPlan, planSchema } from "../../shared/plan/index.ts";
import {
  type CompiledBrief,
  type NodeGates,
  briefSchema,
  compileBrief,
  diffBrief,
  gatesOf,
} from "../../shared/planner/index.ts";
import { type Result, err, ok } from "../../shared/result.ts";
import { toPointer } from "../../shared/wire/problem.ts";
import { isRecord } from "./api-client.ts";
import {
  type Command,
  type Failure,
  type Outcome,
  answer,
  readArgs,
  readJsonInput,
} from "./command.ts";
import { facts, shortHash, table } from "./print.ts";

const COMPILE_USAGE = "plan compile FILE [--against PLAN]";

interface Violation {
  readonly code: string;
  readonly pointer: string;
  readonly detail: string;
  readonly fix?: string;
}

type Compiled = Pick<CompiledBrief, "plan" | "planHash" | "order"> & Partial<CompiledBrief>;

/**
 * FILE holds a brief, a plan, or a mission file whose plan is looked at. `--against` names a plan that
 * exists (a plan, a mission file or an answer of this command), and says what FILE would change in it.
 * Exit 1 with every violation when it does not compile, or when the change is refused.
 */
export const planCompile: Command = {
  usage: COMPILE_USAGE,
  summary: "make a plan of a brief, or check a plan; needs no server",
  async run(context) {
    const args = readArgs(context, COMPILE_USAGE, ["FILE"], { against: { type: "string" } });
    if (!args.ok) return args;
    const name = args.value.positionals[0] ?? "";
    const file = readJsonInput(name);
    if (!file.ok) return file;
    const { against } = args.value.values;
    if (against !== undefined) return compare(name, file.value, against);
    const plan = planIn(file.value);
    const compiled = plan === null ? compileBriefFile(name, file.value) : checkPlanFile(name, plan);
    if (!compiled.ok) return compiled;
    const gates = gatesOf(compiled.value.plan);
    return answer({ ...compiled.value, gates }, shown(compiled.value, gates));
  },
};

/** The plan inside a plan, a mission, an example or an answer; null in a brief. */
function planIn(value: unknown): unknown {
  if (!isRecord(value)) return null;
  if ("nodes" in value) return value;
  if ("plan" in value) return value["plan"];
  return "mission" in value ? planIn(value["mission"]) : null;
}

function compileBriefFile(name: string, value: unknown): Result<Compiled, Failure> {
  const brief = briefSchema.safeParse(value);
  if (!brief.success) return refused(name, shapeFlaws(brief.error.issues));
  const compiled = compileBrief(brief.data);
  return compiled.ok ? compiled : refused(name, compiled.error.violations);
}

function checkPlanFile(name: string, value: unknown): Result<Compiled, Failure> {
  const plan = planSchema.safeParse(value);
  if (!plan.success) return refused(name, shapeFlaws(plan.error.issues));
  const checked = checkPlan(plan.data);
  if (!checked.ok) return refused(name, checked.error.violations);
  const { hash: planHash, order } = checked.value;
  return ok({ plan: plan.data, planHash, order });
}

function compare(name: string, value: unknown, against: string): Outcome {
  const file = readJsonInput(against);
  if (!file.ok) return file;
  const existing = checkPlanFile(against, planIn(file.value));
  if (!existing.ok) return existing;
  const brief = briefSchema.safeParse(value);
  if (!brief.success) return refused(name, shapeFlaws(brief.error.issues));
  const diff = diffBrief(existing.value.plan, brief.data);
  if (!diff.ok) return refused(name, diff.error.violations);
  const { added, amendment, refusals, planHash, briefHash } = diff.value;
  if (refusals.length > 0) return refused(name, refusals, "changes what was planned");
  const pairs: [string, string][] = [
    ["plan", shortHash(planHash)],
    ["brief", shortHash(briefHash)],
    ["adds", added.join("\n") || "nothing"],
    ["edges", (amendment?.edges ?? []).map(({ from, to }) => `${from} -> ${to}`).join("\n") || "-"],
  ];
  return answer(diff.value, facts(pairs));
}

function shapeFlaws(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): readonly Violation[] {
  return issues.map(({ path, message }) => ({
    code: "shape",
    pointer: toPointer(path.map(String)),
    detail: message,
  }));
}

function refused(
  name: string,
  violations: readonly Violation[],
  flaw = "does not compile",
): Result<never, Failure> {
  const lines = violations.map(
    ({ code, pointer, detail, fix }) =>
      `  ${pointer || "/"}: ${code}: ${detail}${fix === undefined ? "" : `\n    fix: ${fix}`}`,
  );
  const count = violations.length === 1 ? "1 violation" : `${violations.length} violations`;
  const message = [`${name} ${flaw}: ${count}`, ...lines].join("\n");
  return err({ exit: 1, message, next: `correct ${name} and run this again`, facts: violations });
}

function shown(compiled: Compiled, gates: readonly NodeGates[]): string {
  const { plan, planHash, briefHash, patterns, inserted } = compiled;
  const head = facts([
    ["plan", `${plan.title} (${shortHash(planHash)})`],
    ...(briefHash === undefined ? [] : [["brief", shortHash(briefHash)] as const]),
    ["size", `${plan.nodes.length} nodes, ${plan.edges.length} edges`],
  ]);
  const parts = [head, phaseTable(plan), nodeTable(plan, gates)];
  const edges = plan.edges.map(({ from, to }) => [from, to]);
  if (edges.length > 0) parts.push(table(["EDGE FROM", "TO"], edges));
  const choices = (patterns ?? []).map(({ slice, pattern, why }) => [slice, pattern, why]);
  if (choices.length > 0) parts.push(table(["SLICE", "PATTERN", "WHY"], choices));
  const added = (inserted ?? []).map((one) => [one.node, one.why, one.for.join(" ")]);
  if (added.length > 0) parts.push(table(["INSERTED", "AS", "FOR"], added));
  return parts.join("\n\n");
}

function phaseTable({ phases, nodes }: Plan): string {
  const count = (phase: string) => nodes.filter((node) => node.phase === phase).length;
  return table(
    ["PHASE", "NODES"],
    phases.map((phase) => [phase, String(count(phase))]),
  );
}

function nodeTable(plan: Plan, gates: readonly NodeGates[]): string {
  return table(
    ["NODE", "PHASE", "KIND", "RISK", "DOES", "ENTRY GATE", "EXIT GATE"],
    plan.nodes.map(({ id, phase, kind, risk, ownerX }, at) => {
      const gate = gates[at];
      return [id, phase, kind, String(risk), ownerX, entryOf(gate), exitOf(gate)];
    }),
  );
}

function entryOf(gates: NodeGates | undefined): string {
  if (gates === undefined) return "";
  const { evidence, confidenceMin, quorum, approvedAt, slices } = gates.entry;
  const parts = [
    ...(evidence.length === 0 ? [] : [`${evidence.join(" ")} >= ${confidenceMin}`]),
    ...(quorum === 0 ? [] : [quorum === 1 ? "1 person" : `${quorum} people`]),
    ...(approvedAt === null ? [] : [`approved at ${approvedAt}`]),
    ...slices,
  ];
  return parts.join(", ") || "-";
}

function exitOf(gates: NodeGates | undefined): string {
  if (gates === undefined) return "";
  const { accepts, outputs, evidence, tests } = gates.exit;
  return [accepts, ...tests, ...outputs, ...evidence].join(" ");
}
