/**
 * The story of a vendor switch: $240,000, irreversible, six nodes from proposal to audit. An agent does the
 * work, two people answer for it, and an intruder finds out what a used ticket is worth.
 * The mission itself is examples/vendor-switch.mission.json.
 */
import { bundle, claim, primary, secondary } from "../evidence.ts";
import { type Action, type Stage, describeAction, mustSay, said } from "../hands.ts";
import { tellIntrusion } from "../intruder.ts";
import { must, mustEqual } from "../must.ts";
import { mustBeAsked } from "../vendor-ledger.ts";
import { tellApproval, tellForgery } from "../people.ts";
import type { Story } from "../story.ts";
import type { Teller } from "../terminal.ts";

const ANALYST = "agent.analyst";
const BUYER = "agent.buyer";
const FINANCE = "mina.board";
const AUDIT = "noor.audit";

const SWITCH: Action = {
  type: "vendor.switch",
  args: { from: "northwind", to: "acme-parts", amountUsd: 240_000, startsOn: "2027-01-01" },
};

export const vendorSwitch: Story = {
  example: "vendor-switch",
  title: "Sekisho: a gate in front of what agents do",
  subtitle: "Story: an agent wants to switch a vendor. $240,000 a year, and no way back.",
  vendorFailures: {},
  vendorExpects: { received: 1, distinct: 1 },
  steps: [
    { title: "The agents work, and the gate says BLOCKED", play: tellWork },
    { title: "A person decides", play: tellDecision },
    { title: "One ticket, one side effect", play: tellEffect },
    {
      title: "The intruder",
      play: (stage, teller) =>
        tellIntrusion(stage, teller, { node: "execute", change: { amountUsd: 900_000 } }),
    },
  ],
};

async function tellWork(stage: Stage, teller: Teller): Promise<void> {
  await tellShortcuts(stage, teller);
  await tellPreparation(stage, teller);
  await tellBlocked(stage, teller);
}

async function tellEffect(stage: Stage, teller: Teller): Promise<void> {
  await tellExecution(stage, teller);
  await tellAudit(stage, teller);
}

async function tellShortcuts(stage: Stage, teller: Teller): Promise<void> {
  const early = await stage.propose(BUYER, "execute", "why wait", SWITCH);
  mustSay(early, "block", ["PREDECESSOR_NOT_DONE"]);
  mustEqual(early.nodeState, "NEW", "the early proposal leaves the node NEW");
  teller.refused("The buying agent tries to execute at once.", said(early));

  const wrong = await stage.propose(BUYER, "propose", "I could do this too");
  mustSay(wrong, "block", ["AGENT_NOT_ASSIGNED"]);
  teller.refused("It then takes the analyst's node.", said(wrong));
}

async function tellPreparation(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(ANALYST, "propose", "Parts cost 18% less at Acme Parts."), "allow");
  const outputs = { recommendation: "switch to acme-parts", annualCostUsd: 240_000 };
  const unproven = await stage.results(ANALYST, "propose", outputs);
  mustSay(unproven, "block", ["EVIDENCE_MISSING"]);
  teller.refused("The analyst hands in a result without evidence.", said(unproven));

  await stage.evidence(
    ANALYST,
    "propose",
    bundle(
      "vendor-comparison",
      claim(
        "cost",
        ["acme-parts", "costs USD a year", 240_000],
        0.97,
        primary("https://acme-parts.example/quote/8841", "Signed quote 8841"),
      ),
      claim(
        "saving",
        ["switching", "saves percent", 18],
        0.9,
        primary("sha256:5d1c", "General ledger 2026"),
      ),
    ),
  );
  await stage.untilNode("propose", "DONE");
  teller.good("With a sourced comparison the proposal is DONE.");

  mustSay(await stage.propose(ANALYST, "validate", "Terms and references checked."), "allow");
  await stage.evidence(
    ANALYST,
    "validate",
    bundle(
      "risk-assessment",
      claim(
        "exit",
        ["northwind contract", "can be ended within days", 90],
        0.82,
        secondary("https://news.example/northwind-terms", "A trade magazine on Northwind's terms"),
      ),
    ),
  );
  const validated = await stage.results(ANALYST, "validate", { assessment: "acceptable" }, [
    { id: "references-checked", passed: true },
  ]);
  mustSay(validated, "allow");
  teller.good(
    "Validated. The risk assessment rests on a magazine article; at risk 2 that will do.",
  );
}

