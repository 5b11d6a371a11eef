/** The passage of time: silence denies, an abandoned lease ends, a silent ticket is reported. */
import { isoToUnixMs, unixMsToIso } from "../../time.ts";
import { fail } from "../advance.ts";
import { isOverdue } from "../due.ts";
import { emitNode, recordOf, type Turn } from "../turn.ts";
import { passAmendment } from "./amend.ts";
import { refusedResult } from "./approve.ts";
import { escalate, remind } from "./escalate.ts";

/**
 * Applies every deadline that has passed by the turn's time, in plan order. Stopped missions stand still,
 * and a paused one takes no answers, so its people's and agents' clocks stand still too.
 */
export function passTime(turn: Turn): void {
  if (turn.state.status === "stopped" || turn.state.status === "completed") return;
  passNodes(turn);
  passAmendment(turn);
}

/** Looks at the nodes that wait only when one of them may be due. */
function passNodes(turn: Turn): void {
  const { dueFloorMs: floor } = turn.state;
  if (floor === null || (floor !== undefined && floor > (isoToUnixMs(turn.at) ?? 0))) return;
  const { indexById } = turn.state.plan;
  const timed = [...turn.state.timed.keys()].sort(
    (a, b) => (indexById.get(a) ?? 0) - (indexById.get(b) ?? 0),
  );
  for (const nodeId of timed) passNode(turn, nodeId);
}

function passNode(turn: Turn, nodeId: string): void {
  const { request, lease, ticket, status } = recordOf(turn, nodeId);
  const isActive = turn.state.status === "active";
  if (isActive && request && request.deadlineAt <= turn.at) {
    const { gateDigest, deadlineAt } = request;
    const gateResult = refusedResult(
      "APPROVAL_EXPIRED",
      `nobody decided by ${deadlineAt}; silence denies`,
    );
    emitNode(turn, "approval.expired", nodeId, { gateDigest, deadlineAt }, { gateResult });
  } else if (isActive && request) {
    escalate(turn, nodeId);
    remind(turn, nodeId);
  }
  if (isActive && status === "RUNNING" && lease?.expiresAt && lease.expiresAt <= turn.at) {
    const reason = {
      code: "LEASE_EXPIRED",
      gate: "lease",
      detail: `the lease ended at ${lease.expiresAt} and the node was still running`,
      counterfactual: "the next attempt, while the node has one",
    } as const;
    fail(turn, nodeId, "lease_expired", { reasons: [reason] });
  }
  if (ticket && !ticket.overdue && isOverdue(ticket.expSeconds, turn.at)) {
    emitNode(turn, "ticket.overdue", nodeId, {
      jti: ticket.jti,
      expiresAt: unixMsToIso(ticket.expSeconds * 1000),
    });
    emitNode(turn, "incident.raised", nodeId, {
      kind: "ticket_unsettled",
      severity: "high",
      reasonCodes: ["TICKET_UNSETTLED"],
      summary: `No receipt has come for the ticket of node ${nodeId}; it is still being re-sent.`,
    });
  }
}
