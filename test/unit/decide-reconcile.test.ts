/** Reconciling an unknown outcome: only a person, only where nobody knows, and never against the gateway's word. */
import { describe, expect, test } from "vitest";
import { holdsSlice, viewNode } from "../../shared/mission/index.ts";
import type { Receipt } from "../../shared/ticket/index.ts";
import {
  decisionNode,
  evidence,
  executionNode,
  person,
  plan,
  receipt,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  propose,
  reconcile,
  recordReceipt,
  reset,
  submitEvidence,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, eventsOf, given, jtiOf, reports, type Run } from "../support/scenario.ts";

const ACTION = vendorSwitch();
const DOUBT = { outcome: "unknown", status: null, detail: "timed out" } as const;
const RUN = plan([
  executionNode("run", { attemptsMax: 2, writeSet: ["register#a"] }),
  decisionNode("after"),
]);
const DOUBTFUL = [
  openMission(RUN),
  propose(1, "run", { action: ACTION }),
  reports(2, "run", DOUBT),
];
const RISKY = plan([executionNode("pay", { ownerR: "human", risk: 3 })]);
const RISKY_DOUBT = [
  openMission(RISKY),
  propose(1, "pay", { action: ACTION, by: "agent-a" }),
  approves(2, "pay", person("ann")),
  reports(3, "pay", DOUBT),
];

function late(seconds: number, nodeId: string, outcome: Receipt["outcome"]) {
  return (run: Run) => recordReceipt(seconds, receipt(jtiOf(run, nodeId), { outcome }));
}

describe("done", () => {
  test("takes the node through its exit gate, as a person's word, and its lease ends", () => {
    const { run, when } = given(...DOUBTFUL);
    expect(run.state && holdsSlice(run.state, "register#a")).toBe(true);
    when(reconcile(3, "run", "done")).yields(
      {
        type: "outcome.reconciled",
        actor: { kind: "human", id: "operator" },
        stateBefore: "BLOCKED",
        stateAfter: "RUNNING",
        data: { outcome: "done", attempt: 1 },
      },
      { type: "gate.evaluated", stateAfter: "DONE", data: { phase: "exit" } },
      { type: "node.ready", nodeId: "after" },
    );
    expect(run.state && holdsSlice(run.state, "register#a")).toBe(false);
    expect(run.state && viewNode(run.state, "run").receipt).toMatchObject({
      outcome: "unknown",
      reconciled: { outcome: "done", by: "operator" },
    });
  });

  test("does not wave the exit gate through: evidence still missing blocks until it comes", () => {
    const compiled = plan([executionNode("run", { evidenceOut: ["proof"] })]);
    const { when } = given(
      openMission(compiled),
      propose(1, "run", { action: ACTION }),
      reports(2, "run", DOUBT),
    );
    when(reconcile(3, "run", "done")).yields(
      { type: "outcome.reconciled" },
      { type: "gate.evaluated", stateAfter: "BLOCKED" },
    );
    when(reconcile(4, "run", "not_done")).rejects("outcome_not_unknown", { state: "BLOCKED" });
    when(reset(5, "run")).rejects("intervention_not_possible");
    when(submitEvidence(6, "run", evidence("proof"))).yields(
      { type: "evidence.submitted" },
      { type: "node.unblocked", stateAfter: "RUNNING" },
      { type: "gate.evaluated", stateAfter: "DONE", data: { phase: "exit" } },
      { type: "mission.completed" },
    );
  });
});

describe("not done", () => {
  test("gives another attempt, whose ticket is another one", () => {
    const { run, when } = given(...DOUBTFUL);
    when(reconcile(3, "run", "not_done")).yields(
      { type: "outcome.reconciled", stateAfter: "RUNNING", data: { outcome: "not_done" } },
      {
        type: "node.failed",
        stateAfter: "READY",
        data: { attempt: 1, cause: "not_done", reasons: [{ code: "ACTION_FAILED" }] },
      },
    );
    expect(run.state && holdsSlice(run.state, "register#a")).toBe(false);
    when(propose(4, "run", { action: ACTION })).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated", data: { attempt: 2 } },
      { type: "ticket.issued", data: { claims: { attempt: 2 } } },
    );
    expect(jtiOf(run, "run", 0)).not.toBe(jtiOf(run, "run", 1));
  });

  test("asks people anew: the attempt is in the digest they signed", () => {
    const compiled = plan([executionNode("pay", { ownerR: "human", risk: 3, attemptsMax: 2 })]);
    const { run, when } = given(
      openMission(compiled),
      propose(1, "pay", { action: ACTION }),
      approves(2, "pay", person("ann")),
      reports(3, "pay", DOUBT),
      reconcile(4, "pay", "not_done"),
    );
    when(propose(5, "pay", { action: ACTION })).yields(
      { type: "proposal.submitted" },
      { type: "gate.evaluated", stateAfter: "BLOCKED" },
      { type: "approval.requested", data: { attempt: 2 } },
    );
    const [first, second] = eventsOf(run, "approval.requested");
    expect(first?.data["gateDigest"]).not.toBe(second?.data["gateDigest"]);
  });

  test("in the last attempt ends at a person, who may reset the node", () => {
    const compiled = plan([executionNode("run", { attemptsMax: 1 })]);
    const { when } = given(
      openMission(compiled),
      propose(1, "run", { action: ACTION }),
      reports(2, "run", DOUBT),
    );
    when(reset(3, "run")).rejects("intervention_not_possible");
    when(reconcile(4, "run", "not_done")).yields(
      { type: "outcome.reconciled" },
      { type: "node.failed", stateAfter: "BLOCKED" },
      { type: "incident.raised", data: { kind: "attempts_exhausted" } },
    );
    when(reset(5, "run")).yields({ type: "mission.reset" }, { type: "node.reset" });
  });
});

