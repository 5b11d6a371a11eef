/**
 * Looks again at who approved: an approval counts while its person and key are valid when the gate decides,
 * and the directory may have changed since. What no longer counts is revoked by name; the request stays open.
 * Specification: docs/approvals.md, "When the directory changes".
 */
import { escalatedTo, groupsAsked, type SeatRequirement } from "../../approval/index.ts";
import { ok, type Result } from "../../result.ts";
import { amendmentsOf } from "../amendments.ts";
import type { PersonStanding, ReviewApprovals } from "../command.ts";
import { escalationSteps } from "../due.ts";
import type { EventData } from "../event.ts";
import type { Rejection } from "../rejection.ts";
import type { HeldApproval, MissionState } from "../state.ts";
import { emitMission, emitNode, recordOf, type Turn } from "../turn.ts";

export function decideReview(turn: Turn, command: ReviewApprovals): Result<null, Rejection> {
  const { actor, person, standing } = command;
  for (const nodeId of askedNodes(turn.state)) {
    const record = recordOf(turn, nodeId);
    const { request, approvals } = record;
    if (!request) continue;
    const requirement = escalatedTo(
      request.requirement,
      escalationSteps(record, request.gateDigest),
    );
    for (const data of revocations(turn.at, requirement, approvals, person, standing))
      emitNode(turn, "approval.revoked", nodeId, data, { actor });
  }
  const { open } = amendmentsOf(turn.state);
  if (!open?.request) return ok(null);
  const { requirement } = open.request;
  for (const data of revocations(turn.at, requirement, open.approvals, person, standing))
    emitMission(turn, "approval.revoked", { amendment: open.id, ...data }, { actor });
  return ok(null);
}

/** Everybody whose approval waits for others at an open request; the directory is asked about them. */
export function approversWaiting(state: MissionState): readonly string[] {
  const held = askedNodes(state).flatMap((nodeId) => state.nodes.get(nodeId)?.approvals ?? []);
  const amending = amendmentsOf(state).open?.approvals ?? [];
  const people = [...held, ...amending].flatMap(({ approver, delegatedBy }) =>
    delegatedBy === undefined ? approver : [approver, delegatedBy],
  );
  return [...new Set(people)];
}

function askedNodes(state: MissionState): readonly string[] {
  if (state.status !== "active" && state.status !== "paused") return [];
  const { indexById } = state.plan;
  return [...state.timed.keys()]
    .filter((nodeId) => (state.nodes.get(nodeId)?.request ?? null) !== null)
    .sort((a, b) => (indexById.get(a) ?? 0) - (indexById.get(b) ?? 0));
}

function revocations(
  at: string,
  requirement: SeatRequirement,
  approvals: readonly HeldApproval[],
  person: string,
  standing: PersonStanding | null,
): readonly EventData["approval.revoked"][] {
  return approvals
    .filter(({ approver, delegatedBy }) => approver === person || delegatedBy === person)
    .flatMap((held) => {
      const { gateDigest, approver, kid } = held;
      const isSigner = approver === person;
      const cause = isSigner
        ? causeOf(at, requirement, held, standing)
        : delegatorCauseOf(at, requirement, held, standing);
      if (cause === null) return [];
      return { gateDigest, approver, kid, cause, ...(!isSigner && { person }), standing };
    });
}

function causeOf(
  at: string,
  requirement: SeatRequirement,
  held: HeldApproval,
  standing: PersonStanding | null,
): EventData["approval.revoked"]["cause"] | null {
  if (standing === null) return "person_removed";
  if (!standing.kids.includes(held.kid)) return "key_removed";
  if (!isValid(at, standing)) return "not_valid";
  // Whoever signed for somebody sits there with that person's groups, not with their own.
  return held.delegatedBy === undefined ? groupCauseOf(requirement, held, standing) : null;
}

/** The delegator's side: their right, the key that signed the delegation, the delegation, and their groups. */
function delegatorCauseOf(
  at: string,
  requirement: SeatRequirement,
  held: HeldApproval,
  standing: PersonStanding | null,
): EventData["approval.revoked"]["cause"] | null {
  if (standing === null) return "person_removed";
  if (!isValid(at, standing)) return "not_valid";
  const { id = "", kid = "" } = held.delegation ?? {};
  if (!standing.kids.includes(kid) || !standing.delegations?.includes(id))
    return "delegation_ended";
  return groupCauseOf(requirement, held, standing);
}

function isValid(at: string, { validFrom, validUntil }: PersonStanding): boolean {
  return (validFrom === null || validFrom <= at) && (validUntil === null || validUntil > at);
}

function groupCauseOf(
  requirement: SeatRequirement,
  held: HeldApproval,
  { groups }: PersonStanding,
): "group_left" | null {
  // Only a group that a seat asks for matters, and only one they were in when they approved.
  const asked = new Set(groupsAsked(requirement));
  const left = held.groups.some((group) => asked.has(group) && !groups.includes(group));
  return left ? "group_left" : null;
}
