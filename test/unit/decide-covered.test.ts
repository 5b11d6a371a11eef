/** An execution that an approval node covers: exactly what was approved, by somebody else, and nothing voids it by attack. */
import { describe, expect, test } from "vitest";
import {
  agent,
  approvalNode,
  claim,
  evidence,
  executionNode,
  person,
  plan,
} from "../support/builders.ts";
import { openMission, propose, submitEvidence, vendorSwitch } from "../support/commands.ts";
import { approves, eventsOf, given, reports, requestOf } from "../support/scenario.ts";

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

  describe("that rests on the evidence its approver saw", () => {
    const compiled = plan(
      [
        approvalNode("sign", { approves: "run", evidenceIn: ["brief"] }),
        executionNode("run", { action: FIXED, evidenceIn: ["brief"] }),
      ],
      { missionInputs: ["brief"] },
    );
    const brief = evidence("brief");
    const newer = evidence("brief", { claims: [claim("newer")] });
    const approved = [
      openMission(compiled, { inputs: [brief] }),
      propose(1, "sign", { action: ACTION }),
      approves(2, "sign", ann),
    ];
    const blocked = {
      type: "gate.evaluated",
      stateAfter: "BLOCKED",
      gateResult: {
        verdict: "block",
        reasons: [
          {
            code: "APPROVAL_NOT_FOR_THIS_ACTION",
            detail: "node sign approved on other evidence of kind brief",
            counterfactual: `let the evidence of kind brief be the approved one again: ${brief.id}`,
          },
        ],
      },
    };

    test("runs on it, and not on evidence that came after the signature", () => {
      given(...approved)
        .when(propose(3, "run", { action: ACTION }))
        .yields(
          { type: "proposal.submitted" },
          { type: "gate.evaluated", stateAfter: "RUNNING" },
          { type: "ticket.issued" },
        );
      given(...approved, submitEvidence(3, "run", newer))
        .when(propose(4, "run", { action: ACTION }))
        .yields({ type: "proposal.submitted" }, blocked);
    });

    test("runs once the approved bundle is the newest again, as often as it takes", () => {
      const swapped = [submitEvidence(3, "run", newer), propose(4, "run", { action: ACTION })];
      const { when } = given(...approved, ...swapped, submitEvidence(5, "run", brief));
      when(submitEvidence(6, "run", newer)).rejects("evidence_kind_unexpected");
      const back = given(
        ...approved,
        submitEvidence(3, "run", brief),
        ...swapped.map((step) => ({ ...step, at: step.at + 10_000 })),
      );
      back
        .when(submitEvidence(20, "run", brief))
        .yields(
          { type: "evidence.submitted" },
          { type: "node.unblocked" },
          { type: "gate.evaluated", stateAfter: "RUNNING" },
          { type: "ticket.issued" },
        );
    });

    test("is not held to kinds that only one of the two nodes requires", () => {
      const apart = plan(
        [
          approvalNode("sign", { approves: "run", evidenceIn: ["terms"] }),
          executionNode("run", { action: FIXED, evidenceIn: ["brief"] }),
        ],
        { missionInputs: ["brief", "terms"] },
      );
      given(
        openMission(apart, { inputs: [brief, evidence("terms")] }),
        propose(1, "sign", { action: ACTION }),
        approves(2, "sign", ann),
        submitEvidence(3, "run", newer),
      )
        .when(propose(4, "run", { action: ACTION }))
        .yields(
          { type: "proposal.submitted" },
          { type: "gate.evaluated", stateAfter: "RUNNING" },
          { type: "ticket.issued" },
        );
    });
  });

  test("one approval covers every attempt after a definite failure, and who signs is told how many", () => {
    const tries = (attemptsMax: number) =>
      plan([
        approvalNode("sign", { approves: "run" }),
        executionNode("run", { action: FIXED, attemptsMax }),
      ]);
    const summaryOf = (attemptsMax: number) =>
      given(openMission(tries(attemptsMax)), propose(1, "sign", { action: ACTION })).events.at(-1)
        ?.data["summary"];
    expect(summaryOf(3)).toBe(
      'Agent agent-a asks to perform vendor.switch on approval of "Approve sign". The approval covers up to 3 attempts of exactly this action. Reason given: it is the best offer',
    );
    expect(summaryOf(1)).toContain("The approval covers one attempt of exactly this action.");
    const { run, when } = given(
      openMission(tries(2)),
      propose(1, "sign", { action: ACTION }),
      approves(2, "sign", ann),
      propose(3, "run", { action: ACTION }),
      reports(4, "run", { outcome: "failed" }),
    );
    when(propose(5, "run", { action: ACTION })).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated", stateAfter: "RUNNING", data: { attempt: 2 } },
      { type: "ticket.issued" },
    );
    when(reports(6, "run", { outcome: "failed" })).yields(
      { type: "receipt.recorded" },
      { type: "node.failed", stateAfter: "BLOCKED" },
      { type: "incident.raised" },
    );
    expect(eventsOf(run, "approval.requested")).toHaveLength(1);
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