describe("a reconciliation is refused", () => {
  test("where the outcome is known, under way, or there is none", () => {
    const ready = [openMission(RUN)] as const;
    given(...ready)
      .when(reconcile(1, "run", "done"))
      .rejects("outcome_not_unknown", { state: "READY" });
    given(...ready, propose(1, "run", { action: ACTION }))
      .when(reconcile(2, "run", "done"))
      .rejects("outcome_not_unknown", { state: "RUNNING" });
    given(...ready, propose(1, "run", { action: ACTION }), reports(2, "run"))
      .when(reconcile(3, "run", "not_done"))
      .rejects("outcome_not_unknown", { state: "DONE" });
    given(...DOUBTFUL, reconcile(3, "run", "done"))
      .when(reconcile(4, "run", "done"))
      .rejects("outcome_not_unknown", { state: "DONE" });
  });

  test("to whoever proposed the action at risk 3, and to anybody who is no person", () => {
    const { when } = given(...RISKY_DOUBT);
    when(reconcile(4, "pay", "done", { by: "agent-a" })).rejects("reconciliation_not_permitted");
    when(reconcile(4, "pay", "done", { actor: { kind: "agent", id: "agent-b" } })).rejects(
      "reconciliation_not_permitted",
    );
    when(reconcile(5, "pay", "done")).yields(
      { type: "outcome.reconciled" },
      { type: "gate.evaluated", stateAfter: "DONE" },
      { type: "mission.completed" },
    );
  });

  test("over evidence the mission does not hold", () => {
    const bundle = evidence("proof");
    const compiled = plan([executionNode("run", { evidenceOut: ["proof"] })]);
    const { when } = given(
      openMission(compiled),
      propose(1, "run", { action: ACTION }),
      reports(2, "run", DOUBT),
    );
    const named = { evidence: [bundle.hash] };
    when(reconcile(3, "run", "done", named)).rejects("evidence_unknown", { hash: bundle.hash });
    when(submitEvidence(4, "run", bundle)).yields({ type: "evidence.submitted" });
    when(reconcile(5, "run", "done", named)).yields(
      { type: "outcome.reconciled", data: named },
      { type: "gate.evaluated", stateAfter: "DONE" },
      { type: "mission.completed" },
    );
  });

  test("at an unknown node, and in a stopped mission; a paused one hears it", () => {
    given(...DOUBTFUL)
      .when(reconcile(3, "nope", "done"))
      .rejects("node_unknown");
    given(...DOUBTFUL, intervene(3, "stop"))
      .when(reconcile(4, "run", "done"))
      .rejects("mission_not_active", { state: "stopped" });
    given(...DOUBTFUL, intervene(3, "pause"))
      .when(reconcile(4, "run", "done"))
      .yields({ type: "outcome.reconciled" }, { type: "gate.evaluated" }, { type: "node.ready" });
  });
});

describe("a late receipt", () => {
  test("before anybody looked is recorded, moves nothing, and binds who looks", () => {
    const { when } = given(...DOUBTFUL);
    when(late(3, "run", "succeeded")).yields({
      type: "receipt.late",
      stateAfter: "BLOCKED",
      data: { contradicts: false },
    });
    when(late(4, "run", "succeeded")).staysQuiet();
    when(reconcile(5, "run", "not_done")).rejects("reconciliation_not_permitted");
    when(reconcile(6, "run", "done")).yields(
      { type: "outcome.reconciled" },
      { type: "gate.evaluated", stateAfter: "DONE" },
      { type: "node.ready" },
    );
  });

  test("that agrees with the person is recorded and raises nothing", () => {
    const { when } = given(...DOUBTFUL, reconcile(3, "run", "done"));
    when(late(4, "run", "unknown")).staysQuiet();
    when(late(5, "run", "succeeded")).yields({
      type: "receipt.late",
      data: { contradicts: false },
    });
  });

  test("that contradicts the person raises a critical incident and pauses the mission", () => {
    const incident = { kind: "outcome_contradicted", severity: "critical" };
    given(...DOUBTFUL, reconcile(3, "run", "not_done"), propose(4, "run", { action: ACTION }))
      .when((run: Run) => recordReceipt(5, receipt(jtiOf(run, "run", 0))))
      .yields(
        { type: "receipt.late", stateAfter: "RUNNING", data: { contradicts: true } },
        { type: "incident.raised", data: incident },
        { type: "mission.paused", actor: { kind: "system" } },
      );
    given(...DOUBTFUL, reconcile(3, "run", "done"))
      .when(late(4, "run", "failed"))
      .yields(
        { type: "receipt.late", data: { contradicts: true } },
        { type: "incident.raised", data: incident },
        { type: "mission.paused" },
      );
  });
});
