/**
 * The invariants of approvals: every recorded signature is verified again, with the key recorded
 * beside it, over the statement it must be about; a person counts once and never for themselves.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import type { RecordedPasskey } from "../../shared/approval/index.ts";
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import { jwkThumbprint, type PublicJwk } from "../../shared/crypto.ts";
import { verifyJws } from "../../shared/jws.ts";
import { dataOf } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import {
  digestOf,
  type Model,
  type ModelApproval,
  type ModelNode,
  type Say,
} from "./mission-model.ts";

/** Checks an event about approvals and folds it into the model; other events are none of its business. */
export function checkApproval(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  switch (event.type) {
    case "approval.requested": {
      const { gateDigest, requirement, pauses = [] } = dataOf(event, "approval.requested");
      if (gateDigest !== digestOf(model, node))
        say("I14", `seq ${event.seq}: people are asked about another digest`);
      if ((model.opened.rules ?? 1) >= 3 && hashJson(pauses) !== hashJson(node.pauses))
        say("I14", `seq ${event.seq}: people are shown other pauses than the gates gave`);
      if (node.ticket?.attempt === node.attempt && node.ticket.outcome === "succeeded")
        say("I7", `seq ${event.seq}: people are asked about what has been performed`);
      node.requested.set(gateDigest, requirement.quorum);
      node.askedFor = node.proposal?.agent.id ?? null;
      node.askedAt = event.at;
      if ((dataOf(event, "approval.requested").escalated ?? 0) !== node.steps.length)
        say("I14", `seq ${event.seq}: another number of steps than were taken`);
      return;
    }
    case "approval.escalated": {
      const { step, group, instead = false } = dataOf(event, "approval.escalated");
      const planned = node.spec.approval?.escalation?.[step - 1];
      const waitedMs = Date.parse(event.at) - Date.parse(node.askedAt);
      if (step !== node.steps.length + 1 || planned?.group !== group)
        say("I14", `seq ${event.seq}: a step that the plan does not have, or not now`);
      if (planned && waitedMs < planned.afterMs)
        say("I14", `seq ${event.seq}: escalated ${planned.afterMs - waitedMs} ms too early`);
      node.steps.push({ group, instead });
      return;
    }
    case "approval.granted": {
      const data = dataOf(event, "approval.granted");
      const { gateDigest, approver, groups, statementExpiresAt, validUntil } = data;
      if (validUntil !== undefined && validUntil <= event.at)
        say("I1", `seq ${event.seq}: ${approver} could no longer approve`);
      const ends = [statementExpiresAt, validUntil ?? statementExpiresAt].sort()[0] ?? "";
      checkSignature(model, node, event, data.breakGlass ? "break-glass" : "approve", say);
      const { delegatedBy } = data;
      const people = delegatedBy === undefined ? [approver] : [approver, delegatedBy];
      if (delegatedBy !== undefined) checkDelegation(model, node, event, say);
      if (people.some((id) => node.proposers.has(id)))
        say("I12", `seq ${event.seq}: ${approver} approves what they proposed`);
      if (node.askedFor !== (node.proposal?.agent.id ?? null))
        say("I12", `seq ${event.seq}: people were asked in the name of ${node.askedFor}`);
      const already = node.approvals.some(
        (a) =>
          a.people.some((id) => people.includes(id)) &&
          a.gateDigest === gateDigest &&
          a.expiresAt > event.at &&
          !data.breakGlass,
      );
      if (already) say("I12", `seq ${event.seq}: ${approver} approves twice`);
      const breakGlass = data.breakGlass === true;
      node.approvals.push({ approver, people, groups, gateDigest, expiresAt: ends, breakGlass });
      return;
    }
    case "approval.revoked": {
      const { approver, gateDigest } = dataOf(event, "approval.revoked");
      const left = node.approvals.filter((a) => a.approver !== approver);
      if (left.length === node.approvals.length || gateDigest !== digestOf(model, node))
        say("I1", `seq ${event.seq}: revoked what nobody holds`);
      node.approvals = left;
      return;
    }
    case "approval.denied":
      checkSignature(model, node, event, "deny", say);
      node.refused.set(dataOf(event, "approval.denied").gateDigest, "denied");
      node.approvals = [];
      node.steps = [];
      return;
    case "approval.expired":
      if (dataOf(event, "approval.expired").deadlineAt > event.at)
        say("I8", `seq ${event.seq}: expired before its deadline`);
      node.refused.set(dataOf(event, "approval.expired").gateDigest, "expired");
      node.approvals = [];
      node.steps = [];
      return;
    case "node.unblocked":
      // Resuming asks anew what nobody answered; what somebody denied stays denied.
      if (dataOf(event, "node.unblocked").cause !== "resume") return;
      for (const [digest, cause] of node.refused)
        if (cause === "expired") node.refused.delete(digest);
      return;
    case "approval.voided": {
      const { gateDigest, newGateDigest } = dataOf(event, "approval.voided");
      const sameProposer = node.askedFor === (node.proposal?.agent.id ?? null);
      if (gateDigest === newGateDigest && sameProposer)
        say("I14", `seq ${event.seq}: voided for no change`);
      // Which gates pause now is told by the entry gate that follows; until then only without pauses it is known.
      // After a reset nobody has proposed, so what will be asked next is not known at all.
      const isKnown = newGateDigest !== digestOf(model, node, []) && isAsked(node);
      node.voidedTo = isKnown ? { digest: newGateDigest, at: event.at } : null;
      node.approvals = [];
      node.steps = [];
      return;
    }
    default:
      return;
  }
}

