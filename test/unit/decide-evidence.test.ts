/** Evidence: what a bundle changes, where it does not belong, and when it says nothing new. */
import { describe, expect, test } from "vitest";
import { stateToSnapshot } from "../../shared/mission/index.ts";
import {
  agent,
  approvalNode,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  person,
  plan,
  source,
} from "../support/builders.ts";
import {
  intervene,
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { approves, eventsOf, given, reports } from "../support/scenario.ts";

const INPUTS = { missionInputs: ["brief"] };
const READS = plan([decisionNode("a", { evidenceIn: ["brief"], evidenceOut: ["report"] })], INPUTS);
const BRIEF = evidence("brief");

describe("SubmitEvidence", () => {
  test("records the bundle with its hash", () => {
    given(openMission(READS))
      .when(submitEvidence(1, "a", BRIEF))
      .yields({
        type: "evidence.submitted",
        nodeId: "a",
        evidenceHash: BRIEF.hash,
        stateBefore: "READY",
        stateAfter: "READY",
        data: { bundle: BRIEF },
      });
  });

  test("missing evidence blocks with a counterfactual, and a later bundle unblocks", () => {
    given(openMission(READS), propose(1, "a"))
      .when(submitEvidence(2, "a", BRIEF))
      .yields(
        { type: "evidence.submitted" },
        {
          type: "node.unblocked",
          stateBefore: "BLOCKED",
          stateAfter: "READY",
          data: { cause: "evidence" },
        },
        {
          type: "gate.evaluated",
          stateAfter: "RUNNING",
          gateResult: { verdict: "allow", score: 0, reasons: [] },
        },
      );
    const blocked = given(openMission(READS)).when(propose(1, "a"));
    blocked.yields(
      { type: "proposal.submitted" },
      {
        type: "gate.evaluated",
        stateAfter: "BLOCKED",
        gateResult: {
          verdict: "block",
          score: 2,
          reasons: [
            {
              code: "EVIDENCE_MISSING",
              gate: "evidence",
              detail: "no evidence of kind brief",
              counterfactual: "submit a bundle of kind brief to node a",
            },
          ],
        },
      },
    );
  });

  test("evidence that does not help blocks again, with the reason that is left", () => {
    const doubtful = evidence("brief", { claims: [claim("c1", { confidence: 0.2 })] });
    given(openMission(READS), propose(1, "a"))
      .when(submitEvidence(2, "a", doubtful))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        {
          type: "gate.evaluated",
          stateAfter: "BLOCKED",
          gateResult: {
            reasons: [
              {
                code: "CONFIDENCE_TOO_LOW",
                counterfactual: "confidence of claim brief/c1 must rise to 0.5",
              },
            ],
          },
        },
      );
  });

  test.each([
    ["no source at all", [claim("c1", { sources: [] })], "SOURCE_MISSING"],
    [
      "contradicting claims",
      [claim("c1", { value: 1 }), claim("c2", { subject: "subject of c1", value: 2 })],
      "EVIDENCE_CONTRADICTION",
    ],
  ] as const)(
    "%s blocks, and a corrected bundle of the same kind supersedes it",
    (_what, claims, code) => {
      const flawed = evidence("brief", { claims: [...claims] });
      const { events } = given(
        openMission(READS),
        submitEvidence(1, "a", flawed),
        propose(2, "a"),
        submitEvidence(3, "a", BRIEF),
      );
      const [before, after] = events.filter((event) => event.type === "gate.evaluated");
      expect(before?.gateResult?.reasons[0]?.code).toBe(code);
      expect(after?.gateResult?.verdict).toBe("allow");
    },
  );

  test("a primary source is required from risk 3 on, and not below", () => {
    const secondary = evidence("brief", {
      claims: [claim("c1", { sources: [source({ kind: "secondary" })] })],
    });
    const verdictAt = (risk: number) => {
      const ownerR = risk >= 3 ? "human" : "agent";
      const compiled = plan([decisionNode("a", { risk, ownerR, evidenceIn: ["brief"] })], INPUTS);
      const { events } = given(
        openMission(compiled),
        submitEvidence(1, "a", secondary),
        propose(2, "a"),
      );
      return events.at(-1)?.gateResult?.reasons.map((reason) => reason.code) ?? [];
    };
    expect(verdictAt(2)).toEqual([]);
    expect(verdictAt(3)).toContain("PRIMARY_SOURCE_REQUIRED");
  });

  test("expired evidence blocks from the moment it expires", () => {
    const shortLived = evidence("brief", { expiresAt: iso(10) });
    const codesAt = (seconds: number) =>
      given(openMission(READS), submitEvidence(1, "a", shortLived), propose(seconds, "a"))
        .events.at(-1)
        ?.gateResult?.reasons.map((r) => r.code);
    expect(codesAt(9)).toEqual([]);
    expect(codesAt(10)).toEqual(["EVIDENCE_EXPIRED"]);
  });

  test("evidence of a predecessor counts for its successor", () => {
    const compiled = plan([
      decisionNode("a", { evidenceOut: ["report"] }),
      decisionNode("b", { evidenceIn: ["report"] }),
    ]);
    given(
      openMission(compiled),
      propose(1, "a"),
      submitEvidence(2, "a", evidence("report")),
      submitResult(3, "a"),
    )
      .when(propose(4, "b"))
      .yields({ type: "proposal.submitted" }, { type: "gate.evaluated", stateAfter: "RUNNING" });
  });

  test("new evidence while people are being asked voids what they approved", () => {
    const two = plan(
      [
        decisionNode("a", {
          risk: 3,
          ownerR: "human",
          evidenceIn: ["brief"],
          approval: { quorum: 2 },
        }),
      ],
      INPUTS,
    );
    given(openMission(two, { inputs: [BRIEF] }), propose(1, "a"), approves(2, "a", person("ann")))
      .when(submitEvidence(3, "a", evidence("brief", { claims: [claim("newer")] })))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        { type: "approval.voided", data: { approvers: ["ann"] } },
        { type: "gate.evaluated", stateAfter: "BLOCKED", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });

  test("refuses a node that is unknown, not open yet, or DONE", () => {
    const compiled = plan([
      decisionNode("a", { evidenceOut: ["e"], tests: [] }),
      decisionNode("b", { evidenceIn: ["e"] }),
    ]);
    const report = evidence("e");
    given(openMission(compiled))
      .when(submitEvidence(1, "zz", report))
      .rejects("node_unknown", { nodeId: "zz" });
    given(openMission(compiled))
      .when(submitEvidence(1, "b", report))
      .rejects("node_not_open", { state: "NEW" });
    given(
      openMission(compiled),
      propose(1, "a"),
      submitEvidence(2, "a", report),
      submitResult(3, "a"),
    )
      .when(submitEvidence(4, "a", evidence("e", { claims: [claim("late")] })))
      .rejects("node_not_open", { state: "DONE" });
  });

  test("refuses a kind the node neither requires nor produces", () => {
    given(openMission(READS))
      .when(submitEvidence(1, "a", evidence("gossip")))
      .rejects("evidence_kind_unexpected", { kind: "gossip", expected: ["brief", "report"] });
  });

  test("what a running node was let in on cannot change under it", () => {
    given(openMission(READS, { inputs: [BRIEF] }), propose(1, "a"))
      .when(submitEvidence(2, "a", evidence("brief", { claims: [claim("other")] })))
      .rejects("evidence_kind_unexpected", { expected: ["report"] });
  });

  test("refuses an agent that is not assigned to the node", () => {
    const compiled = plan(
      [decisionNode("a", { agents: ["agent-b"], evidenceIn: ["brief"] })],
      INPUTS,
    );
    given(openMission(compiled))
      .when(submitEvidence(1, "a", BRIEF))
      .rejects("agent_not_permitted");
  });

  test.each([
    ["that the directory does not know", null, "the directory knows no such agent"],
    ["while the directory cannot be asked", "unavailable", "directory could not be asked"],
    ["that is banned", agent("agent-a", { banned: true }), "agent agent-a is banned"],
    ["without the skill", agent("agent-a", { zone: "eu" }), "does not hold the skill read"],
    ["of another zone", agent("agent-a", { skills: ["read"], zone: "us" }), "works in us"],
  ] as const)("refuses an agent %s, and nothing is touched", (_what, facts, detail) => {
    const careful = decisionNode("a", { skill: "read", zone: "eu", evidenceIn: ["brief"] });
    const { run, when } = given(openMission(plan([careful], INPUTS)));
    const before = run.state && stateToSnapshot(run.state);
    when(submitEvidence(1, "a", BRIEF, { agent: facts })).rejects("agent_not_permitted", {
      nodeId: "a",
      detail: expect.stringContaining(detail),
    });
    expect(run.state && stateToSnapshot(run.state)).toBe(before);
    when(
      submitEvidence(1, "a", BRIEF, { agent: agent("agent-a", { skills: ["read"], zone: "eu" }) }),
    ).yields({ type: "evidence.submitted" });
  });

  test("a refusal gives every reason at once", () => {
    const careful = decisionNode("a", {
      skill: "read",
      agents: ["agent-b"],
      evidenceIn: ["brief"],
    });
    given(openMission(plan([careful], INPUTS)))
      .when(submitEvidence(1, "a", BRIEF, { agent: agent("agent-a", { banned: true }) }))
      .rejects("agent_not_permitted", {
        detail:
          "agent agent-a is banned; agent agent-a is not assigned to node a; agent agent-a does not hold the skill read",
      });
  });

  test("refuses while the mission is paused or stopped", () => {
    for (const kind of ["pause", "stop"] as const)
      given(openMission(READS), intervene(1, kind))
        .when(submitEvidence(2, "a", BRIEF))
        .rejects("mission_not_active");
  });

  test("stays quiet on a bundle the node has", () => {
    given(openMission(READS), submitEvidence(1, "a", BRIEF))
      .when(submitEvidence(2, "a", BRIEF))
      .staysQuiet();
  });

  test("after an action that succeeded only the exit is asked again: no ticket, no lease, nobody", () => {
    const compiled = plan(
      [
        executionNode("run", {
          risk: 3,
          ownerR: "human",
          evidenceIn: ["brief"],
          evidenceOut: ["proof", "minutes"],
          writeSet: ["register#a"],
        }),
      ],
      INPUTS,
    );
    const action = vendorSwitch();
    const scenario = given(
      openMission(compiled, { inputs: [BRIEF] }),
      propose(1, "run", { action }),
      approves(2, "run", person("ann")),
      reports(3, "run"),
    );
    const ran = scenario.run.state?.nodes.get("run")?.ranDigest;
    const unblocked = { type: "node.unblocked", stateBefore: "BLOCKED", stateAfter: "RUNNING" };
    const exit = { phase: "exit", gateDigest: ran, lease: null };
    const newer = evidence("brief", { claims: [claim("newer")] });
    const blockedAgain = [
      { type: "evidence.submitted", stateBefore: "BLOCKED" },
      unblocked,
      { type: "gate.evaluated", stateAfter: "BLOCKED", data: exit },
    ] as const;
    scenario.when(submitEvidence(4, "run", newer)).yields(...blockedAgain);
    // Long after the signature expired: people were asked about what would happen, and it has.
    scenario.when(submitEvidence(90_000, "run", evidence("proof"))).yields(...blockedAgain);
    scenario
      .when(submitEvidence(90_001, "run", evidence("minutes")))
      .yields(
        { type: "evidence.submitted" },
        unblocked,
        { type: "gate.evaluated", stateAfter: "DONE", data: exit },
        { type: "mission.completed" },
      );
    expect(scenario.run.state?.nodes.get("run")?.ranDigest).toBe(ran);
    expect(eventsOf(scenario.run, "approval.requested")).toHaveLength(1);
    expect(eventsOf(scenario.run, "ticket.issued")).toHaveLength(1);
  });

  test("evidence for a node that waits for people alone asks them anew", () => {
    const compiled = plan([approvalNode("sign", { evidenceIn: ["brief"] })], INPUTS);
    given(openMission(compiled))
      .when(submitEvidence(1, "sign", BRIEF))
      .yields(
        { type: "evidence.submitted" },
        { type: "node.unblocked" },
        { type: "gate.evaluated", gateResult: { verdict: "pause" } },
        { type: "approval.requested" },
      );
  });
});
