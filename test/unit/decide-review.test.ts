/**
 * Reviews of nodes below risk 3: who is selected, that the choice replays, what autonomy grows by, and
 * that nodes which declare no share stay what they were.
 */
import { describe, expect, test } from "vitest";
import { hashJson } from "../../shared/canonical.ts";
import { explainGate, replayTrace, stateHash, viewMission } from "../../shared/mission/index.ts";
import { missionViewSchema } from "../../shared/wire/views.ts";
import {
  agent,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  MISSION,
  person,
  plan,
  systemNode,
} from "../support/builders.ts";
import {
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import {
  approves,
  denies,
  eventsOf,
  given,
  reports,
  requestOf,
  type Run,
} from "../support/scenario.ts";

const ANN = person("ann");
/** The draw of node `pay` is 0.2019... in its first attempt and 0.7582... in its second. */
const pay = (humanMin: number) => executionNode("pay", { risk: 1, allocation: { humanMin } });

const view = ({ state }: Run) => {
  if (!state) throw new Error("the mission is open");
  return viewMission(state);
};

describe("a node with a human share", () => {
  test("that its draw selects waits for one person, and runs when that person approves", () => {
    const selected = given(
      openMission(plan([pay(0.21)])),
      propose(1, "pay", { action: vendorSwitch() }),
    );
    expect(requestOf(selected.run, "pay")).toMatchObject({ requirement: { quorum: 1 } });
    const [gate] = eventsOf(selected.run, "gate.evaluated", "pay");
    expect(gate?.gateResult?.reasons.map(({ code }) => code)).toEqual([
      "APPROVAL_MISSING",
      "REVIEW_SELECTED",
    ]);
    expect(gate?.data["share"]).toMatchObject({ h: 0.21, selected: true });
    selected
      .when(approves(2, "pay", ANN))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "allow" } },
        { type: "ticket.issued" },
      );
  });

  test("that its draw does not select runs at once", () => {
    given(openMission(plan([pay(0.2)])))
      .when(propose(1, "pay", { action: vendorSwitch() }))
      .yields(
        { type: "proposal.submitted" },
        { type: "gate.evaluated", gateResult: { verdict: "allow" } },
        { type: "ticket.issued" },
      );
  });

  test("is blocked when the person denies", () => {
    given(
      openMission(plan([pay(0.21)])),
      propose(1, "pay", { action: vendorSwitch() }),
      denies(2, "pay", ANN),
    )
      .when(propose(3, "pay", { action: vendorSwitch() }))
      .yields(
        { type: "proposal.submitted" },
        { type: "node.unblocked" },
        {
          type: "gate.evaluated",
          gateResult: { verdict: "block", reasons: [{ code: "APPROVAL_DENIED" }] },
        },
      );
  });

  test("draws anew in every attempt", () => {
    const { run } = given(
      openMission(plan([pay(0.7)])),
      propose(1, "pay", { action: vendorSwitch() }),
      approves(2, "pay", ANN),
      reports(3, "pay", { outcome: "failed" }),
      propose(4, "pay", { action: vendorSwitch() }),
    );
    const shares = eventsOf(run, "gate.evaluated", "pay").map((event) => event.data["share"]);
    expect(shares).toMatchObject([{ selected: true }, { selected: true }, { selected: false }]);
    expect(run.state?.nodes.get("pay")?.status).toBe("RUNNING");
  });

  test("may name who reviews it", () => {
    const node = executionNode("pay", {
      risk: 1,
      allocation: { humanMin: 1 },
      approval: { group: "finance" },
    });
    const { run } = given(openMission(plan([node])), propose(1, "pay", { action: vendorSwitch() }));
    expect(requestOf(run, "pay")?.requirement).toMatchObject({ group: "finance", quorum: 1 });
  });

  test("that the system itself advances waits for a person too", () => {
    const { run } = given(openMission(plan([systemNode("pay", { allocation: { humanMin: 1 } })])));
    expect(requestOf(run, "pay")).not.toBeNull();
    given(openMission(plan([systemNode("pay", { allocation: { humanMin: 1 } })])))
      .when(approves(1, "pay", ANN))
      .yields(
        { type: "approval.granted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated" },
        { type: "gate.evaluated" },
        { type: "mission.completed" },
      );
  });
});

