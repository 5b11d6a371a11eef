/**
 * The alphabets: which commands are tried in a state. `core` is what moves a node when everybody does their work,
 * `intervening` that and an operator who resets and bans, `full` that and whatever else anybody may send, the wrong
 * things above all, `amending` that and a change of the plan. A command is a function of one
 * node's cell, or of what is not about a node, and of a clock with two settings: equal states, equal commands.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import type { Command, MissionState, NodeRecord } from "../../shared/mission/index.ts";
import type { NodeSpec } from "../../shared/plan/index.ts";
import { amend, amendment } from "../support/amendments.ts";
import {
  agent,
  claim,
  decisionNode,
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
  ban,
  decideApproval,
  intervene,
  passTime,
  propose,
  recordDenial,
  reconcile,
  recordReceipt,
  reset,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";

export type Alphabet = "core" | "intervening" | "full" | "amending";

/** A command with the name it has in a counterexample. */
export interface Letter {
  readonly name: string;
  readonly command: Command;
}

/** What is known of a node when letters are made for it. */
export interface NodeView {
  readonly spec: NodeSpec;
  readonly record: NodeRecord;
  readonly tickets: readonly (readonly [string, { readonly duplicates: number }])[];
  readonly denials: readonly string[];
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

/** Everything that is tried at a node. */
export function lettersAt(view: NodeView, seconds: number, alphabet: Alphabet): readonly Letter[] {
  const { spec, record } = view;
  const { id } = spec;
  const letters = [
    ...workOn(seconds, view),
    ...signaturesOn(seconds, id, record.request?.gateDigest ?? null, record.attempt),
    ...receiptsOf(seconds, view),
  ];
  if (alphabet !== "core") letters.push(...findingsOf(seconds, view));
  if ((record.resets ?? 0) < RESETS_MAX[alphabet].node)
    letters.push({ name: "reset", command: reset(seconds, id) });
  if (isWrongTried(alphabet))
    letters.push(
      ...wrongWorkOn(seconds, view),
      ...wrongSignaturesOn(
        seconds,
        id,
        record.request?.gateDigest ?? record.ranDigest,
        record.attempt,
      ),
      ...refusalsOf(seconds, view),
    );
  // Another ticket, another id; the same for the same attempt, whatever led to it.
  const entropy = sha256Hex(`ticket of ${id}, attempt ${record.attempt}`);
  return letters
    .filter(
      ({ command }) => command.type !== "Propose" || isTried(record, command.actor.id, alphabet),
    )
    .map(({ name, command }) => ({ name: `${id}: ${name}`, command: { ...command, entropy } }));
}

function isWrongTried(alphabet: Alphabet): boolean {
  return alphabet === "full" || alphabet === "amending";
}

/** Proposals of a node that may come back before no more are tried. */
const RETURNED_MAX = 2;

/** Resets that are tried. A third of a node escalates and has tests of its own; of the mission, where the depth is bounded. */
const RESETS_MAX = {
  core: { node: 0, mission: 0 },
  intervening: { node: 2, mission: 0 },
  full: { node: 0, mission: 0 },
  amending: { node: 1, mission: 1 },
} as const satisfies Record<Alphabet, unknown>;

/**
 * Whether one more proposal is tried. The guard against loops counts those that came back and those that were
 * refused, so there would be as many states as it counts; `core` does not propose what cannot be heard yet.
 */
function isTried(record: NodeRecord, agentId: string, alphabet: Alphabet): boolean {
  if (alphabet === "core" && record.status === "NEW") return false;
  if (record.refusals?.some((entry) => entry.agent === agentId)) return false;
  return (record.returned?.length ?? 0) < RETURNED_MAX;
}

/** What is known beside the nodes when letters are made for a mission. */
type RestState = Pick<MissionState, "amendments" | "resets" | "bannedAgents">;

/** Everything that is tried of the mission itself. */
export function lettersOfMission(
  { amendments, resets = 0, bannedAgents = [] }: RestState,
  seconds: number,
  alphabet: Alphabet,
): readonly Letter[] {
  const letters: Letter[] = (["pause", "resume", "stop"] as const).map((kind) => ({
    name: kind,
    command: intervene(seconds, kind),
  }));
  if (seconds < LATE_SECONDS) letters.push({ name: "pass time", command: passTime(LATE_SECONDS) });
  if (resets < RESETS_MAX[alphabet].mission)
    letters.push({ name: "reset everything", command: reset(seconds) });
  if ((alphabet === "intervening" || alphabet === "amending") && bannedAgents.length === 0)
    letters.push({ name: "ban the agent", command: ban(seconds, "agent-a") });
  if (alphabet === "amending") letters.push(...amendmentsIn(amendments, seconds));
  return letters;
}

function soundAction({ kind }: NodeSpec) {
  return kind === "execution" ? vendorSwitch() : null;
}

function workOn(seconds: number, { spec, record }: NodeView): Letter[] {
  const { id, kind } = spec;
  const letters: Letter[] = [
    { name: "propose", command: propose(seconds, id, { action: soundAction(spec) }) },
  ];
  if (kind === "decision")
    letters.push(
      { name: "result", command: submitResult(seconds, id) },
      {
        name: "result, failed",
        command: submitResult(seconds, id, { tests: [{ id: "accepted", passed: false }] }),
      },
    );
  if (takesEvidence(spec) && !holds(record, SOUND.hash))
    letters.push({ name: "evidence", command: submitEvidence(seconds, id, SOUND) });
  return letters;
}

function takesEvidence({ evidenceIn, evidenceOut }: NodeSpec): boolean {
  return evidenceIn.length + evidenceOut.length > 0;
}

/** One of each is enough: a node's bundles are a list, and lists have no end. */
function holds({ evidence: bundles }: NodeRecord, hash: string): boolean {
  return bundles.some((bundle) => bundle.hash === hash);
}

function wrongWorkOn(seconds: number, { spec, record }: NodeView): readonly Letter[] {
  const { id, kind } = spec;
  const action = soundAction(spec);
  const banned = agent("agent-a", { banned: true });
  const letters: Letter[] = [
    { name: "propose, banned", command: propose(seconds, id, { action, agent: banned }) },
    { name: "propose, unknown", command: propose(seconds, id, { action, agent: null }) },
    { name: "propose, another agent", command: propose(seconds, id, { action, by: "agent-b" }) },
    {
      name: "propose what the policy forbids",
      command: propose(seconds, id, { action: { type: "other.thing", args: {} } }),
    },
  ];
  if (kind === "execution")
    letters.push({
      name: "propose other arguments",
      command: propose(seconds, id, { action: vendorSwitch({ to: "another" }) }),
    });
  if (kind === "decision")
    letters.push({
      name: "result of another",
      command: submitResult(seconds, id, { by: "agent-b" }),
    });
  if (takesEvidence(spec) && !holds(record, CONTRARY.hash))
    letters.push({ name: "contrary evidence", command: submitEvidence(seconds, id, CONTRARY) });
  return letters;
}

type Signing = {
  readonly name: string;
  readonly who: Person;
  readonly decision: "approve" | "deny";
  readonly gateDigest: string;
};

function signatureOf(seconds: number, nodeId: string, attempt: number, signing: Signing): Letter {
  const { name, who, decision, gateDigest } = signing;
  const about = { nodeId, gateDigest, attempt, approver: who.facts.id, decision };
  const content = { ...about, issuedAt: iso(seconds), expiresAt: iso(seconds + 1_000) };
  const key = JSON.stringify(content);
  const text = signed.get(key) ?? signStatement(statement(content), who.keys[0]);
  signed.set(key, text);
  return { name, command: decideApproval(seconds, nodeId, who, text) };
}

function signaturesOn(
  seconds: number,
  id: string,
  gateDigest: string | null,
  attempt: number,
): readonly Letter[] {
  if (gateDigest === null) return [];
  return (["approve", "deny"] as const).map((decision) =>
    signatureOf(seconds, id, attempt, { name: decision, who: ANN, decision, gateDigest }),
  );
}

function wrongSignaturesOn(
  seconds: number,
  id: string,
  gateDigest: string | null,
  attempt: number,
): readonly Letter[] {
  if (gateDigest === null) return [];
  const decision = "approve";
  const another = sha256Hex("another digest");
  const signings: readonly Signing[] = [
    { name: "approve by the proposer", who: PROPOSER, decision, gateDigest },
    { name: "approve another digest", who: ANN, decision, gateDigest: another },
  ];
  return signings.map((signing) => signatureOf(seconds, id, attempt, signing));
}

function receiptsOf(seconds: number, { tickets }: NodeView): readonly Letter[] {
  const jti = tickets.at(-1)?.[0];
  if (jti === undefined) return [];
  return (["succeeded", "failed", "unknown"] as const).map((outcome) => ({
    name: `receipt ${outcome}`,
    command: recordReceipt(seconds, receipt(jti, { outcome })),
  }));
}

/**
 * What a person finds of an outcome; tried where it is not known, and refused everywhere else by the same rule. Not in
 * `core`: its rounds of three and four nodes would not end.
 */
function findingsOf(seconds: number, { spec, record }: NodeView): readonly Letter[] {
  if (record.receipt?.outcome !== "unknown") return [];
  return (["done", "not_done"] as const).map((outcome) => ({
    name: `reconcile ${outcome}`,
    command: reconcile(seconds, spec.id, outcome),
  }));
}

/** Every denial and every duplicate is counted, so each is tried once a ticket. */
function refusalsOf(seconds: number, { tickets, denials }: NodeView): readonly Letter[] {
  const [jti, record] = tickets.at(-1) ?? [];
  if (jti === undefined || !record) return [];
  return (["NONCE_USED", "TICKET_EXPIRED"] as const).flatMap((reason) => {
    const isCounted = record.duplicates > 0 && reason === "NONCE_USED";
    if (isCounted || denials.includes(`${jti} ${reason}`)) return [];
    return [{ name: `denial ${reason}`, command: recordDenial(seconds, denial(jti, { reason })) }];
  });
}

/** One node joins, of no risk or of one that people are asked about; once a mission, or there would be no end. */
function amendmentsIn(amendments: MissionState["amendments"], seconds: number): readonly Letter[] {
  const letters: Letter[] = [];
  if (!amendments)
    letters.push(
      ...([0, 2] as const).map((risk) => ({
        name: `amend, risk ${risk}`,
        command: amend(seconds, joining(risk)),
      })),
    );
  const { id, request } = amendments?.open ?? {};
  if (id !== undefined && request)
    letters.push(
      ...signaturesOn(seconds, id, request.gateDigest, 1).map(({ name, command }) => ({
        name: `amendment: ${name}`,
        command,
      })),
    );
  return letters;
}

function joining(risk: 0 | 2) {
  const node = decisionNode("m0", { risk, attemptsMax: 1 });
  return amendment([node], [{ from: "n0", to: "m0" }]);
}