/** Whether there is something to ask the node's gate about: a proposal, or a node that needs none. */
function isAsked({ proposal, spec }: ModelNode): boolean {
  const needsNone = spec.kind === "approval" && spec.approves === undefined;
  return proposal !== null || spec.ownerX === "system" || needsNone;
}

/** A delegation is the delegator's own signed word, for this delegate, team, risk and time, and adds no group. */
function checkDelegation(model: Model, node: ModelNode, event: TraceEvent, say: Say): void {
  const { approver, groups, delegatedBy, delegation } = dataOf(event, "approval.granted");
  const verified = verifyJws(delegation?.statement ?? "", {
    typ: "sekisho-delegation+jwt",
    algs: ["EdDSA", "ES256"],
    keyByKid: (name) => (name === delegation?.kid ? (delegation.jwk as PublicJwk) : undefined),
  });
  if (!verified.ok) {
    say("I1", `seq ${event.seq}: the delegation does not verify`);
    return;
  }
  const said = verified.value.payload;
  const isSaid =
    said["team"] === model.opened.team &&
    said["delegator"] === delegatedBy &&
    said["delegate"] === approver &&
    typeof said["expiresAt"] === "string" &&
    said["expiresAt"] > event.at &&
    Number(said["riskMax"] ?? 4) >= node.spec.risk;
  if (!isSaid) say("I1", `seq ${event.seq}: the delegation is about something else`);
  const own = delegation?.groups ?? [];
  const named = (said["groups"] ?? own) as readonly string[];
  if (groups.some((group) => !own.includes(group) || !named.includes(group)))
    say("I1", `seq ${event.seq}: the delegation gives more than the delegator has`);
}

/** The seats of a requirement that names one group and no others, where the node asks people at all. */
export function plainSeats({ kind, risk, approval }: ModelNode["spec"], byPolicy: number) {
  const { group, all, quorum = 1 } = approval ?? {};
  const isAsked = kind === "approval" || risk >= 3 || byPolicy > 0;
  return isAsked && group !== undefined && all === undefined ? [{ group, quorum }] : [];
}

/** I1, I12: each seat of `all` has a person of its own, worked out by trying every order. */
export function checkSeats(
  all: readonly { readonly group: string; readonly quorum: number }[],
  people: readonly ModelApproval[],
  seq: number,
  say: Say,
  steps: ModelNode["steps"] = [],
): void {
  const seats = all.flatMap(({ group, quorum }) =>
    Array.from({ length: quorum }, () => groupsAfter(group, steps)),
  );
  if (!canSeat(seats, people)) say("I1", `seq ${seq}: a seat of ${seats.join(", ")} is empty`);
}

