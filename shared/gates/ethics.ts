/**
 * Gate 8, ethics: no forbidden purpose, no fabricated evidence. One of the two gates that may seal:
 * neither can be repaired by trying again. Specification: docs/reasons.md, "Ethics".
 */
import type { Verdict } from "../trace/index.ts";
import { type Gate, type GateQuestion, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

export const ethics: Gate<Exclude<Verdict, "pause">> = (question) => {
  const sealing = [...purposeReasons(question), ...fabricationReasons(question)];
  if (sealing.length > 0) return { verdict: "seal", reasons: sealing };
  const undeclared = undeclaredReason(question);
  return undeclared
    ? { verdict: "block", reasons: [undeclared] }
    : { verdict: "allow", reasons: [] };
};

/** What the node is for, and what the proposal says it is for; each may be missing. */
function purposesOf({ spec, proposal }: GateQuestion): readonly string[] {
  const declared = [spec.purpose, proposal?.purpose];
  return [...new Set(declared.filter((purpose) => purpose !== undefined))];
}

function purposeReasons(question: GateQuestion): readonly Reason[] {
  const forbidden = question.forbiddenPurposes ?? [];
  return purposesOf(question).flatMap((purpose) => {
    const match = forbidden.find((name) => purpose === name || purpose.startsWith(`${name}.`));
    if (match === undefined) return [];
    return [
      reasonOf(
        "ethics",
        "PURPOSE_FORBIDDEN",
        `the purpose ${purpose} is forbidden by ${match}`,
        "nothing clears this here; the purpose itself must be given up",
      ),
    ];
  });
}

/** Where purposes are forbidden, an action that does not say what it is for is not let out. */
function undeclaredReason(question: GateQuestion): Reason | null {
  if ((question.forbiddenPurposes ?? []).length === 0) return null;
  if (!question.expectedAction || purposesOf(question).length > 0) return null;
  return reasonOf(
    "ethics",
    "PURPOSE_UNDECLARED",
    "plan or policy forbid purposes and neither node nor proposal says what the action is for",
    "declare the purpose in the proposal",
  );
}

/** Verifiers say that a source is not there, or is not what the claim says it is. */
const FABRICATED = new Set<string>(["absent", "misattributed"]);

function fabricationReasons({ evidence }: GateQuestion): readonly Reason[] {
  return evidence.flatMap((bundle) =>
    (bundle.verification?.claims ?? [])
      .filter(({ status }) => FABRICATED.has(status))
      .map(({ id, status }) =>
        reasonOf(
          "ethics",
          "EVIDENCE_FABRICATED",
          `verifiers found the sources of claim ${bundle.kind}/${id} ${status}`,
          "nothing clears this here; a new mission with true evidence",
        ),
      ),
  );
}
