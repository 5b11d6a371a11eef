/**
 * Conditions: one boolean CEL expression over the context of docs/policy.md, compiled once and asked
 * often. Refuses whatever is not provably boolean, whatever could run long and whatever reads a clock,
 * a locale or a pattern. Nothing but `true` itself holds: an error, `"true"` or an object never does.
 * The evaluator and why it was chosen: docs/decisions/0011-cel-for-conditions.md.
 */
import { Environment } from "@marcbachmann/cel-js";
import { LIMITS } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { JsonObject, JsonValue } from "../strict-json.ts";
import { isoToDate } from "../time.ts";
import {
  conjunctsOf,
  costOf,
  isLooping,
  type Shape,
  shapeOf,
  type SyntaxNode,
} from "./expression-shape.ts";
import type { PolicyFacts } from "./facts.ts";
import {
  countActions,
  distinctActions,
  happenedAfter,
  type HistoryFacts,
  seenAction,
  sumActions,
} from "./history.ts";

/** Why a condition is refused at upload, and where: offset in UTF-16 units, line and column from 1. */
export interface ConditionFlaw {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly detail: string;
}

/** `undecided` when the evaluation failed: a permit then does not hold, and a forbid does. */
export type ConditionOutcome = "holds" | "fails" | "undecided";

export interface Condition {
  readonly text: string;
  /** What must all be true for it to be, each in a spelling that spaces and parentheses do not change. */
  readonly conjuncts: readonly string[];
  ask(context: ConditionContext): ConditionOutcome;
}

/** A context as the evaluator wants it; made by `conditionContext`. */
export interface ConditionContext {
  readonly variables: Readonly<Record<string, unknown>>;
  /** How much there is to look through: values in lists and arguments, and text by the line. */
  readonly weight: () => number;
}

// The evaluator tells the types of a context by constructor, so each has a class of its own.
class Action {
  readonly type: string;
  readonly args: JsonObject;
  constructor(type: string, args: JsonObject) {
    this.type = type;
    this.args = args;
  }
}

// Members one by one, not by copying: every object of a class then has the same shape, which is what
// makes reading them fast, and contexts are made for every question.
class NodeFacts {
  readonly id: string;
  readonly kind: string;
  readonly risk: bigint;
  readonly phase: string;
  readonly zone: string;
  readonly attempt: bigint;
  constructor(node: PolicyFacts["node"]) {
    this.id = node.id;
    this.kind = node.kind;
    this.risk = BigInt(node.risk);
    this.phase = node.phase;
    this.zone = node.zone;
    this.attempt = BigInt(node.attempt);
  }
}

class MissionFacts {
  readonly id: string;
  readonly state: string;
  readonly done: bigint;
  readonly total: bigint;
  constructor(mission: PolicyFacts["mission"]) {
    this.id = mission.id;
    this.state = mission.state;
    this.done = BigInt(mission.done);
    this.total = BigInt(mission.total);
  }
}

class AgentFacts {
  readonly id: string;
  readonly skills: readonly string[];
  readonly zone: string;
  constructor(agent: PolicyFacts["agent"]) {
    this.id = agent.id;
    this.skills = agent.skills;
    this.zone = agent.zone;
  }
}

class EvidenceFacts {
  readonly kind: string;
  readonly confidence: number;
  readonly primary: boolean;
  readonly claims: bigint;
  constructor(bundle: PolicyFacts["evidence"][number]) {
    this.kind = bundle.kind;
    this.confidence = bundle.confidence;
    this.primary = bundle.primary;
    this.claims = BigInt(bundle.claims);
  }
}

class History {
  readonly facts: HistoryFacts;
  constructor(facts: HistoryFacts) {
    this.facts = facts;
  }
}

interface Span {
  valueOf(): number;
}

const ENVIRONMENT = createEnvironment();

function createEnvironment(): Environment {
  const environment = new Environment({
    limits: {
      maxAstNodes: LIMITS.conditionNodesMax,
      maxDepth: LIMITS.conditionDepthMax,
      maxListElements: LIMITS.conditionListMax,
      maxMapEntries: LIMITS.conditionListMax,
      maxCallArguments: 4,
    },
  });
  const text = "string";
  const fields = { id: text, kind: text, risk: "int", phase: text, zone: text, attempt: "int" };
  const mission = { id: text, state: text, done: "int", total: "int" };
  const agent = { id: text, skills: "list<string>", zone: text };
  const evidence = { kind: text, confidence: "double", primary: "bool", claims: "int" };
  environment
    .registerType("Action", { ctor: Action, fields: { type: text, args: "map<string, dyn>" } })
    .registerType("Node", { ctor: NodeFacts, fields })
    .registerType("Mission", { ctor: MissionFacts, fields: mission })
    .registerType("Agent", { ctor: AgentFacts, fields: agent })
    .registerType("Evidence", { ctor: EvidenceFacts, fields: evidence })
    .registerType("History", { ctor: History, fields: {} })
    .registerVariable("action", "Action")
    .registerVariable("args", "map<string, dyn>")
    .registerVariable("node", "Node")
    .registerVariable("mission", "Mission")
    .registerVariable("agent", "Agent")
    .registerVariable("evidence", "list<Evidence>")
    .registerVariable("history", "History")
    .registerVariable("at", "google.protobuf.Timestamp");
  registerHistory(environment);
  return environment;
}

