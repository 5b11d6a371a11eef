/** The directory changes under an approval: what counts is what holds when the gate decides. */
import { describe, expect, test } from "vitest";
import { approversWaiting, certifyReplay } from "../../shared/mission/index.ts";
import { amend, amendment, decidesAmendment } from "../support/amendments.ts";
import {
  approvalNode,
  decisionNode,
  iso,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import { intervene, openMission, passTime, reviewApprovals } from "../support/commands.ts";
import { approves, given, type Step } from "../support/scenario.ts";

const ann = person("ann", { groups: ["board", "staff"], keyNames: ["ann", "ann-phone"] });
const ben = person("ben", { groups: ["board"] });
const [key, phone] = ann.keys;
const TWO = plan([approvalNode("sign", { approval: { quorum: 2, group: "board" } })]);
const NOW = {
  kids: ann.facts.keys.map(({ kid }) => kid),
  groups: ann.facts.groups,
  validFrom: null,
  validUntil: null,
};

describe("ReviewApprovals", () => {
  test.each([
    ["the person is gone", null, "person_removed"],
    ["the key was removed", { ...NOW, kids: [phone?.kid ?? ""] }, "key_removed"],
    ["the person left the group", { ...NOW, groups: ["staff"] }, "group_left"],
    ["their right has ended", { ...NOW, validUntil: iso(2) }, "not_valid"],
    ["their right begins later", { ...NOW, validFrom: iso(9) }, "not_valid"],
  ])("revokes an approval where %s, in the name of who changed it", (_what, standing, cause) => {
    given(openMission(TWO), approves(1, "sign", ann))
      .when(reviewApprovals(2, "ann", standing))
      .yields({
        type: "approval.revoked",
        actor: { kind: "human", id: "admin" },
        stateAfter: "BLOCKED",
        data: { approver: "ann", kid: key.kid, cause, standing },
      });
  });

  test.each([
    ["nothing changed", NOW],
    ["another key was removed", { ...NOW, kids: [key.kid] }],
    ["a group that nobody asks for was left", { ...NOW, groups: ["board"] }],
    ["a group was joined", { ...NOW, groups: ["board", "staff", "audit"] }],
    ["their right ends later", { ...NOW, validUntil: iso(3) }],
  ])("stays quiet where %s", (_what, standing) => {
    given(openMission(TWO), approves(1, "sign", ann))
      .when(reviewApprovals(2, "ann", standing))
      .staysQuiet();
  });

  test("leaves the request open, and the seat to be filled again", () => {
    const history = [openMission(TWO), approves(1, "sign", ann), reviewApprovals(2, "ann", null)];
    given(...history)
      .when(approves(3, "sign", ben))
      .yields({ type: "approval.granted", data: { have: 1, need: 2 } });
    given(...history, approves(3, "sign", ben))
      .when(approves(4, "sign", ann))
      .yields(
        { type: "approval.granted", data: { have: 2 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated" },
        { type: "mission.completed" },
      );
  });

  test("touches nobody else's approval, and nothing that runs", () => {
    given(openMission(TWO), approves(1, "sign", ann))
      .when(reviewApprovals(2, "ben", null))
      .staysQuiet();
    const done = [openMission(TWO), approves(1, "sign", ann), approves(2, "sign", ben)];
    given(...done)
      .when(reviewApprovals(3, "ann", null))
      .staysQuiet();
  });

  test("revokes at every open node, once, and while the mission is paused too", () => {
    const open = plan(
      ["a", "b"].map((id) => approvalNode(id, { approval: { quorum: 2 } })),
      { edges: [] },
    );
    const signed = [openMission(open), approves(1, "a", ann), approves(2, "b", ann)];
    const review = reviewApprovals(4, "ann", null);
    const revoked = [
      { type: "approval.revoked", nodeId: "a" },
      { type: "approval.revoked", nodeId: "b" },
    ];
    const step = given(...signed).when(review);
    step.yields(...revoked);
    expect(certifyReplay(step.run.events)).toMatchObject({ certified: true });
    given(...signed, intervene(3, "pause"))
      .when(review)
      .yields(...revoked);
    given(...signed, review)
      .when(reviewApprovals(5, "ann", null))
      .staysQuiet();
  });

  test("revokes the approval of an amendment", () => {
    const careful = policy([
      rule({ id: "work", kinds: ["decision", "approval"] }),
      rule({ id: "amend", kinds: ["amendment"], approval: { quorum: 2 } }),
    ]);
    const change = amendment([decisionNode("more", { risk: 2 })]);
    const opened = openMission(plan([approvalNode("sign")]), { policy: careful });
    const { run, when } = given(opened, amend(1, change), decidesAmendment(2, ann));
    expect(run.state && approversWaiting(run.state)).toEqual(["ann"]);
    const step = when(reviewApprovals(3, "ann", null));
    step.yields({ type: "approval.revoked", nodeId: null, data: { amendment: "amendment.1" } });
    expect(certifyReplay(step.run.events)).toMatchObject({ certified: true });
    when(decidesAmendment(4, ben)).yields({ type: "approval.granted", data: { have: 1, need: 2 } });
  });

  test("is about those whose approvals wait, and about nobody where none does", () => {
    const waiting = (...steps: readonly Step[]) => {
      const { state } = given(...steps).run;
      return state && approversWaiting(state);
    };
    expect(waiting(openMission(TWO))).toEqual([]);
    expect(waiting(openMission(TWO), approves(1, "sign", ann))).toEqual(["ann"]);
    expect(waiting(openMission(TWO), approves(1, "sign", ann), approves(2, "sign", ben))).toEqual(
      [],
    );
    expect(waiting(openMission(TWO), approves(1, "sign", ann), passTime(90_000))).toEqual([]);
  });
});
