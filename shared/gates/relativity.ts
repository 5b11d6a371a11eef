/**
 * Gate 4, relativity: criteria that are subjective, or words that leave the measure open, need a
 * person. Pauses only: what is relative is not wrong, it is a person's to decide.
 *
 * Looks at nodes that declare criteria and at no others. Specification: docs/reasons.md, "Relativity".
 */
import { type Gate, type GateQuestion, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";
import { relativeWords, visibleText } from "./relative-words.ts";

/** Earlier missions were judged by the letters as they stand, invisible ones among them. */
const VISIBLE_FROM_RULES = 3;

export const relativity: Gate<"allow" | "pause"> = ({ spec, proposal, rules = 0 }) => {
  const { criteria } = spec;
  if (!criteria) return { verdict: "allow", reasons: [] };
  const read = (text: string) => (rules >= VISIBLE_FROM_RULES ? visibleText(text) : text);
  const reasons = criteria.flatMap((criterion, at) =>
    criterionReasons({ ...criterion, text: read(criterion.text) }, at + 1),
  );
  const rationale = read(proposal?.rationale ?? "");
  return outcomeOf([...reasons, ...wordReasons("the rationale", rationale)], "pause");
};

type Criterion = NonNullable<GateQuestion["spec"]["criteria"]>[number];

function criterionReasons({ kind, text }: Criterion, number: number): readonly Reason[] {
  if (kind === "objective") return wordReasons(`criterion ${number}`, text);
  return [
    reasonOf(
      "relativity",
      "CRITERION_SUBJECTIVE",
      `criterion ${number} is subjective`,
      `a person decides whether criterion ${number} is met, by an approval of this digest`,
    ),
  ];
}

function wordReasons(where: string, text: string): readonly Reason[] {
  const { unbounded, unreferenced } = relativeWords(text);
  const reasons: Reason[] = [];
  if (unbounded.length > 0) {
    reasons.push(
      reasonOf(
        "relativity",
        "REL_BOUNDARY_UNSTABLE",
        `${where} leaves the measure open: ${unbounded.join(", ")}`,
        "say it in numbers or facts, or have a person approve this digest",
      ),
    );
  }
  if (unreferenced.length > 0) {
    reasons.push(
      reasonOf(
        "relativity",
        "REL_REF_MISSING",
        `${where} compares without saying with what: ${unreferenced.join(", ")}`,
        "name what it is compared with in the same sentence, or have a person approve this digest",
      ),
    );
  }
  return reasons;
}
