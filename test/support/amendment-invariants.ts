/**
 * The invariants of amendments, from the trace alone: nothing that exists changes, what joins is what
 * was proposed, and from risk 2 on somebody other than the proposer signed for it.
 */
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import { dataOf, type EventData } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { signedIn } from "./approval-invariants.ts";
import { type Model, newModelNode, type Say } from "./mission-model.ts";

/** The amendment under way in a model. */
export interface ModelAmendment {
  readonly data: EventData["amendment.proposed"];
  readonly by: string;
  /** When what each approver signed ends to count, their own right included. */
  readonly endsByApprover: Map<string, string>;
  /** People that were asked for; 0 while nobody is asked. */
  need: number;
  deadlineAt: string;
}

/** Checks an event of the mission that is about an amendment and folds it into the model. */
export function noteAmendment(model: Model, event: TraceEvent, say: Say): void {
  if (event.nodeId !== null) return;
  switch (event.type) {
    case "amendment.proposed": {
      if (model.amendment) say("I5", `seq ${event.seq}: a second amendment is open`);
      const data = dataOf(event, "amendment.proposed");
      const by = event.actor.id;
      model.amendment = { data, by, endsByApprover: new Map(), need: 0, deadlineAt: "" };
      if (data.gateDigest !== digestOf(model, data))
        say("I14", `seq ${event.seq}: the digest is not that of what is asked`);
      return;
    }
    case "approval.requested": {
      const { requirement, deadlineAt, gateDigest } = dataOf(event, "approval.requested");
      if (!model.amendment || gateDigest !== digestOf(model, model.amendment.data))
        say("I14", `seq ${event.seq}: people are asked about another digest`);
      else Object.assign(model.amendment, { need: requirement.quorum, deadlineAt });
      return;
    }
    case "approval.granted":
      noteApproval(model, event, say);
      return;
    case "approval.revoked":
      model.amendment?.endsByApprover.delete(dataOf(event, "approval.revoked").approver);
      return;
    case "approval.voided":
      model.amendment?.endsByApprover.clear();
      return;
    case "approval.denied":
      checkSignature(model, event, "deny", say);
      model.amendment = null;
      return;
    case "approval.expired":
      if (event.at < (model.amendment?.deadlineAt ?? "9"))
        say("I8", `seq ${event.seq}: expired before its deadline`);
      model.amendment = null;
      return;
    case "amendment.refused":
      model.amendment = null;
      return;
    case "mission.amended":
      amend(model, event, say);
      return;
    default:
  }
}

function digestOf(model: Model, { id, amendment }: EventData["amendment.proposed"]): string {
  return hashJson({
    missionId: model.opened.missionId,
    nodeId: id,
    planHash: model.opened.planHash,
    actionType: "plan.amend",
    argsHash: hashJson(amendment),
    evidenceHashes: [],
    policyHash: model.opened.policy.hash,
    risk: Math.max(...amendment.nodes.map((node) => node.risk)),
    attempt: 1,
  });
}

function noteApproval(model: Model, event: TraceEvent, say: Say): void {
  const { amendment } = model;
  const data = dataOf(event, "approval.granted");
  const { approver, statementExpiresAt, validUntil = statementExpiresAt } = data;
  checkSignature(model, event, "approve", say);
  if (!amendment) return;
  const { by, endsByApprover } = amendment;
  if (approver === by) say("I12", `seq ${event.seq}: ${approver} amends and approves`);
  if ((endsByApprover.get(approver) ?? "") > event.at)
    say("I12", `seq ${event.seq}: ${approver} approves twice`);
  endsByApprover.set(approver, statementExpiresAt < validUntil ? statementExpiresAt : validUntil);
}

/** I1, I14: signed with the recorded key, over the digest of what is asked now. */
function checkSignature(model: Model, event: TraceEvent, decision: string, say: Say): void {
  const { amendment } = model;
  if (!amendment) {
    say("I5", `seq ${event.seq}: a decision on no amendment`);
    return;
  }
  const { approver, gateDigest } = event.data as Readonly<Record<string, unknown>>;
  const signed = signedIn(event) ?? {};
  const digest = digestOf(model, amendment.data);
  const expected = { nodeId: amendment.data.id, gateDigest: digest, approver, decision };
  for (const [name, value] of Object.entries(expected))
    if (signed[name] !== value) say("I1", `seq ${event.seq}: ${name} is not what was signed`);
  if (typeof signed["expiresAt"] !== "string" || signed["expiresAt"] <= event.at)
    say("I1", `seq ${event.seq}: the statement had expired`);
  if (gateDigest !== digest) say("I14", `seq ${event.seq}: decided is another digest`);
}

function amend(model: Model, event: TraceEvent, say: Say): void {
  const { amendment, opened } = model;
  if (!amendment) {
    say("I5", `seq ${event.seq}: the plan changes without an amendment`);
    return;
  }
  const { data, endsByApprover, need } = amendment;
  const { nodes, edges } = data.amendment;
  const have = [...endsByApprover.values()].filter((end) => end > event.at).length;
  if (have < Math.max(need, data.risk >= 2 ? 1 : 0))
    say("I1", `seq ${event.seq}: risk ${data.risk} joins the plan and ${have} people approved it`);
  for (const { id } of nodes)
    if (model.nodes.has(id)) say("I5", `seq ${event.seq}: ${id} exists already`);
  for (const { from, to } of edges)
    if (model.nodes.has(to)) say("I5", `seq ${event.seq}: ${from} -> ${to} leads into what exists`);
  const before = canonicalJson([...model.nodes.values()].map(({ spec }) => spec));
  const plan = {
    ...opened.plan,
    nodes: [...opened.plan.nodes, ...nodes],
    edges: [...opened.plan.edges, ...edges],
  };
  const { planHash, amendedPlanHash } = dataOf(event, "mission.amended");
  if (planHash !== opened.planHash) say("I5", `seq ${event.seq}: amends another plan`);
  if (amendedPlanHash !== hashJson(plan)) say("I5", `seq ${event.seq}: another plan comes out`);
  for (const spec of nodes) {
    model.nodes.set(spec.id, newModelNode(spec, plan));
    if (spec.approves !== undefined) model.coveredBy.set(spec.approves, spec.id);
  }
  const kept = [...model.nodes.values()].slice(0, opened.plan.nodes.length);
  if (canonicalJson(kept.map(({ spec }) => spec)) !== before)
    say("I5", `seq ${event.seq}: an existing node changed`);
  model.opened = { ...opened, plan, planHash: amendedPlanHash };
  model.amendment = null;
}
