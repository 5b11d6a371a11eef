/**
 * The invariants of one node's events: who approved, on what evidence, with which ticket, and
 * whether the gate that let it run could have. Everything is worked out again from the trace.
 */
import { type EvidenceBundle, evidenceHash } from "../../shared/evidence/index.ts";
import { hashJson } from "../../shared/canonical.ts";
import type { PublicJwk } from "../../shared/crypto.ts";
import { verifyJws } from "../../shared/jws.ts";
import { dataOf } from "../../shared/mission/index.ts";
import { evaluatePolicy } from "../../shared/policy/index.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { isShared, release, takeLease } from "./lease-invariants.ts";
import type { Model, ModelNode, Say } from "./mission-model.ts";
import { checkApproval, checkSeats, plainSeats } from "./approval-invariants.ts";
import { checkEvidence } from "./evidence-invariants.ts";
import { checkWideGates } from "./gate-invariants.ts";
import { availableTo, digestOf, pausesTold, unfinished } from "./mission-model.ts";
import {
  isFoundNotDone,
  noteDenial,
  noteLate,
  noteReceipt,
  noteReconciled,
} from "./outcome-invariants.ts";
import { factsOf } from "./policy-model.ts";
import { checkBan, noteReset } from "./reset-invariants.ts";
import { checkReceipts } from "./receipt-invariants.ts";
import { isAuthorizedByTrust } from "./trusts.ts";

/** Checks one event of `node` and folds it into the model. */
export function checkNodeEvent(
  model: Model,
  node: ModelNode,
  event: TraceEvent,
  say: Say,
  ticketKey: PublicJwk | null,
): void {
  switch (event.type) {
    case "node.ready":
      if (unfinished(model, node).length > 0) say("I4", `${node.spec.id} is READY too early`);
      break;
    case "node.unblocked":
      if ((event.stateAfter === "RUNNING") !== isPerformed(node))
        say("I7", `seq ${event.seq}: only what has been performed goes back to its exit alone`);
      checkApproval(model, node, event, say);
      break;
    case "evidence.submitted": {
      const { bundle, verification } = dataOf(event, "evidence.submitted");
      if (evidenceHash(bundle) !== bundle.hash || event.evidenceHash !== bundle.hash)
        say("I2", `seq ${event.seq}: the bundle does not give its hash`);
      checkReceipts(bundle, verification, event.seq, say);
      node.evidence.push(bundle);
      node.voidedTo = null;
      break;
    }
    case "proposal.submitted": {
      const { proposal } = dataOf(event, "proposal.submitted");
      const { action } = proposal;
      if (action && hashJson(action.args) !== action.argsHash)
        say("I14", `seq ${event.seq}: the arguments do not give their hash`);
      if (proposal.agent.banned)
        say("I8", `seq ${event.seq}: a banned agent's proposal is adopted`);
      node.proposal = proposal;
      node.proposers.add(proposal.agent.id);
      node.result = null;
      node.voidedTo = null;
      break;
    }
    case "proposal.refused":
      if (event.gateResult?.verdict === "allow") say("I8", `seq ${event.seq}: refused yet allowed`);
      break;
    case "result.submitted": {
      const { result } = dataOf(event, "result.submitted");
      if (result.by !== node.proposal?.agent.id)
        say("I8", `seq ${event.seq}: the result is of ${result.by}`);
      node.result = result;
      break;
    }
    case "gate.evaluated":
      checkGate(model, node, event, say);
      break;
    case "node.failed":
      checkFailure(model, node, event, say);
      break;
    case "node.reset":
      noteReset(model, node, event, say);
      break;
    case "ticket.issued":
      checkTicket(model, node, event, say, ticketKey);
      break;
    case "receipt.recorded":
      noteReceipt(node, event, say);
      break;
    case "receipt.late":
      noteLate(node, event, say);
      break;
    case "outcome.reconciled":
      noteReconciled(node, event, say);
      break;
    case "ticket.denied":
      noteDenial(node, event);
      break;
    default:
      checkApproval(model, node, event, say);
  }
  if (event.stateAfter !== null) node.status = event.stateAfter;
}

/** Whether the action of the attempt under way has been performed. */
function isPerformed({ ticket, attempt }: ModelNode): boolean {
  return ticket?.attempt === attempt && ticket.outcome === "succeeded";
}

