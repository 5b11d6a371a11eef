/** Explaining a gate: the same answer the gate would give, and nothing recorded. */
import { describe, expect, test } from "vitest";
import { explainGate, stateToSnapshot } from "../../shared/mission/index.ts";
import {
  agent,
  approvalNode,
  decisionNode,
  executionNode,
  iso,
  person,
  plan,
  systemNode,
} from "../support/builders.ts";
import { openMission, propose, vendorSwitch } from "../support/commands.ts";
import { approves, given } from "../support/scenario.ts";

const COVERED = plan([
  approvalNode("sign", { approves: "run", approval: { quorum: 2 } }),
  executionNode("run"),
]);
const ASKED = vendorSwitch({ amount: 5 });

function askedOnce() {
  return given(
    openMission(COVERED),
    propose(1, "sign", { action: ASKED }),
    approves(2, "sign", person("ann")),
  ).run;
}

const wondering = (amount: number) => ({
  rationale: "just asking",
  action: vendorSwitch({ amount }),
  agent: agent("agent-a"),
});

describe("explainGate", () => {
  test("explains the held proposal with the approvals it has", () => {
    const explained = explainGate(askedOnce().state, "sign", null, iso(3));
    expect(explained).toMatchObject({
      ok: true,
      value: { gateResult: { verdict: "pause", reasons: [{ detail: "1 of 2 approvals" }] } },
    });
  });

  test("approvals of what was asked do not count for what is wondered about", () => {
    const { state } = askedOnce();
    const same = explainGate(state, "sign", wondering(5), iso(3));
    const other = explainGate(state, "sign", wondering(6), iso(3));
    expect(same).toMatchObject({
      value: { gateResult: { reasons: [{ detail: "1 of 2 approvals" }] } },
    });
    expect(other).toMatchObject({
      value: { gateResult: { reasons: [{ detail: "0 of 2 approvals" }] } },
    });
    const another = explainGate(
      state,
      "sign",
      { ...wondering(5), agent: agent("agent-b") },
      iso(3),
    );
    expect(another).toMatchObject({
      value: { gateResult: { reasons: [{ detail: "0 of 2 approvals" }] } },
    });
    expect(same.ok && other.ok && same.value.gateDigest !== other.value.gateDigest).toBe(true);
  });

  test("answers for a node that is not its turn yet, with every reason", () => {
    const explained = explainGate(askedOnce().state, "run", wondering(5), iso(3));
    const codes = explained.ok && explained.value.gateResult.reasons.map((reason) => reason.code);
    expect(codes).toEqual(["PREDECESSOR_NOT_DONE", "APPROVAL_NOT_FOR_THIS_ACTION"]);
  });

  test("a node that nobody proposed at is not allowed, whether it decides or acts", () => {
    const both = plan([decisionNode("decide"), executionNode("run")], { edges: [] });
    const { state } = given(openMission(both)).run;
    const said = (nodeId: string) => {
      const explained = explainGate(state, nodeId, null, iso(1));
      return explained.ok ? explained.value.gateResult : null;
    };
    const nobody = [
      { code: "AGENT_UNKNOWN", detail: "no agent has proposed" },
      { code: "PROPOSAL_EMPTY", detail: "nothing has been proposed" },
    ];
    expect(said("decide")).toMatchObject({ verdict: "block", reasons: nobody });
    expect(said("run")).toMatchObject({
      verdict: "block",
      reasons: [...nobody, { code: "POLICY_NO_MATCH" }],
    });
  });

  test("a node that advances by itself is asked as the system's", () => {
    const own = plan([approvalNode("sign"), systemNode("close")]);
    const { state } = given(openMission(own)).run;
    expect(explainGate(state, "sign", null, iso(1))).toMatchObject({
      value: { gateResult: { verdict: "pause", reasons: [{ code: "APPROVAL_MISSING" }] } },
    });
    expect(explainGate(state, "close", null, iso(1))).toMatchObject({
      value: { gateResult: { verdict: "block", reasons: [{ code: "PREDECESSOR_NOT_DONE" }] } },
    });
  });

  test("changes nothing", () => {
    const { state } = askedOnce();
    const before = state && stateToSnapshot(state);
    explainGate(state, "sign", wondering(6), iso(3));
    expect(state && stateToSnapshot(state)).toBe(before);
  });

  test("refuses an unknown mission and an unknown node", () => {
    expect(explainGate(null, "sign", null, iso(3))).toMatchObject({
      error: { reason: "mission_unknown" },
    });
    expect(explainGate(askedOnce().state, "zz", null, iso(3))).toMatchObject({
      error: { reason: "node_unknown" },
    });
  });
});
