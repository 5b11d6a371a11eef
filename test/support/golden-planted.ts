/**
 * The golden story of a canary: one person refuses it, and when it is proposed again two approve it.
 */
import { executionNode, person, plan } from "./builders.ts";
import { openMission, propose, vendorSwitch } from "./commands.ts";
import { approves, denies, type Step } from "./scenario.ts";

const ANN = person("ann");
const BEN = person("ben");

export function planted(): readonly Step[] {
  const approval = { quorum: 2 };
  const node = executionNode("act", { risk: 3, ownerR: "human", approval });
  return [
    openMission(plan([node]), { canary: true }),
    propose(1, "act", { action: vendorSwitch() }),
    denies(2, "act", ANN),
    propose(3, "act", { action: vendorSwitch({ to: "b" }) }),
    approves(4, "act", ANN),
    approves(5, "act", BEN),
  ];
}
