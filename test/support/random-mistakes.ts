/**
 * Mistakes and attacks: strangers, changed arguments, statements about something else, reports that do not
 * fit. Most of them are refused; the others must move nothing that they may not move.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import type { Command } from "../../shared/mission/index.ts";
import type { Denial } from "../../shared/ticket/index.ts";
import {
  agent,
  claim,
  denial,
  evidence,
  iso,
  keyPair,
  OTHER_MISSION,
  receipt,
  source,
} from "./builders.ts";
import {
  decideApproval,
  passTime,
  propose,
  recordDenial,
  recordReceipt,
  submitEvidence,
  submitResult,
} from "./commands.ts";
import {
  changedBehindSignature,
  contradiction,
  type Prey,
  strayPurpose,
  takeover,
  unvouched,
} from "./random-hostility.ts";
import { lookedAt } from "./random-evidence.ts";
import { randomIntervention } from "./random-intervention.ts";
import { ACTION } from "./random-plan.ts";
import {
  actionOf,
  chosen,
  entriesOf,
  type Entry,
  PEOPLE,
  signed,
  type Turn,
} from "./random-turn.ts";
import { jtiOf } from "./scenario.ts";

/** A mistake or an attack, on any node in any state. */
export function hostile(turn: Turn): Command {
  const { state, gene, seconds } = turn;
  const entry = chosen(entriesOf(state), gene.pick);
  if (!entry) return passTime(seconds);
  const attacks = [
    strangeProposal,
    strangeProposal,
    changedProposal,
    strangeApproval,
    strangeApproval,
    refusal,
    badReceipt,
    badReceipt,
    oldReceipt,
    strangeDenial,
    strangeDenial,
    badEvidence,
    badEvidence,
    badResult,
    badResult,
    intervention,
    hunting(unvouched),
    hunting(unvouched),
    hunting(contradiction),
    hunting(changedBehindSignature),
    hunting(takeover),
    hunting(strayPurpose),
    hunting(strayPurpose),
    hunting(lookedAt),
    hunting(lookedAt),
    hunting(lookedAt),
    secondWord,
  ];
  return (attacks[gene.op % attacks.length] ?? intervention)(turn, entry);
}

/** The attack where there is something to attack; any strange proposal otherwise. */
function hunting(attack: (prey: Prey) => Command | null) {
  return (turn: Turn, entry: Entry): Command => {
    const { state, seconds, gene } = turn;
    const { pick, variant } = gene;
    const command = attack({ entries: entriesOf(state), seconds, pick, variant });
    return command ?? strangeProposal(turn, entry);
  };
}

function strangeProposal({ seconds, gene, state }: Turn, { id, spec }: Entry): Command {
  const action = actionOf(state, spec, 10);
  const { variant } = gene;
  if (variant % 7 === 0) return propose(seconds, id, { agent: null, action });
  if (variant % 7 === 1) return propose(seconds, id, { agent: "unavailable", action });
  if (variant % 7 === 2)
    return propose(seconds, id, { agent: agent("agent-a", { banned: true }), action });
  if (variant % 7 === 3) return propose(seconds, id, { by: "agent-c", action });
  if (variant % 7 === 4) return propose(seconds, id, { rationale: " ", action });
  if (variant % 7 === 5) return propose(seconds, id, { action: { type: "other.thing", args: {} } });
  return propose(seconds, id, { action: { type: ACTION, args: { currency: "USD", amount: 1 } } });
}

/** Other arguments than people were asked about, or than they approved for this execution. */
function changedProposal({ seconds, gene, state }: Turn, entry: Entry): Command {
  const asked = entriesOf(state).filter(({ record }) => record.request && record.proposal?.action);
  const covered = entriesOf(state).filter(
    ({ id, record }) => record.status === "READY" && state.plan.approverOf.has(id),
  );
  const { id, spec } = chosen([...covered, ...asked], gene.pick) ?? entry;
  const action =
    spec.kind === "decision"
      ? null
      : { type: ACTION, args: { currency: "EUR", amount: gene.variant % 90 } };
  return propose(seconds, id, { by: "agent-a", action });
}

function strangeApproval(turn: Turn, entry: Entry): Command {
  const { seconds, gene, state } = turn;
  // Where possible an attack on something that is really being asked.
  const asked = entriesOf(state).filter(({ record }) => record.request);
  const { id, record } = chosen(asked, gene.pick) ?? entry;
  const who = chosen(PEOPLE, gene.variant) ?? PEOPLE[0];
  const changes: readonly object[] = [
    {},
    { missionId: OTHER_MISSION },
    { nodeId: "elsewhere" },
    { attempt: record.attempt + 1 },
    { gateDigest: sha256Hex("another digest") },
    { approver: "ann" },
    { expiresAt: iso(seconds - 1) },
    { issuedAt: iso(seconds + 60) },
    { expiresAt: iso(seconds + 10_000_000) },
    { surplus: true },
  ];
  const change = chosen(changes, Math.floor(gene.variant / 4)) ?? {};
  const key = gene.variant % 11 === 0 ? keyPair("stolen") : (who.keys[1] ?? who.keys[0]);
  const text = signed(who, id, record, seconds, change, key);
  const unknown = gene.variant % 13 === 0 ? { approver: null } : {};
  return decideApproval(seconds, id, who, text, unknown);
}

