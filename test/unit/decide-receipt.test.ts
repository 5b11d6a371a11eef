/** Receipts and denials: what the gateway reports, and what it may move. */
import { describe, expect, test } from "vitest";
import { outstandingTickets } from "../../shared/mission/index.ts";
import { decisionNode, denial, executionNode, iso, plan, receipt } from "../support/builders.ts";
import {
  intervene,
  openMission,
  passTime,
  propose,
  recordDenial,
  recordReceipt,
  submitEvidence,
  vendorSwitch,
} from "../support/commands.ts";
import { evidence } from "../support/builders.ts";
import { eventsOf, given, jtiOf, refuses, reports } from "../support/scenario.ts";

const ACTION = vendorSwitch();
const RUN = plan([
  executionNode("run", { attemptsMax: 2, writeSet: ["register#a"] }),
  decisionNode("after"),
]);
const RUNNING = [openMission(RUN), propose(1, "run", { action: ACTION })];

describe("RecordReceipt", () => {
  test("success completes the node", () => {
    given(...RUNNING)
      .when(reports(2, "run"))
      .yields(
        {
          type: "receipt.recorded",
          actor: { kind: "gateway" },
          stateAfter: "RUNNING",
          data: { resends: 0 },
        },
        { type: "gate.evaluated", stateAfter: "DONE", data: { phase: "exit" } },
        { type: "node.ready", nodeId: "after" },
      );
  });

  test("failure re-executes only this node, with a new proposal, until its attempts are used up", () => {
    given(...RUNNING)
      .when(reports(2, "run", { outcome: "failed", detail: "answered 500" }))
      .yields(
        { type: "receipt.recorded" },
        {
          type: "node.failed",
          stateAfter: "READY",
          data: {
            attempt: 1,
            cause: "action_failed",
            reasons: [{ code: "ACTION_FAILED", detail: "answered 500" }],
          },
        },
      );
    given(
      ...RUNNING,
      reports(2, "run", { outcome: "failed" }),
      propose(3, "run", { action: ACTION }),
    )
      .when(reports(4, "run", { outcome: "failed" }))
      .yields(
        { type: "receipt.recorded" },
        { type: "node.failed", stateAfter: "BLOCKED", data: { attempt: 2 } },
        { type: "incident.raised", data: { kind: "attempts_exhausted" } },
      );
  });

  test("an unknown outcome blocks, raises an incident, and is never repeated", () => {
    given(...RUNNING)
      .when(reports(2, "run", { outcome: "unknown", status: null, detail: "timed out" }))
      .yields(
        { type: "receipt.recorded" },
        {
          type: "node.failed",
          stateAfter: "BLOCKED",
          data: { attempt: 1, cause: "in_doubt", reasons: [{ code: "OUTCOME_UNKNOWN" }] },
        },
        { type: "incident.raised", data: { kind: "outcome_unknown", severity: "high" } },
      );
    const { run, when } = given(...RUNNING, reports(2, "run", { outcome: "unknown" }));
    when(propose(3, "run", { action: ACTION })).yields({
      type: "proposal.refused",
      gateResult: {
        reasons: [{ code: "OUTCOME_UNKNOWN", counterfactual: "a person reconciles the outcome" }],
      },
    });
    when(passTime(1_000_000)).staysQuiet();
    expect(eventsOf(run, "ticket.issued")).toHaveLength(1);
    expect(run.state?.nodes.get("run")?.verdict).toBe("pause");
  });

  test("evidence does not wave an unknown outcome through", () => {
    const compiled = plan([executionNode("run", { evidenceOut: ["proof"] })]);
    given(
      openMission(compiled),
      propose(1, "run", { action: ACTION }),
      reports(2, "run", { outcome: "unknown" }),
    )
      .when(submitEvidence(3, "run", evidence("proof")))
      .yields({ type: "evidence.submitted", stateAfter: "BLOCKED" });
  });

  test("stays quiet on a receipt that was recorded before, whatever it says", () => {
    const { run, when } = given(...RUNNING, reports(2, "run"));
    when(recordReceipt(3, receipt(jtiOf(run, "run")))).staysQuiet();
    when(recordReceipt(4, receipt(jtiOf(run, "run"), { outcome: "failed" }))).staysQuiet();
  });

  test("an old attempt's receipt does not settle the new attempt's ticket", () => {
    const { run, when } = given(
      ...RUNNING,
      reports(2, "run", { outcome: "failed" }),
      propose(3, "run", { action: ACTION }),
    );
    when(recordReceipt(4, receipt(jtiOf(run, "run", 0)))).staysQuiet();
    expect(run.state?.nodes.get("run")?.ticket?.jti).toBe(jtiOf(run, "run", 1));
  });

  test("refuses a ticket that was never issued", () => {
    given(...RUNNING)
      .when(recordReceipt(2, receipt("tkt_00000000000000000000000000000000")))
      .rejects("ticket_unknown");
  });

  test("a paused mission hears its receipts, and its nodes finish", () => {
    given(...RUNNING, intervene(2, "pause"))
      .when(reports(3, "run"))
      .yields(
        { type: "receipt.recorded" },
        { type: "gate.evaluated", stateAfter: "DONE" },
        { type: "node.ready" },
      );
  });

  test("a stopped mission records its receipts and does not move", () => {
    for (const outcome of ["succeeded", "failed", "unknown"] as const)
      given(...RUNNING, intervene(2, "stop"))
        .when(reports(3, "run", { outcome }))
        .yields({ type: "receipt.recorded", stateBefore: "RUNNING", stateAfter: "RUNNING" });
  });
});

