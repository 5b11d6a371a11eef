/** An execution that an approval node covers: exactly what was approved, by somebody else, and nothing voids it by attack. */
import { describe, expect, test } from "vitest";
import { agent, approvalNode, executionNode, person, plan } from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { approves, given, requestOf } from "../support/scenario.ts";

const FIXED = { type: "vendor.switch", args: { contract: "C-7" } };
const ACTION = vendorSwitch({ contract: "C-7", amount: 5 });
const ann = person("ann");

describe("a covered execution", () => {
  test("a rogue agent neither voids what people approved nor closes their request", () => {
    const compiled = plan([
      approvalNode("sign", { approves: "run", approval: { quorum: 2 } }),
      executionNode("run", { action: FIXED }),
    ]);
    const { run, when } = given(
      openMission(compiled),
      propose(1, "sign", { action: ACTION }),
      approves(2, "sign", ann),
    );
    const asked = requestOf(run, "sign");
    when(
      propose(3, "sign", {
        by: "rogue",
        agent: agent("rogue", { banned: true }),
        action: vendorSwitch({ contract: "C-7", amount: 9 }),
      }),
    ).yields({ type: "proposal.refused" });
    expect(requestOf(run, "sign")).toEqual(asked);
    expect(run.state?.nodes.get("sign")?.approvals).toHaveLength(1);
    expect(run.state?.nodes.get("sign")?.proposal?.agent.id).toBe("agent-a");
  });

  test("changed arguments void earlier approvals and ask anew over another digest", () => {
    const compiled = plan([
      approvalNode("sign", { approves: "run", approval: { quorum: 2 } }),
      executionNode("run", { action: FIXED }),
    ]);
    const { run, when } = given(
      openMission(compiled),
      propose(1, "sign", { action: ACTION }),
      approves(2, "sign", ann),
    );
    const before = requestOf(run, "sign")?.gateDigest;
    when(propose(3, "sign", { action: vendorSwitch({ contract: "C-7", amount: 6 }) })).yields(
      { type: "proposal.submitted" },
      { type: "node.unblocked" },
      { type: "approval.voided", data: { gateDigest: before, approvers: ["ann"] } },
      { type: "gate.evaluated", gateResult: { verdict: "pause" } },
      { type: "approval.requested" },
    );
    expect(requestOf(run, "sign")?.gateDigest).not.toBe(before);
  });

  test("a covered execution with other arguments than the approved ones is blocked, with them it runs", () => {
    const compiled = plan([
      approvalNode("sign", { approves: "run" }),
      executionNode("run", { action: FIXED }),
    ]);
    const approved = [
      openMission(compiled),
      propose(1, "sign", { action: ACTION }),
      approves(2, "sign", ann),
    ];
    given(...approved)
      .when(propose(3, "run", { action: vendorSwitch({ contract: "C-7", amount: 6 }) }))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { reasons: [{ code: "APPROVAL_NOT_FOR_THIS_ACTION" }] },
        },
      );
    given(...approved)
      .when(propose(3, "run", { action: ACTION }))
      .yields(
        { type: "proposal.submitted" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
  });

  test("who approved an action may not propose its execution", () => {
    const compiled = plan([
      approvalNode("sign", { approves: "run" }),
      executionNode("run", { action: FIXED }),
    ]);
    given(openMission(compiled), propose(1, "sign", { action: ACTION }), approves(2, "sign", ann))
      .when(propose(3, "run", { by: "ann", action: ACTION }))
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { reasons: [{ code: "SEPARATION_OF_DUTIES" }] },
        },
      );
  });
});