async function tellBlocked(stage: Stage, teller: Teller): Promise<void> {
  teller.line(`The buyer proposes ${SWITCH.type} for finance to approve, at risk 4:`);
  teller.fact("action", describeAction(SWITCH));
  const blocked = await stage.propose(BUYER, "approve", "Finance decides on the switch.", SWITCH);
  mustSay(blocked, "block", ["PRIMARY_SOURCE_REQUIRED", "APPROVAL_MISSING"]);
  mustEqual(blocked.nodeState, "BLOCKED", "the node is BLOCKED");
  for (const { code, detail, counterfactual } of blocked.gateResult.reasons) {
    teller.reason(code, detail, counterfactual);
  }
  teller.line("Nobody is asked to sign over a magazine article, and nobody can wave it through.");
}

async function tellDecision(stage: Stage, teller: Teller): Promise<void> {
  await tellForgery(stage.world, teller, FINANCE);
  await stage.evidence(
    BUYER,
    "approve",
    bundle(
      "risk-assessment",
      claim(
        "exit",
        ["northwind contract", "can be ended within days", 90],
        0.98,
        primary("sha256:9f2b", "Northwind master agreement, clause 14.2"),
      ),
    ),
  );
  teller.good("The agent reads the contract itself. The cause is gone, so the gate asks a person.");
  await tellApproval(stage, teller, { node: "approve", people: [FINANCE], quorum: 1 });
  await stage.untilNode("approve", "DONE");
}

async function tellExecution(stage: Stage, teller: Teller): Promise<void> {
  const bent = await stage.propose(BUYER, "execute", "a little more", {
    type: SWITCH.type,
    args: { ...SWITCH.args, amountUsd: 250_000 },
  });
  mustSay(bent, "block", ["APPROVAL_NOT_FOR_THIS_ACTION"]);
  teller.refused("The agent proposes $250,000 instead of what was approved.", said(bent));
  mustEqual((await stage.world.vendorLedger()).received, 0, "nothing has reached the vendor yet");

  const allowed = await stage.propose(BUYER, "execute", "As finance approved.", SWITCH);
  mustSay(allowed, "allow");
  teller.good("Exactly what was approved passes. A ticket is signed and goes through the queue.");
  const node = await stage.untilNode("execute", "DONE");
  const { requests } = await stage.world.vendorLedger();
  mustEqual(requests.length, 1, "the vendor was reached once");
  mustBeAsked(requests[0], SWITCH);
  must(node.receipt?.outcome === "succeeded", "the receipt says so", node.receipt);
  mustEqual(requests[0]?.idempotencyKey, node.receipt.jti, "under the ticket's own id");
  teller.fact("ticket", node.receipt.jti);
  teller.fact("receipt", `${node.receipt.outcome}, HTTP ${node.receipt.status}`);
  teller.good("The vendor has seen exactly one request, with the approved arguments.");
}

async function tellAudit(stage: Stage, teller: Teller): Promise<void> {
  const complete = await stage.untilNode("complete", "DONE");
  mustEqual(complete.ownerX, "system", "the system completes by itself");
  teller.good("The system has closed the switch by itself, at risk 1.");
  await tellApproval(stage, teller, { node: "audit", people: [AUDIT], quorum: 1 });
  const mission = await stage.untilMission("completed");
  mustEqual(mission.progress, { done: 6, total: 6 }, "all six nodes are done");
  teller.good("The mission is completed: 6 of 6 nodes DONE.");
}
