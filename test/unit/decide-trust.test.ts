/**
 * Trust in a mission: an action that a policy would have a person approve runs under a grant, is recorded
 * with what it rests on, and is decided the same from its trace.
 */
import { describe, expect, test } from "vitest";
import { certifyReplay } from "../../shared/mission/index.ts";
import { evidence, executionNode, iso, person, plan } from "../support/builders.ts";
import { openMission, propose, submitEvidence, vendorSwitch } from "../support/commands.ts";
import { approves, denies, eventsOf, given, reports, requestOf } from "../support/scenario.ts";
import { askingPolicy, grantOf, trusted } from "../support/trusts.ts";

const ANN = person("ann");
const SWITCH = { action: vendorSwitch({ amount: 3 }) };
const open = (overrides = {}) =>
  openMission(plan([executionNode("pay", overrides)], { missionInputs: ["brief"] }), {
    policy: askingPolicy(),
  });

describe("a proposal of a trusted agent with a grant", () => {
  test("runs at once, is DONE without anybody's approval, and certifies", () => {
    const { run } = given(
      open(),
      propose(1, "pay", { ...SWITCH, agent: trusted(1) }),
      reports(2, "pay"),
    );
    const [entry, exit] = eventsOf(run, "gate.evaluated", "pay");
    expect(entry?.gateResult?.reasons.map(({ code }) => code)).toEqual([
      "AUTO_AUTH_BY_TRUST_AND_GRANT",
    ]);
    expect(entry?.data["quorum"]).toBe(0);
    expect(exit?.stateAfter).toBe("DONE");
    expect(certifyReplay(run.events)).toMatchObject({ certified: true, exact: true });
  });

  test("waits for a person while the trust is low, and runs when that person approves", () => {
    const low = trusted(1, { score: 0.97 });
    const waiting = given(open(), propose(1, "pay", { ...SWITCH, agent: low }));
    expect(requestOf(waiting.run, "pay")).toMatchObject({ requirement: { quorum: 1 } });
    waiting
      .when(approves(2, "pay", ANN))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "allow", reasons: [] } },
        { type: "ticket.issued" },
      );
  });

  test("does not undo a person's refusal of the same", () => {
    given(
      open(),
      propose(1, "pay", { ...SWITCH, agent: trusted(1, { streak: 0 }) }),
      denies(2, "pay", ANN),
    )
      .when(propose(3, "pay", { ...SWITCH, agent: trusted(3) }))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "block" } },
      );
  });

  test("held back by another gate, is no longer covered when that gate clears too late", () => {
    const held = given(
      open({ evidenceIn: ["brief"] }),
      propose(1, "pay", { ...SWITCH, agent: trusted(1) }),
    );
    held
      .when(submitEvidence(62, "pay", evidence("brief")))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });

  test("whose grant expires before the gate clears, waits for a person", () => {
    const agent = trusted(1, { grants: [grantOf({ expiresAt: iso(30) })] });
    const { run } = given(
      open({ evidenceIn: ["brief"] }),
      propose(1, "pay", { ...SWITCH, agent }),
      submitEvidence(30, "pay", evidence("brief")),
    );
    const last = eventsOf(run, "gate.evaluated", "pay").at(-1);
    expect(last?.gateResult?.reasons.map(({ code }) => code)).toContain("GRANT_EXPIRED");
  });

  test("in a mission of an earlier generation waits for a person all the same", () => {
    const [opened, ...rest] = given(open()).run.events;
    if (!opened) throw new Error("a mission opens");
    given({ ...opened, data: { ...opened.data, rules: 2 } }, ...rest)
      .when(propose(1, "pay", { ...SWITCH, agent: trusted(1) }))
      .yields(
        { type: "proposal.submitted" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });
});
