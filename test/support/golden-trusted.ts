/** A golden story about trust: what runs under a grant, what a person still decides, and why. */
import { decisionNode, executionNode, iso, person, plan } from "./builders.ts";
import { openMission, propose, submitResult, vendorSwitch } from "./commands.ts";
import { approves, denies, reports, type Step } from "./scenario.ts";
import { askingPolicy, grantOf, trusted } from "./trusts.ts";

const ANN = person("ann");
const SWITCH = { action: vendorSwitch({ vendor: "b" }) };

export function trustedStory(): readonly Step[] {
  const compiled = plan(
    [
      executionNode("auto"),
      executionNode("lapsed"),
      executionNode("cooling", { risk: 1 }),
      executionNode("high", { risk: 3, ownerR: "human" }),
      decisionNode("draft", { attemptsMax: 1 }),
    ],
    { edges: [] },
  );
  const expired = { grants: [grantOf({ expiresAt: iso(5) })] };
  return [
    openMission(compiled, { policy: askingPolicy() }),
    propose(1, "auto", { ...SWITCH, agent: trusted(1) }),
    reports(2, "auto"),
    propose(5, "lapsed", { ...SWITCH, agent: trusted(5, expired) }),
    approves(6, "lapsed", ANN),
    reports(7, "lapsed", { outcome: "failed", status: 500 }),
    propose(8, "cooling", { ...SWITCH, agent: trusted(8, { cooldownUntil: iso(307) }) }),
    denies(9, "cooling", ANN),
    propose(310, "cooling", { ...SWITCH, agent: trusted(310) }),
    propose(311, "high", { ...SWITCH, agent: trusted(311) }),
    propose(312, "draft"),
    submitResult(313, "draft", { tests: [{ id: "accepted", passed: false }] }),
  ];
}