function checkGate(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  const data = dataOf(event, "gate.evaluated");
  const allowed = event.gateResult?.verdict === "allow";
  const pinned = data.phase === "exit" ? node.entry?.policyHash : model.opened.policy.hash;
  if (data.policyHash !== pinned) say("I13", `seq ${event.seq} names another policy`);
  if (data.attempt !== node.attempt) say("I14", `seq ${event.seq} names attempt ${data.attempt}`);
  release(model, node);
  const ends = model.opened.plan.authorizationExpiresAt;
  // What the gateway performed in time is noted later; nothing else passes a gate.
  const notes = data.phase === "exit" && node.spec.kind !== "decision";
  if (allowed && ends !== undefined && ends <= event.at && !notes)
    say("I8", `seq ${event.seq}: a gate allows after the authorization ended`);
  if (data.phase === "exit") {
    if (data.gateDigest !== node.entry?.digest)
      say("I1", `seq ${event.seq}: the exit gate names a digest that did not run`);
    if (allowed) checkDone(model, node, event, say);
    return;
  }
  if (isPerformed(node))
    say("I7", `seq ${event.seq}: the entry gate is asked about what has been performed`);
  node.pauses = pausesTold(event);
  const digest = digestOf(model, node);
  if (data.gateDigest !== digest)
    say("I14", `seq ${event.seq}: the digest is not that of what is asked`);
  // Later on, time may have opened another pause.
  if (node.voidedTo?.at === event.at && node.voidedTo.digest !== digest)
    say("I14", `seq ${event.seq}: voided for another digest than follows`);
  node.voidedTo = null;
  if (node.approvals.some((approval) => approval.gateDigest !== digest))
    say("I14", `seq ${event.seq}: approvals of another digest are still held`);
  if (!allowed) return;
  if (unfinished(model, node).length > 0)
    say("I4", `seq ${event.seq}: RUNNING before its predecessors are DONE`);
  if (node.attempt - node.forgiven > node.spec.attemptsMax)
    say("I8", `seq ${event.seq}: attempt ${node.attempt} of ${node.spec.attemptsMax} runs`);
  checkBan(model, node, event, say);
  const isAuthorized = isAuthorizedByTrust(model, node, event, digest, say);
  checkPeople(model, node, digest, event, isAuthorized, say);
  checkWideGates(model, node, event, digest, say);
  checkEvidence(model, node, event.at, event.seq, say);
  checkCoverage(model, node, event.seq, say);
  takeLease(model, node, data.lease?.fence ?? {}, event.seq, say);
  const { policyHash } = data;
  node.entry = {
    digest,
    seq: event.seq,
    attempt: node.attempt,
    policyHash,
    isAuthorized,
    need: isAuthorized ? 0 : askedOf(node, event, digest),
  };
}

/** I1, I12, I13: the people and the policy behind an entry gate that allowed. */
function checkPeople(
  model: Model,
  node: ModelNode,
  digest: string,
  { at, seq }: TraceEvent,
  isAuthorized: boolean,
  say: Say,
): void {
  const { spec, proposal } = node;
  const decision = evaluatePolicy(model.opened.policy.document, {
    kind: spec.kind,
    actionType: proposal?.action?.type ?? null,
    args: proposal?.action?.args ?? null,
    agent: proposal?.agent.id ?? "system",
    zone: spec.zone ?? null,
    risk: spec.risk,
    facts: factsOf(model, node, at),
  });
  if (decision.effect !== "permit") {
    say("I13", `seq ${seq}: the pinned policy does not permit this`);
    return;
  }
  const valid = node.approvals.filter(
    (approval) => approval.gateDigest === digest && approval.expiresAt > at,
  );
  const people = new Set(valid.map((approval) => approval.approver));
  const byPolicy = isAuthorized ? 0 : decision.quorum;
  // One who breaks the glass stands for all, and an incident says so.
  const isBroken = valid.some(({ breakGlass }) => breakGlass);
  if (!isBroken && people.size < quorumOf(node, byPolicy))
    say("I1", `seq ${seq}: ${people.size} approvals are not enough`);
  const groups = isAuthorized ? [] : decision.all;
  for (const all of isBroken ? [] : [spec.approval?.all, groups, plainSeats(spec, byPolicy)])
    checkSeats(all ?? [], valid, seq, say, node.steps);
  for (const apart of spec.approval?.apartFrom ?? [])
    if (model.nodes.get(apart)?.approvals.some(({ approver }) => people.has(approver)))
      say("I12", `seq ${seq}: who approved ${apart} approves this too`);
  if ([...people].some((id) => node.proposers.has(id)))
    say("I12", `seq ${seq}: a proposer is among the approvers`);
  if (valid.length > 0 && node.askedFor !== (proposal?.agent.id ?? null))
    say("I12", `seq ${seq}: people were asked in the name of ${node.askedFor}`);
  if (node.refused.has(digest) && quorumOf(node, decision.quorum) > 0)
    say("I1", `seq ${seq}: a refused digest runs`);
}

