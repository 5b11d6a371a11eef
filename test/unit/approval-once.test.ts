/** What a person has said: an approval is taken once, a denial is final, whatever happened to the node since. */
import { describe, expect, test } from "vitest";
import { certifyReplay } from "../../shared/mission/index.ts";
import { amend, amendment, decidesAmendment } from "../support/amendments.ts";
import {
  decisionNode,
  executionNode,
  OTHER_MISSION,
  permitting,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import {
  decideApproval,
  openMission,
  propose,
  reviewApprovals,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, denies, eventsOf, given, reports, type Run } from "../support/scenario.ts";

const ann = person("ann", { keyNames: ["ann", "ann-phone"] });
const eve = person("eve", { breakGlass: true });
const PAY = plan([executionNode("pay", { risk: 3, ownerR: "human", approval: { quorum: 2 } })]);
const WRITES = plan([
  executionNode("pay", { risk: 3, ownerR: "human", writeSet: ["ledger#2026"] }),
]);
const pay = (seconds: number, amount: number, by = "agent-a") =>
  propose(seconds, "pay", { by, action: vendorSwitch({ amount }) });
const HOUR_S = 3_600;

/** Sends the first signature that the trace holds once more, as anybody could who reads there. */
function replays(seconds: number, who = ann, nodeId = "pay") {
  return (run: Run) => {
    const signature = eventsOf(run, "approval.granted")[0]?.approvalSignature ?? "";
    return decideApproval(seconds, nodeId, who, signature);
  };
}

describe("a signature in the trace", () => {
  const approved = [openMission(PAY), pay(1, 1), approves(2, "pay", ann)];

  test.each([
    ["after another action was proposed and the first one again", [pay(3, 2), pay(4, 1)]],
    ["after another agent proposed the same", [pay(3, 1, "agent-b")]],
    ["after it was revoked", [reviewApprovals(3, "ann", null)]],
  ])("approves nothing %s; a new one does", (_when, since) => {
    const scene = given(...approved, ...since);
    scene.when(replays(5)).rejects("approval_already_given", { approver: "ann" });
    const step = scene.when(approves(6, "pay", ann));
    step.yields({ type: "approval.granted", data: { have: 1, need: 2 } });
    expect(certifyReplay(step.run.events)).toMatchObject({ certified: true, exact: true });
  });

  test("approves nothing in the name of the person's other key either", () => {
    const scene = given(...approved, pay(3, 2), pay(4, 1));
    const [, phone] = ann.keys;
    scene
      .when(approves(5, "pay", ann, phone && { key: phone }))
      .yields({ type: "approval.granted" });
    scene.when(replays(6)).rejects("approval_already_given");
  });

  test("breaks no glass a second time", () => {
    const breaks = approves(2, "pay", eve, { decision: "break-glass", reason: "the plant floods" });
    const by = [{ slice: "ledger#2026", missionId: OTHER_MISSION, nodeId: "book" }];
    const elsewhere = { pay: { state: "held", by } } as const;
    const held = (run: Run) => ({ ...breaks(run), leases: elsewhere });
    const { when } = given(openMission(WRITES), pay(1, 1), held, pay(3, 1, "agent-b"));
    when(replays(4, eve)).rejects("approval_already_given");
  });

  test("approves no amendment again", () => {
    const risky = amendment([decisionNode("more", { risk: 3, ownerR: "human" })]);
    const asking = policy([
      ...permitting("vendor.switch"),
      rule({ id: "amend", kinds: ["amendment"], approval: { quorum: 2 } }),
    ]);
    const opened = openMission(PAY, { policy: asking });
    const history = [opened, amend(1, risky), decidesAmendment(2, ann)];
    given(...history, reviewApprovals(3, "ann", null))
      .when(replays(4, ann, "amendment.1"))
      .rejects("approval_already_given");
  });
});

describe("a denial", () => {
  test("is final also where a rule that asked for people asks no more as time passes", () => {
    const nodes = [executionNode("first"), executionNode("pay")];
    const asking = policy([
      ...permitting("vendor.switch"),
      rule({
        id: "often",
        kinds: ["execution"],
        actions: ["vendor.switch"],
        condition: "history.countWithin('vendor.switch', duration('1h')) > 0",
        approval: { quorum: 1 },
      }),
    ]);
    const compiled = plan(nodes, { edges: [] });
    const opened = openMission(compiled, { policy: asking });
    const first = propose(1, "first", { action: vendorSwitch({ amount: 0 }) });
    const later = given(opened, first, reports(2, "first"), pay(3, 1), denies(4, "pay", ann));
    later
      .when(pay(2 * HOUR_S, 1))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "BLOCKED", gateResult: { verdict: "block" } },
      );
    later
      .when(pay(2 * HOUR_S + 1, 2))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
  });
});
