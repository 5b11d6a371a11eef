/**
 * What a request does while nobody answers, before its deadline: the steps of its escalation, and reminders.
 * Each is one event at its time; neither changes what is decided. Specification: docs/approvals.md, "Escalation".
 */
import { escalatedTo, isCounted, missingSeats, seatsOf, stepsDue } from "../../approval/index.ts";
import { isoToUnixMs } from "../../time.ts";
import { reconsider } from "../advance.ts";
import { approvedBy } from "../approved.ts";
import { askedAtMs, escalationSteps, remindersDue } from "../due.ts";
import type { OpenRequest } from "../state.ts";
import { recordOf, specOf, emitNode, type Turn } from "../turn.ts";

/** Takes every step that is due, in order. Who has signed already may fill a seat in a later group's name. */
export function escalate(turn: Turn, nodeId: string): void {
  const record = recordOf(turn, nodeId);
  const { request } = record;
  const steps = request?.requirement.escalation ?? [];
  if (!request || steps.length === 0) return;
  const taken = escalationSteps(record, request.gateDigest);
  const due = stepsDue(steps, askedAtMs(request), isoToUnixMs(turn.at) ?? 0);
  for (const [at, { group, instead }] of steps.entries()) {
    if (at < taken || at >= due) continue;
    emitNode(turn, "approval.escalated", nodeId, {
      ...toldOf(turn, nodeId, request),
      step: at + 1,
      group,
      ...(instead && { instead }),
      requirement: escalatedTo(request.requirement, at + 1),
    });
  }
  if (due > taken && seatsNow(turn, nodeId, request).missing === 0)
    reconsider(turn, nodeId, "approval");
}

/** One reminder, however many were due while nobody looked. */
export function remind(turn: Turn, nodeId: string): void {
  const { request } = recordOf(turn, nodeId);
  if (!request) return;
  const due = remindersDue(request, isoToUnixMs(turn.at) ?? 0);
  if (due <= (request.reminded ?? 0)) return;
  const { have, need } = seatsNow(turn, nodeId, request);
  const told = toldOf(turn, nodeId, request);
  emitNode(turn, "approval.reminded", nodeId, { ...told, reminder: due, have, need });
}

function toldOf(turn: Turn, nodeId: string, { gateDigest, deadlineAt }: OpenRequest) {
  const { title, risk } = specOf(turn.state, nodeId);
  const { attempt } = recordOf(turn, nodeId);
  const { missionId } = turn.state;
  const statement = { missionId, nodeId, attempt, gateDigest };
  return { gateDigest, attempt, risk, title, deadlineAt, statement };
}

function seatsNow(turn: Turn, nodeId: string, { requirement, gateDigest }: OpenRequest) {
  const record = recordOf(turn, nodeId);
  const asked = escalatedTo(requirement, escalationSteps(record, gateDigest));
  const { approvers, groupsOf, brokenBy } = approvedBy(record.approvals, gateDigest, turn.at);
  const people = approvers.map((id) => ({ id, groups: groupsOf[id] ?? [] }));
  const need = seatsOf(asked).length;
  const missing = brokenBy === undefined ? missingSeats(asked, people) : 0;
  return { missing, need, have: isCounted(asked) ? people.length : need - missing };
}
