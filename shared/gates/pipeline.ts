/**
 * The entry pipeline: every gate is asked, in fixed order, and the worst verdict wins.
 *
 * A gate that throws is `block` with GATE_FAILURE, never `allow`; so is every gate whose question is
 * larger than a gate may look at (work.ts). The table of gates below is where the right to seal is a
 * fact of the types: see test/unit/gates.test.ts.
 */
import { LIMITS } from "../limits.ts";
import type { GateResultRecord, Verdict } from "../trace/index.ts";
import { accountability } from "./accountability.ts";
import { approval } from "./approval.ts";
import { consistency } from "./consistency.ts";
import { ethics } from "./ethics.ts";
import { evidence } from "./evidence.ts";
import { lease } from "./lease.ts";
import { policy } from "./policy.ts";
import {
  type Gate,
  type GateOutcome,
  type GateQuestion,
  type NamedPause,
  type RefusableVerdict,
  reasonOf,
} from "./question.ts";
import { isOverridden, overridden, pausesIn } from "./override.ts";
import { readiness } from "./readiness.ts";
import type { GateName, Reason } from "./reasons.ts";
import { relativity } from "./relativity.ts";
import { scope } from "./scope.ts";
import { universe } from "./universe.ts";
import { stepsOf } from "./work.ts";

/** Gates that may seal. A gate of any other name has a type that cannot hold `seal`. */
type SealingGate = "ethics" | "accountability";

/** Gates whose pause a person may clear. Besides them only approval and lease have a type that can hold `pause`. */
type OverridableGate = "relativity" | "evidence" | "universe";

/** A place in the pipeline: a gate's name and a gate that can hold no worse verdict than that name may give. */
export type GateEntry =
  | { readonly gate: SealingGate; readonly ask: Gate<Exclude<Verdict, "pause">> }
  | { readonly gate: "relativity"; readonly ask: Gate<"allow" | "pause"> }
  | { readonly gate: "evidence" | "universe" | "approval"; readonly ask: Gate<RefusableVerdict> }
  | { readonly gate: "lease"; readonly ask: Gate<"allow" | "pause"> }
  | {
      readonly gate: "readiness" | "scope" | "consistency" | "policy";
      readonly ask: Gate<"allow" | "block">;
    };

/** All eleven, in the order of their numbers. Exported for the test that proves it. */
export const PIPELINE: readonly GateEntry[] = [
  { gate: "readiness", ask: readiness },
  { gate: "scope", ask: scope },
  { gate: "consistency", ask: consistency },
  { gate: "relativity", ask: relativity },
  { gate: "evidence", ask: evidence },
  { gate: "policy", ask: policy },
  { gate: "universe", ask: universe },
  { gate: "ethics", ask: ethics },
  { gate: "accountability", ask: accountability },
  { gate: "approval", ask: approval },
  { gate: "lease", ask: lease },
];

const RANK = { allow: 0, pause: 1, block: 2, seal: 3 } as const satisfies Record<Verdict, number>;

/** The worse of two verdicts: the join of the lattice allow < pause < block < seal. */
export function worse(a: Verdict, b: Verdict): Verdict {
  return RANK[a] >= RANK[b] ? a : b;
}

/** A pipeline's result; `score` is the rank of the verdict, 0 (allow) to 3 (seal). */
export interface GateResult extends GateResultRecord {
  readonly reasons: readonly Reason[];
  readonly gates: readonly { readonly gate: GateName; readonly verdict: Verdict }[];
}

const OVERRIDABLE: Readonly<Record<OverridableGate, true>> = {
  relativity: true,
  evidence: true,
  universe: true,
};

/**
 * The pauses that people would be asked to clear, in pipeline order: what the gate digest names. Looks at
 * nothing that depends on the digest, so it can be asked before there is one.
 */
export function pausesOf(question: GateQuestion): readonly NamedPause[] {
  if (stepsOf(question) > LIMITS.gateStepsMax) return [];
  return pausesIn(
    PIPELINE.filter(({ gate }) => Object.hasOwn(OVERRIDABLE, gate)).map(({ gate, ask }) => ({
      gate,
      outcome: askSafely(gate, ask, question),
    })),
  );
}

/**
 * Asks every gate of the entry pipeline. Reasons come in pipeline order.
 *
 * A person may override a pause: where enough people approved this very digest, the pauses that the
 * digest names count as allowed, each with a PAUSE_OVERRIDDEN reason (override.ts).
 */
export function evaluateEntry(question: GateQuestion): GateResult {
  if (stepsOf(question) > LIMITS.gateStepsMax)
    return resultOf(PIPELINE.map(({ gate }) => ({ gate, outcome: failureOf(gate) })));
  const asked = (entry: GateEntry, about: GateQuestion) => ({
    gate: entry.gate,
    outcome: askSafely(entry.gate, entry.ask, about),
  });
  const before = PIPELINE.filter(({ gate }) => gate !== "approval").map((entry) =>
    asked(entry, question),
  );
  const paused = pausesIn(before).map(({ gate }) => gate);
  const about = paused.length === 0 ? question : { ...question, pausedGates: paused };
  const outcomes = PIPELINE.map(
    (entry) => before.find(({ gate }) => gate === entry.gate) ?? asked(entry, about),
  );
  if (!isOverridden(about, outcomes)) return resultOf(outcomes);
  return resultOf(outcomes.map((entry) => overridden(entry, question.approvers)));
}

/** Joins outcomes into one result. */
export function resultOf(
  outcomes: readonly { gate: GateName; outcome: GateOutcome<Verdict> }[],
): GateResult {
  const verdict = outcomes.reduce<Verdict>(
    (worst, { outcome }) => worse(worst, outcome.verdict),
    "allow",
  );
  return {
    verdict,
    score: RANK[verdict],
    reasons: outcomes.flatMap(({ outcome }) => outcome.reasons),
    gates: outcomes.map(({ gate, outcome }) => ({ gate, verdict: outcome.verdict })),
  };
}

/** Asks one gate; whatever it throws becomes a block. Exported for the diff gate, and the test that proves it. */
export function askSafely<Question>(
  gate: GateName,
  ask: (question: Question) => GateOutcome<Verdict>,
  question: Question,
): GateOutcome<Verdict> {
  try {
    const outcome = ask(question);
    if (Object.hasOwn(RANK, outcome.verdict)) return outcome;
  } catch {
    // What was thrown is of no use to a caller and may quote evidence; the code says enough.
  }
  return failureOf(gate);
}

function failureOf(gate: GateName): GateOutcome<Verdict> {
  return {
    verdict: "block",
    reasons: [
      reasonOf(
        gate,
        "GATE_FAILURE",
        `gate ${gate} failed`,
        "report the failure; nothing passes until it is mended",
      ),
    ],
  };
}
