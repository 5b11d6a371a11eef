/**
 * Evaluates a policy document over one proposal: deny by default, forbid wins.
 *
 * Pure and total: a predicate whose path leads nowhere, or that asks for a number where there is none, does
 * not hold, and counts as holding in a forbid rule. Specification: docs/policy.md.
 */
import { type GroupQuorum, joinGroups } from "../approval/index.ts";
import type { JsonValue } from "../strict-json.ts";
import type { PolicyDocument, PolicyRule, Predicate } from "./document.ts";
import { type ConditionContext, conditionContext, type ConditionOutcome } from "./expression.ts";
import type { PolicyFacts } from "./facts.ts";
import { conditionOf } from "./prepare.ts";

/** What a policy is asked about. `actionType` and `args` are null where no action is proposed. */
export interface PolicySubject {
  readonly kind: "decision" | "execution" | "approval" | "amendment";
  readonly actionType: string | null;
  readonly args: JsonValue;
  readonly agent: string;
  readonly zone: string | null;
  readonly risk: number;
  /** What conditions ask about; without it no condition can be decided. */
  readonly facts?: PolicyFacts;
  /**
   * From the third generation of rules on: a permit that could not be decided still asks for its people, so
   * that nobody escapes them by a value the rule cannot judge.
   */
  readonly undecidedAsks?: true;
}

/** A permit rule that would match but for these. */
export interface NearRule {
  readonly rule: PolicyRule;
  readonly failing: readonly Predicate[];
  /** Present where the rule's condition does not hold: whether it is false or could not be decided. */
  readonly condition?: Exclude<ConditionOutcome, "holds">;
}

/** How many people a rule asks for, and, where it names groups, the seats of each. */
export interface AskedPeople {
  readonly quorum: number;
  readonly all?: readonly GroupQuorum[];
}

export type PolicyDecision =
  | ({ readonly effect: "permit"; readonly rule: PolicyRule } & AskedPeople)
  | { readonly effect: "forbid"; readonly rule: PolicyRule }
  /** No rule permits; `nearest` are permit rules that fail on predicates or their condition alone. */
  | { readonly effect: "none"; readonly nearest: readonly NearRule[] };

/**
 * O(rules x predicates), and the bounded cost of conditions. A permit asks for the largest number of people,
 * in all and of each group, that any matching permit asks for, one that cannot be decided included.
 */
export function evaluatePolicy(document: PolicyDocument, subject: PolicySubject): PolicyDecision {
  const permits: PolicyRule[] = [];
  const undecided: PolicyRule[] = [];
  const nearest: NearRule[] = [];
  const context = contextOnce(subject);
  for (const rule of document.rules) {
    if (!isAbout(rule, subject)) continue;
    const forbids = rule.effect === "forbid";
    const failing = rule.when.filter((predicate) => !holds(predicate, subject.args, forbids));
    const condition = conditionOutcome(rule, context);
    if (forbids) {
      if (failing.length === 0 && condition !== "fails") return { effect: "forbid", rule };
    } else if (failing.length === 0 && condition === "holds") permits.push(rule);
    else {
      nearest.push({ rule, failing, ...(condition === "holds" ? {} : { condition }) });
      const mayHold = rule.when.every((predicate) => holds(predicate, subject.args, true));
      if (mayHold && condition !== "fails") undecided.push(rule);
    }
  }
  const first = permits[0];
  if (!first) return { effect: "none", nearest };
  const asking = subject.undecidedAsks ? [...permits, ...undecided] : permits;
  const asked = asking.map((rule) => askedBy(rule, subject.risk));
  const all = asked.reduce<readonly GroupQuorum[]>(
    (sum, one) => joinGroups(sum, one.all ?? []),
    [],
  );
  return {
    effect: "permit",
    rule: first,
    quorum: Math.max(...asked.map(({ quorum }) => quorum)),
    ...(all.length > 0 && { all }),
  };
}

/** Whom one rule asks for at a risk; nobody where it says nothing of approval. */
export function askedBy({ approval }: PolicyRule, risk: number): AskedPeople {
  if (!approval) return { quorum: 0 };
  const { quorum, all, fromRisk = [] } = approval;
  const more = fromRisk.filter((step) => risk >= step.risk).map((step) => step.quorum);
  return { quorum: Math.max(quorum, ...more), ...(all && { all }) };
}

/** The context of every condition of one evaluation, made when the first one asks. */
function contextOnce({ actionType, args, facts }: PolicySubject): () => ConditionContext | null {
  let context: ConditionContext | null | undefined;
  return () => (context ??= facts ? conditionContext(actionType, args, facts) : null);
}

function conditionOutcome(
  { condition }: PolicyRule,
  context: () => ConditionContext | null,
): ConditionOutcome {
  if (condition === undefined) return "holds";
  const known = context();
  return known === null ? "undecided" : conditionOf(condition).ask(known);
}

function isAbout(rule: PolicyRule, subject: PolicySubject): boolean {
  if (!rule.kinds.includes(subject.kind)) return false;
  if (rule.actions && (subject.actionType === null || !rule.actions.includes(subject.actionType)))
    return false;
  // A permit for executions that names no action would permit every action; it permits none.
  if (!rule.actions && rule.effect === "permit" && subject.kind === "execution") return false;
  if (rule.agents && !rule.agents.includes(subject.agent)) return false;
  if (rule.zones && (subject.zone === null || !rule.zones.includes(subject.zone))) return false;
  if (rule.riskMin !== undefined && subject.risk < rule.riskMin) return false;
  return rule.riskMax === undefined || subject.risk <= rule.riskMax;
}

function holds(predicate: Predicate, args: JsonValue, undecided: boolean): boolean {
  const value = valueAt(args, predicate.path);
  // Not a scalar, or not there: nothing the predicate could speak about.
  if (value === undefined || (typeof value === "object" && value !== null)) return undecided;
  switch (predicate.op) {
    case "eq":
      return value === predicate.value;
    case "ne":
      return value !== predicate.value;
    case "in":
      return predicate.value.some((candidate) => candidate === value);
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return typeof value === "number" ? compare(predicate.op, value, predicate.value) : undecided;
  }
}

function compare(op: "lt" | "lte" | "gt" | "gte", a: number, b: number): boolean {
  switch (op) {
    case "lt":
      return a < b;
    case "lte":
      return a <= b;
    case "gt":
      return a > b;
    case "gte":
      return a >= b;
  }
}

/** RFC 6901 over own members only; undefined where the path leads nowhere. */
function valueAt(root: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    // An array's own members include its length, which is no member of the JSON value.
    if (Array.isArray(value) && key === "length") return undefined;
    value = (value as Readonly<Record<string, JsonValue>>)[key];
  }
  return value;
}
