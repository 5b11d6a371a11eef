/**
 * The exit gate: RUNNING -> DONE. The node produced what its spec promises, its tests passed, the
 * mission may still decide, and the approvals it ran under still stand. A failed test is a failure of the attempt, not a block.
 */
import type { EvidenceSummary } from "../evidence/index.ts";
import type { NodeSpec } from "../plan/index.ts";
import type { JsonObject } from "../strict-json.ts";
import type { Verdict } from "../trace/index.ts";
import { authorization } from "./accountability.ts";
import { missingKinds } from "./evidence.ts";
import { type GateResult, resultOf } from "./pipeline.ts";
import { type GateOutcome, outcomeOf, reasonOf } from "./question.ts";
import type { Reason } from "./reasons.ts";

export interface ExitQuestion {
  /** RFC 3339 with milliseconds. */
  readonly at: string;
  readonly authorizationExpiresAt: string | null;
  readonly spec: NodeSpec;
  /** Bundles submitted to this node. */
  readonly evidence: readonly EvidenceSummary[];
  /** Set for decision nodes of agents. */
  readonly result: {
    readonly outputs: JsonObject;
    readonly tests: readonly { readonly id: string; readonly passed: boolean }[];
  } | null;
  /** Set for execution nodes: whether the gateway reported success. */
  readonly succeeded: boolean | null;
  /** People whose approval covers the digest the node ran under, and how many are needed. */
  readonly approvals: { readonly have: number; readonly need: number };
}

/** Evaluates the exit gate. Never pauses; seals only for an authorization that ran out under a decision. */
export function evaluateExit(question: ExitQuestion): GateResult {
  const { spec, approvals } = question;
  const consistency: Reason[] = [];
  if (question.succeeded === false) {
    consistency.push(
      reasonOf(
        "consistency",
        "ACTION_FAILED",
        "the gateway did not report success",
        "the next attempt, while the node has one",
      ),
    );
  }
  if (spec.kind === "decision" && spec.ownerX !== "system")
    consistency.push(...resultReasons(question));
  const approval =
    approvals.have >= approvals.need
      ? []
      : [
          reasonOf(
            "approval",
            "APPROVAL_MISSING",
            `${approvals.have} of ${approvals.need} approvals over the digest that ran`,
            "nothing clears this here; it ran without them, so an operator stops the mission",
          ),
        ];
  return resultOf([
    { gate: "consistency", outcome: outcomeOf(consistency, "block") },
    {
      gate: "evidence",
      outcome: outcomeOf(missingKinds(spec.evidenceOut, question.evidence, spec.id), "block"),
    },
    { gate: "accountability", outcome: mayStillDecide(question) },
    { gate: "approval", outcome: outcomeOf(approval, "block") },
  ]);
}

/**
 * A decision takes effect when it leaves, so it is authorized then or not at all. An action took effect
 * when the gateway performed it, which confirmation allowed: what is left is to take note of it.
 */
function mayStillDecide(question: ExitQuestion): GateOutcome<Verdict> {
  return question.spec.kind === "decision"
    ? authorization(question)
    : { verdict: "allow", reasons: [] };
}

/** Tests of the spec that the result reports as failed. */
export function failedTests(
  spec: NodeSpec,
  tests: readonly { readonly id: string; readonly passed: boolean }[],
): readonly string[] {
  return spec.tests
    .filter(({ id }) => tests.some((test) => test.id === id && !test.passed))
    .map(({ id }) => id);
}

function resultReasons({ spec, result }: ExitQuestion): readonly Reason[] {
  if (!result)
    return [
      reasonOf(
        "consistency",
        "OUTPUT_MISSING",
        "no result has been submitted",
        `submit outputs to node ${spec.id}`,
      ),
    ];
  const outputs = spec.outputs
    .filter((name) => !Object.hasOwn(result.outputs, name))
    .map((name) =>
      reasonOf(
        "consistency",
        "OUTPUT_MISSING",
        `output ${name} is missing`,
        `submit output ${name}`,
      ),
    );
  const tests = spec.tests
    .filter(({ id }) => !result.tests.some((test) => test.id === id))
    .map(({ id }) =>
      reasonOf(
        "consistency",
        "TEST_MISSING",
        `no result for test ${id}`,
        `run test ${id} and submit its result`,
      ),
    );
  const failed = failedTests(spec, result.tests).map((id) =>
    reasonOf("consistency", "TEST_FAILED", `test ${id} failed`, `make test ${id} pass`),
  );
  return [...outputs, ...tests, ...failed];
}
