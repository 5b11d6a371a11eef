/** Confirmation: the mission stands behind exactly the outstanding ticket, and behind nothing else. */
import { describe, expect, test } from "vitest";
import { confirmTicket, type MissionState } from "../../shared/mission/index.ts";
import type { TicketClaims } from "../../shared/ticket/index.ts";
import { denial, executionNode, iso, ms, OTHER_MISSION, plan } from "../support/builders.ts";
import {
  intervene,
  openMission,
  propose,
  recordDenial,
  vendorSwitch,
} from "../support/commands.ts";
import { eventsOf, given, refuses, reports, type Step } from "../support/scenario.ts";

const RUN = plan([executionNode("run", { writeSet: ["register#a"] })]);
const RUNNING = [openMission(RUN), propose(1, "run", { action: vendorSwitch() })];

function after(...more: readonly Step[]): { state: MissionState | null; claims: TicketClaims } {
  const { run } = given(...RUNNING, ...more);
  return {
    state: run.state,
    claims: eventsOf(run, "ticket.issued")[0]?.data["claims"] as TicketClaims,
  };
}

describe("confirmTicket", () => {
  test("confirms the outstanding ticket of a running node, as often as it is asked", () => {
    const { state, claims } = after();
    expect(confirmTicket(state, claims, ms(3))).toEqual({ ok: true, value: { confirmed: true } });
    expect(confirmTicket(state, claims, ms(3))).toEqual({ ok: true, value: { confirmed: true } });
  });

  test.each<readonly [keyof TicketClaims, unknown, string]>([
    ["txn", OTHER_MISSION, "no such mission"],
    ["team", "globex", "no such mission"],
    ["node_id", "elsewhere", "the mission has no such node"],
    ["jti", "tkt_00000000000000000000000000000000", "the ticket is not the node's outstanding one"],
    ["attempt", 2, "attempt is not what the gate allowed"],
    ["gate_digest", "0".repeat(64), "gate_digest is not what the gate allowed"],
    ["action_type", "vendor.drop", "action_type is not what the gate allowed"],
    ["args_hash", "0".repeat(64), "args_hash is not what the gate allowed"],
    ["graph_hash", "0".repeat(64), "graph_hash is not what the gate allowed"],
    ["policy_version", "pol_other", "policy_version is not what the gate allowed"],
    ["exp", 9_999_999_999, "exp is not what the gate allowed"],
    ["fence", {}, "the lease on register#a is another one"],
    ["fence", { "register#a": 2 }, "the lease on register#a is another one"],
  ])("refuses a ticket whose %s is another", (claim, value, detail) => {
    const { state, claims } = after();
    expect(confirmTicket(state, { ...claims, [claim]: value } as TicketClaims, ms(3))).toEqual({
      ok: false,
      error: { reason: "gate_not_confirmed", detail },
    });
  });

  test.each<readonly [string, Step, string]>([
    ["paused", intervene(2, "pause"), "the mission is paused"],
    ["stopped", intervene(2, "stop"), "the mission is stopped"],
    ["completed", reports(2, "run"), "the mission is completed"],
    ["failed", reports(2, "run", { outcome: "failed" }), "the node is READY"],
    ["in doubt", reports(2, "run", { outcome: "unknown" }), "the node is BLOCKED"],
    ["burnt", refuses(2, "run", { reason: "TICKET_EXPIRED" }), "the node is READY"],
  ])("refuses once things are %s", (_what, step, detail) => {
    const { state, claims } = after(step);
    expect(confirmTicket(state, claims, ms(3))).toEqual({
      ok: false,
      error: { reason: "gate_not_confirmed", detail },
    });
  });

  test("refuses the last attempt's ticket while the next one's is outstanding", () => {
    const { state, claims } = after(
      reports(2, "run", { outcome: "failed" }),
      propose(3, "run", { action: vendorSwitch() }),
    );
    expect(confirmTicket(state, claims, ms(3))).toMatchObject({ ok: false });
  });

  test("refuses from the moment the mission's authorization ends, on whichever clock that is", () => {
    const nodes = [executionNode("run"), executionNode("other")];
    const limited = plan(nodes, { edges: [], authorizationExpiresAt: iso(10) });
    const running = [openMission(limited), propose(1, "run", { action: vendorSwitch() })];
    const { run } = given(...running);
    const claims = eventsOf(run, "ticket.issued")[0]?.data["claims"] as TicketClaims;
    expect(confirmTicket(run.state, claims, ms(9))).toMatchObject({ ok: true });
    const refusal = {
      ok: false,
      error: {
        reason: "gate_not_confirmed",
        detail: `the mission's authorization ended at ${iso(10)}`,
      },
    };
    expect(confirmTicket(run.state, claims, ms(10))).toEqual(refusal);
    const later = given(...running, recordDenial(10, denial(null))).run;
    expect(confirmTicket(later.state, claims, ms(9))).toEqual(refusal);
  });

  test("refuses where there is no mission", () => {
    expect(confirmTicket(null, after().claims, ms(3))).toMatchObject({
      ok: false,
      error: { detail: "no such mission" },
    });
  });
});
