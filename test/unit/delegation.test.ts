/** Delegation: one seat of the delegator's, filled by somebody else, and never more than the delegator could do. */
import { describe, expect, test } from "vitest";
import { certifyReplay } from "../../shared/mission/index.ts";
import {
  approvalNode,
  evidence,
  executionNode,
  iso,
  keyPair,
  person,
  plan,
} from "../support/builders.ts";
import { openMission, propose, reviewApprovals, vendorSwitch } from "../support/commands.ts";
import { approvesFor, delegation, standingOf } from "../support/delegations.ts";
import { approves, given } from "../support/scenario.ts";

const ann = person("ann", { groups: ["board", "law"] });
const ben = person("ben", { groups: ["board"] });
const dan = person("dan", { groups: ["staff"] });
const eve = person("eve", { groups: ["staff"] });

const toDan = delegation(ann, dan);
const PAY = plan([
  executionNode("pay", { risk: 3, ownerR: "human", approval: { quorum: 2, group: "board" } }),
]);
const ONE = plan([
  executionNode("pay", { risk: 3, ownerR: "human", approval: { quorum: 1, group: "board" } }),
]);
const act = (by = "agent-a") => propose(1, "pay", { by, action: vendorSwitch({ amount: 1 }) });
const asked = (compiled = PAY) => given(openMission(compiled), act());

describe("a delegate", () => {
  test("fills the delegator's seat, and the trace holds the signed delegation", () => {
    asked(ONE)
      .when(approvesFor(2, "pay", dan, [toDan]))
      .yields(
        {
          type: "approval.granted",
          actor: { kind: "human", id: "dan" },
          data: {
            approver: "dan",
            delegatedBy: "ann",
            groups: ["board", "law"],
            delegation: { id: toDan.id, statement: toDan.statement, kid: ann.keys[0].kid },
            validUntil: iso(3_600),
          },
        },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "allow" } },
        { type: "ticket.issued" },
      );
  });

  test("decides nothing on anybody's behalf without saying so, and nothing that was not delegated", () => {
    asked()
      .when(approves(2, "pay", dan))
      .rejects("approver_not_permitted");
    asked()
      .when(approvesFor(2, "pay", dan, []))
      .rejects("delegation_not_permitted");
    asked()
      .when(approvesFor(2, "pay", dan, [toDan], { onBehalfOf: "ben" }))
      .rejects("delegation_not_permitted", { detail: "ben has delegated nothing to dan" });
    asked()
      .when(approvesFor(2, "pay", eve, [toDan]))
      .rejects("delegation_not_permitted");
  });

  test("may say no in the delegator's seat", () => {
    asked()
      .when(approvesFor(2, "pay", dan, [toDan], { decision: "deny" }))
      .yields({ type: "approval.denied", data: { approver: "dan", delegatedBy: "ann" } });
  });

  test("breaks no glass for anybody", () => {
    const fire = person("dan", { groups: ["staff"], breakGlass: true });
    asked()
      .when(approvesFor(2, "pay", fire, [toDan], { decision: "break-glass" }))
      .rejects("delegation_not_permitted");
  });

  test.each([
    ["another team", { team: "other" }, /of another team/],
    ["another mission", { missions: ["msn_01900000-0000-7000-8000-000000000000"] }, /this mission/],
    ["less risk", { riskMax: 2 }, /up to risk 2$/],
    ["a time that is over", { expiresAt: iso(2) }, /ended/],
    ["a time to come", { issuedAt: iso(60) }, /begins/],
    ["longer than 30 days", { expiresAt: iso(30 * 86_400 + 1) }, /30 days/],
    ["somebody else", { delegate: "eve" }, /is by ann to eve/],
    ["no key of the delegator's", { key: keyPair("stolen") }, /no key/],
  ])("has nothing from a delegation for %s", (_what, overrides, detail) => {
    const facts = delegation(ann, dan, overrides);
    asked()
      .when(approvesFor(2, "pay", dan, [facts]))
      .rejects("delegation_not_permitted", {
        detail: expect.stringMatching(detail),
      });
  });

  test("has no group that the delegator has not now, nor one the delegation leaves out", () => {
    for (const facts of [
      delegation(ann, dan, { groups: ["law"] }),
      { ...toDan, delegator: { ...ann.facts, groups: ["law"] } },
      delegation(eve, dan, { groups: ["board"] }),
    ])
      asked()
        .when(approvesFor(2, "pay", dan, [facts]))
        .rejects("approver_not_permitted");
  });

  test("hands nothing on: who has a delegation delegates their own groups only", () => {
    const onward = delegation(dan, eve);
    asked()
      .when(approvesFor(2, "pay", eve, [onward]))
      .rejects("approver_not_permitted");
    asked()
      .when(approvesFor(2, "pay", eve, [toDan], { onBehalfOf: "ann" }))
      .rejects("delegation_not_permitted");
  });

  test("has nothing once the delegator's own right has ended", () => {
    const ended = person("ann", { groups: ["board"], validUntil: iso(2) });
    asked()
      .when(approvesFor(2, "pay", dan, [delegation(ended, dan)]))
      .rejects("delegation_not_permitted", { detail: `ann could approve until ${iso(2)}` });
  });
});

