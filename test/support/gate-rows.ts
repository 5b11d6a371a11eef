/** More rows for the table of the gates: evidence of several sources, and who may not both propose and approve. */
import { claim } from "./builders.ts";
import { bundle, question, READS, type Row } from "./gate-questions.ts";

const says = (value: number, id = "c") => bundle("brief", { claims: [claim(id, { value })] });

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
