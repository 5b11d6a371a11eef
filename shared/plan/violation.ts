/**
 * What is wrong with a plan, said so that its author can put it right: a code, the place, the
 * facts and the fix. One table holds every code with its fix; docs/plan.md explains each.
 */

/** Every code with the fix it asks for. A code's meaning never changes; new ones are added. */
export const PLAN_FIXES = {
  node_duplicate: "give every node an id of its own",
  edge_node_unknown: "name a node of this plan, or remove the edge",
  edge_self_loop: "remove the edge: a node cannot wait for itself",
  edge_duplicate: "keep one edge of the pair",
  cycle: "remove one edge of the cycle",
  phase_duplicate: "list every phase once",
  phase_unknown: "list the phase in `phases`, or move the node to a phase listed there",
  phase_backwards: "turn the edge round, or move its target to the same or a later phase",
  action_required: "give the execution node an `action`, or make it a decision node",
  action_not_allowed: "remove `action`: only an execution node acts on the outside",
  approves_not_allowed: "remove `approves`: only an approval node approves another",
  approves_not_execution: "name an execution node of this plan, or remove `approves`",
  approves_not_direct: "add an edge from the approval node to the execution node it approves",
  approves_twice:
    "let one approval node approve the execution node, with a larger quorum if needed",
  apart_from_unknown: "name other nodes of this plan in `apartFrom`, or remove it",
  escalation_not_rising: "let every step come later than the one before it",
  escalation_too_late: "let the step come before `deadlineMs`, or give people longer",
  reminder_too_late: "remind more often than `deadlineMs`, or remove `reminder`",
  accountable_not_human: "set `ownerR` to human: risk 3 and 4 need an accountable person",
  approval_not_human: "set `ownerX` to human: an approval node's work is a person's signature",
  approval_not_applicable:
    "remove `approval`, raise the node's risk to 3 or more, or give it an `allocation`",
  execution_not_agent: "set `ownerX` to agent: an agent proposes what the gateway then executes",
  decision_not_human:
    "use an approval node where a person decides, or set `ownerX` to agent: an agent decides, and people approve from risk 3 on",
  system_not_allowed:
    "set `ownerX` to agent or human: the system completes decisions of risk 0 to 2 only",
  system_produces: "remove tests, outputs, evidenceOut and writeSet, or set `ownerX` to agent",
  result_not_expected: "remove tests and outputs: only an agent's decision node submits a result",
  universes_not_observed:
    "remove `universes`, or let an agent propose here: observations come with a proposal",
  evidence_policy_not_applicable: "name the kinds in `evidenceIn`, or remove `evidencePolicy`",
  evidence_unsupplied:
    "add the kind to `evidenceOut` of a direct predecessor, or to `missionInputs`",
  write_conflict: "add an edge so that one runs after the other, or partition the slice",
  write_check_too_large: "use fewer shared slices, or put edges directly between their writers",
  lease_not_sufficient:
    "order the writers with edges or an approval node between them, or remove the slice from `leased`",
  boundary_crossed:
    "put an approval node between the zones, or declare the interface in `handsTo` of the zone work leaves",
  agent_boundary_crossed: "name an agent of the node's zone, or move the node to the agent's zone",
  skill_boundary_crossed:
    "register the skill for the zone, or move the node to a zone that may use it",
  slice_boundary_crossed: "let a node of the owning zone write the slice, or change who owns it",
  zone_duplicate: "declare every zone once",
  slice_owned_twice: "let one zone own the artifact or slice",
  leaf_not_accepted: "add `tests`, or let an approval, execution or system node follow",
} as const;

export type PlanViolationCode = keyof typeof PLAN_FIXES;

/** One thing that keeps a plan from compiling. */
export interface PlanViolation {
  readonly code: PlanViolationCode;
  /** RFC 6901 pointer into the plan. */
  readonly pointer: string;
  /** The facts of this occurrence, with the names involved. */
  readonly detail: string;
  readonly fix: string;
}

/** How many violations one compilation reports; a person reads no more before trying again. */
export const PLAN_VIOLATIONS_MAX = 100;

/** Notes a violation; beyond `PLAN_VIOLATIONS_MAX` it is dropped. */
export type Report = (code: PlanViolationCode, pointer: string, detail: string) => void;

/** A bounded list of violations, in the order reported, and the function that fills it. */
export function createViolations(): {
  readonly list: readonly PlanViolation[];
  readonly report: Report;
} {
  const list: PlanViolation[] = [];
  const report: Report = (code, pointer, detail) => {
    if (list.length < PLAN_VIOLATIONS_MAX)
      list.push({ code, pointer, detail, fix: PLAN_FIXES[code] });
  };
  return { list, report };
}
