/** A golden story about people: passkeys, seats of groups, and a directory that changes under an approval. */
import type { PersonStanding } from "../../shared/mission/command.ts";
import type { Command } from "../../shared/mission/index.ts";
import { approvalNode, executionNode, person, plan, statement } from "./builders.ts";
import { decideApproval, openMission, propose, reviewApprovals, vendorSwitch } from "./commands.ts";
import { passkey, passkeyPerson, signWithPasskey } from "./passkeys.ts";
import { approves, reports, requestOf, type Run, type Step } from "./scenario.ts";

const PHONE = passkey("golden-phone");
const SAM = passkeyPerson("sam", PHONE, { groups: ["security"] });
const FAY = person("fay", { groups: ["finance"] });
const FLO = person("flo", { groups: ["finance", "security"] });
const STANDING: PersonStanding = {
  kids: [],
  groups: ["finance"],
  validFrom: null,
  validUntil: null,
};

function byPhone(seconds: number, nodeId: string, decision: "approve" | "deny", reason: string) {
  return (run: Run): Command => {
    const gateDigest = requestOf(run, nodeId)?.gateDigest ?? "";
    const said = statement({ nodeId, gateDigest, approver: "sam", decision, reason });
    return decideApproval(seconds, nodeId, SAM, signWithPasskey(said, PHONE));
  };
}

export function peopled(): readonly Step[] {
  const all = [
    { group: "security", quorum: 1 },
    { group: "finance", quorum: 1 },
  ];
  const compiled = plan([
    approvalNode("sign", { approves: "switch", approval: { quorum: 2, all } }),
    executionNode("switch"),
    approvalNode("close", { approval: { apartFrom: ["sign"], group: "security" } }),
  ]);
  return [
    openMission(compiled),
    propose(1, "sign", { action: vendorSwitch({ amount: 3 }) }),
    approves(2, "sign", FAY),
    reviewApprovals(3, "fay", STANDING),
    byPhone(4, "sign", "approve", "read on the phone"),
    approves(5, "sign", FLO),
    propose(6, "switch", { action: vendorSwitch({ amount: 3 }) }),
    reports(7, "switch"),
    byPhone(8, "close", "deny", "not yet"),
  ];
}
