/**
 * Random commands: six in ten do what the mission needs next, one changes its plan or its policy, the
 * others are mistakes and attacks. Each is a function of a gene and of where the mission stands, so a
 * run replays.
 */
import { sha256Hex } from "../../shared/crypto.ts";
import type { Command } from "../../shared/mission/index.ts";
import { evidence, iso, receipt, START_MS } from "./builders.ts";
import {
  decideApproval,
  intervene,
  passTime,
  propose,
  recordReceipt,
  submitEvidence,
  submitResult,
} from "./commands.ts";
import { change, decidesOpenAmendment } from "./random-change.ts";
import { vouchedFor } from "./random-evidence.ts";
import { hostile } from "./random-mistakes.ts";
import { randomFinding } from "./random-intervention.ts";
import { randomlyTrusted } from "./random-trust.ts";
import {
  actionOf,
  agentFor,
  chosen,
  entriesOf,
  type Entry,
  PEOPLE,
  signed,
  type StepGene,
  type Turn,
} from "./random-turn.ts";
import type { Run } from "./scenario.ts";

/** The next command of a run, after `step` commands. */
export function commandFor(gene: StepGene, run: Run, step: number): Command {
  const { state } = run;
  if (!state) throw new Error("the mission is open");
  const last = Math.ceil((Date.parse(state.lastAt) - START_MS) / 1_000);
  const turn = { run, state, gene, seconds: last + paceOf(gene.pace) };
  const draw = gene.op < 620 ? productive : gene.op < 720 ? change : hostile;
  return { ...draw(turn), entropy: sha256Hex(`entropy ${step}`) };
}

/** Mostly seconds; now and then past a deadline, a lease or an authorization, and sometimes backwards. */
function paceOf(pace: number): number {
  if (pace < 85) return pace % 7;
  if (pace < 90) return -50;
  if (pace < 94) return 61;
  return pace < 98 ? 400 : 4_000;
}

/** Something the mission waits for, or the clock when it waits for nothing. */
function productive(turn: Turn): Command {
  const { state, seconds, gene } = turn;
  if (state.status === "paused") return intervene(seconds, "resume");
  const open = entriesOf(state).filter(
    ({ record }) => record.status !== "NEW" && record.status !== "DONE",
  );
  const commands = open.flatMap((entry) => {
    const command = helpful(turn, entry);
    return command ? [command] : [];
  });
  const decision = decidesOpenAmendment(turn);
  if (decision) commands.push(decision);
  return chosen(commands, gene.pick) ?? passTime(seconds);
}

function helpful(turn: Turn, entry: Entry): Command | null {
  const { id, spec, record } = entry;
  const { seconds } = turn;
  const hands = (kind: string) =>
    submitEvidence(seconds, id, evidence(kind), { agent: agentFor(spec, "agent-a") });
  const missing = record.reasons.find((reason) => reason.code === "EVIDENCE_MISSING");
  const kind = missing?.detail.split(" ").at(-1);
  if (kind) return hands(kind);
  const unverified = record.reasons.find((reason) => reason.code === "RECEIPT_MISSING");
  if (unverified) return vouchedFor(turn, entry, unverified.detail);
  if (record.request) return approveWell(turn, entry);
  if (record.ticket) return recordReceipt(seconds, receipt(record.ticket.jti));
  if (record.receipt?.outcome === "unknown")
    return randomFinding(seconds, id, record.receipt.jti, turn.gene);
  const lacking = spec.evidenceOut.find(
    (out) => !record.evidence.some((bundle) => bundle.kind === out),
  );
  if (record.status === "RUNNING" && lacking) return hands(lacking);
  const by = record.proposal?.agent.id ?? "agent-a";
  if (record.status === "RUNNING")
    return submitResult(seconds, id, {
      by,
      agent: agentFor(spec, by),
      outputs: { report: "done" },
    });
  if (spec.ownerX === "system" || (spec.kind === "approval" && !spec.approves)) return null;
  return proposeWell(turn, entry);
}

function proposeWell({ seconds, gene, state }: Turn, { id, spec }: Entry): Command {
  const { variant } = gene;
  const by = chosen(["agent-a", "agent-b"], variant) ?? "";
  const action = actionOf(state, spec, variant % 60);
  const agent = randomlyTrusted(seconds, agentFor(spec, by), gene);
  const command = propose(seconds, id, { by, action, agent });
  const forbidden = state.plan.plan.forbiddenPurposes ?? state.policy.document.forbiddenPurposes;
  const isNamed = spec.purpose === undefined && (forbidden !== undefined || variant % 10 === 0);
  return {
    ...command,
    proposal: {
      ...command.proposal,
      ...(spec.universes && { universes: observed(seconds, variant) }),
      ...(isNamed && { purpose: "sales.offer" }),
      ...(variant % 6 === 0 && { factors: { impact: 1 } }),
      ...(variant % 5 === 0 && { writeSet: spec.writeSet.slice(0, 1) }),
    },
  };
}

/** Fine, over budget, without evidence, violated, seen too long ago, or not observed at all. */
function observed(seconds: number, variant: number) {
  const kept = [{ id: "cash", violated: false }];
  const seen = { id: "law", risk: 0.3, constraints: kept, evidence: 0.9, uncertainty: 0.1 };
  const now = { ...seen, observedAt: iso(seconds) };
  const all = [
    now,
    now,
    { ...now, risk: 0.8 },
    { ...now, evidence: 0.2 },
    { ...now, uncertainty: 0.9 },
    { ...now, constraints: [{ id: "cash", violated: true }] },
    { ...now, constraints: [] },
    { ...now, observedAt: iso(seconds - 61) },
    seen,
  ];
  const universe = all[variant % 10];
  return universe ? [universe] : [];
}

function approveWell({ gene, ...turn }: Turn, { id, spec, record }: Entry): Command | null {
  const given = new Set(record.approvals.map((approval) => approval.approver));
  const able = PEOPLE.slice(0, 3).filter(
    (who) => who.facts.id !== record.proposal?.agent.id && !given.has(who.facts.id),
  );
  const who = chosen(able, gene.variant);
  if (!who || !record.request) return null;
  // Now and then so late that what was observed is no longer true.
  const isLate = gene.variant % 4 === 0 && spec.universes?.[0]?.staleAfterMs !== undefined;
  const seconds = turn.seconds + (isLate ? 61 : 0);
  // Now and then a person whose right to approve ends soon.
  const ends = gene.variant % 7 === 0 ? { validUntil: iso(seconds + 2) } : {};
  return decideApproval(seconds, id, who, signed(who, id, record, seconds), {
    approver: { ...who.facts, ...ends },
  });
}
