/**
 * Separation of duties between approvals: who approved one node stays away from another where the plan
 * keeps the two apart. Specification: docs/approvals.md, "Separation of duties".
 */
import { nodeRecord } from "./evolve.ts";
import type { MissionState } from "./state.ts";
import { specOf } from "./turn.ts";

/** The node that this person approved and that the plan keeps apart from `nodeId`; null for none. O(nodes). */
export function apartNodeOf(state: MissionState, nodeId: string, person: string): string | null {
  const own = specOf(state, nodeId).approval?.apartFrom ?? [];
  const others = state.plan.plan.nodes.filter(({ approval }) =>
    approval?.apartFrom?.includes(nodeId),
  );
  const apart = new Set([...own, ...others.map(({ id }) => id)]);
  return [...apart].find((id) => hasApproved(state, id, person)) ?? null;
}

function hasApproved(state: MissionState, nodeId: string, person: string): boolean {
  const { approvals, request, ranDigest } = nodeRecord(state, nodeId);
  return approvals.some(
    ({ approver, delegatedBy, gateDigest }) =>
      (approver === person || delegatedBy === person) &&
      (gateDigest === ranDigest || gateDigest === request?.gateDigest),
  );
}
