/**
 * From risk to gates: the ordinal risk of a judgement from its factors, and the template of entry and
 * exit that each risk brings. Specification: docs/planner.md, "Gates by risk".
 */
import { initialShare, riskFloor } from "../allocation/index.ts";
import type { RiskFactors } from "./brief.ts";

/** What a risk asks for unless the brief asks for something else. */
export interface GateTemplate {
  /** Least confidence of the evidence that comes in. */
  readonly confidenceMin: number;
  /** People who approve; 0 where the plan asks nobody. */
  readonly quorum: number;
  /** Tests a decision must have. */
  readonly testsMin: number;
  /** Whether an execution gets an approval node before it. */
  readonly approvalNode: boolean;
}

/** By risk, 0 to 4. */
export const GATE_TEMPLATES = [
  { confidenceMin: 0.5, quorum: 0, testsMin: 0, approvalNode: false },
  { confidenceMin: 0.5, quorum: 0, testsMin: 0, approvalNode: false },
  { confidenceMin: 0.5, quorum: 0, testsMin: 1, approvalNode: false },
  { confidenceMin: 0.8, quorum: 1, testsMin: 1, approvalNode: true },
  { confidenceMin: 0.9, quorum: 2, testsMin: 1, approvalNode: true },
] as const satisfies readonly GateTemplate[];

/** The template of a risk; of anything that is no risk, the strictest. */
export function gateTemplate(risk: number): GateTemplate {
  return GATE_TEMPLATES[risk as 0 | 1 | 2 | 3 | 4] ?? GATE_TEMPLATES[4];
}

/**
 * The risk that factors amount to: 0 when H0 is 0, else the highest risk whose human floor H0 reaches.
 * Source: H0 and f of docs/allocation.md; taking the floors as thresholds is our own reading.
 */
export function riskOfFactors(factors: RiskFactors): number {
  const share = initialShare(factors);
  if (share === 0) return 0;
  return [4, 3, 2, 1].find((risk) => riskFloor(risk) <= share) ?? 1;
}