describe("RecordDenial", () => {
  test("a denial is recorded, and the first of its kind raises an incident", () => {
    const history = [...RUNNING, reports(2, "run")];
    given(...history)
      .when(refuses(3, "run"))
      .yields(
        { type: "ticket.denied", nodeId: "run", actor: { kind: "gateway" } },
        {
          type: "incident.raised",
          data: { kind: "ticket_denied", severity: "high", reasonCodes: ["NONCE_USED"] },
        },
      );
    given(...history, refuses(3, "run"))
      .when(refuses(4, "run"))
      .yields({ type: "ticket.denied" });
    given(...history, refuses(3, "run"))
      .when(refuses(4, "run", { reason: "ARGS_HASH_MISMATCH" }))
      .yields(
        { type: "ticket.denied" },
        { type: "incident.raised", data: { reasonCodes: ["ARGS_HASH_MISMATCH"] } },
      );
  });

  test.each(["TICKET_EXPIRED", "FENCE_STALE", "GATE_NOT_CONFIRMED"] as const)(
    "%s burns the outstanding ticket: the attempt is over",
    (reason) => {
      given(...RUNNING)
        .when(refuses(2, "run", { reason }))
        .yields(
          { type: "ticket.denied" },
          { type: "incident.raised" },
          {
            type: "node.failed",
            stateAfter: "READY",
            data: {
              cause: "ticket_unused",
              reasons: [{ code: reason }, { code: "TICKET_UNUSED" }],
            },
          },
        );
    },
  );

  test.each(["ARGS_HASH_MISMATCH", "NONCE_USED", "TICKET_AUDIENCE_INVALID"] as const)(
    "%s leaves the outstanding ticket alone",
    (reason) => {
      given(...RUNNING)
        .when(refuses(2, "run", { reason }))
        .yields({ type: "ticket.denied", stateAfter: "RUNNING" }, { type: "incident.raised" });
    },
  );

  test("an unverified denial burns nothing: anybody can write a ticket's id on a forged one", () => {
    given(...RUNNING)
      .when(refuses(2, "run", { reason: "TICKET_EXPIRED", verified: false }))
      .yields({ type: "ticket.denied", stateAfter: "RUNNING" }, { type: "incident.raised" });
  });

  test("a denial of an old attempt's ticket leaves the new attempt alone", () => {
    const { run, when } = given(
      ...RUNNING,
      reports(2, "run", { outcome: "failed" }),
      propose(3, "run", { action: ACTION }),
    );
    when(recordDenial(4, denial(jtiOf(run, "run", 0), { reason: "TICKET_EXPIRED" }))).yields(
      { type: "ticket.denied", stateAfter: "RUNNING" },
      { type: "incident.raised" },
    );
  });

  test("a denial of no known ticket is recorded of the mission", () => {
    for (const jti of [null, "tkt_forged"])
      given(...RUNNING)
        .when(recordDenial(2, denial(jti, { verified: false, reason: "TICKET_SIGNATURE_INVALID" })))
        .yields(
          { type: "ticket.denied", nodeId: null, stateAfter: "active" },
          { type: "incident.raised", nodeId: null },
        );
  });

  test("duplicates that re-sending explains are forgiven, one for each re-send and no more", () => {
    // Re-sends are due 15, 45 and 105 seconds after the issue.
    const { when } = given(...RUNNING, reports(50, "run"));
    const duplicate = refuses(51, "run");
    when(duplicate).yields({ type: "ticket.duplicate" });
    when(duplicate).yields({ type: "ticket.duplicate" });
    when(duplicate).yields({ type: "ticket.denied" }, { type: "incident.raised" });
  });

  test("beyond the limit forged tickets are heard no more, and mute no genuine one", () => {
    const forged = (n: number) => recordDenial(2, denial(`forged-${n}`, { verified: false }));
    const flood = Array.from({ length: 99 }, (_, n) => forged(n));
    const { when } = given(...RUNNING, ...flood);
    when(forged(100)).yields(
      { type: "ticket.denied" },
      { type: "incident.raised" },
      { type: "incident.raised", nodeId: null },
    );
    when(forged(101)).staysQuiet();
    when(refuses(4, "run")).yields({ type: "ticket.denied" }, { type: "incident.raised" });
    when(refuses(5, "run", { reason: "TICKET_EXPIRED" })).yields(
      { type: "ticket.denied" },
      { type: "incident.raised" },
      { type: "node.failed", at: iso(5) },
    );
  });

  test("a stopped mission records denials and does not move", () => {
    given(...RUNNING, intervene(2, "stop"))
      .when(refuses(3, "run", { reason: "GATE_NOT_CONFIRMED" }))
      .yields({ type: "ticket.denied", stateAfter: "RUNNING" }, { type: "incident.raised" });
  });

  test("a stopped mission does not go on sending a ticket that will never run", () => {
    const { run, when } = given(...RUNNING, intervene(2, "stop"));
    expect(run.state && outstandingTickets(run.state)).toHaveLength(1);
    when(refuses(3, "run", { reason: "GATE_NOT_CONFIRMED" })).yields(
      { type: "ticket.denied" },
      { type: "incident.raised" },
    );
    expect(run.state && outstandingTickets(run.state)).toEqual([]);
  });
});