/** Who approved says so again, or takes it back by denying before the quorum is met. */
function secondWord(turn: Turn, entry: Entry): Command {
  const { seconds, gene, state } = turn;
  const half = entriesOf(state).filter(
    ({ record }) => record.request && record.approvals.length > 0,
  );
  const target = chosen(half, gene.pick);
  const who = PEOPLE.find(({ facts }) => facts.id === target?.record.approvals.at(-1)?.approver);
  if (!target || !who) return strangeApproval(turn, entry);
  const changes = gene.variant % 3 === 0 ? { decision: "deny" } : {};
  return decideApproval(
    seconds,
    target.id,
    who,
    signed(who, target.id, target.record, seconds, changes),
  );
}

function refusal({ seconds, gene, state }: Turn, entry: Entry): Command {
  const asked = entriesOf(state).filter(({ record }) => record.request);
  const { id, record } = chosen(asked, gene.pick) ?? entry;
  // Who approved, who proposed, and who is in no group among them.
  const who = chosen(PEOPLE, gene.variant) ?? PEOPLE[0];
  return decideApproval(seconds, id, who, signed(who, id, record, seconds, { decision: "deny" }));
}

function badReceipt({ seconds, gene, state }: Turn): Command {
  const held = entriesOf(state).flatMap(({ record }) => (record.ticket ? [record.ticket.jti] : []));
  const jti = chosen(held, gene.pick) ?? "tkt_00000000000000000000000000000000";
  const outcome = gene.variant % 3 === 0 ? "unknown" : "failed";
  return recordReceipt(seconds, receipt(jti, { outcome, status: null, responseDigest: null }));
}

function anyJti({ run, gene }: Turn): string | undefined {
  const issued = run.events.filter((event) => event.type === "ticket.issued");
  return (chosen(issued, gene.pick)?.data["claims"] as { jti: string } | undefined)?.jti;
}

/** A receipt of a ticket that is settled, best of all of an earlier attempt of one that is not. */
function oldReceipt(turn: Turn): Command {
  const { run, state, gene } = turn;
  const retried = entriesOf(state).filter(({ record }) => record.ticket && record.attempt > 1);
  const node = chosen(retried, gene.pick);
  const first = node && jtiOf(run, node.id, 0);
  const outcome = chosen(["succeeded", "failed", "unknown"] as const, gene.variant) ?? "failed";
  const jti = first ?? anyJti(turn) ?? "tkt_00000000000000000000000000000000";
  return recordReceipt(turn.seconds, receipt(jti, { outcome }));
}

const DENIALS = [
  "NONCE_USED",
  "TICKET_EXPIRED",
  "GATE_NOT_CONFIRMED",
  "FENCE_STALE",
  "ARGS_HASH_MISMATCH",
  "TICKET_SIGNATURE_INVALID",
] as const satisfies readonly Denial["reason"][];

function strangeDenial(turn: Turn): Command {
  const { seconds, gene } = turn;
  const jti = gene.variant % 5 === 0 ? null : (anyJti(turn) ?? "tkt_unheard_of");
  const reason = chosen(DENIALS, gene.variant) ?? "NONCE_USED";
  return recordDenial(
    seconds,
    denial(jti, { reason, verified: jti !== null && gene.variant % 4 !== 0 }),
  );
}

function badEvidence({ seconds, gene, state }: Turn, entry: Entry): Command {
  const asked = entriesOf(state).filter(
    ({ record, spec: s }) => record.request && s.evidenceIn.length > 0,
  );
  const { id, spec } = chosen(asked, gene.pick) ?? entry;
  const kinds = [...spec.evidenceIn, ...spec.evidenceOut];
  const kind = chosen(kinds, gene.variant) ?? "surprise";
  const about = claim("c1", { value: gene.variant % 5 });
  const flawed = [
    [claim("c1", { sources: [] })],
    [claim("c1", { sources: [source({ kind: "secondary" })] })],
    [claim("c1", { confidence: 0.1 })],
    [about, { ...about, id: "c2", value: -1 }],
    [about],
  ];
  const expires =
    gene.variant % 6 === 0
      ? { expiresAt: iso(seconds - 1) }
      : gene.variant % 6 === 1
        ? { expiresAt: iso(seconds + 5) }
        : {};
  const producedBy = gene.variant % 9 === 0 ? "agent-c" : "agent-a";
  return submitEvidence(
    seconds,
    id,
    evidence(kind, { claims: chosen(flawed, gene.pick) ?? [], producedBy, ...expires }),
  );
}

function badResult({ seconds, gene, state }: Turn, entry: Entry): Command {
  const running = entriesOf(state).filter(
    ({ record, spec }) =>
      spec.kind === "decision" && (record.status === "RUNNING" || record.result),
  );
  const { id, record } = chosen(running, gene.pick) ?? entry;
  const by = gene.variant % 5 === 0 ? "agent-c" : (record.proposal?.agent.id ?? "agent-a");
  const tests = gene.variant % 3 === 0 ? [] : [{ id: "accepted", passed: gene.variant % 3 === 1 }];
  return submitResult(seconds, id, { by, tests, outputs: gene.variant % 2 ? { report: 1 } : {} });
}

function intervention({ seconds, gene }: Turn, { id }: Entry): Command {
  return randomIntervention(seconds, id, gene);
}