describe("one seat", () => {
  test("is one person: the delegator does not sign beside the delegate, nor the delegate beside the delegator", () => {
    given(openMission(PAY), act(), approvesFor(2, "pay", dan, [toDan]))
      .when(approves(3, "pay", ann))
      .rejects("approval_already_given", { approver: "ann" });
    given(openMission(PAY), act(), approves(2, "pay", ann))
      .when(approvesFor(3, "pay", dan, [toDan]))
      .rejects("approval_already_given", { approver: "ann" });
  });

  test("is all that one person fills: neither their own and a delegator's, nor those of two delegators", () => {
    const fromBen = delegation(ben, dan);
    given(openMission(PAY), act(), approvesFor(2, "pay", dan, [toDan]))
      .when(approvesFor(3, "pay", dan, [fromBen]))
      .rejects("approval_already_given", { approver: "dan" });
    const both = delegation(ann, ben);
    given(openMission(PAY), act(), approves(2, "pay", ben))
      .when(approvesFor(3, "pay", ben, [both]))
      .rejects("approval_already_given", { approver: "ben" });
    given(openMission(PAY), act(), approvesFor(2, "pay", ben, [both]))
      .when(approves(3, "pay", ben))
      .rejects("approval_already_given", { approver: "ben" });
  });

  test("has one delegate: a second one does not fill it again", () => {
    given(openMission(PAY), act(), approvesFor(2, "pay", dan, [toDan]))
      .when(approvesFor(3, "pay", eve, [delegation(ann, eve)]))
      .rejects("approval_already_given", { approver: "ann" });
  });
});

describe("duties", () => {
  test("nobody approves their own proposal through a delegate, and no delegate their own", () => {
    for (const proposer of ["ann", "dan"])
      given(openMission(ONE), act(proposer))
        .when(approvesFor(2, "pay", dan, [toDan]))
        .rejects("approver_not_permitted", {
          detail: "a proposer never approves their own proposal",
        });
  });

  test("who let a delegate approve an action does not perform it", () => {
    const covered = plan([
      approvalNode("sign", { approves: "run", approval: { quorum: 1, group: "board" } }),
      executionNode("run"),
    ]);
    const action = vendorSwitch({ amount: 1 });
    for (const by of ["ann", "dan"])
      given(
        openMission(covered),
        propose(1, "sign", { action }),
        approvesFor(2, "sign", dan, [toDan]),
      )
        .when(propose(3, "run", { by, action }))
        .yields(
          { type: "proposal.submitted" },
          {
            type: "gate.evaluated",
            gateResult: { verdict: "block", reasons: [{ code: "SEPARATION_OF_DUTIES" }] },
          },
        );
  });

  test("kept apart by the plan bind whoever signs and for whom", () => {
    const apart = plan(
      [
        executionNode("first", { risk: 3, ownerR: "human", approval: { quorum: 2 } }),
        executionNode("pay", { risk: 3, ownerR: "human", approval: { apartFrom: ["first"] } }),
      ],
      { edges: [] },
    );
    for (const who of [ann, dan])
      given(
        openMission(apart),
        propose(1, "first", { action: vendorSwitch() }),
        act(),
        approves(2, "first", who),
      )
        .when(approvesFor(3, "pay", dan, [toDan]))
        .rejects("approver_not_permitted", { detail: expect.stringMatching(/stays apart/) });
  });

  test("the delegator's evidence is not approved through a delegate", () => {
    const resting = plan(
      [
        executionNode("pay", {
          risk: 3,
          ownerR: "human",
          evidenceIn: ["brief"],
          approval: { quorum: 1, group: "board" },
        }),
      ],
      { missionInputs: ["brief"] },
    );
    const inputs = [evidence("brief", { producedBy: "ann" })];
    given(openMission(resting, { inputs }), act())
      .when(approvesFor(2, "pay", dan, [toDan]))
      .rejects("approver_not_permitted");
  });
});

