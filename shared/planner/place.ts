/**
 * From a place in the plan to the place in the brief it came from. A node the Planner put in points to
 * the judgement it guards. Specification: docs/planner.md, "Violations".
 */
import type { Plan } from "../plan/index.ts";
import type { Brief } from "./brief.ts";

/** The translation for one plan; `origins` holds for every node the position of its judgement. */
export function placeInBrief(
  brief: Brief,
  plan: Plan,
  origins: readonly number[],
): (pointer: string) => string {
  const inJudgement = (position: number, rest: readonly string[]): string => {
    const at = origins[position] ?? 0;
    const judgement = brief.judgements[at];
    const [member = ""] = rest;
    // A member that followed from the risk stands nowhere: the judgement itself is the place.
    const isStated = judgement !== undefined && Object.hasOwn(judgement, member);
    return isStated ? [`/judgements/${at}`, ...rest].join("/") : `/judgements/${at}`;
  };
  return (pointer) => {
    const [, list, index, ...rest] = pointer.split("/");
    if (list === "zones") return pointer;
    if (list === "phases") return "/deliverables";
    if (index === undefined) return "/judgements";
    if (list === "nodes") return inJudgement(Number(index), rest);
    const target = plan.edges[Number(index)]?.to;
    const position = plan.nodes.findIndex(({ id }) => id === target);
    return inJudgement(Math.max(0, position), ["inputs"]);
  };
}
