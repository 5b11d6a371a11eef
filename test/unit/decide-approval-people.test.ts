/** Approvals, the people: who may still say no, whose word stops counting, and who proposed what they approve. */
import { describe, expect, test } from "vitest";
import {
  approvalNode,
  decisionNode,
  executionNode,
  iso,
  keyPair,
  person,
  plan,
} from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { approves, denies, given, reports, requestOf } from "../support/scenario.ts";

const ann = person("ann", { groups: ["board"] });
const ben = person("ben", { groups: ["board"] });
const eve = person("eve");

const TWO = plan([
  approvalNode("sign", { approval: { quorum: 2, group: "board", deadlineMs: 3_600_000 } }),
]);
const RISKY = plan([decisionNode("a", { risk: 3, ownerR: "human", approval: { quorum: 2 } })]);

describe("the people of an approval", () => {
  test("who approved may still deny until the quorum is met, and who proposed may always deny", () => {
    given(openMission(TWO), approves(1, "sign", ann))
      .when(denies(2, "sign", ann))
      .yields({ type: "approval.denied", data: { approver: "ann" } });
    given(openMission(RISKY), propose(1, "a", { by: "ann" }))
      .when(denies(2, "a", ann))
      .yields({ type: "approval.denied", stateAfter: "BLOCKED", data: { approver: "ann" } });
    given(openMission(TWO))
      .when(denies(1, "sign", eve))
      .rejects("approver_not_permitted");
    given(openMission(TWO))
      .when(denies(2, "sign", person("ann", { groups: ["board"], validUntil: iso(2) })))
      .rejects("approver_not_permitted");
    given(openMission(TWO))
      .when(denies(1, "sign", ann, { key: keyPair("stolen") }))
      .rejects("approval_signature_invalid");
  });

  test("nobody who proposed in the attempt approves, whoever proposed last", () => {
    const proposals = [propose(1, "a", { by: "ann" }), propose(2, "a", { by: "agent-b" })];
    given(openMission(RISKY), ...proposals)
      .when(approves(3, "a", ann))
      .rejects("approver_not_permitted", {
        detail: "a proposer never approves their own proposal",
      });
    given(openMission(RISKY), ...proposals, approves(3, "a", ben))
      .when(propose(4, "a", { by: "ann" }))
      .yields(
        { type: "proposal.submitted" },
        { type: "approval.voided", data: { approvers: ["ben"] } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
    const { run } = given(openMission(RISKY), ...proposals);
    expect(run.state?.nodes.get("a")?.proposers).toEqual(["ann", "agent-b"]);
  });

  test("another proposer of the very same action voids what people approved and asks them anew", () => {
    const covered = plan([
      approvalNode("sign", { approves: "run", approval: { quorum: 2 } }),
      executionNode("run"),
    ]);
    const action = vendorSwitch({ amount: 9 });
    const { run, when } = given(
      openMission(covered),
      propose(1, "sign", { action }),
      approves(2, "sign", ann),
    );
    const asked = requestOf(run, "sign")?.gateDigest;
    when(propose(3, "sign", { by: "agent-b", rationale: "mine is better", action })).yields(
      { type: "proposal.submitted" },
      {
        type: "approval.voided",
        data: { gateDigest: asked, newGateDigest: asked, approvers: ["ann"] },
      },
      { type: "node.unblocked" },
      { type: "gate.evaluated", gateResult: { verdict: "pause" } },
      {
        type: "approval.requested",
        data: {
          gateDigest: asked,
          summary: expect.stringMatching(/^Agent agent-b asks .* mine is better$/),
        },
      },
    );
    when(propose(4, "sign", { by: "agent-b", rationale: "still", action })).yields(
      { type: "proposal.submitted" },
      { type: "node.unblocked" },
      { type: "gate.evaluated", gateResult: { verdict: "pause" } },
    );
  });

  test("approvals that no longer have a request are voided by another proposer, too", () => {
    const minutes = plan([
      approvalNode("sign", { approves: "run", evidenceOut: ["minutes"] }),
      executionNode("run"),
    ]);
    const action = vendorSwitch();
    given(openMission(minutes), propose(1, "sign", { action }), approves(2, "sign", ann))
      .when(propose(3, "sign", { by: "agent-b", action }))
      .yields(
        { type: "proposal.submitted" },
        { type: "approval.voided", data: { approvers: ["ann"] } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", data: { phase: "entry" }, gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });

  test("the next attempt knows nothing of who proposed in the last one", () => {
    const compiled = plan([executionNode("run", { risk: 3, ownerR: "human" })]);
    const action = vendorSwitch();
    given(
      openMission(compiled),
      propose(1, "run", { by: "ben", action }),
      approves(2, "run", ann),
      reports(3, "run", { outcome: "failed" }),
      propose(4, "run", { by: "ann", action }),
    )
      .when(approves(5, "run", ben))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
  });

  test("an approval stops counting when its person's right ends before the quorum is met", () => {
    const leaving = person("ann", { groups: ["board"], validUntil: iso(5) });
    const history = [openMission(TWO), approves(1, "sign", leaving)];
    expect(given(...history).events.at(-1)?.data).toMatchObject({ validUntil: iso(5) });
    given(...history)
      .when(approves(4, "sign", ben))
      .yields(
        { type: "approval.granted", data: { have: 2, need: 2 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
    given(...history)
      .when(approves(5, "sign", ben))
      .yields({ type: "approval.granted", data: { have: 1, need: 2 } });
    given(...history, approves(5, "sign", ben))
      .when(approves(6, "sign", ann))
      .yields(
        { type: "approval.granted", data: { have: 2 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });

  test("one person's statements, however many expired, are held as one", () => {
    const again = [1, 3, 5, 7].map((at) => approves(at, "sign", ann, { expiresAt: iso(at + 1) }));
    const { run } = given(openMission(TWO), ...again);
    const { approvals } = run.state?.nodes.get("sign") ?? {};
    expect(approvals?.map(({ approver }) => approver)).toEqual(["ann"]);
    expect(approvals?.at(-1)?.statementExpiresAt).toBe(iso(8));
  });
});
