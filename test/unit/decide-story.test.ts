/** The vendor switch from beginning to end in the core: every chapter's events, and what stands at the end. */
import { describe, expect, test } from "vitest";
import { confirmTicket, stateHash, viewMission, viewReady } from "../../shared/mission/index.ts";
import { ticketClaimsSchema, verifyTicket } from "../../shared/ticket/index.ts";
import { agent, ms, TERMS, TICKET_KEY } from "../support/builders.ts";
import { propose, vendorSwitch } from "../support/commands.ts";
import { approves, eventsOf, given } from "../support/scenario.ts";
import { DANA, ERIN, PROCUREMENT, STORY, storyUpTo, SWITCH } from "../support/vendor-switch.ts";

describe("the vendor switch", () => {
  test("a proposal without its evidence output is not DONE, with it it is", () => {
    given(...storyUpTo("propose"))
      .when(STORY.recommend)
      .yields(
        { type: "result.submitted" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: { reasons: [{ code: "EVIDENCE_MISSING" }] },
        },
      );
    given(...storyUpTo("offers"))
      .when(STORY.recommend)
      .yields(
        { type: "result.submitted" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "node.ready", nodeId: "validate" },
      );
  });

  test("early execution and a wrong agent are refused", () => {
    given(...storyUpTo("recommend"))
      .when(propose(35, "execute", { by: PROCUREMENT, action: SWITCH }))
      .yields({ type: "proposal.refused", stateAfter: "NEW" });
    given(...storyUpTo("recommend"))
      .when(propose(35, "validate", { by: PROCUREMENT, agent: agent(PROCUREMENT) }))
      .yields({ type: "proposal.refused", stateAfter: "READY" });
  });

  test("the risk 4 node asks people, and nobody but the board may answer", () => {
    given(...storyUpTo("validated"))
      .when(STORY.ask)
      .yields(
        { type: "proposal.submitted", nodeId: "approve" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            verdict: "pause",
            score: 1,
            reasons: [{ code: "APPROVAL_MISSING", gate: "approval" }],
          },
        },
        {
          type: "approval.requested",
          data: { risk: 4, action: { type: "vendor.switch", args: SWITCH.args } },
        },
      );
    given(...storyUpTo("ask"))
      .when(approves(75, "approve", ERIN))
      .rejects("approver_not_permitted");
  });

  test("the board's signature lets the approval node through, and the execution becomes READY", () => {
    given(...storyUpTo("ask"))
      .when(STORY.approve)
      .yields(
        { type: "approval.granted", data: { approver: "dana" } },
        { type: "node.unblocked" },
        { type: "gate.evaluated", stateAfter: "RUNNING" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "node.ready", nodeId: "execute" },
      );
  });

  test("only the approved arguments get a ticket, and the gateway's checks accept it", () => {
    given(...storyUpTo("approve"))
      .when(
        propose(90, "execute", {
          by: PROCUREMENT,
          action: vendorSwitch({ ...SWITCH.args, amount: 240_001 }),
        }),
      )
      .yields(
        { type: "proposal.submitted" },
        {
          type: "gate.evaluated",
          gateResult: { reasons: [{ code: "APPROVAL_NOT_FOR_THIS_ACTION" }] },
        },
      );
    const { run } = given(...storyUpTo("execute"));
    const issued = eventsOf(run, "ticket.issued")[0];
    const claims = ticketClaimsSchema.parse(issued?.data["claims"]);
    const message = {
      ticket: issued?.data["ticket"] as string,
      team: claims.team,
      missionId: claims.txn,
      action: { ...SWITCH },
    };
    const context = {
      keyByKid: new Map([[TICKET_KEY.kid, TICKET_KEY.publicJwk]]),
      issuer: TERMS.issuer,
      audience: TERMS.audience,
      nowMs: ms(95),
      isRegistered: () => true,
    };
    expect(verifyTicket(message as never, context)).toEqual({ ok: true, value: claims });
    expect(
      verifyTicket(
        { ...message, action: vendorSwitch({ ...SWITCH.args, amount: 1 }) } as never,
        context,
      ),
    ).toMatchObject({ ok: false, error: { code: "ARGS_HASH_MISMATCH" } });
    expect(confirmTicket(run.state, claims, ms(92))).toEqual({
      ok: true,
      value: { confirmed: true },
    });
  });

  test("the receipt completes execution, the system completes its node, and the audit waits for a person", () => {
    given(...storyUpTo("execute"))
      .when(STORY.receipt)
      .yields(
        { type: "receipt.recorded", nodeId: "execute" },
        { type: "gate.evaluated", nodeId: "execute", stateAfter: "DONE" },
        { type: "node.ready", nodeId: "complete" },
        { type: "gate.evaluated", nodeId: "complete", stateAfter: "RUNNING" },
        { type: "gate.evaluated", nodeId: "complete", stateAfter: "DONE" },
        { type: "node.ready", nodeId: "audit" },
      );
    given(...storyUpTo("receipt"))
      .when(STORY.audit)
      .yields(
        { type: "proposal.submitted" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
    given(...storyUpTo("audit"))
      .when(approves(105, "audit", DANA))
      .rejects("approver_not_permitted");
  });

  test("the mission completes with exactly one ticket, and the view says so", () => {
    const { run } = given(...storyUpTo("audited"));
    expect(run.events.at(-1)).toMatchObject({ type: "mission.completed", data: { nodes: 6 } });
    expect(eventsOf(run, "ticket.issued")).toHaveLength(1);
    const view = run.state && viewMission(run.state);
    expect(view).toMatchObject({
      state: "completed",
      sealed: false,
      progress: { done: 6, total: 6 },
    });
    expect(view?.nodes.map((node) => [node.id, node.state])).toEqual(
      ["propose", "validate", "approve", "execute", "complete", "audit"].map((id) => [id, "DONE"]),
    );
    expect(run.state && viewReady(run.state)).toEqual([]);
  });

  test("told twice it has the same trace and the same state hash", () => {
    const [one, other] = [given(...storyUpTo("audited")).run, given(...storyUpTo("audited")).run];
    expect(other.events).toEqual(one.events);
    expect(other.state && stateHash(other.state)).toBe(one.state && stateHash(one.state));
  });
});
