/**
 * Whether one policy is provably tighter than another for whatever may still be planned: an amendment adds
 * nodes of any kind, action, zone and risk. Subjects that the same rules speak of stand for each other. What
 * takes too long to prove counts as not proven. Specification: docs/policy.md, "Re-pinning".
 */
import type { PolicyDocument, PolicyRule } from "./document.ts";
import { looseningOf, type PlannedSubject } from "./tighter.ts";

/** Proofs of pairs of documents; two of 500 rules, each about an action of its own, need 7,500. */
const SUBJECTS_MAX = 10_000;

const KINDS = ["decision", "execution", "approval"] as const;
const RISKS = [0, 1, 2, 3, 4];

/** The first rule for which the proof fails for some subject, and why; null where `next` is tighter for all. */
export function looseningForAny(
  now: PolicyDocument,
  next: PolicyDocument,
): { readonly rule: string; readonly detail: string } | null {
  const rules = [...now.rules, ...next.rules];
  const actions = classesOf(rules, (rule) => rule.actions);
  const zones = classesOf(rules, (rule) => rule.zones);
  if (actions.length * zones.length * KINDS.length * RISKS.length > SUBJECTS_MAX)
    return { rule: "", detail: "the policies name too many actions and zones to prove it for all" };
  for (const actionType of actions)
    for (const zone of zones)
      for (const kind of KINDS)
        for (const risk of RISKS) {
          const found = looseningOf(now, next, { kind, actionType, zone, risk });
          if (found) return { ...found, detail: `${found.detail}, ${aboutOf(kind, actionType)}` };
        }
  return null;
}

function aboutOf(kind: PlannedSubject["kind"], actionType: string | null): string {
  return actionType === null ? `of a ${kind}` : `of a ${kind} about ${actionType}`;
}

/**
 * One name of those that exactly the same rules list, for each such set; null for every name that none lists:
 * rules that list names pass it over.
 */
function classesOf(
  rules: readonly PolicyRule[],
  namesOf: (rule: PolicyRule) => readonly string[] | undefined,
): readonly (string | null)[] {
  const listing = new Map<string, number[]>();
  for (const [at, rule] of rules.entries())
    for (const name of new Set(namesOf(rule) ?? []))
      listing.set(name, [...(listing.get(name) ?? []), at]);
  const firstBySet = new Map<string, string>();
  for (const [name, at] of listing) {
    const set = at.join(" ");
    if (!firstBySet.has(set)) firstBySet.set(set, name);
  }
  return [null, ...firstBySet.values()];
}
