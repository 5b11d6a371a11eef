/**
 * Approval requests of a node: opened when its gate pauses for people, voided when what they were
 * asked about has changed.
 */
import type { GateQuestion, Reason } from "../gates/index.ts";
import type { ApprovalRequirement } from "../plan/index.ts";
import { isoToUnixMs, unixMsToIso } from "../time.ts";
import { emitNode, recordOf, type Turn } from "./turn.ts";

/** Voids the node's open request and given approvals when they cover another digest (I14). */
export function clearRequest(turn: Turn, nodeId: string, gateDigest: string): void {
  const { request, approvals } = recordOf(turn, nodeId);
  const stale = approvals.filter((approval) => approval.gateDigest !== gateDigest);
  const voided =
    request && request.gateDigest !== gateDigest ? request.gateDigest : stale[0]?.gateDigest;
  if (voided === undefined) return;
  emitNode(turn, "approval.voided", nodeId, {
    gateDigest: voided,
    newGateDigest: gateDigest,
    approvers: [...new Set(stale.map((approval) => approval.approver))],
  });
}

/** Asks people, once per digest. Nothing to do when the pause is not about approval. */
export function requestApproval(
  turn: Turn,
  nodeId: string,
  question: GateQuestion,
  requirement: ApprovalRequirement | null,
  reasons: readonly Reason[] = [],
): void {
  const record = recordOf(turn, nodeId);
  if (!requirement || question.approvers.length >= requirement.quorum) return;
  if (record.request?.gateDigest === question.gateDigest) return;
  const action = question.proposal?.action ?? null;
  emitNode(turn, "approval.requested", nodeId, {
    gateDigest: question.gateDigest,
    attempt: record.attempt,
    risk: question.spec.risk,
    title: question.spec.title,
    summary: summaryOf(question, reasons),
    requirement,
    deadlineAt: unixMsToIso((isoToUnixMs(turn.at) ?? 0) + requirement.deadlineMs),
    action,
    evidence: question.evidence.map((bundle) => bundle.hash),
    ...(question.proposal?.universes && { universes: question.proposal.universes }),
    statement: {
      missionId: turn.state.missionId,
      nodeId,
      attempt: record.attempt,
      gateDigest: question.gateDigest,
    },
  });
}

/** The gates before it that paused are what an approval overrides, so the person reads why they did. */
function summaryOf(question: GateQuestion, reasons: readonly Reason[]): string {
  const paused = reasons.filter(({ gate }) => gate !== "approval" && gate !== "lease");
  if (paused.length === 0) return askingOf(question);
  const why = paused.slice(0, PAUSES_NAMED_MAX).map(({ detail }) => detail);
  const more = paused.length - why.length;
  return `${askingOf(question)} Paused: ${why.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
}

/** What a person reads before opening the request itself. */
const PAUSES_NAMED_MAX = 8;

function askingOf({ spec, proposal, agent }: GateQuestion): string {
  const who = agent !== null && typeof agent === "object" ? `Agent ${agent.id}` : "The mission";
  const action = proposal?.action;
  if (!action) return `${who} asks for "${spec.title}" to be approved.`;
  const why = proposal.rationale.trim();
  return `${who} asks to perform ${action.type} on approval of "${spec.title}". Reason given: ${why}`;
}
