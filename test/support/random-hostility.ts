/**
 * Attacks that need something worth attacking: agents nobody vouches for, sources that contradict each
 * other, evidence changed behind a signature, a proposal taken over. Null where there is nothing of the kind.
 */
import type { Command } from "../../shared/mission/index.ts";
import { agent, claim, evidence } from "./builders.ts";
import { propose, submitEvidence, submitResult } from "./commands.ts";
import { agentFor, chosen, type Entry } from "./random-turn.ts";

/** Where the mission stands, as far as an attack looks at it. */
export interface Prey {
  readonly entries: readonly Entry[];
  readonly seconds: number;
  readonly pick: number;
  readonly variant: number;
}

/** Evidence or a result that would be welcome, from an agent banned late, gone, or not to be asked about. */
export function unvouched({ entries, seconds, pick, variant }: Prey): Command | null {
  const open = entries.filter(
    ({ record, spec }) =>
      (record.status === "READY" || record.status === "RUNNING" || record.status === "BLOCKED") &&
      spec.ownerX === "agent",
  );
  const entry = chosen(open, pick);
  if (!entry) return null;
  const { id, spec, record } = entry;
  const by = record.proposal?.agent.id ?? "agent-a";
  const facts = chosen([agent(by, { banned: true }), null, "unavailable"] as const, variant);
  const kind = chosen([...spec.evidenceOut, ...spec.evidenceIn], variant);
  if (kind !== undefined && variant % 2 === 0) {
    const bundle = evidence(kind, { producedBy: by });
    return submitEvidence(seconds, id, bundle, { agent: facts ?? null });
  }
  return submitResult(seconds, id, { by, agent: facts ?? null, outputs: { report: "done" } });
}

/** A bundle that says of the usual subject what no other source says; sound in every other way. */
export function contradiction({ entries, seconds, pick, variant }: Prey): Command | null {
  const open = entries.filter(({ record, spec }) => {
    const kinds = record.status === "RUNNING" ? spec.evidenceOut : spec.evidenceIn;
    return record.status !== "NEW" && record.status !== "DONE" && kinds.length > 0;
  });
  const entry = chosen(open, pick);
  if (!entry) return null;
  const { spec, record } = entry;
  const kinds = record.status === "RUNNING" ? spec.evidenceOut : spec.evidenceIn;
  const kind = chosen(kinds, variant) ?? "";
  const claims = [claim(`${kind}-claim`, { value: variant % 3 })];
  const agent = agentFor(spec, "agent-a");
  return submitEvidence(seconds, entry.id, evidence(kind, { claims }), { agent });
}

/** Other evidence for an execution, after people signed its action on the evidence they saw. */
export function changedBehindSignature(prey: Prey): Command | null {
  const { entries, seconds, pick, variant } = prey;
  const signed = entries.flatMap(({ spec, record }) =>
    record.status === "DONE" && spec.approves !== undefined ? [spec] : [],
  );
  const covered = entries.flatMap((entry) => {
    const by = signed.find((spec) => spec.approves === entry.id);
    const shared = entry.spec.evidenceIn.filter((kind) => by?.evidenceIn.includes(kind));
    const isOpen = entry.record.status === "READY" || entry.record.status === "BLOCKED";
    return isOpen && shared.length > 0 ? [{ ...entry, shared }] : [];
  });
  const target = chosen(covered, pick);
  if (!target) return null;
  const kind = chosen(target.shared, variant) ?? "";
  const bundle = evidence(kind, { claims: [claim(`later-${variant % 2}`)] });
  return submitEvidence(seconds, target.id, bundle, { agent: agentFor(target.spec, "agent-a") });
}

/** The very action that people are being asked about, proposed by somebody else. */
export function takeover({ entries, seconds, pick, variant }: Prey): Command | null {
  const asked = entries.filter(({ record }) => record.request && record.proposal);
  const entry = chosen(asked, pick);
  const held = entry?.record.proposal;
  if (!entry || !held) return null;
  const others = ["agent-a", "agent-b", "ann"].filter((id) => id !== held.agent.id);
  const action = held.action && { type: held.action.type, args: held.action.args };
  const by = chosen(others, variant) ?? "agent-b";
  return propose(seconds, entry.id, { by, action, agent: agentFor(entry.spec, by) });
}

/** A proposal that would be welcome, for a purpose that is forbidden or not the node's, or to write elsewhere. */
export function strayPurpose({ entries, seconds, pick, variant }: Prey): Command | null {
  const open = entries.filter(
    ({ record, spec }) => record.status === "READY" && spec.kind === "decision",
  );
  const entry = chosen(open, pick);
  if (!entry) return null;
  const by = "agent-a";
  const command = propose(seconds, entry.id, { by, agent: agentFor(entry.spec, by) });
  const strays = [
    { purpose: "surveillance" },
    { purpose: "surveillance.people" },
    { purpose: "sales.other" },
    { writeSet: ["artifact#elsewhere"] },
    { universes: [{ id: "nowhere", constraints: [] }] },
  ];
  return { ...command, proposal: { ...command.proposal, ...chosen(strays, variant) } };
}