/** Who fills a seat after these steps: each adds its group, or leaves none but it. */
function groupsAfter(group: string, steps: ModelNode["steps"]): readonly string[] {
  let groups = [group];
  for (const step of steps) groups = step.instead ? [step.group] : [...groups, step.group];
  return groups;
}

function canSeat(seats: readonly (readonly string[])[], people: readonly ModelApproval[]): boolean {
  const [seat, ...others] = seats;
  if (seat === undefined) return true;
  return people
    .filter(({ groups }) => seat.some((group) => groups.includes(group)))
    .some(({ approver }) =>
      canSeat(
        others,
        people.filter((person) => person.approver !== approver),
      ),
    );
}

/** I1: the signature is verified again, with the recorded key, over what it must be about. */
function checkSignature(
  model: Model,
  node: ModelNode,
  event: TraceEvent,
  decision: string,
  say: Say,
): void {
  const { gateDigest, approver, kid, jwk } = event.data as Readonly<Record<string, unknown>>;
  const signed = signedIn(event);
  if (signed === null || jwkThumbprint(jwk as PublicJwk) !== kid) {
    say("I1", `seq ${event.seq}: the signature does not verify`);
    return;
  }
  const expected = {
    missionId: model.opened.missionId,
    nodeId: node.spec.id,
    attempt: node.attempt,
    gateDigest,
    approver,
    decision,
  };
  for (const [name, value] of Object.entries(expected))
    if (signed[name] !== value) say("I1", `seq ${event.seq}: ${name} is not what was signed`);
  const expiresAt = signed["expiresAt"];
  if (typeof expiresAt !== "string" || expiresAt <= event.at)
    say("I1", `seq ${event.seq}: the statement had expired`);
  if (gateDigest !== digestOf(model, node))
    say("I14", `seq ${event.seq}: the signature is over another digest`);
}

/** What was signed, by JWS or by passkey, where the signature verifies with the key recorded beside it. */
export function signedIn(event: TraceEvent): Readonly<Record<string, unknown>> | null {
  const { kid, jwk, passkey } = event.data as unknown as {
    readonly kid: string;
    readonly jwk: PublicJwk;
    readonly passkey?: RecordedPasskey;
  };
  if (passkey) return passkeySigned(jwk, passkey, event.approvalSignature ?? "");
  const verified = verifyJws(event.approvalSignature, {
    typ: "sekisho-approval+jwt",
    algs: ["EdDSA", "ES256"],
    keyByKid: (name) => (name === kid ? jwk : undefined),
  });
  return verified.ok ? verified.value.payload : null;
}

/** WebAuthn section 7.2 again, with the platform's own crypto and nothing of ours but the canonical form. */
function passkeySigned(jwk: PublicJwk, recorded: RecordedPasskey, signature: string) {
  const bytes = (text: string) => Buffer.from(text, "base64url");
  const hash = (input: string | Uint8Array) => createHash("sha256").update(input).digest();
  const client = bytes(recorded.clientDataJSON);
  const data = bytes(recorded.authenticatorData);
  const said = JSON.parse(client.toString("utf8")) as Readonly<Record<string, unknown>>;
  const challenge = hash(canonicalJson(recorded.statement)).toString("base64url");
  const isSound =
    said["type"] === "webauthn.get" &&
    said["challenge"] === challenge &&
    said["origin"] === recorded.origin &&
    data.subarray(0, 32).equals(hash(recorded.rpId)) &&
    ((data[32] ?? 0) & 0x05) === 0x05 &&
    verify(
      jwk.kty === "EC" ? "sha256" : null,
      Buffer.concat([data, hash(client)]),
      createPublicKey({ key: jwk, format: "jwk" }),
      bytes(signature),
    );
  return isSound ? recorded.statement : null;
}