describe("factors of a proposal", () => {
  test("are recorded, are in the digest, and can send a node to review", () => {
    const open = openMission(plan([pay(0)]));
    const proposing = (factors?: { impact: number }) => {
      const command = propose(1, "pay", { action: vendorSwitch() });
      return factors ? { ...command, proposal: { ...command.proposal, factors } } : command;
    };
    const calm = given(open, proposing()).run;
    const alarmed = given(open, proposing({ impact: 1 })).run;
    expect(calm.state?.nodes.get("pay")?.status).toBe("RUNNING");
    expect(alarmed.state?.nodes.get("pay")?.status).toBe("BLOCKED");
    const digests = [calm, alarmed].map(
      (run) => eventsOf(run, "gate.evaluated")[0]?.data["gateDigest"],
    );
    expect(digests[0]).not.toBe(digests[1]);
    expect(view(alarmed).nodes[0]?.proposal?.factors).toEqual({ impact: 1 });
    expect(view(calm).nodes[0]?.proposal).not.toHaveProperty("factors");
    const spec = { actionType: "vendor.switch", argsHash: hashJson({}) };
    const digest = (extra: object) =>
      hashJson({
        missionId: MISSION,
        nodeId: "pay",
        planHash: open.plan.hash,
        ...spec,
        evidenceHashes: [],
        policyHash: open.policy.hash,
        risk: 1,
        attempt: 1,
        ...extra,
      });
    expect(digests).toEqual([digest({}), digest({ factors: { impact: 1 } })]);
  });

  test("count in a dry run as well", () => {
    const { run } = given(openMission(plan([pay(0)])));
    const wondering = {
      rationale: "because",
      action: vendorSwitch(),
      factors: { impact: 1 },
      agent: { id: "agent-a", skills: [], zone: null, banned: false },
    };
    const explained = explainGate(run.state, "pay", wondering, iso(1));
    expect(explained).toMatchObject({ value: { gateResult: { verdict: "pause" } } });
  });
});

describe("autonomy", () => {
  /** The draw of `first` is 0.8068..., above its share of 0.6: nobody reviews it. */
  const step = (id: string, skill: string) =>
    decisionNode(id, {
      skill,
      evidenceIn: ["brief"],
      allocation: { factors: { risk: 1, uncertainty: 1 } },
    });
  const brief = evidence("brief", {
    producedBy: "operator",
    claims: [claim("a", { confidence: 0.9 }), claim("b", { confidence: 0.7 })],
  });
  const compiled = plan([step("first", "buy"), step("second", "buy"), step("other", "sell")], {
    missionInputs: ["brief"],
    edges: [],
  });
  const buyer = agent("agent-a", { skills: ["buy"] });
  const running = [
    openMission(compiled, { inputs: [brief] }),
    propose(1, "first", { agent: buyer }),
  ];
  const shareOf = (run: Run, id: string) => view(run).nodes.find((node) => node.id === id)?.share;

  test("grows by the evidence of passed exits of the same skill, and of no other", () => {
    const { run } = given(...running, submitResult(2, "first", { agent: buyer }));
    // H0 = 0.35 + 0.25 = 0.6; one passage of quality 0.7: 0.6 * e^-0.7 = 0.297951182.
    expect(shareOf(run, "second")).toMatchObject({ h0: 0.6, k: 1, eqk: 0.7, h: 0.297951182 });
    expect(shareOf(run, "other")).toMatchObject({ h0: 0.6, k: 0, eqk: 0, h: 0.6 });
  });

  test("does not grow by an attempt that fails its tests", () => {
    const failed = { agent: buyer, tests: [{ id: "accepted", passed: false }] };
    const { run } = given(...running, submitResult(2, "first", failed));
    expect(shareOf(run, "second")).toMatchObject({ k: 0, h: 0.6 });
  });
});

describe("a plan with a profile", () => {
  test("gives every node a share, and the mission its total", () => {
    const nodes = [
      executionNode("a", { risk: 1, allocation: { weight: 3 } }),
      decisionNode("b", { risk: 4, ownerR: "human" }),
    ];
    const compiled = plan(nodes, { allocationProfile: "finance" });
    const { run } = given(openMission(compiled));
    // (3 * 0.7 + 1 * 1) / 4
    expect(view(run).allocation).toEqual({ hTotal: 0.775 });
    expect(view(run).nodes.map(({ share }) => share?.h)).toEqual([0.7, 1]);
    expect(missionViewSchema.safeParse(view(run)).success).toBe(true);
  });

  test("replays to the same state, draws and all", () => {
    const compiled = plan([executionNode("pay", { risk: 1 })], { allocationProfile: "finance" });
    const { run } = given(
      openMission(compiled),
      propose(1, "pay", { action: vendorSwitch() }),
      approves(2, "pay", ANN),
      reports(3, "pay"),
    );
    if (!run.state) throw new Error("the mission is open");
    const again = replayTrace(run.events, null);
    expect(again).toMatchObject({ ok: true, value: { stateHash: stateHash(run.state) } });
    expect(run.state.status).toBe("completed");
  });
});

describe("a plan that declares no share", () => {
  test("has none in its view, its events or its digests", () => {
    const bundle = evidence("brief");
    const { run } = given(
      openMission(plan([decisionNode("a", { evidenceOut: ["brief"] })])),
      propose(1, "a"),
      submitEvidence(2, "a", bundle),
      submitResult(3, "a"),
    );
    expect(JSON.stringify(view(run))).not.toMatch(/"share"|"allocation"|"hTotal"/);
    expect(JSON.stringify(run.events)).not.toMatch(/"share"|"passage"|"factors"/);
  });
});
