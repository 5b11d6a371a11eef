/**
 * The table of the gates 2, 3, 4, 7, 8 and 9 in their full form: universes, criteria, purposes,
 * fabricated evidence, declared writes and the duties of those who produce evidence.
 */
import { hashJson } from "../../shared/canonical.ts";
import { type ClaimStatus, summarizeEvidence } from "../../shared/evidence/index.ts";
import type { GateQuestion } from "../../shared/gates/index.ts";
import { nodeSchema } from "../../shared/plan/index.ts";
import { decisionNode, evidence, iso } from "./builders.ts";
import { execution, question, type Row } from "./gate-questions.ts";

const BUDGETS = [
  { id: "finance", budget: 0.6, evidenceMin: 0.7, uncertaintyMax: 0.3, staleAfterMs: 60_000 },
  { id: "regulatory", budget: 0.5, constraints: ["data-residency"] },
];
const WATCHED = nodeSchema.parse(decisionNode("a", { universes: BUDGETS }));
const LENIENT = nodeSchema.parse(
  decisionNode("a", { universes: [{ id: "finance", budget: 0.6, overBudget: "pause" }] }),
);

type Observations = NonNullable<GateQuestion["proposal"]>["universes"];

const FINE: NonNullable<Observations> = [
  {
    id: "finance",
    risk: 0.4,
    constraints: [],
    evidence: 0.9,
    uncertainty: 0.1,
    observedAt: iso(-30),
  },
  {
    id: "regulatory",
    risk: 0.3,
    constraints: [{ id: "data-residency", violated: false }],
    evidence: 0.9,
    uncertainty: 0.1,
  },
];

function observing(universes: Observations, spec = WATCHED): GateQuestion {
  const proposal = { rationale: "because", action: null };
  return question({ spec, proposal: universes ? { ...proposal, universes } : proposal });
}

/** `FINE` with one universe changed. */
function seeing(id: "finance" | "regulatory", changed: object): GateQuestion {
  return observing(FINE.map((one) => (one.id === id ? { ...one, ...changed } : one)));
}

const judged = (criteria: readonly ("objective" | "subjective")[], text: string) =>
  nodeSchema.parse(decisionNode("a", { criteria: criteria.map((kind) => ({ kind, text })) }));
const saying = (rationale: string, text = "total cost over 3 years in EUR") =>
  question({ spec: judged(["objective"], text), proposal: { rationale, action: null } });

const forPurpose = (node: string | undefined, proposed: string | undefined) =>
  question({
    forbiddenPurposes: ["surveillance", "weapons.autonomous"],
    spec: nodeSchema.parse(decisionNode("a", node === undefined ? {} : { purpose: node })),
    proposal: {
      rationale: "because",
      action: null,
      ...(proposed === undefined ? {} : { purpose: proposed }),
    },
  });

function verified(status: ClaimStatus): GateQuestion {
  const bundle = evidence("brief");
  const verification = {
    contentHash: hashJson("content"),
    receiptHashes: [hashJson("receipt")],
    claims: [{ id: "brief-claim", status, families: 1 }],
  };
  return question({
    spec: nodeSchema.parse(decisionNode("a", { evidenceIn: ["brief"] })),
    evidence: [summarizeEvidence(bundle, verification)],
  });
}

