/**
 * What the invariants know of policies: the one pinned now, and every action so far, kept as a plain
 * list and searched anew at each question. An oracle for what the core keeps incrementally.
 */
import { hashJson } from "../../shared/canonical.ts";
import type { PublicJwk } from "../../shared/crypto.ts";
import { verifyJws } from "../../shared/jws.ts";
import { dataOf } from "../../shared/mission/index.ts";
import type { PolicyFacts } from "../../shared/policy/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { availableTo, type Model, type ModelNode, type Say } from "./mission-model.ts";

/** I13: a mission moves to a policy only from the one it had, by a signature, to a document of its hash. */
export function noteRepin(model: Model, event: TraceEvent, say: Say): void {
  if (event.type !== "mission.policy_repinned") return;
  const { from, policy, approver, kid, jwk } = dataOf(event, "mission.policy_repinned");
  if (from.hash !== model.opened.policy.hash)
    say("I13", `seq ${event.seq} moves from another policy`);
  if (hashJson(policy.document) !== policy.hash)
    say("I13", `seq ${event.seq}: the policy does not give its hash`);
  if (event.approvalSignature === null || event.actor.kind !== "human")
    say("I13", `seq ${event.seq}: nobody signed for the other policy`);
  const verified = verifyJws(event.approvalSignature, {
    typ: "sekisho-policy-repin+jwt",
    algs: ["EdDSA", "ES256"],
    keyByKid: (name) => (name === kid ? (jwk as PublicJwk) : undefined),
  });
  if (!verified.ok) say("I13", `seq ${event.seq}: the signature does not verify`);
  const signed = verified.ok ? verified.value.payload : {};
  const expected = {
    missionId: model.opened.missionId,
    version: policy.version,
    policyHash: policy.hash,
    fromPolicyHash: model.opened.policy.hash,
    decision: "repin",
    approver,
  };
  for (const [name, value] of Object.entries(expected))
    if (signed[name] !== value) say("I13", `seq ${event.seq}: ${name} is not what was signed`);
  if (typeof signed["expiresAt"] !== "string" || signed["expiresAt"] <= event.at)
    say("I13", `seq ${event.seq}: the statement had expired`);
  if (approver !== event.actor.id) say("I13", `seq ${event.seq}: ${event.actor.id} did not sign`);
  model.opened = { ...model.opened, policy };
}

/** Keeps the list of actions; to be called with every event, before it changes the node. */
export function noteAction(model: Model, event: TraceEvent): void {
  const node = event.nodeId === null ? undefined : model.nodes.get(event.nodeId);
  if (event.type === "ticket.issued" && node?.proposal?.action) {
    const { claims } = dataOf(event, "ticket.issued");
    const { type, args } = node.proposal.action;
    const { at } = event;
    model.actions.push({
      type,
      args,
      at,
      nodeId: node.spec.id,
      jti: claims.jti,
      cameToNothing: false,
    });
  }
  if (event.type === "receipt.recorded") {
    const { receipt } = dataOf(event, "receipt.recorded");
    for (const action of model.actions)
      if (action.jti === receipt.jti && receipt.outcome === "failed") action.cameToNothing = true;
  }
  if (event.type === "outcome.reconciled") {
    const { jti, outcome } = dataOf(event, "outcome.reconciled");
    for (const action of model.actions)
      if (action.jti === jti && outcome === "not_done") action.cameToNothing = true;
  }
  if (event.type === "node.failed" && dataOf(event, "node.failed").cause === "ticket_unused") {
    for (const action of model.actions)
      if (action.jti === node?.ticket?.jti) action.cameToNothing = true;
  }
}

/** The context of the pinned policy's conditions at an entry gate. */
export function factsOf(model: Model, node: ModelNode, at: string): PolicyFacts {
  const { spec, proposal } = node;
  const list = (type: string) =>
    model.actions
      .map((action, order) => ({ ...action, order }))
      .filter((action) => action.type === type && !action.cameToNothing) as never;
  return {
    at,
    node: {
      id: spec.id,
      kind: spec.kind,
      risk: spec.risk,
      phase: spec.phase,
      zone: spec.zone ?? "",
      attempt: node.attempt,
    },
    mission: {
      id: model.opened.missionId,
      state: model.status,
      // Counted when a condition asks, so that a decision without conditions is known to look at no other node.
      get done() {
        return [...model.nodes.values()].filter(({ status }) => status === "DONE").length;
      },
      total: model.nodes.size,
    },
    agent: {
      id: proposal?.agent.id ?? "system",
      skills: proposal?.agent.skills ?? [],
      zone: proposal?.agent.zone ?? "",
    },
    evidence: availableTo(model, node).current.map(({ kind, claims }) => ({
      kind,
      confidence: Math.min(...claims.map((claim) => claim.confidence)),
      primary: claims.every((claim) => claim.sources.some((source) => source.kind === "primary")),
      claims: claims.length,
    })),
    history: {
      self: spec.id,
      at,
      actions: { get: (type) => ({ entries: list(type), isFull: false }) },
    },
  };
}
