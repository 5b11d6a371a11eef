/** More rows for the table of the gates: evidence of several sources, and who may not both propose and approve. */
import { hashJson } from "../../shared/canonical.ts";
import type { EvidenceSummary } from "../../shared/evidence/index.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import { claim, executionNode } from "./builders.ts";
import { bundle, question, READS, type Row } from "./gate-questions.ts";

const says = (value: number, id = "c") => bundle("brief", { claims: [claim(id, { value })] });

const READING = nodeSchema.parse(
  executionNode("run", { action: { type: "vendor.switch" }, evidenceIn: ["brief", "terms"] }),
);
const TERMS = bundle("terms");

/** A covered execution that was approved on `approved` and now rests on `held`. */
function covered(approved: readonly EvidenceSummary[], held: readonly EvidenceSummary[]) {
  const action = { type: "vendor.switch", args: {}, argsHash: hashJson({}) };
  return question({
    spec: READING,
    expectedAction: READING.action ?? null,
    proposal: { rationale: "because", action },
    evidence: [...held, TERMS],
    coverage: {
      nodeId: "s",
      approvers: ["x"],
      approved: { actionType: action.type, argsHash: action.argsHash },
      evidence: approved,
    },
  });
}

export const MORE_ROWS: readonly Row[] = [
  [
    "an earlier proposer among the approvers",
    question({ proposers: ["agent-b", "agent-a"], approvers: ["agent-b"] }),
    "accountability",
    "block",
    ["SEPARATION_OF_DUTIES"],
  ],
  [
    "a contradiction across bundles",
    question({
      evidence: [
        bundle("x", { claims: [claim("c", { value: 1 })] }),
        bundle("y", { claims: [claim("c", { value: 2 })] }),
      ],
    }),
    "evidence",
    "block",
    ["EVIDENCE_CONTRADICTION"],
  ],
  [
    "the evidence that was approved on, and a kind the approver did not require",
    covered([says(1), says(1, "d")], [says(1, "d"), says(1)]),
    "approval",
    "allow",
    [],
  ],
  [
    "other evidence than the approved one",
    covered([says(1)], [says(1, "d")]),
    "approval",
    "block",
    ["APPROVAL_NOT_FOR_THIS_ACTION"],
  ],
  [
    "more evidence than the approved one",
    covered([says(1)], [says(1), says(1, "d")]),
    "approval",
    "block",
    ["APPROVAL_NOT_FOR_THIS_ACTION"],
  ],
  [
    "less evidence than the approved one",
    covered([says(1), says(1, "d")], [says(1)]),
    "approval",
    "block",
    ["APPROVAL_NOT_FOR_THIS_ACTION"],
  ],
  [
    "two kinds that were approved on and are now others",
    covered([says(2), bundle("terms", { receipts: ["r"] })], [says(1)]),
    "approval",
    "block",
    ["APPROVAL_NOT_FOR_THIS_ACTION", "APPROVAL_NOT_FOR_THIS_ACTION"],
  ],
  [
    "a superseded bundle that says the same",
    question({ spec: READS, evidence: [says(1)], allEvidence: [says(1), says(1, "d")] }),
    "evidence",
    "allow",
    [],
  ],
  [
    "a superseded bundle that contradicts",
    question({ spec: READS, evidence: [says(1)], allEvidence: [says(1), says(2)] }),
    "evidence",
    "block",
    ["EVIDENCE_CONTRADICTION"],
  ],
  [
    "a superseded bundle without a source",
    question({
      spec: READS,
      evidence: [says(1)],
      allEvidence: [bundle("brief", { claims: [claim("d", { sources: [] })] }), says(1)],
    }),
    "evidence",
    "allow",
    [],
  ],
];
