/**
 * A proposal: its gate is asked first. One that fails readiness, scope or consistency is recorded
 * and refused without touching the node, so that a rogue agent can neither block a node nor void
 * what people approved; any other becomes the node's proposal and goes where its verdict leads.
 */
import { hashJson } from "../../canonical.ts";
import { evaluateEntry, type GateResult } from "../../gates/index.ts";
import { err, ok, type Result } from "../../result.ts";
import { enter, reconsider } from "../advance.ts";
import { clearProposer } from "../approvals.ts";
import type { AgentFacts, Proposal, Propose } from "../command.ts";
import { outcomeOf } from "../outcome.ts";
import { isRefusedTooOften, LOOP_LIMITS, type LoopCode, loopIn } from "../loop.ts";
import { questionOf } from "../question.ts";
import type { Rejection } from "../rejection.ts";
import { declarationsOf, type HeldProposal, type NodeRecord } from "../state.ts";
import { emitNode, recordOf, specOf, type Turn } from "../turn.ts";

const ADOPTING_GATES = new Set<string>(["readiness", "scope", "consistency"]);

export function decidePropose(turn: Turn, command: Propose): Result<null, Rejection> {
  const { nodeId, agent, actor } = command;
  const record = recordOf(turn, nodeId);
  const refusal = whyNotAsked(turn, nodeId, record) ?? whyNotHeard(record, nodeId, actor.id);
  if (refusal) return err(refusal);
  const action = command.proposal.action;
  const proposal = {
    ...command.proposal,
    action: action && { ...action, argsHash: hashJson(action.args) },
  };
  const question = questionOf(turn.state, nodeId, { agent, proposal }, turn.at);
  const result = evaluateEntry(question);
  const held = agent === null || agent === "unavailable" ? null : heldProposal(proposal, agent);
  if (!held || !isAdoptable(result)) {
    emitNode(
      turn,
      "proposal.refused",
      nodeId,
      {
        proposal: held,
        proposalId: proposal.id,
        gateDigest: question.gateDigest,
        ...(agent === null || agent === "unavailable"
          ? { asked: { ...said(proposal), agent } }
          : {}),
      },
      { actor, gateResult: result },
    );
    guardAgent(turn, nodeId, actor.id);
    return ok(null);
  }
  emitNode(
    turn,
    "proposal.submitted",
    nodeId,
    { proposal: held, gateDigest: question.gateDigest },
    { actor },
  );
  const before = record.proposal?.agent.id ?? held.agent.id;
  if (before !== held.agent.id) clearProposer(turn, nodeId, question.gateDigest);
  if (record.status === "BLOCKED") reconsider(turn, nodeId, "proposal");
  else enter(turn, nodeId);
  guardNode(turn, nodeId);
  return ok(null);
}

/** After a proposal came back: one that makes a loop of the last ones ends at a person. */
function guardNode(turn: Turn, nodeId: string): void {
  const { status, returned = [] } = recordOf(turn, nodeId);
  const code = status === "BLOCKED" ? loopIn(returned) : null;
  if (code === null) return;
  emitNode(turn, "loop.detected", nodeId, { code, agent: null });
  raiseLoop(
    turn,
    nodeId,
    code,
    `Proposals at node ${nodeId} go round in circles; a person decides.`,
  );
}

/** A refused proposal never touches the node; too many of them, and their agent is not heard there any more. */
function guardAgent(turn: Turn, nodeId: string, agent: string): void {
  if (!isRefusedTooOften(recordOf(turn, nodeId), agent)) return;
  emitNode(turn, "loop.detected", nodeId, { code: "LOOP_REFUSALS_MAX", agent });
  const summary = `Node ${nodeId} refused ${LOOP_LIMITS.refusalsMax} proposals of ${agent} and hears no more of them.`;
  raiseLoop(turn, nodeId, "LOOP_REFUSALS_MAX", summary);
}

function raiseLoop(turn: Turn, nodeId: string, code: LoopCode, summary: string): void {
  const reasonCodes = [code];
  emitNode(turn, "incident.raised", nodeId, {
    kind: "loop_detected",
    severity: "medium",
    reasonCodes,
    summary,
  });
}

/** Whether the gates that judge the asking itself all allow it. */
function isAdoptable(result: GateResult): boolean {
  return result.gates.every(
    ({ gate, verdict }) => verdict === "allow" || !ADOPTING_GATES.has(gate),
  );
}

function heldProposal(
  proposal: Omit<Proposal, "action"> & { action: HeldProposal["action"] },
  agent: AgentFacts,
): HeldProposal {
  return { ...said(proposal), agent };
}

function said(
  proposal: Omit<Proposal, "action"> & { action: HeldProposal["action"] },
): Omit<HeldProposal, "agent"> {
  const { id, rationale, action } = proposal;
  return { id, rationale, action, ...declarationsOf(proposal) };
}

/** What the loop guard has said of the node, or of this agent at it. */
function whyNotHeard(record: NodeRecord, nodeId: string, agent: string): Rejection | null {
  if (record.loop) return { reason: "loop_guarded", nodeId, loop: record.loop, agent: null };
  return isRefusedTooOften(record, agent)
    ? { reason: "loop_guarded", nodeId, loop: "LOOP_REFUSALS_MAX", agent }
    : null;
}

function whyNotAsked(turn: Turn, nodeId: string, record: NodeRecord): Rejection | null {
  const spec = specOf(turn.state, nodeId);
  if (record.verdict === "seal") return { reason: "node_sealed", nodeId };
  if (record.status === "RUNNING" || record.status === "DONE")
    return { reason: "node_not_open", nodeId, state: record.status };
  if (spec.ownerX === "system")
    return {
      reason: "proposal_not_expected",
      nodeId,
      detail: "the system itself advances this node",
    };
  if (spec.kind === "approval" && spec.approves === undefined) {
    return {
      reason: "proposal_not_expected",
      nodeId,
      detail: "this node approves no action; it waits for people",
    };
  }
  if (outcomeOf(record) === "succeeded") {
    return {
      reason: "proposal_not_expected",
      nodeId,
      detail: "the action of this attempt has been performed",
    };
  }
  return null;
}
