/**
 * Whether the people of the directory could meet a requirement at all, so that nobody waits a day for an
 * approval that nobody can give. A hint only: hours, duties and proposers are not looked at, and the gate
 * decides as if nobody had asked. Specification: docs/approvals.md, "Requirements nobody can meet".
 */
import { type ApproverFacts, missingSeats, type SeatRequirement } from "../approval/index.ts";
import type { Plan } from "../plan/index.ts";
import type { UnixMs } from "../time.ts";
import { isApproverValidAt } from "./directory.ts";

/** From this risk on people approve every node; below it approval nodes and those with `approval`. */
const APPROVED_FROM_RISK = 3;

/** A node that asks for people the directory does not have. */
export interface Unmeetable {
  readonly nodeId: string;
  readonly detail: string;
}

/** Whether every seat could be filled by somebody who is valid now and has a key. */
export function isMeetable(
  requirement: SeatRequirement,
  approvers: readonly ApproverFacts[],
  at: UnixMs,
): boolean {
  return missingFor(requirement, approvers, at) === 0;
}

/** The nodes whose own requirement cannot be met, in plan order. What a policy asks on top is not known yet. */
export function unmeetableNodes(
  plan: Plan,
  approvers: readonly ApproverFacts[],
  at: UnixMs,
): readonly Unmeetable[] {
  return plan.nodes.flatMap(({ id, kind, risk, approval }) => {
    if (kind !== "approval" && risk < APPROVED_FROM_RISK) return [];
    const missing = missingFor(approval ?? { quorum: 1 }, approvers, at);
    if (missing === 0) return [];
    const people = missing === 1 ? "1 person" : `${missing} people`;
    return [{ nodeId: id, detail: `the directory lacks ${people} who may approve ${id}` }];
  });
}

function missingFor(
  requirement: SeatRequirement,
  approvers: readonly ApproverFacts[],
  at: UnixMs,
): number {
  const { group } = requirement;
  const able = approvers.filter(
    (person) =>
      person.keys.length > 0 &&
      isApproverValidAt(person, at) &&
      (requirement.all !== undefined || group === undefined || person.groups.includes(group)),
  );
  return missingSeats(requirement, able);
}