/** People that the entry needed: as it says, or as they were asked where they cleared a pause. */
function askedOf(node: ModelNode, event: TraceEvent, digest: string): number {
  const isCleared = event.gateResult?.reasons.some(({ code }) => code === "PAUSE_OVERRIDDEN");
  if (isCleared) return Math.max(1, node.requested.get(digest) ?? 1);
  // Generations before this said nothing of it.
  return dataOf(event, "gate.evaluated").quorum ?? node.requested.get(digest) ?? 0;
}

function quorumOf({ spec }: ModelNode, byPolicy: number): number {
  const needed = spec.kind === "approval" || spec.risk >= 3 || byPolicy > 0;
  return needed ? Math.max(spec.approval?.quorum ?? 1, byPolicy) : 0;
}

/** I1, I12 across nodes: an execution runs only what its approval node approved, proposed by no approver. */
function checkCoverage(model: Model, node: ModelNode, seq: number, say: Say): void {
  const covering = model.nodes.get(model.coveredBy.get(node.spec.id) ?? "");
  if (!covering) return;
  const [approved, action] = [covering.proposal?.action, node.proposal?.action];
  if (
    covering.status !== "DONE" ||
    !action ||
    approved?.argsHash !== action.argsHash ||
    approved.type !== action.type
  )
    say("I1", `seq ${seq}: the action is not the approved one`);
  const [signed, held] = [covering, node].map((one) => availableTo(model, one).current);
  for (const kind of covering.spec.evidenceIn.filter((name) => node.spec.evidenceIn.includes(name)))
    if (hashesOf(signed, kind) !== hashesOf(held, kind))
      say("I14", `seq ${seq}: the evidence of kind ${kind} is not what was approved on`);
  const approvers = covering.approvals.filter(
    (approval) => approval.gateDigest === covering.entry?.digest,
  );
  if (approvers.some((approval) => approval.approver === node.proposal?.agent.id))
    say("I12", `seq ${seq}: the proposer approved this action`);
}

function hashesOf(bundles: readonly EvidenceBundle[] | undefined, kind: string): string {
  const hashes = (bundles ?? []).filter((bundle) => bundle.kind === kind).map(({ hash }) => hash);
  return hashes.sort().join(" ");
}

/** I1, I8: what DONE promises. */
function checkDone(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  const { spec, entry, result } = node;
  const people = new Set(
    node.approvals.filter((a) => a.gateDigest === entry?.digest).map((a) => a.approver),
  );
  if ([...people].some((id) => node.proposers.has(id)))
    say("I12", `seq ${event.seq}: DONE with the approval of a proposer`);
  const asked = entry?.need ?? 0;
  const need =
    spec.kind === "approval" || spec.risk >= 3
      ? Math.max(1, spec.approval?.quorum ?? 1, asked)
      : asked;
  const isBroken = node.approvals.some((a) => a.breakGlass && a.gateDigest === entry?.digest);
  if (people.size < (isBroken ? 1 : need))
    say(
      "I1",
      `seq ${event.seq}: DONE with ${people.size} of ${need} approvals over the digest that ran`,
    );
  for (const kind of spec.evidenceOut)
    if (!node.evidence.some((bundle) => bundle.kind === kind))
      say("I8", `seq ${event.seq}: DONE without evidence ${kind}`);
  if (
    spec.kind === "execution" &&
    (node.ticket?.attempt !== node.attempt || node.ticket.outcome !== "succeeded")
  )
    say("I8", `seq ${event.seq}: DONE without a success of this attempt`);
  if (spec.kind !== "decision" || spec.ownerX === "system") return;
  if (!spec.tests.every(({ id }) => result?.tests.some((test) => test.id === id && test.passed)))
    say("I8", `seq ${event.seq}: DONE without its tests`);
  if (!spec.outputs.every((name) => Object.hasOwn(result?.outputs ?? {}, name)))
    say("I8", `seq ${event.seq}: DONE without its outputs`);
  if (unfinished(model, node).length > 0)
    say("I4", `seq ${event.seq}: DONE before its predecessors`);
}