describe("a delegated approval that waits for others", () => {
  const waiting = () => given(openMission(PAY), act(), approvesFor(2, "pay", dan, [toDan]));

  test("stays while nothing has changed for either of the two", () => {
    waiting()
      .when(reviewApprovals(3, "ann", standingOf(ann, [toDan])))
      .staysQuiet();
    waiting()
      .when(reviewApprovals(3, "dan", standingOf(dan)))
      .staysQuiet();
  });

  test.each([
    ["is revoked", standingOf(ann), "delegation_ended"],
    [
      "was signed with a key since removed",
      standingOf(ann, [toDan], { kids: [] }),
      "delegation_ended",
    ],
    ["is of somebody removed", null, "person_removed"],
    [
      "is of somebody whose right ended",
      standingOf(ann, [toDan], { validUntil: iso(3) }),
      "not_valid",
    ],
    [
      "is of somebody who left the group",
      standingOf(ann, [toDan], { groups: ["law"] }),
      "group_left",
    ],
  ])("ends when the delegation %s", (_how, standing, cause) => {
    const { run, when } = waiting();
    when(reviewApprovals(3, "ann", standing)).yields({
      type: "approval.revoked",
      data: { approver: "dan", person: "ann", cause },
    });
    expect(certifyReplay(run.events)).toMatchObject({ certified: true, exact: true });
    when(approves(4, "pay", ann)).yields({ type: "approval.granted", data: { have: 1 } });
  });

  test("ends when the delegate is removed", () => {
    waiting()
      .when(reviewApprovals(3, "dan", null))
      .yields({ type: "approval.revoked", data: { approver: "dan", cause: "person_removed" } });
  });

  test("counts no more once the delegation's time is over", () => {
    const brief = delegation(ann, dan, { expiresAt: iso(10) });
    given(openMission(PAY), act(), approvesFor(2, "pay", dan, [brief]))
      .when(approves(10, "pay", ben))
      .yields({ type: "approval.granted", data: { have: 1, need: 2 } });
  });
});

test("a trace with delegated decisions is replayed to the same trace", () => {
  const { events } = given(
    openMission(PAY),
    act(),
    approvesFor(2, "pay", dan, [toDan]),
    approvesFor(3, "pay", eve, [delegation(ben, eve)], { decision: "deny" }),
  );
  expect(certifyReplay(events)).toMatchObject({ certified: true, exact: true });
});

test("a replay that knows whose keys are whose asks for the delegator's, too", () => {
  const { events } = given(openMission(PAY), act(), approvesFor(2, "pay", dan, [toDan]));
  const kids = (who: typeof ann) => new Set(who.keys.map(({ kid }) => kid));
  const known = new Map([
    ["ann", kids(ann)],
    ["dan", kids(dan)],
  ]);
  expect(certifyReplay(events, { approverKeys: known })).toMatchObject({ certified: true });
  const other = new Map([...known, ["ann", kids(ben)]]);
  expect(certifyReplay(events, { approverKeys: other })).toMatchObject({
    certified: false,
    member: "data.delegation.kid",
  });
});
