/**
 * The part of the fold that is about people: requests, approvals, refusals and what voids them.
 * Changes nothing itself; evolve.ts puts the change into the state. Source: docs/event-log.md.
 */
import { answerId, type RecordedPasskey } from "../approval/index.ts";
import { invariant } from "../invariant.ts";
import { dataOf, type EventData, type EventType } from "./event.ts";
import type { Evolving } from "./evolve.ts";
import type { HeldApproval, NodeRecord } from "./state.ts";

type Change = Partial<NodeRecord>;

/** From this generation of the rules on a JWS is taken once, as a passkey's answer always was. */
const JWS_ONCE_FROM_RULES = 3;

/** Node events that change nothing but, at most, the node's status. */
const NEUTRAL = new Set<string>([
  "node.ready",
  "proposal.refused",
  "incident.raised",
] satisfies EventType[]);

/** What an event about approvals changes of its node. A breach on an event that nobody knows. */
export function approvalChange(rules: number, before: NodeRecord, event: Evolving): Change {
  switch (event.type) {
    case "approval.requested": {
      const data = dataOf(event, "approval.requested");
      const { gateDigest, requirement, deadlineAt, pauses, subjectDigest } = data;
      const named = {
        ...(pauses && { pauses }),
        ...(subjectDigest !== undefined && { subjectDigest }),
        ...(event.seq === undefined ? {} : { seq: event.seq }),
      };
      return { request: { gateDigest, requirement, deadlineAt, ...named } };
    }
    case "approval.granted": {
      const data = dataOf(event, "approval.granted");
      const { approver, gateDigest } = data;
      // The person's earlier approval of this digest counts no more, or there would be no second one.
      const others = before.approvals.filter(
        (held) => held.approver !== approver || held.gateDigest !== gateDigest,
      );
      return {
        ...answeredChange(rules, before.challenges, event),
        ...(before.request?.seq === undefined ? {} : { approvedSeq: before.request.seq }),
        approvals: [...others, heldApproval(data)],
      };
    }
    case "approval.escalated": {
      const { gateDigest, step } = dataOf(event, "approval.escalated");
      return { escalated: { gateDigest, steps: step } };
    }
    case "approval.reminded": {
      const { reminder } = dataOf(event, "approval.reminded");
      return before.request ? { request: { ...before.request, reminded: reminder } } : {};
    }
    case "approval.denied": {
      const { gateDigest, approver } = dataOf(event, "approval.denied");
      return refusal(rules, before, event, { gateDigest, cause: "denied", by: approver });
    }
    case "approval.expired":
      return refusal(rules, before, event, {
        gateDigest: dataOf(event, "approval.expired").gateDigest,
        cause: "expired",
        by: null,
      });
    case "approval.voided":
      return { request: null, approvals: [], ...forgottenSteps(before) };
    case "approval.revoked":
      return { approvals: withoutRevoked(before.approvals, event) };
    default:
      // A journal with an event nobody knows is not a state anybody can vouch for.
      invariant(NEUTRAL.has(event.type), `event type ${event.type} is known`);
      return {};
  }
}

/** What is held of an approval that was recorded. */
export function heldApproval(data: EventData["approval.granted"]): HeldApproval {
  const { approver, groups, kid, gateDigest, statementExpiresAt, validUntil = null } = data;
  const { delegatedBy, delegation } = data;
  return {
    approver,
    groups,
    kid,
    gateDigest,
    statementExpiresAt,
    validUntil,
    ...(data.breakGlass && { breakGlass: true }),
    ...(delegatedBy !== undefined && { delegatedBy }),
    ...(delegation && { delegation: { id: delegation.id, kid: delegation.kid } }),
  };
}

/** The approvals that are left when one is revoked. */
export function withoutRevoked(
  approvals: readonly HeldApproval[],
  event: Evolving,
): readonly HeldApproval[] {
  const { approver, kid, gateDigest } = dataOf(event, "approval.revoked");
  return approvals.filter(
    (held) => held.approver !== approver || held.kid !== kid || held.gateDigest !== gateDigest,
  );
}

/** What a person has said joins what was said before, so that it is taken once. */
export function answeredChange(
  rules: number,
  challenges: readonly string[] | undefined,
  event: Evolving,
): { readonly challenges?: readonly string[] } {
  const { passkey = null } = event.data as { readonly passkey?: RecordedPasskey };
  const { approvalSignature: signature } = event;
  if (signature === null || (passkey === null && rules < JWS_ONCE_FROM_RULES)) return {};
  return { challenges: [...(challenges ?? []), answerId(signature, passkey)] };
}

function refusal(
  rules: number,
  before: NodeRecord,
  event: Evolving,
  refused: NodeRecord["refusedDigests"][number],
): Change {
  const reasons = (event.gateResult?.reasons ?? []) as NodeRecord["reasons"];
  const subjectDigest = before.request?.subjectDigest;
  return {
    ...answeredChange(rules, before.challenges, event),
    refusedDigests: [
      ...before.refusedDigests,
      { ...refused, ...(subjectDigest !== undefined && { subjectDigest }) },
    ],
    request: null,
    approvals: [],
    ...forgottenSteps(before),
    verdict: "block",
    reasons,
  };
}

/** With its approvals gone, a digest that is asked again begins its escalation anew. */
function forgottenSteps({ escalated }: NodeRecord): Change {
  return escalated ? { escalated: null } : {};
}
