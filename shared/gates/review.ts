/**
 * Reviews: when a person must look at a node that its risk alone sends to nobody. Asked by the
 * approval gate; decides nothing by itself. Specification: docs/allocation.md.
 */
import { type GateQuestion, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

/** From this risk on people approve every node, selected or not. */
const ALWAYS_REVIEWED_FROM_RISK = 3;

/** Approvals a review asks for: 1 or 0. */
export function reviewQuorum(question: GateQuestion): 0 | 1 {
  return isSelected(question) ? 1 : 0;
}

/** Why this node was selected; empty when it was not. */
export function selectionReasons(question: GateQuestion): readonly Reason[] {
  const { share } = question;
  if (!share || !isSelected(question)) return [];
  const detail = `selected for human review: draw ${share.draw.toFixed(9)} is under the human share ${share.h}`;
  return [reasonOf("approval", "REVIEW_SELECTED", detail, "one approval over the current digest")];
}

function isSelected({ share, spec }: GateQuestion): boolean {
  return share?.selected === true && spec.risk < ALWAYS_REVIEWED_FROM_RISK;
}