function checkFailure(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  const { attempt, cause } = dataOf(event, "node.failed");
  // What may have happened keeps its slices, since there are arbiters.
  if (cause !== "in_doubt" || !isShared(model)) release(model, node);
  if (attempt !== node.attempt)
    say("I3", `seq ${event.seq}: attempt ${attempt} failed, ${node.attempt} was under way`);
  if (node.ticket?.outcome === "outstanding") node.ticket.outcome = "burnt";
  if (cause === "in_doubt") {
    if (event.stateAfter !== "BLOCKED")
      say("I15", `seq ${event.seq}: an unknown outcome leads to ${event.stateAfter}`);
    node.inDoubt = true;
    return;
  }
  if (node.ticket?.attempt === attempt && node.ticket.outcome === "unknown")
    say("I15", `seq ${event.seq}: an unknown outcome is counted as a failure`);
  if ((cause === "not_done") !== (node.ticket?.attempt === attempt && isFoundNotDone(node)))
    say("I15", `seq ${event.seq}: an attempt ends by a finding that nobody made`);
  if ((event.stateAfter === "READY") !== attempt - node.forgiven < node.spec.attemptsMax)
    say("I8", `seq ${event.seq}: the attempt budget is not kept`);
  node.attempt += 1;
  if (event.stateAfter !== "READY") return;
  node.proposal = null;
  node.proposers.clear();
  node.result = null;
  node.approvals = [];
}

/** I7: one ticket an attempt, right behind the gate that allowed it, and saying exactly what was allowed. */
function checkTicket(
  model: Model,
  node: ModelNode,
  event: TraceEvent,
  say: Say,
  ticketKey: PublicJwk | null,
): void {
  const data = dataOf(event, "ticket.issued");
  const claims = data.claims as TicketClaims;
  const { spec, entry, ticket, proposal } = node;
  if (spec.kind !== "execution" || node.status !== "RUNNING")
    say("I7", `seq ${event.seq}: a ticket for a ${node.status} ${spec.kind}`);
  if (
    entry?.seq !== event.seq - 1 ||
    claims.trace_seq !== entry.seq ||
    claims.trace_hash !== event.prevHash
  )
    say("I7", `seq ${event.seq}: the ticket does not follow the gate that allowed it`);
  if (ticket && ticket.attempt >= node.attempt)
    say("I7", `seq ${event.seq}: a second ticket for attempt ${node.attempt}`);
  if (ticket?.outcome === "outstanding" || ticket?.outcome === "unknown")
    say("I15", `seq ${event.seq}: a ticket while another is ${ticket.outcome}`);
  if (model.jtis.has(claims.jti)) say("I7", `seq ${event.seq}: the ticket id is used twice`);
  const expected = {
    txn: model.opened.missionId,
    team: model.opened.team,
    node_id: spec.id,
    attempt: node.attempt,
    sub: proposal?.agent.id,
    action_type: proposal?.action?.type,
    args_hash: proposal?.action?.argsHash,
    risk_level: spec.risk,
    gate_digest: entry?.digest,
    policy_version: model.opened.policy.version,
    graph_hash: model.opened.planHash,
  };
  for (const [name, value] of Object.entries(expected))
    if (claims[name as keyof TicketClaims] !== value)
      say("I7", `seq ${event.seq}: ${name} is not what the gate allowed`);
  if (hashJson(claims.fence) !== hashJson(node.fence))
    say("I7", `seq ${event.seq}: the fence is not the lease's`);
  if (ticketKey) {
    const verified = verifyJws(data.ticket, {
      typ: "sekisho-ticket+jwt",
      algs: ["EdDSA"],
      keyByKid: () => ticketKey,
    });
    if (!verified.ok || hashJson(verified.value.payload) !== hashJson(claims))
      say("I7", `seq ${event.seq}: the ticket is not signed as recorded`);
  }
  model.jtis.add(claims.jti);
  node.ticket = { jti: claims.jti, attempt: node.attempt, outcome: "outstanding" };
}
