/** Approvals: whose signature counts, over what, for how long, and what voids it. */
import { describe, expect, test } from "vitest";
import { verifyJws } from "../../shared/jws.ts";
import {
  approvalNode,
  decisionNode,
  evidence,
  executionNode,
  iso,
  keyPair,
  OTHER_MISSION,
  person,
  type Person,
  plan,
  policy,
  rule,
  signStatement,
  statement,
} from "../support/builders.ts";
import {
  decideApproval,
  intervene,
  openMission,
  passTime,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, denies, given, reports, requestOf } from "../support/scenario.ts";

const ann = person("ann", { groups: ["board"] });
const ben = person("ben", { groups: ["board"], keyNames: ["ben-phone", "ben-laptop"] });
const eve = person("eve");

const SIGN = plan([
  approvalNode("sign", { approval: { quorum: 1, group: "board", deadlineMs: 3_600_000 } }),
]);
const TWO = plan([
  approvalNode("sign", { approval: { quorum: 2, group: "board", deadlineMs: 3_600_000 } }),
]);
const RISKY = plan([decisionNode("a", { risk: 3, ownerR: "human", approval: { quorum: 2 } })]);

describe("DecideApproval", () => {
  test("asking people says everything they sign over, and until when", () => {
    const { run } = given(openMission(TWO));
    const request = requestOf(run, "sign");
    expect(run.events.at(-1)).toMatchObject({
      type: "approval.requested",
      stateBefore: "BLOCKED",
      data: {
        attempt: 1,
        risk: 4,
        requirement: { quorum: 2, group: "board" },
        deadlineAt: iso(3_600),
        action: null,
        evidence: [],
        statement: { nodeId: "sign", attempt: 1, gateDigest: request?.gateDigest },
      },
    });
  });

  test("a valid signature is recorded with the key that verifies it, and the node runs", () => {
    const { when } = given(openMission(SIGN));
    const step = when(approves(1, "sign", ann));
    step.yields(
      {
        type: "approval.granted",
        actor: { kind: "human", id: "ann" },
        data: { approver: "ann", groups: ["board"], kid: ann.keys[0].kid, have: 1, need: 1 },
      },
      { type: "node.unblocked", data: { cause: "approval" } },
      { type: "gate.evaluated", stateAfter: "RUNNING", data: { phase: "entry" } },
      { type: "gate.evaluated", stateAfter: "DONE", data: { phase: "exit" } },
      { type: "mission.completed" },
    );
    const granted = step.run.events.find((event) => event.type === "approval.granted");
    const verified = verifyJws(granted?.approvalSignature, {
      typ: "sekisho-approval+jwt",
      algs: ["EdDSA"],
      keyByKid: () => granted?.data["jwk"] as never,
    });
    expect(verified.ok && verified.value.payload["decision"]).toBe("approve");
  });

  test("a quorum of two waits for the second person", () => {
    given(openMission(TWO))
      .when(approves(1, "sign", ann))
      .yields({ type: "approval.granted", stateAfter: "BLOCKED", data: { have: 1, need: 2 } });
    given(openMission(TWO), approves(1, "sign", ann))
      .when(approves(2, "sign", ben))
      .yields(
        { type: "approval.granted", data: { have: 2, need: 2 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });

  test("one person counts once, with one key or with two", () => {
    given(openMission(TWO), approves(1, "sign", ben))
      .when(approves(2, "sign", ben))
      .rejects("approval_already_given", { approver: "ben" });
    given(openMission(TWO), approves(1, "sign", ben))
      .when(approves(2, "sign", ben, { key: ben.keys[1] ?? keyPair("none") }))
      .rejects("approval_already_given", { approver: "ben" });
  });

  test("the quorum is the larger of the plan's and the policy's", () => {
    const strict = policy([rule({ kinds: ["approval"], approval: { quorum: 2 } })]);
    given(openMission(SIGN, { policy: strict }))
      .when(approves(1, "sign", ann))
      .yields({ type: "approval.granted", data: { have: 1, need: 2 } });
  });

  test("the policy may ask for approval where the plan does not", () => {
    const careful = policy([
      rule({ kinds: ["execution"], actions: ["vendor.switch"], approval: { quorum: 1 } }),
    ]);
    given(
      openMission(plan([executionNode("run")]), { policy: careful }),
      propose(1, "run", { action: vendorSwitch() }),
    )
      .when(approves(2, "run", eve))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "ticket.issued" },
      );
  });

  test.each([
    ["another mission", { missionId: OTHER_MISSION }, "missionId"],
    ["another node", { nodeId: "other" }, "nodeId"],
    ["another attempt", { attempt: 2 }, "attempt"],
    ["another approver", { approver: "ben" }, "approver"],
    ["a time still to come", { issuedAt: iso(60) }, "issuedAt"],
    ["a week and a day", { expiresAt: iso(8 * 86_400) }, "expiresAt"],
  ])("refuses a statement about %s", (_what, members, member) => {
    given(openMission(SIGN))
      .when(approves(1, "sign", ann, members))
      .rejects("approval_statement_mismatch", { member });
  });

  test("refuses a statement over another digest", () => {
    given(openMission(SIGN))
      .when(approves(1, "sign", ann, { gateDigest: "f".repeat(64) }))
      .rejects("approval_digest_stale", { actual: "f".repeat(64) });
  });

  test("refuses a statement from the moment it expires", () => {
    given(openMission(SIGN))
      .when(approves(10, "sign", ann, { expiresAt: iso(10) }))
      .rejects("approval_statement_expired");
    given(openMission(TWO))
      .when(approves(10, "sign", ann, { expiresAt: iso(11) }))
      .yields({ type: "approval.granted" });
  });

  test("an approval that has expired no longer counts, and its person may approve again", () => {
    const short = approves(1, "sign", ann, { expiresAt: iso(5) });
    given(openMission(TWO), short)
      .when(approves(6, "sign", ben))
      .yields({ type: "approval.granted", data: { have: 1, need: 2 } });
    given(openMission(TWO), short, approves(6, "sign", ben))
      .when(approves(7, "sign", ann))
      .yields(
        { type: "approval.granted", data: { have: 2 } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated" },
        { type: "mission.completed" },
      );
  });

  test("refuses a signature by a key that is not registered, of another person, or over other bytes", () => {
    const signedBy = (key: Person["keys"][0]) => approves(1, "sign", ann, { key });
    given(openMission(SIGN))
      .when(signedBy(keyPair("stolen")))
      .rejects("approval_signature_invalid");
    given(openMission(SIGN)).when(signedBy(ben.keys[0])).rejects("approval_signature_invalid");
    given(openMission(SIGN))
      .when(signedBy({ ...keyPair("stolen"), kid: ann.keys[0].kid }))
      .rejects("approval_signature_invalid");
    for (const text of ["", "a.b.c", "not a signature"])
      given(openMission(SIGN))
        .when(decideApproval(1, "sign", ann, text))
        .rejects("approval_signature_invalid");
  });

  test("refuses a well-signed text that is no statement", () => {
    const { run, when } = given(openMission(SIGN));
    const content = statement({
      nodeId: "sign",
      gateDigest: requestOf(run, "sign")?.gateDigest ?? "",
      approver: "ann",
    });
    when(
      decideApproval(1, "sign", ann, signStatement({ ...content, decision: "maybe" }, ann.keys[0])),
    ).rejects("approval_statement_malformed");
    when(
      decideApproval(1, "sign", ann, signStatement({ ...content, note: "surplus" }, ann.keys[0])),
    ).rejects("approval_statement_malformed");
    when(
      decideApproval(
        1,
        "sign",
        ann,
        signStatement({ ...content, issuedAt: "2026-02-30T00:00:00.000Z" }, ann.keys[0]),
      ),
    ).rejects("approval_statement_malformed");
  });

  test("refuses a person the directory does not know, outside of the group, or outside of their time", () => {
    given(openMission(SIGN))
      .when(decideApproval(1, "sign", ann, "x.y.z", { approver: null }))
      .rejects("approver_unknown", { approver: "ann" });
    given(openMission(SIGN))
      .when(approves(1, "sign", eve))
      .rejects("approver_not_permitted", { detail: "eve is not in group board" });
    given(openMission(SIGN))
      .when(approves(1, "sign", person("ann", { groups: ["board"], validFrom: iso(2) })))
      .rejects("approver_not_permitted");
    given(openMission(SIGN))
      .when(approves(2, "sign", person("ann", { groups: ["board"], validUntil: iso(2) })))
      .rejects("approver_not_permitted");
    given(openMission(TWO))
      .when(
        approves(
          2,
          "sign",
          person("ann", { groups: ["board"], validFrom: iso(2), validUntil: iso(3) }),
        ),
      )
      .yields({ type: "approval.granted" });
  });

  test("a proposer never approves their own proposal", () => {
    given(openMission(RISKY), propose(1, "a", { by: "ann" }))
      .when(approves(2, "a", ann))
      .rejects("approver_not_permitted", {
        detail: "a proposer never approves their own proposal",
      });
  });

  test("who approved and then takes over as proposer has approved nothing", () => {
    given(openMission(RISKY), propose(1, "a", { by: "agent-a" }), approves(2, "a", ann))
      .when(propose(3, "a", { by: "ann" }))
      .yields(
        { type: "proposal.submitted" },
        { type: "approval.voided", data: { approvers: ["ann"] } },
        { type: "node.unblocked" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { verdict: "pause", reasons: [{ code: "APPROVAL_MISSING" }] },
        },
        { type: "approval.requested" },
      );
  });

  test("refuses when nobody asked: before a proposal, after the decision, at an unknown node", () => {
    given(openMission(RISKY))
      .when(approves(1, "a", ann))
      .rejects("approval_not_requested");
    given(openMission(SIGN), approves(1, "sign", ann))
      .when(approves(2, "sign", ben))
      .rejects("mission_not_active", { state: "completed" });
    given(openMission(SIGN))
      .when(approves(1, "zz", ann))
      .rejects("node_unknown");
    given(openMission(SIGN), intervene(1, "pause"))
      .when(approves(2, "sign", ann))
      .rejects("mission_not_active");
  });

  test("a denial blocks, and is final for that digest", () => {
    given(openMission(TWO), approves(1, "sign", ann))
      .when(denies(2, "sign", ben))
      .yields({
        type: "approval.denied",
        stateAfter: "BLOCKED",
        data: { approver: "ben", reason: "too dear" },
        gateResult: { verdict: "block", reasons: [{ code: "APPROVAL_DENIED" }] },
      });
    given(openMission(TWO), denies(1, "sign", ben))
      .when(approves(2, "sign", ann))
      .rejects("approval_not_requested");
  });

  test("the same proposal again meets the same denial, another one asks anew", () => {
    const compiled = plan([approvalNode("sign", { approves: "run" }), executionNode("run")]);
    const denied = [
      openMission(compiled),
      propose(1, "sign", { action: vendorSwitch({ amount: 9 }) }),
      denies(2, "sign", ann),
    ];
    given(...denied)
      .when(propose(3, "sign", { action: vendorSwitch({ amount: 9 }) }))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked" },
        {
          type: "gate.evaluated",
          gateResult: { verdict: "block", reasons: [{ code: "APPROVAL_DENIED" }] },
        },
      );
    given(...denied)
      .when(propose(3, "sign", { action: vendorSwitch({ amount: 8 }) }))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });

  test("silence denies: the deadline closes the request, and what comes at it comes too late", () => {
    given(openMission(SIGN))
      .when(passTime(3_600))
      .yields({
        type: "approval.expired",
        at: iso(3_600),
        stateAfter: "BLOCKED",
        data: { deadlineAt: iso(3_600) },
        gateResult: { verdict: "block", reasons: [{ code: "APPROVAL_EXPIRED" }] },
      });
    given(openMission(SIGN)).when(passTime(3_599)).staysQuiet();
    given(openMission(SIGN))
      .when(approves(3_600, "sign", ann))
      .rejects("approval_not_requested");
    given(openMission(SIGN), passTime(3_600)).when(passTime(9_999)).staysQuiet();
  });

  test("an approval belongs to one attempt: the next attempt asks anew", () => {
    const compiled = plan([executionNode("run", { risk: 3, ownerR: "human" })]);
    const { run, when } = given(
      openMission(compiled),
      propose(1, "run", { action: vendorSwitch() }),
      approves(2, "run", ann),
      reports(3, "run", { outcome: "failed" }),
    );
    when(propose(4, "run", { action: vendorSwitch() })).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated", gateResult: { verdict: "pause" } },
      { type: "approval.requested", data: { attempt: 2 } },
    );
    when(approves(5, "run", ann, { attempt: 1 })).rejects("approval_statement_mismatch", {
      member: "attempt",
    });
    expect(requestOf(run, "run")).not.toBeNull();
  });

  test("a node that comes back to its entry gate after its statements expired asks anew", () => {
    const compiled = plan([approvalNode("sign", { evidenceOut: ["minutes"] })]);
    const history = [openMission(compiled), approves(1, "sign", ann, { expiresAt: iso(10) })];
    given(...history)
      .when(submitEvidence(9, "sign", evidence("minutes")))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
    given(...history)
      .when(submitEvidence(10, "sign", evidence("minutes")))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "BLOCKED", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });

  test("a risk 3 decision is DONE only with its approvals", () => {
    given(openMission(RISKY), propose(1, "a"), approves(2, "a", ann), approves(3, "a", ben))
      .when(submitResult(4, "a"))
      .yields(
        { type: "result.submitted" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "mission.completed" },
      );
  });
});
