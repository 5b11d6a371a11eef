/**
 * Gate 11, lease: no slice of the write-set is held by another node of the mission, or by another mission of
 * the team. Pauses only: the slice will come free, and nobody has to decide anything. An arbiter that could
 * not be asked is a failure of the gate. Specification: docs/leases.md.
 */
import { type Gate, outcomeOf, reasonOf } from "./question.ts";

export const lease: Gate<"allow" | "pause"> = ({ heldSlices, arbiters, spec }) => {
  if (arbiters === "unavailable") throw new Error("an arbiter of the write-set cannot be reached");
  const reasons = heldSlices.map(({ slice, holder, missionId }) => {
    const who = missionId === undefined ? `node ${holder}` : `node ${holder} of ${missionId}`;
    return reasonOf(
      "lease",
      "LEASE_HELD",
      `slice ${slice} is leased to ${who}`,
      `wait until ${who} has crossed its gate`,
    );
  });
  if (arbiters === "unasked")
    reasons.push(
      reasonOf(
        "lease",
        "LEASE_HELD",
        `nobody has been asked for ${spec.writeSet.join(", ")} yet`,
        "wait until the mission has asked",
      ),
    );
  return outcomeOf(reasons, "pause");
};
