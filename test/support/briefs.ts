/**
 * Builders of small briefs: each judgement is sound by itself, so that a test breaks or adds only what it
 * is about.
 */
import {
  type Brief,
  type BriefInput,
  briefSchema,
  compileBrief,
} from "../../shared/planner/index.ts";

type JudgementInput = BriefInput["judgements"][number];

/** A tested decision of risk 1 on the deliverable `d`. */
export function judge(id: string, rest: Partial<JudgementInput> = {}): JudgementInput {
  const tests = [{ id: "ok", title: "it is ok" }];
  return { id, deliverable: "d", title: `Judge ${id}`, risk: 1, tests, ...rest };
}

/** An execution of risk 1. */
export function act(id: string, rest: Partial<JudgementInput> = {}): JudgementInput {
  return { id, deliverable: "d", title: `Do ${id}`, risk: 1, action: { type: "do.it" }, ...rest };
}

export function briefOf(
  judgements: readonly JudgementInput[],
  rest: Partial<BriefInput> = {},
): BriefInput {
  return {
    title: "a brief",
    deliverables: [{ id: "d", title: "The thing", type: "thing", stage: "work" }],
    judgements: [...judgements],
    ...rest,
  };
}

export function parsed(input: BriefInput): Brief {
  return briefSchema.parse(input);
}

export function planned(input: BriefInput) {
  const result = compileBrief(parsed(input));
  if (!result.ok) throw new Error(JSON.stringify(result.error.violations.slice(0, 3)));
  return result.value;
}

/** What is wrong with a brief, each as `code pointer`. */
export function flaws(input: BriefInput): readonly string[] {
  const result = compileBrief(parsed(input));
  return result.ok ? [] : result.error.violations.map(({ code, pointer }) => `${code} ${pointer}`);
}

/** Edges of a brief's plan, each as `from to`. */
export function edgesOf(input: BriefInput): readonly string[] {
  return planned(input).plan.edges.map(({ from, to }) => `${from} ${to}`);
}
