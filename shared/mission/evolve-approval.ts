/**
 * What events about a node's approvals change of its record: requests opened and voided, decisions
 * given. The last branch of `evolve`: an event that no branch knows is a breach here.
 */
import { invariant } from "../invariant.ts";
import { dataOf, type EventType } from "./event.ts";
import type { Evolving } from "./evolve.ts";
import type { NodeRecord } from "./state.ts";

/** Node events that change nothing but, at most, the node's status. */
const NEUTRAL = new Set<string>([
  "node.ready",
  "proposal.refused",
  "incident.raised",
] satisfies EventType[]);

/** The change of a node's record by an approval event; nothing for events that only move its status. */
export function approvalChange(before: NodeRecord, event: Evolving): Partial<NodeRecord> {
  switch (event.type) {
    case "approval.requested": {
      const { gateDigest, requirement, deadlineAt } = dataOf(event, "approval.requested");
      return { request: { gateDigest, requirement, deadlineAt } };
    }
    case "approval.granted": {
      const { approver, groups, kid, gateDigest, statementExpiresAt } = dataOf(
        event,
        "approval.granted",
      );
      return {
        approvals: [...before.approvals, { approver, groups, kid, gateDigest, statementExpiresAt }],
      };
    }
    case "approval.denied": {
      const { gateDigest, approver } = dataOf(event, "approval.denied");
      return refusal(before, event, { gateDigest, cause: "denied", by: approver });
    }
    case "approval.expired":
      return refusal(before, event, {
        gateDigest: dataOf(event, "approval.expired").gateDigest,
        cause: "expired",
        by: null,
      });
    case "approval.voided":
      return { request: null, approvals: [] };
    default:
      // A journal with an event nobody knows is not a state anybody can vouch for.
      invariant(NEUTRAL.has(event.type), `event type ${event.type} is known`);
      return {};
  }
}

function refusal(
  before: NodeRecord,
  event: Evolving,
  refused: NodeRecord["refusedDigests"][number],
): Partial<NodeRecord> {
  const reasons = (event.gateResult?.reasons ?? []) as NodeRecord["reasons"];
  return {
    refusedDigests: [...before.refusedDigests, refused],
    request: null,
    approvals: [],
    verdict: "block",
    reasons,
  };
}
