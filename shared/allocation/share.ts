/**
 * A node's share: the formulas put together over what the plan says, what the proposal adds and
 * what the mission has seen. Refuses to let a proposal lower what the plan says.
 * Specification: docs/allocation.md.
 */
import type { EvidenceSummary } from "../evidence/index.ts";
import type { AllocationSpec, FactorsSpec } from "../plan/index.ts";
import {
  agentShare,
  type AllocationFactors,
  decayedShare,
  humanShare,
  initialShare,
} from "./formula.ts";
import { PROFILES, type ProfileName } from "./profile.ts";
import { reviewDraw } from "./selection.ts";

/** Gate passages of one class so far. */
export interface Passages {
  readonly count: number;
  /** Sum of their evidence qualities: EQk. */
  readonly quality: number;
}

export interface ShareQuestion {
  readonly missionId: string;
  readonly nodeId: string;
  readonly attempt: number;
  /** 0 to 4. */
  readonly risk: number;
  /** What the node's plan says; null where only the whole plan has a profile. */
  readonly allocation: AllocationSpec | null;
  /** The plan's profile; the node's own goes before it. */
  readonly profile: ProfileName | null;
  /** Factors of the proposal; they may raise the share and never lower it. */
  readonly proposed: FactorsSpec | null;
  readonly passages: Passages;
}

export interface NodeShare {
  readonly h: number;
  readonly a: number;
  readonly h0: number;
  readonly hk: number;
  /** Passages before this one, and their summed evidence quality. */
  readonly k: number;
  readonly eqk: number;
  /** From 0 up to but not including 1; a human reviews when it is under h. */
  readonly draw: number;
  readonly selected: boolean;
}

/** The share of a node's attempt and whether it is selected for review. Every number is in [0, 1] but k and eqk. */
export function nodeShare(question: ShareQuestion): NodeShare {
  const { allocation, passages } = question;
  const profile = allocation?.profile ?? question.profile;
  const h0 = startOf(question, profile);
  const hk = decayedShare(h0, passages.quality, profile === null ? 0 : PROFILES[profile].stable);
  const h = humanShare(question.risk, allocation?.humanMin ?? 0, hk);
  const draw = reviewDraw(question.missionId, question.nodeId, question.attempt);
  return {
    h,
    a: agentShare(h),
    h0,
    hk,
    k: passages.count,
    eqk: passages.quality,
    draw,
    selected: draw < h,
  };
}

/** The formula's H0 where there are factors, the profile's start where there are none; the higher when only the proposal has them. */
function startOf(
  { risk, allocation, proposed }: ShareQuestion,
  profile: ProfileName | null,
): number {
  const planned = allocation?.factors;
  const start = profile === null || planned !== undefined ? 0 : PROFILES[profile].start;
  if (profile !== null && planned === undefined && proposed === null) return start;
  return Math.max(start, initialShare(combined(risk, planned ?? {}, proposed ?? {})));
}

/** Each factor at its worse value. What nobody names: the risk class as a fraction, and 0. */
function combined(risk: number, planned: FactorsSpec, proposed: FactorsSpec): AllocationFactors {
  const worse = (name: Exclude<keyof AllocationFactors, "reversibility">, otherwise: number) =>
    Math.max(planned[name] ?? otherwise, proposed[name] ?? 0);
  return {
    risk: worse("risk", risk / 4),
    uncertainty: worse("uncertainty", 0),
    impact: worse("impact", 0),
    audit: worse("audit", 0),
    reversibility: Math.min(planned.reversibility ?? 0, proposed.reversibility ?? 1),
  };
}

/** The evidence quality of one passage: the mean over the bundles of each one's least sure claim; 0 without evidence. */
export function evidenceQuality(bundles: readonly EvidenceSummary[]): number {
  if (bundles.length === 0) return 0;
  const bounds = bundles.map(({ claims }) =>
    Math.min(1, ...claims.map((claim) => claim.confidence)),
  );
  return bounds.reduce((sum, bound) => sum + bound, 0) / bounds.length;
}
