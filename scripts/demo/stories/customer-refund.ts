/**
 * The story of a customer refund: low risk, a policy with a ceiling, and nobody has to be asked.
 * The mission itself is examples/customer-refund.mission.json.
 */
import { bundle, claim, secondary } from "../evidence.ts";
import { type Action, describeAction, mustSay, said } from "../hands.ts";
import type { Stage } from "../hands.ts";
import { mustEqual } from "../must.ts";
import type { Story } from "../story.ts";
import type { Teller } from "../terminal.ts";
import { mustBeAsked } from "../vendor-ledger.ts";

const CARE = "agent.care";
const CASHIER = "agent.cashier";

function refundOf(amount: number): Action {
  return { type: "refund.issue", args: { order: "81723", currency: "EUR", amount } };
}

export const customerRefund: Story = {
  example: "customer-refund",
  title: "Sekisho: a gate in front of what agents do",
  subtitle: "Story: a damaged parcel, a refund of 49.90 euro, and nobody has to be asked.",
  vendorFailures: {},
  vendorExpects: { received: 1, distinct: 1 },
  steps: [
    { title: "An agent checks the claim", play: tellAssessment },
    { title: "The refund, without a person", play: tellRefund },
  ],
};

async function tellAssessment(stage: Stage, teller: Teller): Promise<void> {
  mustSay(await stage.propose(CARE, "assess", "The photographs show a broken lid."), "allow");
  await stage.evidence(
    CARE,
    "assess",
    bundle(
      "damage-report",
      claim(
        "damage",
        ["order 81723", "arrived with its lid", "broken"],
        0.93,
        secondary("https://care.acme.example/tickets/81723", "Photographs sent by the customer"),
      ),
    ),
  );
  const tests = [{ id: "within-return-window", passed: true }];
  mustSay(await stage.results(CARE, "assess", { decision: "refund" }, tests), "allow");
  teller.good("The claim is checked; the photographs are on record under their hash.");
}

async function tellRefund(stage: Stage, teller: Teller): Promise<void> {
  const generous = await stage.propose(CASHIER, "refund", "Make it good.", refundOf(480));
  mustSay(generous, "block", ["POLICY_NO_MATCH"]);
  teller.refused("The cashier agent first proposes 480 euro.", said(generous));
  for (const { counterfactual } of generous.gateResult.reasons) {
    if (counterfactual !== undefined) teller.line(`The policy says: ${counterfactual}.`);
  }

  const fitting = refundOf(49.9);
  mustSay(await stage.propose(CASHIER, "refund", "The price of the lid.", fitting), "allow");
  const node = await stage.untilNode("refund", "DONE");
  const { requests } = await stage.world.vendorLedger();
  mustEqual(requests.length, 1, "the payment system was reached once");
  mustBeAsked(requests[0], fitting);
  teller.fact("action", describeAction(fitting));
  teller.fact("receipt", `${node.receipt?.outcome}, HTTP ${node.receipt?.status}`);
  await stage.untilMission("completed");
  const asked = (await stage.trace()).filter((event) => event.type === "approval.requested");
  mustEqual(asked.length, 0, "no person was asked");
  teller.good("Within the policy's ceiling at risk 1: paid out, closed, and no person asked.");
}