function registerHistory(environment: Environment): void {
  const sync = { async: false } as const;
  const span = "google.protobuf.Duration";
  const define = (signature: string, answer: (...given: never[]) => unknown) =>
    environment.registerFunction(signature, answer, sync);
  define("History.count(string): int", ({ facts }: History, type: string) =>
    BigInt(countActions(facts, type)),
  );
  define(
    `History.countWithin(string, ${span}): int`,
    ({ facts }: History, type: string, within: Span) =>
      BigInt(countActions(facts, type, within.valueOf())),
  );
  define("History.sum(string, string): double", ({ facts }: History, type: string, field: string) =>
    sumActions(facts, type, field),
  );
  define(
    `History.sumWithin(string, string, ${span}): double`,
    ({ facts }: History, type: string, field: string, within: Span) =>
      sumActions(facts, type, field, within.valueOf()),
  );
  define(
    "History.distinct(string, string): int",
    ({ facts }: History, type: string, field: string) =>
      BigInt(distinctActions(facts, type, field)),
  );
  define(
    "History.seen(string, string, dyn): bool",
    ({ facts }: History, type: string, field: string, value: unknown) =>
      seenAction(facts, type, field, typeof value === "bigint" ? Number(value) : value),
  );
  define("History.after(string, string): bool", ({ facts }: History, first: string, then: string) =>
    happenedAfter(facts, first, then),
  );
}

/**
 * Parses, checks and compiles a condition.
 * Errors: the first offence of its syntax, all offences against what is allowed, or its type.
 */
export function compileCondition(text: string): Result<Condition, readonly ConditionFlaw[]> {
  const flaw = (offset: number, detail: string) => ({ ...positionOf(text, offset), detail });
  if (text.length > LIMITS.conditionCharsMax)
    return err([flaw(0, `longer than ${LIMITS.conditionCharsMax} characters`)]);
  let parsed: ReturnType<Environment["parse"]>;
  try {
    parsed = ENVIRONMENT.parse(text);
  } catch (thrown) {
    return err([flaw(...offenceOf(thrown))]);
  }
  // Before the type check, which may replace macros in the tree by what they stand for.
  const root = parsed.ast as unknown as SyntaxNode;
  const { flaws, shape } = shapeOf(root);
  const conjuncts = conjunctsOf(root);
  if (flaws.length > 0) return err(flaws.map(({ offset, detail }) => flaw(offset, detail)));
  const checked = parsed.check();
  if (!checked.valid) return err([flaw(...offenceOf(checked.error))]);
  if (checked.type !== "bool")
    return err([
      flaw(0, `is ${checked.type ?? "unknown"}, not provably bool; compare it, as in == true`),
    ]);
  return ok({ text, conjuncts, ask: (context) => ask(parsed, shape, context) });
}

function ask(
  parsed: (variables: Record<string, unknown>) => unknown,
  shape: Shape,
  context: ConditionContext,
): ConditionOutcome {
  // Without macros the tree itself is the bound, and it was checked at upload.
  if (isLooping(shape) && costOf(shape, context.weight()) > LIMITS.conditionCostMax)
    return "undecided";
  try {
    const value = parsed(context.variables);
    // The evaluator's word for true is true; anything else that is truthy is a mistake somewhere.
    if (value === true) return "holds";
    return value === false ? "fails" : "undecided";
  } catch {
    return "undecided";
  }
}

/** The context of one question. `actionType` is "" and `args` empty where no action is proposed. */
export function conditionContext(
  actionType: string | null,
  args: JsonValue,
  facts: PolicyFacts,
): ConditionContext {
  const given = isObject(args) ? args : {};
  const { node, mission, agent, evidence } = facts;
  let weight = -1;
  return {
    variables: {
      action: new Action(actionType ?? "", given),
      args: given,
      node: new NodeFacts(node),
      mission: new MissionFacts(mission),
      agent: new AgentFacts(agent),
      history: new History(facts.history),
      // Made when they are asked for; most conditions ask for neither.
      get evidence() {
        return evidence.map((one) => new EvidenceFacts(one));
      },
      get at() {
        return isoToDate(facts.at);
      },
    },
    weight: () => {
      if (weight < 0) weight = weightOf(given) + evidence.length + agent.skills.length;
      return weight;
    },
  };
}

/** Text weighs by the line: what a comparison does in one go. */
const CHARS_PER_WEIGHT = 64;

function weightOf(value: JsonValue): number {
  if (typeof value === "string") return 1 + Math.floor(value.length / CHARS_PER_WEIGHT);
  if (typeof value !== "object" || value === null) return 1;
  const members = Array.isArray(value) ? value : Object.values(value as JsonObject);
  let sum = 1;
  for (const member of members as readonly JsonValue[]) sum += weightOf(member);
  return sum;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function offenceOf(thrown: unknown): readonly [offset: number, detail: string] {
  const known = thrown as { readonly range?: { readonly start?: unknown }; summary?: unknown };
  const start = known?.range?.start;
  const { summary } = known ?? {};
  return [
    typeof start === "number" ? start : 0,
    typeof summary === "string" ? summary : "cannot be read as an expression",
  ];
}

function positionOf(text: string, offset: number) {
  const before = text.slice(0, offset).split("\n");
  return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
