/**
 * When the mission next needs a turn of its own: pure arithmetic over the state, so that the alarm
 * of the object is a function and not a habit.
 */
import { LIMITS } from "../limits.ts";
import { isoToUnixMs, type UnixMs } from "../time.ts";
import { isStaleAmendment } from "./amendments.ts";
import type { HeldTicket, MissionState, NodeRecord, OpenRequest } from "./state.ts";

/** The earliest time at which `PassTime` would do something, or null. O(nodes that wait for a clock). */
export function nextDueMs(state: MissionState): UnixMs | null {
  if (state.status === "stopped" || state.status === "completed") return null;
  let due = hasAdvance(state) ? 0 : Number.POSITIVE_INFINITY;
  for (const nodeId of state.timed.keys()) {
    const record = state.nodes.get(nodeId);
    if (!record) continue;
    due = Math.min(due, dueMsOf(record, state.status === "active") ?? due);
  }
  const { open = null } = state.amendments ?? {};
  if (open?.request) due = Math.min(due, isoToUnixMs(open.request.deadlineAt) ?? 0);
  // A policy pinned anew changed what people are asked; the next turn asks them again.
  if (open && state.status === "active" && isStaleAmendment(state, open)) due = 0;
  return Number.isFinite(due) ? due : null;
}

/**
 * The earliest time at which a clock alone would do something to a node, or null. The clocks of people
 * and agents stand still while the mission is paused (decide/time.ts).
 */
export function dueMsOf(record: NodeRecord, isActive: boolean): UnixMs | null {
  const { request, status, lease, ticket } = record;
  let due: UnixMs | null = ticket && !ticket.overdue ? overdueAtMs(ticket.expSeconds) : null;
  const times = [request?.deadlineAt, status === "RUNNING" ? lease?.expiresAt : null];
  for (const time of isActive ? times : []) {
    const at = time ? (isoToUnixMs(time) ?? 0) : null;
    if (at !== null) due = Math.min(due ?? at, at);
  }
  if (!isActive || !request) return due;
  for (const at of [nextStepMs(record, request), nextReminderMs(request)])
    if (at !== null) due = Math.min(due ?? at, at);
  return due;
}

/** When people were asked: what the steps and reminders of a request count from. */
export function askedAtMs({ deadlineAt, requirement }: OpenRequest): UnixMs {
  return (isoToUnixMs(deadlineAt) ?? 0) - requirement.deadlineMs;
}

function nextStepMs(record: NodeRecord, request: OpenRequest): UnixMs | null {
  const next = request.requirement.escalation?.[escalationSteps(record, request.gateDigest)];
  return next ? askedAtMs(request) + next.afterMs : null;
}

/** How many points of time for a reminder have passed, bounded, and none at or after the deadline. */
export function remindersDue(request: OpenRequest, atMs: UnixMs): number {
  const { reminder, deadlineMs } = request.requirement;
  if (!reminder) return 0;
  const { everyMs } = reminder;
  const most = Math.min(LIMITS.remindersPerRequestMax, Math.ceil(deadlineMs / everyMs) - 1);
  return Math.max(0, Math.min(most, Math.floor((atMs - askedAtMs(request)) / everyMs)));
}

function nextReminderMs(request: OpenRequest): UnixMs | null {
  const { requirement, reminded = 0 } = request;
  if (!requirement.reminder) return null;
  const at = askedAtMs(request) + (reminded + 1) * requirement.reminder.everyMs;
  return remindersDue(request, at) > reminded ? at : null;
}

/** Steps of the escalation that were taken for this digest. */
export function escalationSteps({ escalated }: NodeRecord, gateDigest: string): number {
  return escalated?.gateDigest === gateDigest ? escalated.steps : 0;
}

function hasAdvance(state: MissionState): boolean {
  if (state.status !== "active") return false;
  for (const _nodeId of state.advance.keys()) return true;
  return false;
}

/** Tickets without a receipt: the outbox of the tickets sink. Those of a stopped mission too: they may have run. */
export function outstandingTickets(state: MissionState): readonly HeldTicket[] {
  const tickets: HeldTicket[] = [];
  for (const nodeId of state.timed.keys()) {
    const ticket = state.nodes.get(nodeId)?.ticket;
    if (ticket) tickets.push(ticket);
  }
  return tickets.sort((a, b) => a.seq - b.seq);
}

/** How many re-sends of a ticket are due in (issuedAt, at]. The delay doubles up to a bound. */
export function resendsBetween(issuedAt: string, at: string): number {
  const now = isoToUnixMs(at) ?? 0;
  let resends = 0;
  for (
    let next = nextResendMs(issuedAt, isoToUnixMs(issuedAt) ?? 0);
    next <= now && resends < LIMITS.resendsCountedMax;
    resends += 1
  ) {
    next = nextResendMs(issuedAt, next);
  }
  return resends;
}

/** The first re-send of a ticket after `afterMs`: a pure schedule, so nothing about it is stored. */
export function nextResendMs(issuedAt: string, afterMs: UnixMs): UnixMs {
  let delay: number = LIMITS.ticketResendMs;
  let time = (isoToUnixMs(issuedAt) ?? 0) + delay;
  while (time <= afterMs) {
    delay = Math.min(delay * 2, LIMITS.ticketResendMaxMs);
    time += delay;
  }
  return time;
}

/** Whether an outstanding ticket has been silent for so long that a person should look. */
export function isOverdue(expSeconds: number, at: string): boolean {
  return (isoToUnixMs(at) ?? 0) >= overdueAtMs(expSeconds);
}

/** When a silent ticket becomes a person's business: a few re-sends after it expired. */
function overdueAtMs(expSeconds: number): UnixMs {
  return expSeconds * 1000 + LIMITS.ticketResendMaxMs;
}
