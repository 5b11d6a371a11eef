/**
 * The alphabet: every command that is tried in every state, the sound ones and the wrong ones. A command is a
 * function of the state and of a clock with two settings, so that equal states get equal commands.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import type { Command, MissionState, NodeRecord } from "../../shared/mission/index.ts";
import type { NodeSpec } from "../../shared/plan/index.ts";
import {
  agent,
  claim,
  denial,
  evidence,
  iso,
  person,
  type Person,
  receipt,
  signStatement,
  statement,
} from "../support/builders.ts";
import {
  decideApproval,
  intervene,
  passTime,
  propose,
  recordDenial,
  recordReceipt,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";

/** A command with the name it has in a counterexample. */
export interface Letter {
  readonly name: string;
  readonly command: Command;
}

/** Beyond every deadline of a request, a lease or a ticket. */
export const LATE_SECONDS = 30 * 86_400;

const ANN = person("ann");
/** A human who is also the proposing agent: separation of duties. */
const PROPOSER = person("agent-a");
const SOUND = evidence("offer");
const CONTRARY = evidence("offer", {
  claims: [claim("a"), claim("b", { subject: "subject of a", value: "other" })],
});
const signed = new Map<string, string>();

/** Everything that is tried in `state` at `seconds`. */
export function lettersOf(state: MissionState, seconds: number): readonly Letter[] {
  const letters: Letter[] = [];
  for (const id of state.plan.order) {
    const [spec, record] = [state.plan.specById.get(id), state.nodes.get(id)];
    if (!spec || !record) continue;
    letters.push(
      ...workOn(seconds, spec, record),
      ...signaturesOn(seconds, id, record),
      ...reportsOn(state, seconds, id),
    );
  }
  for (const kind of ["pause", "resume", "stop"] as const)
    letters.push({ name: kind, command: intervene(seconds, kind) });
  if (seconds < LATE_SECONDS) letters.push({ name: "pass time", command: passTime(LATE_SECONDS) });
  // Another ticket, another entropy; the same for the same state.
  const entropy = sha256Hex(`entropy ${[...state.tickets.keys()].length}`);
  return letters.map(({ name, command }) => ({ name, command: { ...command, entropy } }));
}

function workOn(seconds: number, spec: NodeSpec, record: NodeRecord): readonly Letter[] {
  const { id } = spec;
  const action = spec.kind === "execution" ? vendorSwitch() : null;
  const letters: Letter[] = [
    { name: `${id}: propose`, command: propose(seconds, id, { action }) },
    {
      name: `${id}: propose, banned`,
      command: propose(seconds, id, { action, agent: agent("agent-a", { banned: true }) }),
    },
    {
      name: `${id}: propose what the policy forbids`,
      command: propose(seconds, id, { action: { type: "other.thing", args: {} } }),
    },
  ];
  if (spec.kind === "decision")
    letters.push(
      { name: `${id}: result`, command: submitResult(seconds, id) },
      {
        name: `${id}: result, failed`,
        command: submitResult(seconds, id, { tests: [{ id: "accepted", passed: false }] }),
      },
      { name: `${id}: result of another`, command: submitResult(seconds, id, { by: "agent-b" }) },
    );
  // One of each is enough: a node's bundles are a list, and lists have no end.
  for (const [name, bundle] of [
    ["evidence", SOUND],
    ["contrary evidence", CONTRARY],
  ] as const)
    if (spec.evidenceOut.length > 0 && !record.evidence.some(({ hash }) => hash === bundle.hash))
      letters.push({ name: `${id}: ${name}`, command: submitEvidence(seconds, id, bundle) });
  return letters;
}

function signaturesOn(seconds: number, id: string, record: NodeRecord): readonly Letter[] {
  const gateDigest = record.request?.gateDigest ?? record.ranDigest;
  if (gateDigest === null) return [];
  const { attempt } = record;
  const sign = (name: string, who: Person, decision: "approve" | "deny", digest = gateDigest) => {
    const about = { nodeId: id, gateDigest: digest, attempt, approver: who.facts.id, decision };
    const content = { ...about, issuedAt: iso(seconds), expiresAt: iso(seconds + 1_000) };
    const key = JSON.stringify(content);
    const text = signed.get(key) ?? signStatement(statement(content), who.keys[0]);
    signed.set(key, text);
    return { name: `${id}: ${name}`, command: decideApproval(seconds, id, who, text) };
  };
  return [
    sign("approve", ANN, "approve"),
    sign("approve by the proposer", PROPOSER, "approve"),
    sign("approve another digest", ANN, "approve", sha256Hex("another digest")),
    sign("deny", ANN, "deny"),
  ];
}

function reportsOn(state: MissionState, seconds: number, id: string): readonly Letter[] {
  const jti = [...state.tickets.keys()].findLast((key) => state.tickets.get(key)?.nodeId === id);
  if (jti === undefined) return [];
  const outcomes = ["succeeded", "failed", "unknown"] as const;
  const letters: Letter[] = outcomes.map((outcome) => ({
    name: `${id}: receipt ${outcome}`,
    command: recordReceipt(seconds, receipt(jti, { outcome })),
  }));
  // Every denial and every duplicate is counted, so each is tried once a ticket.
  const counted = (state.tickets.get(jti)?.duplicates ?? 0) > 0;
  for (const reason of ["NONCE_USED", "TICKET_EXPIRED"] as const)
    if (!state.denials.has(`${jti} ${reason}`) && !(counted && reason === "NONCE_USED"))
      letters.push({
        name: `${id}: denial ${reason}`,
        command: recordDenial(seconds, denial(jti, { reason })),
      });
  return letters;
}
