/** A golden story about delegation: seats that others fill, by passkey and by key, and one that is taken back. */
import type { Command } from "../../shared/mission/index.ts";
import { executionNode, iso, person, plan, statement } from "./builders.ts";
import { decideApproval, openMission, propose, reviewApprovals, vendorSwitch } from "./commands.ts";
import { approvesFor, delegation, standingOf } from "./delegations.ts";
import { passkey, passkeyPerson, signWithPasskey } from "./passkeys.ts";
import { approves, reports, requestOf, type Run, type Step } from "./scenario.ts";

const PHONE = passkey("delegate-phone");
const DAN = passkeyPerson("dan", PHONE, { groups: ["staff"] });
const EVE = person("eve", { groups: ["staff"] });
const ANN = person("ann", { groups: ["board"], validUntil: iso(86_400) });
const BEN = person("ben", { groups: ["board"] });
const TO_DAN = delegation(ANN, DAN);
const TO_EVE = delegation(BEN, EVE, { groups: ["board"], riskMax: 3 });

function byPhone(seconds: number, nodeId: string, decision: "approve" | "deny") {
  return (run: Run): Command => {
    const gateDigest = requestOf(run, nodeId)?.gateDigest ?? "";
    const about = { nodeId, gateDigest, approver: "dan", onBehalfOf: "ann" };
    const signed = signWithPasskey(statement({ ...about, decision }), PHONE);
    return decideApproval(seconds, nodeId, DAN, signed, { delegations: [TO_DAN] });
  };
}

export function delegated(): readonly Step[] {
  const approval = { quorum: 2, group: "board" };
  const node = (id: string) => executionNode(id, { risk: 3, ownerR: "human", approval });
  const other = { ...standingOf(BEN), delegations: [TO_DAN.id] };
  return [
    openMission(plan([node("pay"), node("sell")], { edges: [] })),
    propose(1, "pay", { action: vendorSwitch({ amount: 3 }) }),
    propose(2, "sell", { action: vendorSwitch({ amount: 4 }) }),
    byPhone(3, "pay", "approve"),
    approvesFor(4, "pay", EVE, [TO_EVE]),
    approvesFor(5, "sell", EVE, [TO_EVE]),
    reviewApprovals(6, "ben", other),
    approves(7, "sell", BEN),
    byPhone(8, "sell", "deny"),
    reports(9, "pay"),
  ];
}
