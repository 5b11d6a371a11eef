/**
 * A mission with human shares and verified evidence, told for a golden trace: receipts of every kind that
 * does not end it, a pause that a person overrides, factors of a proposal, a review and a passage.
 */
import { claim, decisionNode, evidence, executionNode, person, plan } from "./builders.ts";
import { openMission, propose, submitEvidence, submitResult, vendorSwitch } from "./commands.ts";
import { approves, reports, type Step } from "./scenario.ts";
import { facts, receiptBy, verifier, withReceipts } from "./verifiers.ts";

const ANN = person("ann");
const RED = verifier("red");
const BLUE = verifier("blue");
const KNOWN = facts([RED, BLUE]);

/** Inputs with receipts, bundles that gain receipts, and a review below risk 3. */
export function verified(): readonly Step[] {
  const compiled = plan(
    [
      decisionNode("read", { evidenceIn: ["brief"], evidencePolicy: { receiptsMin: 1 } }),
      executionNode("pay", { risk: 1, allocation: { factors: { risk: 0.2 }, weight: 2 } }),
      decisionNode("close", { skill: "close", evidenceIn: ["mandate"] }),
    ],
    { missionInputs: ["brief", "mandate"], allocationProfile: "manufacturing" },
  );
  const mandate = evidence("mandate", { producedBy: "operator" });
  const annex = evidence("brief", { producedBy: "operator", claims: [claim("annex")] });
  const brief = evidence("brief");
  const unseen = { existence: "unavailable", groundedness: "unclear" } as const;
  const first = withReceipts(brief, receiptBy(RED, brief, unseen));
  const second = withReceipts(first, receiptBy(BLUE, brief, { groundedness: "unclear" }));
  const inputs = [mandate, annex].map((input) => withReceipts(input, receiptBy(RED, input)));
  const submits = (seconds: number, bundle: typeof brief) =>
    submitEvidence(seconds, "read", bundle, { verification: KNOWN });
  const alarmed = propose(7, "pay", { action: vendorSwitch() });
  return [
    openMission(compiled, { inputs, verification: KNOWN }),
    submits(1, brief),
    propose(2, "read"),
    submits(3, first),
    submits(4, second),
    approves(5, "read", ANN),
    submitResult(6, "read"),
    { ...alarmed, proposal: { ...alarmed.proposal, factors: { impact: 1, uncertainty: 0.5 } } },
    approves(8, "pay", ANN),
    reports(9, "pay"),
    propose(10, "close", {
      agent: { id: "agent-a", skills: ["close"], zone: null, banned: false },
    }),
    approves(11, "close", ANN),
    submitResult(12, "close", {
      agent: { id: "agent-a", skills: ["close"], zone: null, banned: false },
    }),
  ];
}
