/**
 * Whether one policy is provably tighter than another for a node whose plan is known and whose agent,
 * arguments and circumstances are not: every permit of the new one must be implied by a permit of the
 * old one, every forbid of the old one must live on, and nobody may be asked less. What cannot be
 * proven is refused. Specification: docs/policy.md, "Re-pinning".
 */
import type { PolicyDocument, PolicyRule, Predicate } from "./document.ts";
import { askedBy } from "./evaluate.ts";
import { conditionOf } from "./prepare.ts";

/** What a plan fixes of a node, or what is known of an amendment before there is one. */
export interface PlannedSubject {
  readonly kind: "decision" | "execution" | "approval" | "amendment";
  /** null where the node is about no action. */
  readonly actionType: string | null;
  readonly zone: string | null;
  readonly risk: number;
}

/** The first rule for which the proof fails, and why; null when `next` is tighter than `now` for the subject. */
export function looseningOf(
  now: PolicyDocument,
  next: PolicyDocument,
  subject: PlannedSubject,
): { readonly rule: string; readonly detail: string } | null {
  const dropped = now.forbiddenPurposes?.find((name) => !isForbidden(name, next));
  if (dropped !== undefined)
    return { rule: "forbiddenPurposes", detail: `no longer forbids the purpose ${dropped}` };
  const [before, after] = [relevant(now, subject), relevant(next, subject)];
  const [permitsBefore, forbidsBefore] = byEffect(before);
  const [permitsAfter, forbidsAfter] = byEffect(after);
  for (const forbid of forbidsBefore) {
    if (!forbidsAfter.some((other) => implies(forbid, other)))
      return {
        rule: forbid.id,
        detail: "forbids what nothing in the new policy is proven to forbid",
      };
  }
  for (const permit of permitsAfter) {
    if (!permitsBefore.some((other) => implies(permit, other)))
      return {
        rule: permit.id,
        detail: "permits what nothing in the old policy is proven to permit",
      };
    const more = permitsBefore.find((other) => !asksAsMuch(permit, other, subject.risk));
    if (more) return { rule: permit.id, detail: `may ask fewer people than rule ${more.id} did` };
  }
  return null;
}

/** By its own name, or by one above it. */
function isForbidden(purpose: string, { forbiddenPurposes = [] }: PolicyDocument): boolean {
  return forbiddenPurposes.some((name) => purpose === name || purpose.startsWith(`${name}.`));
}

/** Rules that can match the node at all. A permit of executions without actions permits none. */
function relevant({ rules }: PolicyDocument, subject: PlannedSubject): readonly PolicyRule[] {
  return rules.filter(({ kinds, actions, zones, riskMin, riskMax, effect }) => {
    if (!kinds.includes(subject.kind)) return false;
    if (actions && (subject.actionType === null || !actions.includes(subject.actionType)))
      return false;
    if (!actions && effect === "permit" && subject.kind === "execution") return false;
    if (zones && (subject.zone === null || !zones.includes(subject.zone))) return false;
    return (riskMin ?? 0) <= subject.risk && subject.risk <= (riskMax ?? 4);
  });
}

function byEffect(rules: readonly PolicyRule[]): readonly [PolicyRule[], PolicyRule[]] {
  return [
    rules.filter((rule) => rule.effect === "permit"),
    rules.filter((rule) => rule.effect === "forbid"),
  ];
}

/** Whether `rule` asks for as many people as `other` does, in all and of every group. */
function asksAsMuch(rule: PolicyRule, other: PolicyRule, risk: number): boolean {
  const [asks, asked] = [askedBy(rule, risk), askedBy(other, risk)];
  const byGroup = new Map((asks.all ?? []).map(({ group, quorum }) => [group, quorum]));
  return (
    asks.quorum >= asked.quorum &&
    (asked.all ?? []).every(({ group, quorum }) => (byGroup.get(group) ?? 0) >= quorum)
  );
}

/** Whether `narrow` matching implies that `wide` matches, the node's own facts being settled already. */
function implies(narrow: PolicyRule, wide: PolicyRule): boolean {
  if (wide.agents && !narrow.agents?.every((agent) => wide.agents?.includes(agent))) return false;
  if (!wide.when.every((needed) => narrow.when.some((given) => predicateImplies(given, needed))))
    return false;
  return wide.condition === undefined || conditionImplies(narrow.condition, wide.condition);
}

/** Whatever `narrow` demands besides, it demands every conjunct of `wide`, written in the same words. */
function conditionImplies(narrow: string | undefined, wide: string): boolean {
  if (narrow === undefined) return false;
  const given = new Set(conditionOf(narrow).conjuncts);
  return conditionOf(wide).conjuncts.every((needed) => given.has(needed));
}

function predicateImplies(given: Predicate, needed: Predicate): boolean {
  if (given.path !== needed.path) return false;
  if (JSON.stringify(given) === JSON.stringify(needed)) return true;
  if (needed.op === "in") {
    const values = given.op === "in" ? given.value : given.op === "eq" ? [given.value] : [];
    return values.length > 0 && values.every((value) => needed.value.includes(value));
  }
  return boundImplies(given, needed);
}

/** At most 5 implies at most 7 and less than 6; the same upwards. */
function boundImplies(given: Predicate, needed: Predicate): boolean {
  if (typeof given.value !== "number" || typeof needed.value !== "number") return false;
  switch (`${given.op}>${needed.op}`) {
    case "lt>lt":
    case "lt>lte":
    case "lte>lte":
      return given.value <= needed.value;
    case "lte>lt":
      return given.value < needed.value;
    case "gt>gt":
    case "gt>gte":
    case "gte>gte":
      return given.value >= needed.value;
    case "gte>gt":
      return given.value > needed.value;
    default:
      return false;
  }
}
