/**
 * What keeps a brief from becoming a plan: the planner's own codes with their fixes, and those of a plan
 * with a fix its author can carry out in a brief, where nobody writes edges.
 * Specification: docs/planner.md, "Violations".
 */
import { PLAN_FIXES, PLAN_VIOLATIONS_MAX, type PlanViolationCode } from "../plan/index.ts";

/** Every code that only a brief can have, with the fix it asks for. */
export const BRIEF_FIXES = {
  stage_duplicate: "list every stage once",
  stage_unknown: "list the stage in `stages`, or move the deliverable to a stage listed there",
  deliverable_duplicate: "give every deliverable an id of its own",
  deliverable_unknown: "name a deliverable of this brief",
  deliverable_empty: "add a judgement that works on the deliverable, or remove it",
  phases_too_many: "use fewer types or stages: a plan has at most 64 phases",
  input_unsupplied: "add the artifact to the `outputs` of a judgement, or to `inputs` of the brief",
  input_self:
    "name what comes in and what goes out differently: a judgement cannot wait for itself",
  edges_too_many: "split artifacts that many judgements produce and many take as input",
  risk_missing: "state `risk`, or all five `factors`",
  risk_understated: "raise `risk` to what the factors say, or correct the factors",
  exit_test_missing: "add `tests`: from risk 2 on a decision is accepted by tests",
  path_without_exit_gate:
    "add `tests` to one of the judgements on the path, or let an approval or execution lie on it",
} as const;

type OwnCode = keyof typeof BRIEF_FIXES;
export type BriefViolationCode = OwnCode | PlanViolationCode;

/** Where a plan's fix speaks of edges and phases, which a brief does not have. */
const FIXES_IN_A_BRIEF: Partial<Record<PlanViolationCode, string>> = {
  cycle: "remove one of the inputs that close the circle",
  phase_backwards:
    "move the deliverable to the same or a later stage, or list its type after the other's",
  approves_not_direct: "let the approval output an artifact that the execution takes as input",
  evidence_unsupplied:
    "add the kind to `evidenceOut` of the judgement it comes from, or to `inputs` of the brief",
  boundary_crossed:
    "let an approval take what leaves the zone and give it on, or declare the interface in `handsTo`",
  write_check_too_large:
    "use fewer shared slices, or let their writers take each other's outputs as inputs",
};

/** One thing that keeps a brief from compiling. */
export interface BriefViolation {
  readonly code: BriefViolationCode;
  /** RFC 6901 pointer into the brief. */
  readonly pointer: string;
  /** The facts of this occurrence, with the names involved. */
  readonly detail: string;
  readonly fix: string;
}

export type BriefReport = (code: BriefViolationCode, pointer: string, detail: string) => void;

/** A list of at most 100 violations, in the order reported and none twice, and what fills it. */
export function createBriefViolations(): {
  readonly list: readonly BriefViolation[];
  readonly report: BriefReport;
} {
  const list: BriefViolation[] = [];
  const seen = new Set<string>();
  const report: BriefReport = (code, pointer, detail) => {
    // An inserted node shares its members with the judgement it guards: one flaw, said once.
    const key = `${code} ${pointer}`;
    if (list.length >= PLAN_VIOLATIONS_MAX || seen.has(key)) return;
    seen.add(key);
    list.push({ code, pointer, detail, fix: fixOf(code) });
  };
  return { list, report };
}

function fixOf(code: BriefViolationCode): string {
  if (code in BRIEF_FIXES) return BRIEF_FIXES[code as OwnCode];
  return FIXES_IN_A_BRIEF[code as PlanViolationCode] ?? PLAN_FIXES[code as PlanViolationCode];
}
