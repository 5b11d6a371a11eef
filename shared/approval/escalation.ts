/**
 * Escalation: whom a request asks once nobody has answered for a while. It changes who may decide, never
 * what is decided nor how many people it takes. Specification: docs/approvals.md, "Escalation".
 */
import type { UnixMs } from "../time.ts";
import { type SeatRequirement, seatsOf } from "./seats.ts";

/** One step: so long after the request this group is asked too, or instead of everybody asked before. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly group: string;
  readonly instead?: boolean;
}

/**
 * The requirement as it is asked after so many steps: as many seats as before. After `instead` every seat is
 * of that group, and who was asked before fills none.
 */
export function escalatedTo(
  requirement: SeatRequirement & { readonly escalation?: readonly EscalationStep[] },
  steps: number,
): SeatRequirement {
  const taken = (requirement.escalation ?? []).slice(0, steps);
  if (taken.length === 0) return requirement;
  const last = taken.findLastIndex(({ instead }) => instead);
  const replacing = taken[last];
  const also = [...new Set(taken.slice(last + 1).map(({ group }) => group))];
  const { quorum, group, all } = requirement;
  if (replacing) return { quorum: seatsOf(requirement).length, group: replacing.group, also };
  return { quorum, ...(group !== undefined && { group }), ...(all && { all }), also };
}

/** How many steps are due at a time, those taken before included; steps rise in time. */
export function stepsDue(
  steps: readonly EscalationStep[],
  askedAtMs: UnixMs,
  atMs: UnixMs,
): number {
  return steps.filter(({ afterMs }) => askedAtMs + afterMs <= atMs).length;
}
