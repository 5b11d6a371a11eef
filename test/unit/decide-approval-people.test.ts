/** Approvals, the people: who may still say no, whose word stops counting, and who proposed what they approve. */
import { describe, expect, test } from "vitest";
import { approvalNode, decisionNode, iso, keyPair, person, plan } from "../support/builders.ts";
import { openMission, propose } from "../support/commands.ts";
import { approves, denies, given } from "../support/scenario.ts";

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
