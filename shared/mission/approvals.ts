/**
 * Approval requests of a node: opened when its gate pauses for people, voided when what they were
 * asked about, or who asked, has changed.
 */
import { type GateQuestion, isSatisfied, type Reason } from "../gates/index.ts";
import type { ApprovalRequirement, NodeSpec } from "../plan/index.ts";
import { isoToUnixMs, unixMsToIso } from "../time.ts";
import type { EventData } from "./event.ts";
import type { HeldApproval } from "./state.ts";
import { emitNode, recordOf, specOf, type Turn } from "./turn.ts";

/** Voids the node's open request and given approvals when they cover another digest (I14). */
export function clearRequest(turn: Turn, nodeId: string, gateDigest: string): void {
  const { request, approvals } = recordOf(turn, nodeId);
  const stale = approvals.filter((approval) => approval.gateDigest !== gateDigest);
  const voided =
    request && request.gateDigest !== gateDigest ? request.gateDigest : stale[0]?.gateDigest;
  if (voided !== undefined) emitVoided(turn, nodeId, voided, gateDigest, stale);
}

/**
 * Voids the node's open request and given approvals because somebody else proposes now, even where the
 * digest stays the same: people were asked in another name, and perhaps by the one who would approve (I12).
 */
export function clearProposer(turn: Turn, nodeId: string, gateDigest: string): void {
  const { request, approvals } = recordOf(turn, nodeId);
  const voided = request?.gateDigest ?? approvals[0]?.gateDigest;
  if (voided !== undefined) emitVoided(turn, nodeId, voided, gateDigest, approvals);
}

function emitVoided(
  turn: Turn,
  nodeId: string,
  gateDigest: string,
  newGateDigest: string,
  approvals: readonly HeldApproval[],
): void {
  const approvers = [...new Set(approvals.map((approval) => approval.approver))];
  emitNode(turn, "approval.voided", nodeId, { gateDigest, newGateDigest, approvers });
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
  if (!requirement || isSatisfied(question, requirement)) return;
  if (record.request?.gateDigest === question.gateDigest) return;
  const action = question.proposal?.action ?? null;
  emitNode(turn, "approval.requested", nodeId, {
    gateDigest: question.gateDigest,
    attempt: record.attempt,
    risk: question.spec.risk,
    title: question.spec.title,
    summary: summaryOf(question, attemptsOf(turn, question.spec), reasons),
    requirement,
    deadlineAt: unixMsToIso((isoToUnixMs(turn.at) ?? 0) + requirement.deadlineMs),
    action,
    evidence: question.evidence.map((bundle) => bundle.hash),
    ...(question.proposal?.universes && { universes: question.proposal.universes }),
    ...pausesNamed(question),
    ...(question.escalated !== undefined && { escalated: question.escalated }),
    statement: {
      missionId: turn.state.missionId,
      nodeId,
      attempt: record.attempt,
      gateDigest: question.gateDigest,
    },
  });
}

/** What the person clears besides giving the approval itself; nothing where no gate paused. */
function pausesNamed({
  namedPauses = [],
  subjectDigest,
}: GateQuestion): Pick<EventData["approval.requested"], "pauses" | "subjectDigest"> {
  if (namedPauses.length === 0 || subjectDigest === undefined) return {};
  return { pauses: namedPauses, subjectDigest };
}

/** The gates before it that paused are what an approval overrides, so the person reads why they did. */
function summaryOf(
  question: GateQuestion,
  attemptsMax: number | null,
  reasons: readonly Reason[],
): string {
  const paused = reasons.filter(({ gate }) => gate !== "approval" && gate !== "lease");
  if (paused.length === 0) return askingOf(question, attemptsMax);
  const why = paused.slice(0, PAUSES_NAMED_MAX).map(({ detail }) => detail);
  const more = paused.length - why.length;
  return `${askingOf(question, attemptsMax)} Paused: ${why.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
}

/** What a person reads before opening the request itself. */
const PAUSES_NAMED_MAX = 8;

/** How often what is approved here may be tried, where it is another node's action. */
function attemptsOf(turn: Turn, { approves }: NodeSpec): number | null {
  return approves === undefined ? null : specOf(turn.state, approves).attemptsMax;
}

function askingOf({ spec, proposal, agent }: GateQuestion, attemptsMax: number | null): string {
  const who = agent !== null && typeof agent === "object" ? `Agent ${agent.id}` : "The mission";
  const action = proposal?.action;
  if (!action) return `${who} asks for "${spec.title}" to be approved.`;
  const why = proposal.rationale.trim();
  const times = attemptsMax === 1 ? "one attempt" : `up to ${attemptsMax} attempts`;
  // Before the agent's own words, which could otherwise pretend to go on like this.
  const covers =
    attemptsMax === null ? "" : ` The approval covers ${times} of exactly this action.`;
  return `${who} asks to perform ${action.type} on approval of "${spec.title}".${covers} Reason given: ${why}`;
}