export const FULL_ROWS: readonly Row[] = [
  ["universes inside their borders", observing(FINE), "universe", "allow", []],
  ["a node without universes", question(), "universe", "allow", []],
  [
    "no observations at all",
    observing(undefined),
    "universe",
    "pause",
    ["UNIVERSE_UNKNOWN", "UNIVERSE_UNKNOWN"],
  ],
  [
    "a risk over budget",
    seeing("regulatory", { risk: 0.78 }),
    "universe",
    "block",
    ["RISK_OVER_BUDGET"],
  ],
  [
    "a violated constraint",
    seeing("regulatory", { constraints: [{ id: "data-residency", violated: true }] }),
    "universe",
    "block",
    ["CONSTRAINT_VIOLATED"],
  ],
  [
    "a constraint that nobody looked at",
    seeing("regulatory", { constraints: [] }),
    "universe",
    "pause",
    ["UNIVERSE_UNKNOWN"],
  ],
  [
    "too little evidence and too much doubt",
    seeing("finance", { evidence: 0.69, uncertainty: 0.31 }),
    "universe",
    "pause",
    ["EVIDENCE_INCOMPLETE", "UNCERTAINTY_HIGH"],
  ],
  [
    "a stale observation",
    seeing("finance", { observedAt: iso(-61) }),
    "universe",
    "pause",
    ["UNIVERSE_STALE"],
  ],
  [
    "over a budget that pauses",
    observing(
      [{ id: "finance", risk: 0.7, constraints: [], evidence: 1, uncertainty: 0 }],
      LENIENT,
    ),
    "universe",
    "pause",
    ["RISK_OVER_BUDGET"],
  ],
  [
    "a universe that the node does not declare",
    observing([...FINE, { id: "mars", risk: 0, constraints: [] }]),
    "consistency",
    "block",
    ["PROPOSAL_CONTRADICTS_SPEC"],
  ],
  [
    "relative words where the node declares no criteria",
    question({ proposal: { rationale: "probably the best?", action: null } }),
    "relativity",
    "allow",
    [],
  ],
  ["measured words", saying("412,000 EUR, under the limit of 500,000"), "relativity", "allow", []],
  [
    "a subjective criterion",
    question({ spec: judged(["objective", "subjective"], "EUR a year") }),
    "relativity",
    "pause",
    ["CRITERION_SUBJECTIVE"],
  ],
  [
    "an objective criterion that is none",
    saying("because", "a reasonable price"),
    "relativity",
    "pause",
    ["REL_BOUNDARY_UNSTABLE"],
  ],
  [
    "a comparison with nothing",
    saying("It is the best offer."),
    "relativity",
    "pause",
    ["REL_REF_MISSING"],
  ],
  [
    "a comparison with something",
    saying("It is cheaper than the present vendor."),
    "relativity",
    "allow",
    [],
  ],
  [
    "a comparison whose other side stands in another sentence",
    saying("It is cheaper. We looked at more than one."),
    "relativity",
    "pause",
    ["REL_REF_MISSING"],
  ],
  [
    "both, in Japanese",
    saying("適切な価格です。最良の提案です。"),
    "relativity",
    "pause",
    ["REL_BOUNDARY_UNSTABLE", "REL_REF_MISSING"],
  ],
  ["a Japanese comparison", saying("現行と比べて最良です。"), "relativity", "allow", []],
  ["a question", saying("Shall we switch？"), "relativity", "pause", ["REL_BOUNDARY_UNSTABLE"]],
  ["a purpose that nobody forbids", forPurpose("procurement", undefined), "ethics", "allow", []],
  [
    "a node whose purpose is forbidden",
    forPurpose("surveillance", undefined),
    "ethics",
    "seal",
    ["PURPOSE_FORBIDDEN"],
  ],
  [
    "a proposed purpose under a forbidden one",
    forPurpose(undefined, "surveillance.staff"),
    "ethics",
    "seal",
    ["PURPOSE_FORBIDDEN"],
  ],
  [
    "a purpose that only begins alike",
    forPurpose(undefined, "surveillance-free"),
    "ethics",
    "allow",
    [],
  ],
  ["a purpose above a forbidden one", forPurpose(undefined, "weapons"), "ethics", "allow", []],
  [
    "an action of no declared purpose where purposes are forbidden",
    execution({ forbiddenPurposes: ["surveillance"] }),
    "ethics",
    "block",
    ["PURPOSE_UNDECLARED"],
  ],
  [
    "a purpose other than the node's",
    forPurpose("procurement", "marketing"),
    "consistency",
    "block",
    ["PROPOSAL_CONTRADICTS_SPEC"],
  ],
  ["a source that is not there", verified("absent"), "ethics", "seal", ["EVIDENCE_FABRICATED"]],
  [
    "a source that says something else",
    verified("misattributed"),
    "ethics",
    "seal",
    ["EVIDENCE_FABRICATED"],
  ],
  ["a source that nobody could reach", verified("unavailable"), "ethics", "allow", []],
  ["a source that was found", verified("verified"), "ethics", "allow", []],
  [
    "a declared write outside the write-set",
    execution({
      spec: { ...execution().spec, writeSet: ["contract#vendor"] },
      proposal: {
        ...(execution().proposal ?? { rationale: "", action: null }),
        writeSet: ["contract#vendor", "ledger#payments"],
      },
    }),
    "scope",
    "block",
    ["WRITE_OUT_OF_SCOPE"],
  ],
  [
    "evidence by one of the approvers",
    question({
      approvers: ["ann"],
      evidence: [summarizeEvidence(evidence("brief", { producedBy: "ann" }))],
    }),
    "accountability",
    "block",
    ["SEPARATION_OF_DUTIES"],
  ],
];
