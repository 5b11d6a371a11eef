/**
 * The loop guard: when proposals come back from a gate again and again without anything changing, the node
 * waits for a person. Looks only at what is recorded, so it replays. Specification: docs/interventions.md,
 * "The loop guard"; the kinds of loop are Maestro's.
 */
import type { ReasonCode } from "../gates/index.ts";
import { dataOf } from "./event.ts";
import type { Evolving } from "./evolve.ts";
import type { NodeRecord } from "./state.ts";

/** A proposal that the entry gate did not allow. */
export interface ReturnedProposal {
  readonly agent: string;
  /** The gate digest: same action, arguments, evidence, policy and attempt. */
  readonly gateDigest: string;
  /** The gate's codes, sorted; null until it has answered. */
  readonly codes: string | null;
}

/** Proposals of one agent that the node refused without adopting them. */
export interface Refusals {
  readonly agent: string;
  readonly count: number;
}

/** Every kind of loop, as reason codes. */
export const LOOP_CODES = [
  "LOOP_UNCHANGED",
  "LOOP_OSCILLATION",
  "LOOP_SAME_REASON",
  "LOOP_SAME_AGENT",
  "LOOP_PROPOSALS_MAX",
  "LOOP_REFUSALS_MAX",
] as const satisfies readonly ReasonCode[];

export type LoopCode = (typeof LOOP_CODES)[number];

/** Where each kind of loop begins, in proposals of one node since it last ran or was reset. */
export const LOOP_LIMITS = {
  /** The same digest of the same agent in a row. */
  unchangedMax: 3,
  /** The same reasons in a row, whatever was proposed. */
  sameReasonMax: 5,
  /** Two digests taking turns: A, B, A, B. */
  oscillationMax: 4,
  /** The same agent in a row, whatever was proposed and answered. */
  sameAgentMax: 8,
  /** All of them together. */
  proposalsMax: 12,
  /** Refused proposals of one agent, which never touched the node. */
  refusalsMax: 16,
} as const;

/** The first loop that the node's returned proposals make, or null. O(1): at most `proposalsMax` are kept. */
export function loopIn(returned: readonly ReturnedProposal[]): LoopCode | null {
  const { unchangedMax, sameReasonMax, oscillationMax, sameAgentMax, proposalsMax } = LOOP_LIMITS;
  const isConstant = (count: number, of: (entry: ReturnedProposal) => string | null) =>
    returned.length >= count && new Set(returned.slice(-count).map(of)).size === 1;
  if (isConstant(unchangedMax, ({ agent, gateDigest }) => `${agent} ${gateDigest}`))
    return "LOOP_UNCHANGED";
  if (isOscillating(returned.slice(-oscillationMax), oscillationMax)) return "LOOP_OSCILLATION";
  if (isConstant(sameReasonMax, ({ codes }) => codes)) return "LOOP_SAME_REASON";
  if (isConstant(sameAgentMax, ({ agent }) => agent)) return "LOOP_SAME_AGENT";
  return returned.length >= proposalsMax ? "LOOP_PROPOSALS_MAX" : null;
}

function isOscillating(last: readonly ReturnedProposal[], length: number): boolean {
  const [first, second] = last;
  if (last.length < length || first?.gateDigest === second?.gateDigest) return false;
  return last.every(({ gateDigest }, at) => gateDigest === last[at % 2]?.gateDigest);
}

/** Whether this proposal of this agent would make its refusals at the node a loop. */
export function isRefusedTooOften({ refusals = [] }: NodeRecord, agent: string): boolean {
  const count = refusals.find((entry) => entry.agent === agent)?.count ?? 0;
  return count >= LOOP_LIMITS.refusalsMax;
}

/** What an event changes in what the guard remembers of a node. */
export function loopChange(before: NodeRecord, event: Evolving): Partial<NodeRecord> {
  switch (event.type) {
    case "proposal.submitted": {
      const { proposal, gateDigest } = dataOf(event, "proposal.submitted");
      const asked = { agent: proposal.agent.id, gateDigest, codes: null };
      return { returned: [...(before.returned ?? []), asked].slice(-LOOP_LIMITS.proposalsMax) };
    }
    case "proposal.refused":
      return { refusals: refusedOnceMore(before.refusals ?? [], event.actor.id) };
    case "gate.evaluated":
      return gateChange(before, event);
    case "loop.detected": {
      const { agent, code } = dataOf(event, "loop.detected");
      return agent === null ? { loop: code } : {};
    }
    default:
      return {};
  }
}

/** What a node that runs or starts over forgets. */
export const NO_LOOP = { returned: [], refusals: [], loop: null } as const;

function gateChange(before: NodeRecord, event: Evolving): Partial<NodeRecord> {
  const { returned = [] } = before;
  if (event.gateResult?.verdict === "allow") return returned.length > 0 ? NO_LOOP : {};
  const last = returned.at(-1);
  // Asked again for another cause than a proposal: that is no return.
  if (!last || last.codes !== null) return {};
  const codes = [...new Set(event.gateResult?.reasons.map(({ code }) => code))].sort().join(" ");
  return { returned: [...returned.slice(0, -1), { ...last, codes }] };
}

function refusedOnceMore(refusals: readonly Refusals[], agent: string): readonly Refusals[] {
  const count = (refusals.find((entry) => entry.agent === agent)?.count ?? 0) + 1;
  return [...refusals.filter((entry) => entry.agent !== agent), { agent, count }];
}
